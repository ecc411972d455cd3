package factored

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// State is the whole state of one environment: the observation shows all of it but Last. Which field means what is up to the game.
// Fields are exported and of fixed size because encoding/binary keeps them.
type State struct {
	On     uint64 // bits that are set: cells of pipes, buttons that are on, passages to the right
	Sites  uint64 // cells with a button; passages downwards
	Player int32  // cell, row by row
	Goal   int32  // cell
	Last   int32  // action that led here, -1 at the start; for pictures alone
}

// game is one of the three worlds, without chance of its own: r is 64 random bits for what a step leaves to chance.
type game interface {
	spec() world.Spec
	continuing() bool
	begin(seed uint64) State
	// step changes s and tells what the step paid and whether it ended the episode.
	step(s *State, action int32, r uint64) (reward float32, terminal bool)
	write(s *State, obs []float32)
	read(obs []float32, s *State)
	// predictable tells whether the next state, without an event that comes by itself, is a function of s and the action.
	predictable(s *State) bool
	// plan returns the best action.
	plan(s *State, space []int16) int32
	planSpace() int // numbers that plan needs to work
	enough(paid float32, terminal bool) bool
	scene(s *State) lab.Scene
	saw(s *State) string
}

// Quiet are random bits with which no event comes by itself.
const Quiet = ^uint64(0)

// run is one environment.
type run struct {
	Seed    uint64 // of this episode
	Episode uint64
	Steps   int32
	Return  float32
	Events  int32 // rewards above 0
	Now     State
	Last    ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed   uint64
	Steps  int32
	Return float32
	Why    int32 // 0 none yet, 1 terminal, 2 horizon
	Events int32
	Final  State // after the last step
}

// World is any of the three as a world.Tensor. It sees all: nothing need be remembered.
type World struct {
	game   game
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	runs   []run
	one    State // what Next and the planner work on: a state that games see through their interface would else be allocated
	detail bool
}

func newWorld(g game, knobs any, batch int) (*World, error) {
	s := g.spec()
	if err := within(s.Name, "batch", batch, 1, maxBatch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(knobs)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", s.Name, err)
	}
	w := &World{game: g, spec: s, runs: make([]run, batch), head: fmt.Sprintf("%s %s batch %d", s.Name, text, batch)}
	w.Reset(0, make([]float32, batch*s.Obs))
	return w, nil
}

// Spec describes the world.
func (w *World) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *World) Size() int { return len(w.runs) }

// Detail makes Info carry numbers.
func (w *World) Detail(on bool) { w.detail = on }

// Continuing tells whether the task has no end of its own, so that every end is the horizon's.
func (w *World) Continuing() bool { return w.game.continuing() }

// Next works out one step from an observation [O] that the world could show, and writes the next [O]: the world as a perfect model
// of itself. r is 64 random bits for what is left to chance; with Quiet nothing comes by itself. It allocates nothing.
func (w *World) Next(obs []float32, action int32, r uint64, next []float32) (reward float32, terminal bool) {
	w.game.read(obs, &w.one)
	reward, terminal = w.game.step(&w.one, action, r)
	w.game.write(&w.one, next)
	return reward, terminal
}

// Predictable tells whether, events that come by themselves apart, the step after this observation is a function of it and the action.
func (w *World) Predictable(obs []float32) bool {
	w.game.read(obs, &w.one)
	return w.game.predictable(&w.one)
}

