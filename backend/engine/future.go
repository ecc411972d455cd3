package engine

import (
	"context"
	"errors"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// result is what a queued call came to: a reply in JSON, and in protobuf where the protocol has one.
type result struct {
	json  any
	proto func() []byte // nil where the reply is JSON always
	bytes int64         // about how much memory it keeps
}

// future is a queued call. Its fields but id and done are read after done is closed.
type future struct {
	id       string
	done     chan struct{}
	size     int64 // of the body that waits, bytes
	added    time.Time
	begun    time.Time // zero while it waits for its turn; written and read under the server's lock
	result   result
	err      error
	finished time.Time
}

// futures are the queued calls and the results that are kept for their readers.
type futures struct {
	limits  Limits
	byID    map[string]*future
	pending int
	queued  int64 // bytes of the bodies of pending ones
	kept    int64 // bytes of results
}

func newFutures(l Limits) *futures { return &futures{limits: l, byID: map[string]*future{}} }

// add makes a future for a body of that size, unless there is too much already.
func (f *futures) add(size int64) (*future, error) {
	switch {
	case f.pending >= f.limits.Pending:
		return nil, lab.Errorf(lab.Budget, "%d calls wait already, the most there may be", f.pending).WithHint("wait for results before sending more")
	case f.queued+size > f.limits.QueuedBytes:
		return nil, lab.Errorf(lab.Budget, "the calls that wait hold %d bytes, and %d more pass the limit of %d", f.queued, size, f.limits.QueuedBytes).
			WithHint("wait for results before sending more")
	case f.kept > f.limits.KeptBytes:
		return nil, lab.Errorf(lab.Budget, "the results that are kept hold %d bytes, more than the limit of %d", f.kept, f.limits.KeptBytes).
			WithHint("ask for less at once; results are dropped after %v", f.limits.Keep)
	}
	x := &future{id: newID(), done: make(chan struct{}), size: size, added: time.Now()}
	f.byID[x.id] = x
	f.pending++
	f.queued += size
	return x, nil
}

// forget takes back a future that was added and never told to anybody.
func (f *futures) forget(x *future) {
	delete(f.byID, x.id)
	f.pending--
	f.queued -= x.size
}

// finish settles a future; once settled it stays as it is.
func (f *futures) finish(x *future, r result, err error) {
	if x.settled() {
		return
	}
	x.result, x.err, x.finished = r, err, time.Now()
	f.pending--
	f.queued -= x.size
	f.kept += r.bytes
	close(x.done)
}

// begin notes that the turn of calls has come.
func (s *Server) begin(all ...*future) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range all {
		if x.begun.IsZero() { // a batch that failed is tried one by one
			x.begun = time.Now()
		}
	}
}

// close settles all that are pending.
func (f *futures) close(err error) {
	for _, x := range f.byID {
		f.finish(x, result{}, err)
	}
}

func (x *future) settled() bool {
	select {
	case <-x.done:
		return true
	default:
		return false
	}
}

// expire drops results that were kept long enough and returns their ids.
func (f *futures) expire(now time.Time) map[string]bool {
	gone := map[string]bool{}
	for id, x := range f.byID {
		if x.settled() && now.Sub(x.finished) > f.limits.Keep {
			gone[id] = true
			f.kept -= x.result.bytes
			delete(f.byID, id)
		}
	}
	return gone
}

// wait returns whether the future is settled after at most d.
func (x *future) wait(ctx context.Context, d time.Duration) bool {
	if x.settled() {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-x.done:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return x.settled()
}

// category tells a client whose fault a failed call was.
func category(err error) string {
	if errors.Is(err, context.Canceled) {
		return "server"
	}
	switch lab.CodeOf(err) {
	case lab.Invalid, lab.NotFound, lab.Conflict, lab.Budget:
		return "user"
	}
	return "server"
}
