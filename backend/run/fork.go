package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// ForkConfig is a fork of a run: Start.Fork says where and what is changed, Dir is the folder of the fork's own record.
type ForkConfig struct {
	Config
	Parent string // folder of the parent
	// Told hears how far the work before the fork is: units of the parent that were played again, of those that are to be. nil is allowed.
	Told func(done, total int64)
}

// Branch is a run brought to the place of a fork, and verified on the way: what it made again equals its parent's record.
type Branch struct {
	ForkConfig
	place place
	state []byte // of the method before place.unit; nil at the beginning of the run
}

// Outcome is what came of the episode of a fork.
type Outcome struct {
	Return  lab.Float `json:"return"`
	Success bool      `json:"success"`
	Steps   int       `json:"steps"`
	Course  string    `json:"course"` // hash of all that was seen and done: equal courses are equal episodes
}

// OpenFork brings the method to the unit of work that holds the episode: from the latest state that is kept, playing again what lies
// between and comparing every event with the parent's. The state is kept in the parent's folder beside its record, so that the next fork
// there begins at once.
//
// Errors: not-found for an episode that is not in the record, invalid for a method that cannot fork or an episode without steps, conflict
// where code, kernel or events differ from the parent's.
func OpenFork(ctx context.Context, cfg ForkConfig) (*Branch, error) {
	b := &Branch{ForkConfig: cfg}
	var err error
	if b.place, err = find(b.path(), *cfg.Start.Fork); err != nil {
		return nil, err
	}
	if err := b.comparable(); err != nil {
		return nil, err
	}
	e := &execution{Config: cfg.Config}
	return b, e.guard(func() error { return b.reach(ctx) })
}

func (b *Branch) path() string { return filepath.Join(b.Parent, RecordFile) }

// comparable refuses a parent that this program cannot play again.
func (b *Branch) comparable() error {
	was, is := b.place.start, b.Start
	if was.Code != is.Code {
		return lab.Errorf(lab.Conflict, "the run was made by other code: its identity is %.12q, this program's is %.12q", was.Code, is.Code).
			WithHint("run the notebook again with this program, and fork the new run")
	}
	if was.Kernel != is.Kernel {
		return lab.Errorf(lab.Conflict, "the run was made with kernel %q, this program works with %q", was.Kernel, is.Kernel).
			WithHint("start Loci with --kernel %s to fork this run", was.Kernel)
	}
	return nil
}

// reach finds the state before the fork's unit, or makes it.
func (b *Branch) reach(ctx context.Context) error {
	from, state, err := b.latest()
	if err != nil {
		return err
	}
	if from == b.place.unit {
		b.state = state
		return b.able()
	}
	m, err := b.make(from, state)
	if err != nil {
		return err
	}
	defer closing(m)
	if err := forkable(m, *b.Start.Fork); err != nil {
		return err
	}
	if err := b.again(ctx, m, from); err != nil {
		return err
	}
	var kept bytes.Buffer
	if err := m.Snapshot(&kept); err != nil {
		return err
	}
	b.state = kept.Bytes()
	return record.KeepState(b.Parent, b.place.unit, func(w io.Writer) error { _, err := w.Write(b.state); return err })
}

// latest is the newest state at or before the unit: one of the run's own checkpoints, or one that an earlier fork left.
func (b *Branch) latest() (unit int64, state []byte, err error) {
	unit, state, ok, err := record.FindState(b.Parent, b.place.unit)
	if err != nil {
		return 0, nil, err
	}
	for _, c := range b.place.checkpoints {
		if c.Unit > b.place.unit || (ok && c.Unit <= unit) {
			continue
		}
		r, err := record.OpenCheckpoint(b.Parent, c)
		if err != nil {
			continue // only the last ones are kept
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return 0, nil, err
		}
		unit, state, ok = c.Unit, data, true
	}
	return unit, state, nil
}

// able makes a method only to ask whether it can do what the fork wants.
func (b *Branch) able() error {
	m, err := b.New()
	if err != nil {
		return err
	}
	defer closing(m)
	return forkable(m, *b.Start.Fork)
}