// Reset starts episode 0 of every environment.
func (w *World) Reset(seed uint64, obs []float32) {
	w.check(len(w.runs), len(obs), len(w.runs), len(w.runs))
	w.seed = seed
	for b := range w.runs {
		w.runs[b] = run{}
		w.begin(&w.runs[b], world.EpisodeSeed(seed, b, 0))
		w.game.write(&w.runs[b].Now, obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

// begin starts the episode with that seed.
func (w *World) begin(e *run, seed uint64) {
	e.Seed, e.Steps, e.Return, e.Events = seed, 0, 0, 0
	e.Now = w.game.begin(seed)
	e.Now.Last = -1
}

// How a step left the episode.
const (
	goesOn int32 = iota
	terminal
	horizon
)

// stepDraws is where the draws of the steps begin; those below are for the start of an episode.
const stepDraws = 1 << 20

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (w *World) Step(actions []int32, obs, reward []float32, done []bool) {
	w.check(len(actions), len(obs), len(reward), len(done))
	for b := range w.runs {
		e := &w.runs[b]
		if a := actions[b]; uint32(a) >= uint32(len(w.spec.Actions)) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", w.spec.Name, a, b, len(w.spec.Actions)-1))
		}
		r, why := w.play(e, actions[b])
		reward[b], done[b] = r, why != goesOn
		if why != goesOn {
			e.Last = ended{Seed: e.Seed, Steps: e.Steps, Return: e.Return, Why: why, Events: e.Events, Final: e.Now}
			e.Episode++
			w.begin(e, world.EpisodeSeed(w.seed, b, e.Episode))
		}
		w.game.write(&e.Now, obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

func (w *World) play(e *run, action int32) (float32, int32) {
	r, over := w.game.step(&e.Now, action, world.Draw(e.Seed, stepDraws+uint64(e.Steps)))
	e.Now.Last = action
	e.Steps++
	e.Return += r
	if r > 0 {
		e.Events++
	}
	switch {
	case over:
		return r, terminal
	case int(e.Steps) >= w.spec.Horizon:
		return r, horizon
	}
	return r, goesOn
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (w *World) check(actions, obs, reward, done int) {
	size, width := len(w.runs), w.spec.Obs
	if actions != size || obs != size*width || reward != size || done != size {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			w.spec.Name, actions, obs, reward, done, size, size*width, size, size))
	}
}

// Final writes the last observation [O] of the episode that ended last in environment b, and tells whether the world ended it: at the
// horizon it did not, and more was to come.
func (w *World) Final(b int, obs []float32) (over bool) {
	l := &w.runs[b].Last
	w.game.write(&l.Final, obs)
	return l.Why == terminal
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (w *World) Info(b int) world.Info {
	l := &w.runs[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Why: [3]string{"", lab.EndTerminal, lab.EndHorizon}[l.Why],
		Success: l.Why != 0 && w.game.enough(l.Return, l.Why == terminal)}
	if w.detail {
		in.Numbers = map[string]float64{"events": float64(l.Events), "reward_per_step": float64(l.Return) / max(float64(l.Steps), 1)}
	}
	return in
}

// Scene draws environment b.
func (w *World) Scene(b int) lab.Scene { return w.game.scene(&w.runs[b].Now) }

// Saw puts what environment b shows into words.
func (w *World) Saw(b int) string { return w.game.saw(&w.runs[b].Now) }

// Picture draws an observation [O] that the world could show.
func (w *World) Picture(obs []float32) lab.Scene {
	s := State{Last: -1}
	w.game.read(obs, &s)
	return w.game.scene(&s)
}

// Replay makes the episode with that Info.Seed again, alone.
func (w *World) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one := &World{game: w.game, spec: w.spec, head: w.head + " alone", seed: seed, runs: make([]run, 1), detail: w.detail}
	one.begin(&one.runs[0], seed)
	if obs != nil {
		one.game.write(&one.runs[0].Now, obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *World) Snapshot(out io.Writer) error { return world.WriteState(out, w.head, w.seed, w.runs) }

// Restore takes up a kept state of a world with the same knobs and size.
func (w *World) Restore(r io.Reader) error { return world.ReadState(r, w.head, &w.seed, w.runs) }

// Reference returns one of world.References. The observation shows all, so that the best memory-free agent and the one that remembers
// everything both are the oracle.
func (w *World) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle, world.MemoryFree, world.FullMemory:
		return &planner{w, make([]int16, w.game.planSpace())}, nil
	case world.Random:
		return world.Uniform(len(w.spec.Actions), seed), nil
	}
	return nil, unknownReference(w.spec.Name, name)
}

// planner plays the best action of each state.
type planner struct {
	w     *World
	space []int16
}

func (p *planner) Reset() {}

func (p *planner) Act(obs []float32, _ []bool, actions []int32) {
	o := p.w.spec.Obs
	for b := range actions {
		p.w.game.read(obs[b*o:(b+1)*o], &p.w.one)
		actions[b] = p.w.game.plan(&p.w.one, p.space)
	}
}

// bitsOf writes the lowest len(dst) bits of x as numbers 0 and 1.
func bitsOf(x uint64, dst []float32) {
	for i := range dst {
		dst[i] = float32(x >> i & 1)
	}
}

// ofBits reads what bitsOf wrote; a number above 0.5 counts as 1.
func ofBits(src []float32) (x uint64) {
	for i, v := range src {
		if v > 0.5 {
			x |= 1 << i
		}
	}
	return x
}

// place is the first set bit of a one-hot row.
func place(row []float32) int32 {
	for i, v := range row {
		if v > 0.5 {
			return int32(i)
		}
	}
	return 0
}
