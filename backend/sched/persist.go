package sched

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// How long a run waits for the service or endpoint that it asks, once that has failed it.
const (
	askFirst    = 2 * time.Second // before it is asked anew
	askLast     = 30 * time.Second
	askPatience = 10 * time.Minute // since the run went on last
)

// persist tries a run until it is over. A run that was going on at a training service or a model endpoint waits while that does not answer,
// or answers nonsense, and goes on from its last checkpoint; it gives up when it got no further for askPatience. What no service did is no
// reason to wait: any other run, and one that never got anywhere, is tried once.
func (o *Owner) persist(ctx context.Context, j *job, l *live, try func() error) error {
	asks := strings.Contains(l.snapshot().Setup.Model, " ") // service NAME, endpoint NAME
	last, pause := o.Now(), askFirst
	for {
		before := l.snapshot().Done
		err := try()
		now, done := o.Now(), l.snapshot().Done
		if done > before {
			last, pause = now, askFirst
		}
		if !asks || done == 0 || lab.CodeOf(err) != lab.Unavailable || ctx.Err() != nil || now.Sub(last) >= askPatience {
			return err
		}
		o.Log.Warn("a run waits", "key", l.snapshot().Key, "for", l.snapshot().Setup.Model, "error", err)
		l.set(func(i *RunInfo) {
			i.Where = fmt.Sprintf("waits, and asks again after %s: %v", spoken(pause), err)
			l.pace.pause()
		})
		if !o.wait(ctx, j, pause) {
			return err
		}
		l.set(func(i *RunInfo) { i.Where = "" })
		pause = min(2*pause, askLast)
	}
}

// wait pauses; false says that the job is to begin nothing more.
func (o *Owner) wait(ctx context.Context, j *job, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-j.ending:
	case <-ctx.Done():
	}
	return false
}