// make is a method as it stood before a unit.
func (b *Branch) make(unit int64, state []byte) (lab.Method, error) {
	m, err := b.New()
	if err != nil || unit == 0 {
		return m, err
	}
	if err := m.Restore(bytes.NewReader(state)); err != nil {
		closing(m)
		return nil, err
	}
	return m, nil
}

// closing ends a method that is needed no more; what it says then concerns no result.
func closing(m lab.Method) {
	if c, ok := m.(io.Closer); ok {
		_ = c.Close()
	}
}

// forkable tells whether a method can make these changes.
func forkable(m lab.Method, f lab.Fork) error {
	who, ok := m.(lab.Forker)
	if !ok || len(who.Changes()) == 0 {
		return lab.Errorf(lab.Invalid, "runs of this paper, as it is set up, cannot be forked yet").WithHint("fork a run of memrl, slea-rl, memories or memory-rewriting")
	}
	return f.Check(who.Changes())
}

// again plays units of the parent and compares every event.
func (b *Branch) again(ctx context.Context, m lab.Method, from int64) error {
	check, err := record.OpenChecker(b.path(), b.place.begins[from])
	if err != nil {
		return err
	}
	defer check.Close()
	for unit := from; unit < b.place.unit; unit++ {
		if unit == 0 {
			if err := check.Skip(lab.KindStart); err != nil {
				return err
			}
		}
		if b.Told != nil {
			b.Told(unit-from, b.place.unit-from)
		}
		if b.Gate != nil {
			if err := b.Gate(ctx); err != nil {
				return err
			}
		}
		p, err := m.Advance(ctx, check)
		if err == nil {
			err = check.Emit(p)
		}
		if err == nil {
			err = check.Skip(lab.KindCheckpoint)
		}
		if err != nil {
			return replayError(err)
		}
	}
	return nil
}

// replayError tells what a difference from the parent means.
func replayError(err error) error {
	if lab.CodeOf(err) != lab.Conflict {
		return err
	}
	return lab.Errorf(lab.Conflict, "the run cannot be played again as it was: %w", err).
		WithHint("a model behind an endpoint, or a training service, answers anew each time; other runs: make the run again and fork that")
}

// Look writes the fork's record: the parent's events before the unit of the episode, then what the fork makes of it, to the end of that unit
// or of the whole run. The record appears in Dir whole or not at all.
func (b *Branch) Look(ctx context.Context) (lab.End, error) {
	part := b.Dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return lab.End{}, lab.Errorf(lab.Unavailable, "the fork's folder %q cannot be made: %w", part, err).WithHint("free space or make the folder writable")
	}
	end, err := b.write(ctx, part)
	if err == nil {
		err = replace(part, b.Dir)
	}
	if err != nil {
		return end, errors.Join(err, os.RemoveAll(part))
	}
	return end, nil
}

// replace puts a finished folder in its place.
func replace(from, to string) error {
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(filepath.Dir(to), 0o755)); err != nil {
		return lab.Errorf(lab.Unavailable, "folder %q cannot be made free: %w", to, err)
	}
	if err := os.Rename(from, to); err != nil {
		return lab.Errorf(lab.Unavailable, "the fork cannot be kept in %q: %w", to, err)
	}
	return nil
}

func (b *Branch) write(ctx context.Context, dir string) (end lab.End, err error) {
	e := &execution{Config: b.Config, final: map[string]lab.Float{}}
	e.Dir = dir
	if e.writer, err = record.Create(filepath.Join(dir, RecordFile), record.Options{}); err != nil {
		return end, err
	}
	defer func() { err = join(err, e.writer.Close()) }()
	if err := e.Emit(b.Start); err != nil {
		return end, err
	}
	if err := b.inherit(e); err != nil {
		return end, err
	}
	if err := e.guard(func() error { return b.goOn(ctx, e) }); err != nil {
		return end, err
	}
	end = lab.End{Status: lab.StatusDone, Final: e.final}
	return end, e.Emit(end)
}

