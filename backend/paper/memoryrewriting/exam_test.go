package memoryrewriting

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
)

// arms are one agent of every kind, those that learn narrow, and untrained where that is enough.
func arms() map[string]given {
	return map[string]given{
		"mlp": {"kind": MLP, "width": 8}, "rnn": {"kind": RNN, "width": 8}, "gru": {"kind": GRU, "width": 8},
		"lstm": {"kind": LSTM, "width": 8}, "lstm-keep": {"kind": LSTM, "width": 8, "forget": "keep"},
		"ffm":         {"kind": FFM, "width": 8, "memory": 4, "context": 2},
		"transformer": {"kind": Transformer, "width": 8, "heads": 2, "window": 6},
		"oracle":      {"kind": Reference, "policy": world.Oracle}, "random": {"kind": Reference, "policy": world.Random},
		"memory-free": {"kind": Reference, "policy": world.MemoryFree}, "full-memory": {"kind": Reference, "policy": world.FullMemory},
	}
}

// spy notes the seed that each examination plays under.
type spy struct {
	player
	seeds *[]uint64
}

func (s spy) evaluate(ctx context.Context, seed uint64, perEnv int, h rl.Hooks) error {
	*s.seeds = append(*s.seeds, seed)
	return s.player.evaluate(ctx, seed, perEnv, h)
}

// examined runs an arm and returns the seeds of its examinations in order, and what it left.
func examined(t *testing.T, agent, ppo given, seed uint64) (seeds []uint64, r *record) {
	t.Helper()
	m := begin(t, setup(t, small(), agent, ppo), seed, lab.Bench{})
	play := m.exam.play
	m.exam.play = func(w world.Tensor) (player, error) {
		p, err := play(w)
		return spy{p, &seeds}, err
	}
	r = finish(t, m)
	return seeds, r
}

func TestEveryArmOfASeedWalksTheSameMazesInItsExams(t *testing.T) {
	var want []uint64
	var kept []string
	for _, name := range slices.Sorted(maps.Keys(arms())) {
		seeds, r := examined(t, arms()[name], brief().with("steps", 0), 5)
		var mazes []string
		for _, e := range r.episodes() {
			mazes = append(mazes, fmt.Sprint(e.Split, " ", e.Seed))
		}
		if want == nil {
			want, kept = seeds, mazes
		}
		if !slices.Equal(seeds, want) {
			t.Errorf("%s is examined under seeds %v, another arm under %v", name, seeds, want)
		}
		if !slices.Equal(mazes, kept) || len(mazes) != 3*keptEpisodes {
			t.Errorf("%s keeps mazes %v, another arm %v, want the same %d", name, mazes, kept, 3*keptEpisodes)
		}
	}
	// eval, test, and one for each number of corridors: no maze is looked at twice
	if distinct := distinct(want); len(distinct) != 2+len(tests()) || len(want) != len(distinct) {
		t.Errorf("seeds of the examinations are %v, want %d different ones", want, 2+len(tests()))
	}
	other, _ := examined(t, arms()["oracle"], brief(), 6)
	if both := distinct(append(other, want...)); len(both) != len(other)+len(want) {
		t.Errorf("seeds 5 and 6 share a maze: %v and %v", want, other)
	}
}

func distinct(seeds []uint64) []uint64 { return slices.Compact(slices.Sorted(slices.Values(seeds))) }

func TestTheMazesOfAnEvaluationStayTheSameThroughTheTraining(t *testing.T) {
	seeds, r := examined(t, arms()["rnn"], brief(), 5)
	if n := len(r.series(MetricSuccess)); n != 4 { // before training, twice during it, and the test
		t.Fatalf("%d values of success, want 4", n)
	}
	if seeds[0] != seeds[1] || seeds[1] != seeds[2] || seeds[2] == seeds[3] {
		t.Errorf("seeds %v, want the same for the first three, which are evaluations, and another for the test", seeds)
	}
}

// stepsOf returns the steps of one kept episode.
func (r *record) stepsOf(episode int64) (steps []lab.Step) {
	for _, ev := range r.events {
		if s, ok := ev.(lab.Step); ok && s.Episode == episode {
			steps = append(steps, s)
		}
	}
	return steps
}

func TestAKeptEpisodeHasAllItsStepsAndCanBePlayedAgain(t *testing.T) {
	worlds := map[string]given{"endless": small().with("regime", "uniform"), "t-maze": {"kind": "t-maze"}, "cubes": {"kind": "color-cubes"}}
	for _, name := range []string{"lstm", "ffm", "transformer", "mlp", "random", "oracle"} {
		for in, w := range worlds {
			s := setup(t, w, arms()[name], brief())
			r := finish(t, begin(t, s, 1, lab.Bench{}))
			if len(r.episodes()) < 2*keptEpisodes {
				t.Fatalf("%s in %s: %d kept episodes", name, in, len(r.episodes()))
			}
			for _, e := range r.episodes() {
				checkKept(t, fmt.Sprintf("%s in %s, episode %d", name, in, e.ID), s, e, r.stepsOf(e.ID))
			}
		}
	}
}

