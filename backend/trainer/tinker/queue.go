package tinker

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// queue keeps the training calls of one model in order: numbers from 1, one submission at a time, and a result only after those of all
// calls before it.
type queue struct {
	lock      sync.Mutex
	seq       int64         // last number given out
	submitted chan struct{} // closed when the last call has been submitted
	resolved  chan struct{} // closed when its result is known
	broken    error         // a call was lost or half done: nothing after it means what it should
}

// turn is the place of one call, or of several that belong together, in the queue.
type turn struct {
	first                     int64 // number of the first call
	mayStart, mayEnd          <-chan struct{}
	submitted, resolved       chan struct{}
	afterSubmit, afterResolve sync.Once
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func newQueue() *queue { return &queue{submitted: closed(), resolved: closed()} }

// take gives the next place, of n numbers.
func (q *queue) take(n int) *turn {
	q.lock.Lock()
	defer q.lock.Unlock()
	t := &turn{first: q.seq + 1, mayStart: q.submitted, mayEnd: q.resolved, submitted: make(chan struct{}), resolved: make(chan struct{})}
	q.seq += int64(n)
	q.submitted, q.resolved = t.submitted, t.resolved
	return t
}

func (t *turn) doneSubmitting() { t.afterSubmit.Do(func() { close(t.submitted) }) }

func (t *turn) done() {
	t.doneSubmitting()
	t.afterResolve.Do(func() { close(t.resolved) })
}

// used says whether any call was made.
func (q *queue) used() bool {
	q.lock.Lock()
	defer q.lock.Unlock()
	return q.seq > 0
}

// spoil makes every later call fail, because this one is missing or half done at the service.
func (q *queue) spoil(err error) {
	q.lock.Lock()
	defer q.lock.Unlock()
	if q.broken == nil {
		q.broken = err
	}
}

func (q *queue) state() error {
	q.lock.Lock()
	defer q.lock.Unlock()
	if q.broken == nil {
		return nil
	}
	return lab.Errorf(lab.Unavailable, "an earlier call was lost on the way to the training service: %w", q.broken).
		WithHint("resume the run: it goes on from the last state that was kept")
}

// wait waits for a channel of the queue.
func wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queued is one call of a turn.
type queued struct {
	what  string
	proto bool                           // its result may be protobuf
	make  func(seq int64) (*call, error) // the submission
	json  func(seq int64) (*call, error) // the same as JSON, for services that read no protobuf; nil if make is JSON
}

// ticket is a submitted call: the name of its result, or the result itself.
type ticket struct {
	id   wire.RequestID
	done *answer
}

// run carries out the calls of one turn and returns their answers. Cancelling ctx ends it at once; a call that may not have arrived
// spoils the queue.
func (m *model) run(ctx context.Context, t *turn, calls []queued) ([]*answer, error) {
	defer t.done()
	if err := wait(ctx, t.mayStart); err != nil {
		m.queue.spoil(err)
		return nil, err
	}
	tickets := make([]ticket, len(calls))
	for i, c := range calls {
		var err error
		if tickets[i], err = m.enqueue(ctx, t.first+int64(i), c); err != nil {
			return nil, m.halfDone(i > 0, err)
		}
	}
	t.doneSubmitting()
	if err := wait(ctx, t.mayEnd); err != nil {
		return nil, err
	}
	answers := make([]*answer, len(calls))
	var failed error
	for i, c := range calls {
		a, err := tickets[i].done, error(nil)
		if a == nil {
			a, err = m.await(ctx, m.jitter, c.what, tickets[i].id, c.proto && !m.plain())
		}
		if err != nil && failed == nil {
			failed = err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		answers[i] = a
	}
	if failed != nil {
		return nil, m.halfDone(len(calls) > 1 || errors.Is(failed, errLost), failed)
	}
	return answers, nil
}

// halfDone spoils the queue when a part of what belongs together was carried out and another was not, or nobody knows.
func (m *model) halfDone(half bool, err error) error {
	if half {
		m.queue.spoil(err)
	}
	return err
}

// enqueue submits one call. Without an answer nobody knows whether it arrived, so what follows would be out of order.
func (m *model) enqueue(ctx context.Context, seq int64, q queued) (ticket, error) {
	if err := m.usable(); err != nil {
		return ticket{}, err
	}
	build := q.make
	if q.json != nil && m.plain() {
		build = q.json
	}
	c, err := build(seq)
	if err != nil {
		m.queue.spoil(err)
		return ticket{}, err
	}
	a, err := m.submit(ctx, m.jitter, q.what, c)
	if a != nil && a.status == http.StatusUnsupportedMediaType && q.json != nil && !m.plain() {
		m.jsonOnly.Store(true)
		return m.enqueue(ctx, seq, q)
	}
	if err != nil {
		if a == nil || again(a.status) && a.status != http.StatusConflict { // a conflict is an answer: the call was seen
			m.queue.spoil(err)
		}
		return ticket{}, err
	}
	if a.final {
		return ticket{done: a}, nil
	}
	reply, err := read[wire.Queued](m.link, q.what, a)
	if err == nil && reply.RequestID == "" {
		err = m.garbled(q.what, lab.Errorf(lab.Invalid, "it has no request_id"))
	}
	if err != nil {
		m.queue.spoil(err)
	}
	return ticket{id: reply.RequestID}, err
}

// start runs the calls of a turn in the background and reads their answers there.
func start[T any](ctx context.Context, m *model, n int, calls []queued, result func([]*answer) (T, error)) *trainer.Future[T] {
	if err := m.usable(); err != nil {
		var none T
		return trainer.Ready(none, err)
	}
	t := m.queue.take(n)
	m.work.Add(1)
	return trainer.Go(func() (T, error) {
		defer m.work.Done()
		bounded, cancel := m.with(ctx)
		defer cancel()
		answers, err := m.run(bounded, t, calls)
		if err != nil {
			var none T
			return none, m.closedOr(ctx, err)
		}
		return result(answers)
	})
}

// closedOr tells a trainer that was closed from a caller who cancelled.
func (m *model) closedOr(ctx context.Context, err error) error {
	if ctx.Err() == nil && m.life.Err() != nil {
		return lab.Errorf(lab.Cancelled, "the trainer was closed")
	}
	return err
}
