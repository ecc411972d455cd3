package sched

import (
	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
)

// tee takes an event of a running run: into memory for charts and claims, and to whoever looks on.
func (o *Owner) tee(l *live, seq int64, ev lab.Event) {
	l.mu.Lock()
	switch ev := ev.(type) {
	case lab.Metric:
		l.point(ev)
	case lab.Progress:
		now := o.Now()
		l.info.Done, l.info.Total, l.info.Unit, l.info.Heard = ev.Done, ev.Total, ev.Unit, now
		l.pace.mark(now, ev.Done)
	}
	key := l.info.Key
	l.mu.Unlock()
	o.Hub.Publish(hub.RunTopic(key), seq, ev)
}

// point adds a value to a running run's series. The caller holds the lock.
func (l *live) point(m lab.Metric) {
	p := l.series[m.Name]
	if p == nil {
		p = new(points)
		l.series[m.Name] = p
	}
	p.x, p.y = append(p.x, m.X), append(p.y, float64(m.Value))
}

// announce tells viewers that a job changed its state.
func (o *Owner) announce(j *job) {
	o.Hub.Publish(hub.Jobs, -1, o.view(j))
}
