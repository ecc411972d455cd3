// Package run executes one run: it drives a method unit by unit, keeps its events in the record, takes checkpoints, catches panics,
// and continues a killed run so that its finished record equals the undisturbed one byte for byte but for times.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// RecordFile is the name of the record inside a run's folder; its checkpoints lie beside it.
const RecordFile = "record.loci"

// checkpoints per run. Their places depend on the run's own units alone, never on the clock: a checkpoint is an event of the record.
const checkpoints = 40

// Config is one run: what to do, where to keep it, who looks on.
type Config struct {
	Start lab.Start // first event; Start.Key names the run
	// New makes the method at its first unit. It is called once, inside the panic boundary.
	New func() (lab.Method, error)
	Dir string // folder of this run alone, made when it does not exist

	// Gate is asked before every unit and may block while the run is paused. An error ends the execution and leaves the run to be
	// continued later. nil never waits.
	Gate func(ctx context.Context) error
	// Tee sees every event that is new in the record, after it was taken in. It must not block. nil is allowed.
	Tee func(seq int64, ev lab.Event)
	// Explain puts the error that ends the run into other words; its code stays. nil leaves it as it is.
	Explain func(error) error
}

// Execute brings the run to its end and returns the End event. A finished record is not run again: its end is returned.
//
// When ctx is cancelled or Gate returns an error, that error comes back and the record ends as cancelled; the next Execute takes
// that end off again and continues from the last checkpoint. A method's error or panic ends the record as failed, and is returned; one
// of code unavailable leaves the record without an end.
func Execute(ctx context.Context, cfg Config) (lab.End, error) {
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return lab.End{}, lab.Errorf(lab.Unavailable, "the run's folder %q cannot be made: %w", cfg.Dir, err).
			WithHint("free space or make the folder writable, or set LOCI_HOME to another folder")
	}
	path := filepath.Join(cfg.Dir, RecordFile)
	if end, ok, err := Ended(path); err != nil || (ok && end.Status == lab.StatusDone) {
		return end, err
	}
	e := &execution{Config: cfg, final: map[string]lab.Float{}}
	if err := e.open(path); err != nil {
		if e.writer != nil {
			err = join(err, e.writer.Close())
		}
		return lab.End{}, err
	}
	end, err := e.drive(ctx)
	if c, ok := e.method.(io.Closer); ok {
		err = join(err, e.guard(c.Close))
	}
	return end, join(err, e.writer.Close())
}

// join adds what else went wrong to an error, but for what that error says already: the record returns its first error from every call.
func join(err, more error) error {
	if more == nil || errors.Is(err, more) {
		return err
	}
	return errors.Join(err, more)
}

// execution is the state of one Execute.
type execution struct {
	Config
	writer *record.Writer
	method lab.Method
	resume *lab.Checkpoint      // nil when the run starts at its beginning
	unit   int64                // units of Advance completed
	done   int64                // progress after the last of them
	final  map[string]lab.Float // last value of every metric
	lost   error                // the record took an event no more
	halted bool                 // who owns the run asked to stop it
}

// Emit keeps an event and shows it to who looks on. Events that the record held already are checked against it and not shown again.
func (e *execution) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Metric); ok {
		e.final[m.Name] = m.Value
	}
	replayed := e.writer.Verifying()
	if err := e.writer.Emit(ev); err != nil {
		e.lost = err
		return err
	}
	if e.Tee != nil && !replayed {
		e.Tee(e.writer.Seq()-1, ev)
	}
	return nil
}

// open positions the writer: at a new record, or behind the last checkpoint that can be used.
func (e *execution) open(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		w, err := record.Create(path, record.Options{})
		e.writer = w
		return err
	}
	usable := func(c lab.Checkpoint) bool { return record.CheckCheckpoint(e.Dir, c) == nil }
	w, last, found, err := record.Resume(path, usable, record.Options{Reopen: true})
	if err != nil {
		return err
	}
	e.writer = w
	if err := e.asBegun(path); err != nil {
		return err
	}
	if found {
		e.resume = &last
		return e.recall(path, last)
	}
	return nil
}

// asBegun takes the first event as the record has it: commit, machine and the notebook's path may be others by now and move no number.
// Another kernel family does, and one record must not hold the numbers of two.
func (e *execution) asBegun(path string) error {
	for frame, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			return err
		}
		ev, err := frame.Event()
		if err != nil {
			return err
		}
		began, ok := ev.(lab.Start)
		if !ok || began.Key != e.Start.Key {
			return lab.Errorf(lab.Conflict, "record %q is of another run: it begins with %s %q, want run %q", path, ev.Kind(), began.Key, e.Start.Key).
				WithHint("move that record away and run again")
		}
		if began.Kernel != e.Start.Kernel {
			return lab.Errorf(lab.Conflict, "the run was begun with kernel %q and cannot go on with %q", began.Kernel, e.Start.Kernel).
				WithHint("set --kernel %s to continue it, or run it once more to begin anew", began.Kernel)
		}
		e.Start = began
		return nil
	}
	return nil
}

// Begun returns the first event of the record at path, and false when there is no record or it has no event yet.
func Begun(path string) (begun lab.Start, ok bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return begun, false, nil
	}
	err = Events(path, func(ev lab.Event) (bool, error) {
		begun, ok = ev.(lab.Start)
		return false, nil
	})
	return begun, ok, err
}

