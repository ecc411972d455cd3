package run

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/rng"
)

// script is a method with a state and a random stream of its own: what a unit emits depends on all units before it.
type script struct {
	units   int64
	size    int64 // progress of a unit
	weight  float64
	unit    int64
	stream  *rng.Stream
	closed  int
	failing error  // of Close
	salt    string // part of what is emitted: another build of the method
	padding string // of each step, to make records of some size
	bulk    int    // bytes of a checkpoint beside the state, to make its writing take several calls

	restore  error                                       // of Restore
	before   func(unit int64) error                      // at the start of a unit
	middle   func(ctx context.Context, unit int64) error // when half of a unit's events are out
	snapshot func(unit int64, w io.Writer) error         // when half of the checkpoint is written
}

func newScript(units int64) *script {
	return &script{units: units, size: 1, stream: rng.New(7, "script")}
}

// scriptState is what a checkpoint of a script holds.
type scriptState struct {
	Unit   int64
	Weight lab.Float
	Stream []byte
}

func (s *script) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	p := lab.Progress{Done: s.unit * s.size, Total: s.units * s.size, Unit: "updates"}
	if err := ctx.Err(); err != nil {
		return p, err
	}
	if s.before != nil {
		if err := s.before(s.unit); err != nil {
			return p, err
		}
	}
	s.weight = 0.9*s.weight + s.stream.Float64()
	events := []lab.Event{lab.Metric{Name: "weight", X: s.unit, Value: lab.Float(s.weight)}}
	if s.unit == 0 {
		events = append(events, lab.Metric{Name: "parameters", Value: 17}, lab.Log{Level: "info", Text: "begun" + s.salt})
	}
	for t := range 3 {
		saw := strings.Repeat("wall ", s.stream.IntN(5)) + s.padding
		events = append(events, lab.Step{Episode: s.unit, T: t, Saw: saw, Action: "left", Reward: lab.Float(s.stream.Float64())})
	}
	events = append(events, lab.Episode{ID: s.unit, Split: "train", X: s.unit, Steps: 3, Why: lab.EndTerminal, Detail: true})
	for i, ev := range events {
		if i == len(events)/2 && s.middle != nil {
			if err := s.middle(ctx, s.unit); err != nil {
				return p, err
			}
		}
		if err := emit.Emit(ev); err != nil {
			return p, err
		}
	}
	s.unit++
	p.Done = s.unit * s.size
	return p, nil
}

func (s *script) Snapshot(w io.Writer) error {
	stream, err := s.stream.MarshalBinary()
	if err != nil {
		return err
	}
	text, err := json.Marshal(scriptState{Unit: s.unit, Weight: lab.Float(s.weight), Stream: stream})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, strings.Repeat(" ", s.bulk)); err != nil {
		return err
	}
	half := len(text) / 2
	if _, err := w.Write(text[:half]); err != nil {
		return err
	}
	if s.snapshot != nil {
		if err := s.snapshot(s.unit, w); err != nil {
			return err
		}
	}
	_, err = w.Write(text[half:])
	return err
}

func (s *script) Restore(r io.Reader) error {
	var state scriptState
	if err := json.NewDecoder(r).Decode(&state); err != nil || s.restore != nil {
		return errors.Join(err, s.restore)
	}
	s.unit, s.weight = state.Unit, float64(state.Weight)
	return s.stream.UnmarshalBinary(state.Stream)
}

func (s *script) Close() error {
	s.closed++
	return s.failing
}

func startOf() lab.Start {
	return lab.Start{Key: "abc", Setup: lab.Setup{Paper: "scripted"}, Arm: "lstm", Seed: 3, Kernel: "go", Commit: "c1", Notebook: "n.md"}
}

// config runs that method in that folder.
func config(dir string, m *script) Config {
	return Config{Start: startOf(), Dir: dir, New: func() (lab.Method, error) { return m, nil }}
}

// undisturbed runs a script from its beginning to its end in a new folder and returns the folder.
func undisturbed(t *testing.T, units int64) string {
	t.Helper()
	dir := t.TempDir()
	end, err := Execute(t.Context(), config(dir, newScript(units)))
	if err != nil || end.Status != lab.StatusDone {
		t.Fatalf("undisturbed run: %+v, %v", end, err)
	}
	return dir
}

func wantEqual(t *testing.T, a, b string) {
	t.Helper()
	diff, err := record.Equal(filepath.Join(a, RecordFile), filepath.Join(b, RecordFile))
	if err != nil || diff != nil {
		t.Errorf("records differ: %v, %v", diff, err)
	}
}

func events(t *testing.T, dir string) (all []lab.Event) {
	t.Helper()
	err := Events(filepath.Join(dir, RecordFile), func(ev lab.Event) (bool, error) { all = append(all, ev); return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func count(all []lab.Event, kind lab.Kind) (n int) {
	for _, ev := range all {
		if ev.Kind() == kind {
			n++
		}
	}
	return n
}
