package sched

import (
	"context"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/meter"
)

const (
	serviceRung = "service " // what a rung begins with whose model is at a training service
	meterLook   = time.Second
	meterKeep   = 5                // looks between two writings of what was used
	meterPatch  = 3 * time.Second  // a call that is out for longer is told
	meterStep   = 15 * time.Second // how often the word on it changes: who hears the page read out is not told of every second
)

// metered counts what a run uses at its training service, and tells while it waits there. The run goes on with the bench that comes back;
// explain puts errors into the service's words, rest says that nobody waits for calls under way, and end closes all. Other runs are not
// counted.
func (o *Owner) metered(l *live, info RunInfo) (bench lab.Bench, explain func(error) error, rest, end func()) {
	name, is := strings.CutPrefix(info.Setup.Model, serviceRung)
	if !is {
		return o.Bench, nil, func() {}, func() {}
	}
	m, err := meter.Open(meter.Options{Dir: o.Folder(info.Key), Service: name, Price: o.pricesOf(name), Named: o.Named})
	if err != nil {
		o.Log.Warn("what a run used before is lost", "key", info.Key, "error", err)
	}
	bench = o.Bench
	bench.Service = m.Wrap(o.Bench.Service)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); o.followMeter(ctx, l, m) }()
	return bench, m.Explain, m.Abandon, func() {
		stop()
		<-done
		if err := m.Close(); err != nil {
			o.Log.Warn("what a run used is not kept", "key", info.Key, "error", err)
		}
		l.set(func(i *RunInfo) { i.Used = m.Used() })
	}
}

// followMeter keeps what is known of a run up to date until ctx ends.
func (o *Owner) followMeter(ctx context.Context, l *live, m *meter.Meter) {
	tick := time.NewTicker(meterLook)
	defer tick.Stop()
	said, failed := "", false
	for n := 1; ; n++ {
		used, now := m.Used(), waitWords(m)
		l.set(func(i *RunInfo) {
			i.Used = used
			if i.Where == said || i.Where == "" { // another's word on where it stands is not taken back
				i.Where, said = now, now
			}
		})
		if n%meterKeep == 0 && !failed {
			if err := m.Keep(); err != nil {
				failed = true // it is tried again at the end
				o.Log.Warn("what a run used is not kept", "key", l.snapshot().Key, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			l.set(func(i *RunInfo) {
				if i.Where == said {
					i.Where = ""
				}
			})
			return
		case <-tick.C:
		}
	}
}

// waitWords say how a run waits for its service, "" while it does not for long.
func waitWords(m *meter.Meter) string {
	w, waits := m.Wait()
	out := time.Since(w.Since)
	if !waits || out < meterPatch {
		return ""
	}
	long := "a few seconds"
	if out >= meterStep {
		long = spoken(out.Truncate(meterStep))
	}
	if w.Queued {
		return "waiting in the service's queue for " + long
	}
	return "waiting for an answer of the service for " + long
}

// Used is what a run has used at its training service; nil where it asked none. What had no price when the run ended has that of today.
func (o *Owner) Used(key string) (*meter.Used, error) {
	if _, err := o.Record(key); err != nil {
		return nil, err
	}
	u, err := meter.Read(o.Folder(key))
	if u != nil && !u.Priced {
		u.Price(o.pricesOf(u.Service))
	}
	return u, err
}

// pricesOf are the prices of a service's models.
func (o *Owner) pricesOf(service string) func(model string) (target.Price, bool) {
	return func(model string) (target.Price, bool) {
		if o.Prices == nil {
			return target.Price{}, false
		}
		return o.Prices(service, model)
	}
}
