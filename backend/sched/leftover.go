package sched

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
)

// The note on an order stays until its runs are back and what they left at the target is removed. When the way there is cut at that moment, or
// this process is killed, whoever next sends something there or opens the pages removes it.

// clear removes what an order left there, then the note on it. A place that does not answer is asked again for a while, unless it is the last
// try of a job that was stopped: the person waits for that.
func (o *Owner) clear(there Elsewhere, t ticket, left run.Order, last bool) {
	var err error
	until := o.Now().Add(partWait)
	for pause := lookFirst; ; pause = min(pause*2, lookLast) {
		now, awaited := left, o.awaited() // somebody may have sent a run anew since it was asked last
		now.Runs = slices.DeleteFunc(slices.Clone(left.Runs), func(s lab.Start) bool { return awaited[s.Key] })
		if err = briefly(func(ctx context.Context) error { return there.Clean(ctx, now) }); err == nil {
			err = o.dropTicket(t.Order.ID)
			break
		}
		if last || lab.CodeOf(err) != lab.Unavailable || !o.Now().Before(until) || !o.pause(pause) {
			break
		}
	}
	if err != nil {
		o.notice("warn", fmt.Sprintf("What an order left on %s could not be removed: %v. It is removed when runs are next sent there, or the pages are opened.", t.Target, err))
		o.Log.Warn("what an order left behind could not be removed", "target", t.Target, "order", t.Order.ID, "error", err)
	}
}

// clearOld removes what an earlier order left there all of whose runs are back. Where it was cancelled while it could not be reached, it may
// still be at work.
func (o *Owner) clearOld(ctx context.Context, there Elsewhere, t ticket) {
	left, err := o.leftover(ctx, t)
	if err == nil {
		err = briefly(func(ctx context.Context) error { return there.Cancel(ctx, left) })
	}
	if err != nil {
		o.Log.Warn("what an earlier order left behind could not be removed", "target", t.Target, "order", t.Order.ID, "error", err)
		return
	}
	o.clear(there, t, left, false)
}

// overTickets are the notes on orders for a target all of whose runs are back, also those of which a process was killed before it noted that.
func (o *Owner) overTickets(ctx context.Context, target string) (over []ticket) {
	followed := map[string]bool{}
	o.mu.Lock()
	for key := range o.live {
		followed[key] = true
	}
	o.mu.Unlock()
	for _, t := range o.tickets() {
		if t.Target != target {
			continue
		}
		if _, err := o.adopted(ctx, &t, followed); err != nil {
			o.Log.Warn("a note on sent runs cannot be brought up to date", "order", t.Order.ID, "error", err)
		} else if len(t.missing()) == 0 {
			over = append(over, t)
		}
	}
	return over
}

// clearLater is clearOld beside everything else, while this process is open.
func (o *Owner) clearLater(t ticket) {
	o.work.Go(func() {
		there, err := o.Places(t.Target)
		if lab.CodeOf(err) == lab.NotFound { // the target was removed since, and nobody knows the way there
			err = o.dropTicket(t.Order.ID)
		} else if err == nil {
			o.clearOld(o.ctx, there, t)
			err = there.Close()
		}
		if err != nil {
			o.Log.Warn("what an earlier order left behind could not be removed", "target", t.Target, "order", t.Order.ID, "error", err)
		}
	})
}

// leftover is the order without the runs whose checkpoints there are still of use: those that are to go on, or go on already in another order.
func (o *Owner) leftover(ctx context.Context, t ticket) (run.Order, error) {
	wanted := o.awaited()
	left := t.Order
	left.Runs = nil
	for _, s := range t.Order.Runs {
		info, err := o.inspect(ctx, s.Key)
		if err != nil {
			return left, err
		}
		o.mu.Lock()
		wanted[s.Key] = wanted[s.Key] || o.live[s.Key] != nil || info.State == Interrupted
		o.mu.Unlock()
		if !wanted[s.Key] {
			left.Runs = append(left.Runs, s)
		}
	}
	return left, nil
}

// awaited are the keys of all runs that were sent and are not back.
func (o *Owner) awaited() map[string]bool {
	keys := map[string]bool{}
	for _, t := range o.tickets() {
		maps.Copy(keys, t.missing())
	}
	return keys
}

// briefly does something at a target that goes on while Loci closes, but not for long.
func briefly(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), partWait)
	defer cancel()
	return do(ctx)
}

// pause waits; false says that Loci closes.
func (o *Owner) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-o.ctx.Done():
		return false
	}
}
