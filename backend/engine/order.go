package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// held is a call that came before one of a smaller number.
type held struct {
	start func()          // puts the call into its queue
	fail  func(err error) // settles it as failed
}

// order puts the calls of one model in the order of their sequence numbers, which begin at 1. The clients count on it: they send the
// parts of a large batch at once, the first one last.
type order struct {
	next    int
	waiting map[int]held
	timer   *time.Timer // runs while calls wait for a missing one
}

func newOrder() order { return order{next: 1, waiting: map[int]held{}} }

// check refuses a number whose turn is over and that no known call has.
func (o *order) check(seq int) error {
	if seq > 0 && seq < o.next {
		return lab.Errorf(lab.Invalid, "seq_id %d comes after its turn was over, want %d or more", seq, o.next)
	}
	return nil
}

// arrive starts a call at once if its turn has come, and what has waited for it; else it holds the call. A call without a number (0)
// starts in the order of arrival.
func (o *order) arrive(seq int, h held) {
	if seq <= 0 {
		h.start()
		return
	}
	o.waiting[seq] = h
	o.release()
}

// skip gives up a number: its call was refused.
func (o *order) skip(seq int) {
	o.arrive(seq, held{start: func() {}, fail: func(error) {}})
}

func (o *order) release() {
	for {
		h, ok := o.waiting[o.next]
		if !ok {
			return
		}
		delete(o.waiting, o.next)
		o.next++
		h.start()
		o.stop() // the wait for the next missing one begins anew
	}
}

func (o *order) stop() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// watch begins to wait for a missing call, if one is missing and nobody waits yet.
func (o *order) watch(gap time.Duration, over func()) {
	if len(o.waiting) > 0 && o.timer == nil {
		o.timer = time.AfterFunc(gap, over)
	}
}

// giveUp fails everything that waits; the numbers up to the largest of them are over.
func (o *order) giveUp(err error) {
	o.stop()
	for _, seq := range slices.Sorted(maps.Keys(o.waiting)) {
		o.waiting[seq].fail(err)
		delete(o.waiting, seq)
		o.next = max(o.next, seq+1)
	}
}
