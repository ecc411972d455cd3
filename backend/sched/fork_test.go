package sched

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

// walkers makes methods that can be forked.
type walkers struct {
	*toyPapers
	hold func(ctx context.Context) error // is asked in every unit of a fork
}

func (w walkers) New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	m, err := w.toyPapers.New(setup, seed, bench)
	if err != nil {
		return nil, err
	}
	return &walker{toy: m.(*toy), hold: w.hold}, nil
}

// walker plays one episode of three steps a unit; a coin decides its return, which without the entry "1" is always 1.
type walker struct {
	*toy
	fork *lab.Fork
	hold func(ctx context.Context) error
}

func (w *walker) Changes() []lab.ChangeKind { return []lab.ChangeKind{lab.ChangeDrop, lab.ChangeAct} }

func (w *walker) Fork(f lab.Fork) error {
	w.fork = &f
	return f.Check(w.Changes())
}

func (w *walker) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if w.fork != nil && w.hold != nil {
		if err := w.hold(ctx); err != nil {
			return lab.Progress{}, err
		}
	}
	id, dropped := w.unit+1, false
	p, err := w.toy.Advance(ctx, emit)
	for t := range 3 {
		dropped = dropped || len(w.fork.Due(id, t)) > 0
		action := fmt.Sprint("go ", t)
		if other, ok := w.fork.Action(id, t); ok {
			action = other
		}
		reward := rng.New(w.seed, fmt.Sprintf("coin %d %d", id, w.fork.Chance(id, t))).IntN(2)
		if dropped {
			reward = 1
		}
		if err == nil {
			err = emit.Emit(lab.Step{Episode: id, T: t, Saw: "hall", Action: action, Reward: lab.Float(reward), Done: t == 2})
		}
		if err == nil && t == 2 {
			err = emit.Emit(lab.Episode{ID: id, Split: "train", Steps: 3, Return: lab.Float(reward), Success: reward == 1, Why: lab.EndTerminal, Detail: true})
		}
	}
	return p, err
}

// walked is a desk with finished runs that can be forked, and the key of one.
func walked(t *testing.T, hold func(ctx context.Context) error) (*desk, string) {
	t.Helper()
	papers := &toyPapers{}
	d := newDesk(t, papers)
	d.Owner.Papers = walkers{papers, hold}
	return d, d.wait(d.start(Options{}).ID, Done).Runs[0].Key
}

func (d *desk) fork(req ForkRequest) ForkInfo {
	d.t.Helper()
	info, err := d.Fork(d.t.Context(), req)
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	f := d.forks[info.Key]
	d.mu.Unlock()
	<-f.ended
	info, err = d.FindFork(d.t.Context(), info.Key)
	if err != nil {
		d.t.Fatal(err)
	}
	return info
}

func TestAForkShowsItsEffectAndIsCountedAmongNoNotebooksRuns(t *testing.T) {
	d, key := walked(t, nil)
	drop := lab.Fork{Parent: key, Episode: 4, T: 1, Changes: []lab.Change{{Kind: lab.ChangeDrop, Bank: "b", Entry: "1"}}}
	info := d.fork(ForkRequest{Fork: drop, Replays: 20})
	if info.State != Done || info.Title != "fork of good seed 0 at episode 4, step 1: without 1" || info.Result.First > 1 {
		t.Fatalf("fork is %+v", info)
	}
	e, ok := info.Result.Effect()
	if !ok || e.N != 20 || e.Same || e.Return.Mean <= 0 || e.Return.Low > e.Return.Mean || e.Sign.P > 0.05 {
		t.Errorf("effect is %+v", e)
	}
	heads := 0
	for _, p := range info.Result.Pairs { // by hand: changed is 1 always, so the effect is the share of zeros
		if p.Changed.Return != 1 {
			t.Errorf("without the entry the return is %v", p.Changed.Return)
		}
		heads += int(p.Unchanged.Return)
	}
	if got, want := float64(e.Return.Mean), float64(20-heads)/20; math.Abs(got-want) > 1e-12 {
		t.Errorf("the effect is %v, want %v", got, want)
	}
	if words := info.Result.Words(drop); !strings.HasPrefix(words, "Without 1: the return changes by +0.") || !strings.Contains(words, "20 pairs") {
		t.Errorf("it says %q", words)
	}
	runs, total, err := d.Store.FindRuns(t.Context(), store.RunFilter{})
	if err != nil || total != 4 {
		t.Errorf("%d runs of notebooks: %v, %v", total, runs, err)
	}
	if p := d.plan(Options{}); p.Unchanged != 4 {
		t.Errorf("the plan is %q", p.Label())
	}
	forks, err := d.Forks(t.Context(), key)
	if err != nil || len(forks) != 1 || forks[0].Key != info.Key {
		t.Errorf("forks are %+v: %v", forks, err)
	}
	d.close()
	d.open()
	if kept, err := d.FindFork(t.Context(), info.Key); err != nil || kept.Title != info.Title || len(kept.Result.Pairs) != 20 {
		t.Errorf("after a restart the fork is %+v: %v", kept, err)
	}
}

