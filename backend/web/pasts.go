package web

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// openPasts is how many indexes of memories stay in memory; making one reads all memory events of a record.
const openPasts = 4

// pasts keeps the indexes of the memories that were looked at last. They have readers of their own: a long first reading holds up no
// other screen.
type pasts struct {
	owner interface {
		Record(key string) (string, error)
	}
	mu     sync.Mutex
	list   []*past // most recently used last
	closed bool
	work   sync.WaitGroup // first readings
}

// past is the index of one record, brought up to date by every use.
type past struct {
	key string

	mu     sync.Mutex
	reader *record.Reader
	run    *history.Run
	maps   map[mapKey]MemoryMap // of moments that were drawn
	first  atomic.Pointer[firstReading]
}

// firstReading is the reading of a whole record that goes on, nil when none does.
type firstReading struct {
	run  *history.Run
	size int64 // events of the record
}

// share is how much of it is done, from 0 to 1.
func (f *firstReading) share() float64 { return float64(f.run.Taken()) / float64(max(f.size, 1)) }

// begin starts the first reading of a record, which goes on by itself. The returned function waits for it for a short time and tells how
// much is done, 1 where all is.
func (ps *pasts) begin(key string) func(ctx context.Context, wait time.Duration) (float64, error) {
	p := ps.hold(key)
	done := make(chan error, 1) // the reader never waits for whoever asked
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed {
		done <- lab.Errorf(lab.Cancelled, "the server is closing")
	} else {
		ps.work.Go(func() { done <- ps.with(key, func(*past) error { return nil }) })
	}
	return func(ctx context.Context, wait time.Duration) (float64, error) { return p.wait(ctx, done, wait) }
}

// wait waits for the first reading for a short time.
func (p *past) wait(ctx context.Context, done <-chan error, wait time.Duration) (float64, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-done:
		return 1, err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-timer.C:
	}
	if f := p.first.Load(); f != nil {
		return f.share(), nil
	}
	return 0, nil
}

// mapKey names a picture that takes long to make.
type mapKey struct {
	bank, query string
	at          int
}

// with calls f with the past of a run. f must not keep it.
func (ps *pasts) with(key string, f func(*past) error) error {
	p := ps.hold(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refresh(ps.owner); err != nil {
		return errors.Join(err, p.drop())
	}
	return f(p)
}

func (ps *pasts) hold(key string) *past {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if i := slices.IndexFunc(ps.list, func(p *past) bool { return p.key == key }); i >= 0 {
		p := ps.list[i]
		ps.list = append(slices.Delete(ps.list, i, i+1), p)
		return p
	}
	p := &past{key: key}
	ps.list = append(ps.list, p)
	if len(ps.list) > openPasts {
		if old := ps.list[0]; old.mu.TryLock() { // in use: the next one closes it
			_ = old.drop() // a file that was only read loses nothing
			old.mu.Unlock()
			ps.list = slices.Delete(ps.list, 0, 1)
		}
	}
	return p
}

// close waits for readings that go on and closes the files.
func (ps *pasts) close() error {
	ps.mu.Lock()
	ps.closed = true
	ps.mu.Unlock()
	ps.work.Wait()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var errs []error
	for _, p := range ps.list {
		p.mu.Lock()
		errs = append(errs, p.drop())
		p.mu.Unlock()
	}
	ps.list = nil
	return errors.Join(errs...)
}

func (p *past) drop() (err error) {
	if p.reader != nil {
		err = p.reader.Close()
	}
	p.reader, p.run, p.maps = nil, nil, nil
	return err
}

// refresh takes in what was written since; a record that was cut meanwhile is read again.
func (p *past) refresh(owner interface{ Record(string) (string, error) }) error {
	if p.reader != nil {
		if err := p.reader.Refresh(); err == nil && p.reader.Damage() == nil {
			return p.run.Take(p.reader)
		}
		if err := p.drop(); err != nil {
			return err
		}
	}
	path, err := owner.Record(p.key)
	if err != nil {
		return err
	}
	if p.reader, err = record.Open(path); err != nil {
		p.reader = nil
		return named(err, p.key, path)
	}
	p.run, p.maps = history.New(), map[mapKey]MemoryMap{}
	p.first.Store(&firstReading{p.run, p.reader.Len()})
	defer p.first.Store(nil)
	return p.run.Take(p.reader)
}

// event reads a memory event whole.
func (p *past) event(seq int64) (lab.Memory, error) {
	f, err := p.reader.At(seq)
	if err != nil {
		return lab.Memory{}, err
	}
	ev, err := f.Event()
	if err != nil {
		return lab.Memory{}, err
	}
	m, ok := ev.(lab.Memory)
	if !ok {
		return lab.Memory{}, lab.Errorf(lab.Internal, "event %d of run %q is a %s, want a memory operation", seq, p.key, f.Kind)
	}
	return m, nil
}

// step reads a kept step.
func (p *past) step(seq int64) (lab.Step, error) {
	f, err := p.reader.At(seq)
	if err != nil {
		return lab.Step{}, err
	}
	ev, err := f.Event()
	if err != nil {
		return lab.Step{}, err
	}
	s, ok := ev.(lab.Step)
	if !ok {
		return lab.Step{}, lab.Errorf(lab.Internal, "event %d of run %q is a %s, want a step", seq, p.key, f.Kind)
	}
	return s, nil
}