// recall reads what was emitted before the checkpoint and will not be emitted again: the last metrics, and how far the run was.
func (e *execution) recall(path string, last lab.Checkpoint) error {
	return Events(path, func(ev lab.Event) (bool, error) {
		switch ev := ev.(type) {
		case lab.Metric:
			e.final[ev.Name] = ev.Value
		case lab.Progress:
			e.done = ev.Done
		case lab.Checkpoint:
			return ev != last, nil
		}
		return true, nil
	})
}

// drive makes the method and advances it to its end.
func (e *execution) drive(ctx context.Context) (lab.End, error) {
	err := e.guard(e.begin)
	for done := false; err == nil && !done; {
		if err = e.wait(ctx); err == nil {
			err = e.guard(func() (err error) { done, err = e.advance(ctx); return err })
		}
	}
	if e.lost != nil {
		return lab.End{}, e.lost
	}
	if e.Explain != nil {
		err = e.Explain(err)
	}
	return e.end(ctx, err)
}

func (e *execution) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		e.halted = true
		return lab.Errorf(lab.Cancelled, "the run was stopped after %d units: %w", e.unit, err).
			WithHint("run it again to continue from its last checkpoint")
	}
	if e.Gate == nil {
		return nil
	}
	err := e.Gate(ctx)
	e.halted = err != nil
	return err
}

// begin writes the first event or restores the method from its checkpoint. The event comes first, so that also a record of a method
// that cannot be made says what was to be run.
func (e *execution) begin() error {
	if e.resume == nil {
		if err := e.Emit(e.Start); err != nil {
			return err
		}
	}
	m, err := e.New()
	if err != nil {
		return err
	}
	e.method = m
	if e.resume == nil {
		return nil
	}
	e.unit = e.resume.Unit
	r, err := record.OpenCheckpoint(e.Dir, *e.resume)
	if err != nil {
		return err
	}
	defer r.Close()
	return away(e.method.Restore(r))
}

// away gives an error of restoring the code of its cause where that is a service that does not answer: whoever restored took its bytes for wrong,
// and a run whose state is well must not end for that.
func away(err error) error {
	if lab.CodeOf(err) == lab.Invalid && errors.Is(err, &lab.Error{Code: lab.Unavailable}) {
		return lab.Errorf(lab.Unavailable, "%w", err).WithHint("%s", lab.HintOf(err))
	}
	return err
}

// advance does one unit, says how far the run is and takes a checkpoint where one is due.
func (e *execution) advance(ctx context.Context) (done bool, err error) {
	p, err := e.method.Advance(ctx, e)
	if err != nil {
		return false, err
	}
	e.unit++
	before := e.done
	e.done = p.Done
	if err := e.Emit(p); err != nil {
		return false, err
	}
	if p.Done >= p.Total {
		return true, nil
	}
	if !due(before, p) {
		return false, nil
	}
	c, err := record.WriteCheckpoint(e.Dir, e.unit, func(w io.Writer) error { return e.method.Snapshot(w) })
	if err != nil {
		return false, err
	}
	return false, e.Emit(c)
}

// due spreads the checkpoints evenly over the run's progress, whatever the size of its units: one is due when a unit carried the
// progress from before over another fortieth of the total.
func due(before int64, p lab.Progress) bool {
	if p.Total <= 0 {
		return false
	}
	return p.Done*checkpoints/p.Total > before*checkpoints/p.Total
}

// end writes the last event. A run that stops or fails while it still plays recorded events again writes none: the record knows more.
// Nor does one that lacked a disk or a machine: that says nothing about the run, which stays interrupted and can go on.
func (e *execution) end(ctx context.Context, cause error) (lab.End, error) {
	end := lab.End{Status: lab.StatusDone, Final: e.final}
	if cause == nil {
		return end, e.Emit(end)
	}
	end.Status, end.Code, end.Error, end.Hint = lab.StatusFailed, lab.CodeOf(cause), cause.Error(), lab.HintOf(cause)
	if e.halted || ctx.Err() != nil || end.Code == lab.Cancelled {
		end.Status, end.Code = lab.StatusCancelled, lab.Cancelled
	}
	if e.writer.Verifying() || (end.Status == lab.StatusFailed && end.Code == lab.Unavailable) {
		return end, cause
	}
	return end, join(cause, e.Emit(end))
}

// guard is the one place where a panic becomes an error, with the run's name attached.
func (e *execution) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			err = &lab.Error{Code: lab.Internal, Err: cause,
				Msg:  fmt.Sprintf("%s, arm %q, seed %d, unit %d: %v", e.Start.Setup.Paper, e.Start.Arm, e.Start.Seed, e.unit, p),
				Hint: "this is a mistake in Loci; the record up to here is kept: `loci show " + e.Start.Key + "` prints it"}
		}
	}()
	return f()
}

// Ended returns the End event of the record at path, and false when there is no record or it has no end yet.
func Ended(path string) (lab.End, bool, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return lab.End{}, false, nil
	}
	r, err := record.Open(path)
	if err != nil {
		return lab.End{}, false, err
	}
	defer r.Close()
	if !r.Ended() {
		return lab.End{}, false, nil
	}
	f, err := r.At(r.Len() - 1)
	if err != nil {
		return lab.End{}, false, err
	}
	ev, err := f.Event()
	if err != nil {
		return lab.End{}, false, err
	}
	return ev.(lab.End), true, nil
}

// Events calls f for every event of the record in order until f says to stop.
func Events(path string, f func(lab.Event) (more bool, err error)) error {
	r, err := record.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	for frame, err := range r.Frames(0) {
		if err != nil {
			return err
		}
		ev, err := frame.Event()
		if err != nil {
			return err
		}
		if more, err := f(ev); err != nil || !more {
			return err
		}
	}
	return nil
}