func TestAForkThatIsStoppedLeavesNothingHalfDone(t *testing.T) {
	began := make(chan struct{}, 1)
	d, key := walked(t, func(ctx context.Context) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() })
	f := lab.Fork{Parent: key, Episode: 4, Changes: []lab.Change{{Kind: lab.ChangeAct, Text: "stay"}}}
	info, err := d.Fork(t.Context(), ForkRequest{Fork: f})
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := d.StopFork(info.Key); err != nil {
		t.Fatal(err)
	}
	<-d.forks[info.Key].ended
	if now, err := d.FindFork(t.Context(), info.Key); err != nil || now.State != CancelledSt {
		t.Errorf("it is %+v: %v", now, err)
	}
	if left, _ := filepath.Glob(d.Folder(info.Key) + "*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	if _, err := os.Stat(filepath.Join(d.Folder(key), run.RecordFile)); err != nil {
		t.Error(err)
	}
	d.Owner.Papers = walkers{d.papers, nil}
	if again := d.fork(ForkRequest{Fork: f}); again.State != Done || again.Result.First != 0 {
		t.Errorf("asked for again it is %+v", again)
	}
}

func TestAForkThatMayNotBeIsRefused(t *testing.T) {
	d, key := walked(t, nil)
	made := d.fork(ForkRequest{Fork: lab.Fork{Parent: key, Episode: 2}})
	for name, c := range map[string]struct {
		req  ForkRequest
		want string
	}{
		"of no run":         {ForkRequest{Fork: lab.Fork{Parent: "none", Episode: 1}}, "none"},
		"too many replays":  {ForkRequest{Fork: lab.Fork{Parent: key, Episode: 1}, Replays: 21}, "21 replays, want 0 to 20"},
		"of a fork":         {ForkRequest{Fork: lab.Fork{Parent: made.Key, Episode: 1}}, "is a fork itself"},
		"of no episode":     {ForkRequest{Fork: lab.Fork{Parent: key, Episode: 99}}, "no steps of episode 99"},
		"another change":    {ForkRequest{Fork: lab.Fork{Parent: key, Episode: 1, Changes: []lab.Change{{Kind: lab.ChangeEdit, Entry: "1", Text: "x"}}}}, "cannot \"edit\""},
		"a step behind all": {ForkRequest{Fork: lab.Fork{Parent: key, Episode: 1, T: 3}}, "has no step 3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Fork(t.Context(), c.req)
			said := ""
			if err != nil {
				said = err.Error()
			} else {
				said = d.fork(c.req).Err
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("it says %q, want %q", said, c.want)
			}
		})
	}
	d.papers.code.Store("c2")
	if place, err := d.ForkPlace(t.Context(), key, 2, 0); err != nil || !strings.Contains(place.Why, "other code") {
		t.Errorf("of other code it says %+v: %v", place, err)
	}
}
