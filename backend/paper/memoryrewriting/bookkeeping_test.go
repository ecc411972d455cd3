package memoryrewriting

import (
	"context"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// clerk keeps its own account of an examination: what was asked of the player at which step, and how long the episodes were.
type clerk struct {
	player
	t       *testing.T
	time    []int // [B] step of the present episode
	steps   int   // of all episodes that counted
	counted []int // [B] episodes
}

func (c *clerk) evaluate(ctx context.Context, seed uint64, perEnv int, h rl.Hooks) error {
	after, end := h.After, h.End
	h.After = func(t int) {
		after(t)
		for b := range c.time {
			c.time[b]++
		}
	}
	h.End = func(b, episode int, info world.Info) {
		end(b, episode, info)
		c.time[b] = 0
		c.steps += info.Steps
		c.counted[b]++
	}
	return c.player.evaluate(ctx, seed, perEnv, h)
}

func (c *clerk) sizes(b, t int) (memory, context int) {
	if t != c.time[b] && t != c.time[b]-1 { // before a step, and at the end of an episode for its last step
		c.t.Fatalf("environment %d is asked for its size at step %d, it stands at %d", b, t, c.time[b])
	}
	return c.player.sizes(b, t)
}

// Lengths differ, so that some environments have played their episodes long before others.
func TestAnExaminationCountsTheStepsOfItsEpisodesAndNoOthers(t *testing.T) {
	w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 3, Length: 9, Regime: maze.Uniform, Alphabet: 2, Delay: 0.01}, examEnvs)
	if err != nil {
		t.Fatal(err)
	}
	c := &clerk{t: t, time: make([]int, examEnvs), counted: make([]int, examEnvs)}
	e := &exam{seed: 7, play: func(w world.Tensor) (player, error) {
		c.player, err = newReference(w, world.FullMemory, 0)
		return c, err
	}}
	s := &session{world: w, split: "steps", probe: true}
	if err := e.run(t.Context(), s, 3*examEnvs-1); err != nil {
		t.Fatal(err)
	}
	for b, n := range c.counted {
		if n != 3 { // 191 episodes, rounded up to the same number everywhere
			t.Errorf("environment %d counts %d episodes, want 3", b, n)
		}
	}
	if s.tally.steps != c.steps || s.tally.episodes != 3*examEnvs {
		t.Errorf("%d steps of %d episodes, want %d of %d", s.tally.steps, s.tally.episodes, c.steps, 3*examEnvs)
	}
}

// freshness checks that the marks of first steps are where episodes begin.
type freshness struct {
	script
	t     *testing.T
	marks int
}

func (f *freshness) Act(obs []float32, fresh []bool, actions []int32) {
	for b, is := range fresh {
		p := f.maze.Probe(b)
		if is != (p.Corridor == 0 && p.Position == 0) {
			f.t.Fatalf("environment %d stands at corridor %d, cell %d; marked as the start of an episode: %v", b, p.Corridor, p.Position, is)
		}
		if is {
			f.marks++
		}
	}
	f.script.Act(obs, fresh, actions)
}

func TestAReferenceIsToldWhereEpisodesBegin(t *testing.T) {
	w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 2, Length: 3, Regime: maze.Fixed, Alphabet: 2}, examEnvs)
	if err != nil {
		t.Fatal(err)
	}
	f := &freshness{script{w, right}, t, 0}
	e := &exam{seed: 7, play: func(w world.Tensor) (player, error) {
		p, err := newReference(w, world.Oracle, 0)
		p.(*reference).policy = f
		return p, err
	}}
	if err := e.run(t.Context(), &session{world: w, split: "fresh"}, 2*examEnvs); err != nil {
		t.Fatal(err)
	}
	if f.marks != 2*examEnvs {
		t.Errorf("%d steps are marked as first ones, want %d", f.marks, 2*examEnvs)
	}
}

func TestProgressCountsUpdatesAndTheTest(t *testing.T) {
	m := begin(t, setup(t, small(), given{"kind": MLP, "width": 2, "depth": 1}, brief().with("steps", 300)), 1, lab.Bench{})
	for done := int64(1); done <= 4; done++ { // 300 steps are three updates of 128
		got, err := m.Advance(t.Context(), &record{})
		if want := (lab.Progress{Done: done, Total: 4, Unit: "updates"}); err != nil || got != want {
			t.Errorf("progress is %+v with %v, want %+v", got, err, want)
		}
	}
}
