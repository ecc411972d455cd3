package exam_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

const envs = 4

// examined plays ten episodes, rounded up to twelve, of a maze of two corridors.
func examined(t *testing.T, reference string, change func(*exam.Exam)) exam.Result {
	t.Helper()
	w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 2, Length: 3, Regime: "fixed", Alphabet: 2}, envs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.Reference(reference, 1)
	if err != nil {
		t.Fatal(err)
	}
	e := exam.Exam{World: w, Policy: p, Seed: 7, Episodes: 10, Split: "eval", Keep: 2}
	if change != nil {
		change(&e)
	}
	r, err := e.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryEnvironmentPlaysTheSameNumberOfEpisodes(t *testing.T) {
	perEnv, steps := make([]int, envs), 0
	r := examined(t, world.Oracle, func(e *exam.Exam) {
		e.End = func(b int, info world.Info) { perEnv[b]++; steps += info.Steps }
	})
	if r.Episodes != 12 || !slices.Equal(perEnv, []int{3, 3, 3, 3}) {
		t.Errorf("%d episodes, %v an environment, want 12 and 3 each", r.Episodes, perEnv)
	}
	if r.Success != 1 || math.Abs(r.Steps-float64(steps)/12) > 1e-12 {
		t.Errorf("the oracle has success %v and %v steps, want 1 and %v", r.Success, r.Steps, float64(steps)/12)
	}
}

func TestMeansAreOverTheCountedEpisodesAlone(t *testing.T) {
	var returns, succeeded float64
	var paid float32
	r := examined(t, world.Random, func(e *exam.Exam) {
		e.Episodes = 200
		e.Step = func(_, _ int, _ int32, reward float32) { paid += reward }
		e.End = func(_ int, info world.Info) {
			returns += float64(info.Return)
			if info.Success {
				succeeded++
			}
		}
	})
	if math.Abs(r.Return-returns/200) > 1e-9 || math.Abs(r.Success-succeeded/200) > 1e-12 || math.Abs(r.Return-float64(paid)/200) > 1e-4 {
		t.Errorf("return %v and success %v, want %v and %v; steps paid %v", r.Return, r.Success, returns/200, succeeded/200, paid/200)
	}
	if r.Success == 0 || r.Success == 1 {
		t.Errorf("a random walk succeeds in a share of %v: the test says nothing", r.Success)
	}
}

func TestKeptEpisodesHaveAllTheirSteps(t *testing.T) {
	r := examined(t, world.Oracle, func(e *exam.Exam) {
		e.Sizes = func(_, t int) (int, int) { return 5, t + 1 }
		e.Note = func(b int, s *lab.Step) { s.Numbers = map[string]lab.Float{"env": lab.Float(b)} }
		e.Events = func(b, t int) []lab.Event {
			return []lab.Event{lab.Memory{Op: lab.OpWrite, Bank: "cues", Entry: "cue", T: 99}}
		}
	})
	if len(r.Kept) != 2 {
		t.Fatalf("%d episodes kept, want 2", len(r.Kept))
	}
	for b, k := range r.Kept {
		if len(k.Steps) != k.Episode.Steps || !k.Steps[len(k.Steps)-1].Done || k.Episode.Context != lab.Float(len(k.Steps)) || k.Episode.Memory != 5 {
			t.Errorf("episode %d: %d steps kept of %d, %+v", b, len(k.Steps), k.Episode.Steps, k.Episode)
		}
		var sum lab.Float
		for i, s := range k.Steps {
			sum += s.Reward
			if s.T != i || s.Scene == nil || s.Saw == "" || s.Numbers["env"] != lab.Float(b) || s.Done != (i == len(k.Steps)-1) {
				t.Errorf("episode %d, step %d is %+v", b, i, s)
			}
		}
		if math.Abs(float64(sum-k.Episode.Return)) > 1e-3 {
			t.Errorf("rewards of episode %d sum to %v, its return is %v", b, sum, k.Episode.Return)
		}
	}
	var out list
	var book exam.Book
	book.Skip(3)
	if err := book.Result(&out, 50, r); err != nil {
		t.Fatal(err)
	}
	out.check(t, r)
}

// list is a record in memory.
type list []lab.Event

func (l *list) Emit(ev lab.Event) error { *l = append(*l, ev); return nil }

// check demands numbered episodes, each behind its steps and what happened at them.
func (l list) check(t *testing.T, r exam.Result) {
	t.Helper()
	var steps, events int
	var episodes []lab.Episode
	for _, ev := range l {
		switch e := ev.(type) {
		case lab.Step:
			steps++
			if e.Episode != int64(len(episodes)+1) {
				t.Errorf("step %d is of episode %d, want %d", e.T, e.Episode, len(episodes)+1)
			}
		case lab.Memory:
			events++
			if e.Episode != int64(len(episodes)+1) || e.T == 99 {
				t.Errorf("memory operation of episode %d, step %d", e.Episode, e.T)
			}
		case lab.Episode:
			episodes = append(episodes, e)
		}
	}
	if want := len(r.Kept[0].Steps) + len(r.Kept[1].Steps); steps != want || events != want {
		t.Errorf("%d steps and %d operations, want %d each", steps, events, want)
	}
	if len(episodes) != 2 || episodes[0].Omitted != 13 || episodes[1].Omitted != 0 || episodes[1].ID != 2 || episodes[0].X != 50 {
		t.Errorf("episodes %+v: want numbers 1 and 2 behind 3 + 10 that were left out", episodes)
	}
}

func TestACancelledExaminationEnds(t *testing.T) {
	w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 2, Length: 3, Regime: "fixed", Alphabet: 2}, envs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.Reference(world.Random, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&exam.Exam{World: w, Policy: p, Episodes: 10}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled context", err)
	}
}

func TestTheCoreNeedsAKnownKernel(t *testing.T) {
	core, err := exam.Core(lab.Bench{Kernel: "go", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	core.Close()
	if _, err := exam.Core(lab.Bench{Kernel: "abacus", Threads: 1}); err == nil {
		t.Error("kernel family abacus was taken")
	}
}

func TestNumbersOfPicturesAreShort(t *testing.T) {
	if got := exam.Short(0.123456); got != 0.1235 {
		t.Errorf("0.123456 became %v, want 0.1235", got)
	}
}