// inherit copies the parent's events before the fork's unit.
func (b *Branch) inherit(e *execution) error {
	upto := b.place.begins[b.place.unit].Seq
	for frame, err := range record.Scan(b.path(), record.Position{}) {
		if err != nil {
			return err
		}
		if frame.Seq >= upto && frame.Seq > 0 {
			return nil
		}
		if frame.Kind == lab.KindStart {
			continue
		}
		if err := e.note(frame); err != nil {
			return err
		}
		if err := e.writer.Copy(frame); err != nil {
			return err
		}
	}
	return nil
}

// note takes what an inherited event says about where the run stands.
func (e *execution) note(f record.Frame) error {
	if f.Kind != lab.KindMetric && f.Kind != lab.KindProgress {
		return nil
	}
	ev, err := f.Event()
	switch ev := ev.(type) {
	case lab.Metric:
		e.final[ev.Name] = ev.Value
	case lab.Progress:
		e.done = ev.Done
	}
	return err
}

// goOn plays the fork's own units. A look leaves out the checkpoint behind its last unit: nobody continues it.
func (b *Branch) goOn(ctx context.Context, e *execution) error {
	m, err := b.make(b.place.unit, b.state)
	if err != nil {
		return err
	}
	defer closing(m)
	if err := m.(lab.Forker).Fork(*b.Start.Fork); err != nil {
		return err
	}
	e.method, e.unit = m, b.place.unit
	for done := false; !done && (b.Start.Fork.Whole || e.unit <= b.place.last); {
		if err := e.wait(ctx); err != nil {
			return err
		}
		if !b.Start.Fork.Whole && e.unit == b.place.last {
			p, err := m.Advance(ctx, e)
			if err != nil {
				return err
			}
			return e.Emit(p)
		}
		if done, err = e.advance(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Replay plays the episode once more with the random numbers of replay k, with the changes of the fork or without any, and keeps nothing.
func (b *Branch) Replay(ctx context.Context, k int, changed bool) (o Outcome, err error) {
	f := *b.Start.Fork
	f.Replay = k
	if !changed {
		f.Changes = nil
	}
	e := &execution{Config: b.Config}
	return o, e.guard(func() error { o, err = b.replay(ctx, f); return err })
}

func (b *Branch) replay(ctx context.Context, f lab.Fork) (Outcome, error) {
	m, err := b.make(b.place.unit, b.state)
	if err != nil {
		return Outcome{}, err
	}
	defer closing(m)
	if err := m.(lab.Forker).Fork(f); err != nil {
		return Outcome{}, err
	}
	w := NewWatcher(f.Episode)
	for unit := b.place.unit; unit <= b.place.last && !w.over; unit++ {
		if _, err := m.Advance(ctx, w); err != nil && !errors.Is(err, errSeen) {
			return Outcome{}, err
		}
	}
	if !w.over {
		return Outcome{}, lab.Errorf(lab.Internal, "the replay of episode %d came to no end", f.Episode)
	}
	return w.Outcome(), nil
}

// errSeen ends a replay behind the episode that it is about: the rest of its unit tells nothing.
var errSeen = errors.New("the episode is over")

// Watcher looks for one episode among events.
type Watcher struct {
	id   int64
	sum  []byte
	ends lab.Episode
	over bool
}

// NewWatcher looks for the episode of that number.
func NewWatcher(id int64) *Watcher { return &Watcher{id: id} }

// Emit implements lab.Emitter. It returns an error behind the end of the episode.
func (w *Watcher) Emit(ev lab.Event) error {
	if w.See(ev); w.over {
		return errSeen
	}
	return nil
}

// See takes an event in.
func (w *Watcher) See(ev lab.Event) {
	switch ev := ev.(type) {
	case lab.Step:
		if ev.Episode == w.id {
			sum := sha256.Sum256(fmt.Appendf(w.sum, "\x00%s\x00%s\x00%v", ev.Saw, ev.Action, ev.Reward))
			w.sum = sum[:]
		}
	case lab.Episode:
		if ev.ID == w.id {
			w.ends, w.over = ev, true
		}
	}
}

// Outcome is what came of the episode.
func (w *Watcher) Outcome() Outcome {
	return Outcome{Return: w.ends.Return, Success: w.ends.Success, Steps: w.ends.Steps, Course: hex.EncodeToString(w.sum[:min(len(w.sum), 12)])}
}