// checkKept plays the actions of a kept episode again, in a maze made from its seed, and compares step by step.
func checkKept(t *testing.T, what string, s lab.Setup, e lab.Episode, steps []lab.Step) {
	t.Helper()
	if !e.Detail || len(steps) != e.Steps {
		t.Fatalf("%s: %d steps of %d kept, detail %v", what, len(steps), e.Steps, e.Detail)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, w.Spec().Obs), make([]float32, 1), make([]bool, 1)
	if w, err = w.Replay(e.Seed, obs); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, step := range steps {
		if saw := w.Saw(0); step.T != i || step.Saw != saw || step.Scene == nil {
			t.Fatalf("%s: step %d of time %d saw %q, the maze shows %q; scene %v", what, i, step.T, step.Saw, saw, step.Scene)
		}
		action := slices.Index(w.Spec().Actions, step.Action)
		if action < 0 {
			t.Fatalf("%s: action %q at step %d is none of %v", what, step.Action, i, w.Spec().Actions)
		}
		w.Step([]int32{int32(action)}, obs, reward, done)
		if step.Done != done[0] || step.Done != (i == len(steps)-1) || math.Abs(float64(step.Reward)-float64(reward[0])) > 1e-4 {
			t.Errorf("%s: step %d is done %v with reward %v, played again %v with %v", what, i, step.Done, step.Reward, done[0], reward[0])
		}
		sum += float64(step.Reward)
	}
	if info := w.Info(0); info.Success != e.Success || info.Why != e.Why || e.Why == "" || math.Abs(sum-float64(e.Return)) > 1e-3 {
		t.Errorf("%s: success %v, %q, return %v; played again %v, %q, rewards add up to %v", what, e.Success, e.Why, e.Return, info.Success, info.Why, sum)
	}
}

func TestAKeptStepOfALearnerTellsWhatItWasAboutToDo(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), arms()["lstm"], brief()), 1, lab.Bench{}))
	for _, e := range r.episodes() {
		for _, s := range r.stepsOf(e.ID) {
			sum, most := 0.0, lab.Float(0)
			for _, action := range []string{"forward", "up", "down"} {
				p, ok := s.Numbers["p "+action]
				if !ok {
					t.Fatalf("step %d of episode %d has no probability of %q: %v", s.T, e.ID, action, s.Numbers)
				}
				sum += float64(p)
				most = max(most, p)
			}
			if _, ok := s.Numbers["value"]; !ok || math.Abs(sum-1) > 2e-4 || s.Numbers["p "+s.Action] != most {
				t.Errorf("step %d of episode %d took %q with %v, want the most probable of three that add up to 1, and a value", s.T, e.ID, s.Action, s.Numbers)
			}
			if want := map[string]int{"eval": 0, "test": 8}[e.Split]; len(s.State) != want {
				t.Errorf("step %d of an episode of split %s has %d forget gates, want %d", s.T, e.Split, len(s.State), want)
			}
		}
	}
}

func TestTheForgetGatesOfTheControlStandAtOne(t *testing.T) {
	gates := func(arm string) (least lab.Float) {
		least = 1
		r := finish(t, begin(t, setup(t, small(), arms()[arm], brief()), 1, lab.Bench{}))
		for _, e := range r.episodes() {
			for _, s := range r.stepsOf(e.ID) {
				for _, g := range s.State {
					least = min(least, g)
				}
			}
		}
		return least
	}
	if kept, learned := gates("lstm-keep"), gates("lstm"); kept != 1 || learned >= 1 {
		t.Errorf("the least forget gate is %v with keep and %v without, want 1 and less", kept, learned)
	}
}

func TestEpisodesThatWereNotKeptAreCounted(t *testing.T) {
	m := begin(t, setup(t, small(), arms()["gru"], brief()), 1, lab.Bench{})
	r := finish(t, m)
	want := int64(3*64 + 64) // three evaluations and the test, 64 episodes each
	for _, n := range m.actor.Episodes {
		want += n // of training; the test comes after all of them
	}
	got := int64(0)
	for i, e := range r.episodes() {
		got += 1 + int64(e.Omitted)
		if e.ID != int64(i)+1 {
			t.Errorf("kept episode %d has number %d", i+1, e.ID)
		}
	}
	if got != want || want <= 256 {
		t.Errorf("kept and omitted episodes are %d, want %d", got, want)
	}
}
