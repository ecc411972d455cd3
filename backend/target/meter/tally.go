package meter

import (
	"slices"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

// asked is a call that the service took and has not answered yet.
type asked struct {
	sent           time.Time // first
	begun          time.Time // not before then, as far as the service tells
	queued         bool      // the service's last word: it is not begun
	sample         bool      // its answer holds tokens that are to be counted
	input, trained int64     // tokens
}

// answered is when a call has begun, at the latest when it was answered.
func (a *asked) at(answered time.Time) time.Time {
	if a.begun.After(answered) {
		return answered
	}
	return a.begun
}

// tally are the calls of a run that are under way, and the sums of those that are over.
type tally struct {
	now func() time.Time

	mu     sync.Mutex
	used   Used
	calls  map[wire.RequestID]*asked
	turned map[string]time.Time // calls that the service turned away for now, by their idempotency key, since when
	waited spans                // of calls that are over, since none was under way last
	worked spans
}

func newTally(before Used, now func() time.Time) *tally {
	return &tally{now: now, used: before, calls: map[wire.RequestID]*asked{}, turned: map[string]time.Time{}}
}

// full notes that the service is too busy to take a call, which will be sent again.
func (t *tally) full(key string, sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.turned[key]; !known && key != "" {
		t.turned[key] = sent
	}
	t.used.Told = true
}

// taken notes that the service took a call that was sent first then, or before where it was turned away.
func (t *tally) taken(id wire.RequestID, key string, a asked) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls[id] != nil {
		return // the same call, sent again
	}
	a.begun = a.sent
	if since, was := t.turned[key]; was {
		a.sent, a.begun = since, t.now()
		delete(t.turned, key)
	}
	t.calls[id] = &a
}

// pending notes that the service was asked for an answer and has none yet; told, that it said whether the call still queues.
func (t *tally) pending(id wire.RequestID, told, queued bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.calls[id]
	if a == nil || !told {
		return
	}
	t.used.Told = true
	if a.queued = queued; queued {
		a.begun = t.now()
	}
}

// wantsTokens tells whether an answer is that of a sample and counts.
func (t *tally) wantsTokens(id wire.RequestID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.calls[id]
	return a != nil && a.sample
}

// done notes the answer to a call. good answers count; output are the tokens that it holds. queued is how long the service says that the call
// waited for its turn, negative where it says nothing. An answer that is read a second time counts once.
func (t *tally) done(id wire.RequestID, good bool, output int64, queued time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.calls[id]
	if a == nil {
		return
	}
	delete(t.calls, id)
	now := t.now()
	if queued >= 0 {
		t.used.Told = true
		if begun := a.sent.Add(queued); begun.After(a.begun) {
			a.begun = begun
		}
	}
	t.waited.add(a.sent, now)
	t.worked.add(a.at(now), now)
	if t.used.Calls++; good {
		t.used.Input, t.used.Output, t.used.Trained = t.used.Input+a.input, t.used.Output+output, t.used.Trained+a.trained
	}
	if len(t.calls) == 0 && len(t.turned) == 0 {
		t.fold()
	}
}

// fold adds the times of calls that are over to the sums. The caller holds the lock.
func (t *tally) fold() {
	waited := t.waited.seconds()
	t.used.Waited, t.used.Queued = t.used.Waited+waited, t.used.Queued+waited-t.worked.seconds()
	t.waited, t.worked = nil, nil
}

// abandon forgets the calls that are under way: who made them is gone. The time up to now counts.
func (t *tally) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.under(&t.waited, &t.worked)
	clear(t.calls)
	clear(t.turned)
	t.fold()
}

// under adds the times of calls that are under way, up to now. The caller holds the lock.
func (t *tally) under(waited, worked *spans) {
	now := t.now()
	for _, a := range t.calls {
		waited.add(a.sent, now)
		if !a.queued {
			worked.add(a.at(now), now)
		}
	}
	for _, since := range t.turned {
		waited.add(since, now)
	}
}

// sums is what was used up to now.
func (t *tally) sums() Used {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, waited, worked := t.used, slices.Clone(t.waited), slices.Clone(t.worked)
	t.under(&waited, &worked)
	seconds := waited.seconds()
	u.Waited, u.Queued = u.Waited+seconds, u.Queued+seconds-worked.seconds()
	return u
}

// Wait is how a run waits for its service.
type Wait struct {
	Since  time.Time // of the first call that has no answer
	Queued bool      // all its calls wait for their turn, says the service
}

// wait is how the run waits now; false where no call is under way.
func (t *tally) wait() (w Wait, waits bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.Queued = true
	first := func(at time.Time) {
		if !waits || at.Before(w.Since) {
			w.Since, waits = at, true
		}
	}
	for _, a := range t.calls {
		first(a.sent)
		w.Queued = w.Queued && a.queued
	}
	for _, since := range t.turned {
		first(since)
	}
	return w, waits
}

// made notes the model that was asked for.
func (t *tally) made(model string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used.Model = model
}
