package control

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// maxObs and maxAct bound what the worlds of this package need, so that a kept state has a fixed size.
const (
	maxObs = 4
	maxAct = 2
)

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

// How an episode stands.
const (
	goesOn int32 = iota
	terminal
	horizon
)

func whys() [3]string { return [3]string{"", lab.EndTerminal, lab.EndHorizon} }

// body is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type body struct {
	State   state
	Seed    uint64 // of this episode
	Episode uint64 // k
	Steps   int32
	Return  float64
	Last    ended
}

// ended is what Info and Last tell of the episode that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Return  float64
	Why     int32
	Success bool
	Obs     [maxObs]float32
}

// batch is a World: B bodies under one physics.
type batch struct {
	physics physics
	of      Spec
	head    string // names world, knobs and size in a kept state
	seed    uint64
	bodies  []body
	action  [maxAct]float32 // the one being played: a local would move to the heap
	thought state           // what Foresee moves
}

// newBatch makes batch environments of a physics whose knobs were checked.
func newBatch(p physics, size int) (*batch, error) {
	s := p.spec()
	if err := within(s.Name, "batch", size, 1, maxBatch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", s.Name, err)
	}
	v := &batch{physics: p, of: s, bodies: make([]body, size), head: fmt.Sprintf("%s %s batch %d", s.Name, text, size)}
	v.Reset(0, make([]float32, size*s.Obs))
	return v, nil
}

// Spec implements Vec.
func (v *batch) Spec() Spec { return v.of }

// Size implements Vec.
func (v *batch) Size() int { return len(v.bodies) }

// Reset implements Vec.
func (v *batch) Reset(seed uint64, obs []float32) {
	v.check(len(v.bodies)*v.of.Act, len(obs), len(v.bodies), len(v.bodies))
	v.seed = seed
	for b := range v.bodies {
		v.bodies[b] = body{}
		v.begin(&v.bodies[b], world.EpisodeSeed(seed, b, 0))
		v.physics.observe(&v.bodies[b].State, v.row(obs, b))
	}
}

func (v *batch) row(obs []float32, b int) []float32 { return obs[b*v.of.Obs : (b+1)*v.of.Obs] }

// Step implements Vec.
func (v *batch) Step(actions []float32, obs, reward []float32, done []bool) {
	v.check(len(actions), len(obs), len(reward), len(done))
	for b := range v.bodies {
		e := &v.bodies[b]
		r, why := v.play(e, v.bounded(actions, b))
		reward[b], done[b] = float32(r), why != goesOn
		if why != goesOn {
			v.end(e, b, why)
		}
		v.physics.observe(&e.State, v.row(obs, b))
	}
}

// play moves one environment and returns the reward and how the episode stands.
func (v *batch) play(e *body, action []float32) (float64, int32) {
	r, over := v.physics.step(&e.State, action)
	e.Return += r
	e.Steps++
	switch {
	case over:
		return r, terminal
	case int(e.Steps) >= v.of.Horizon:
		return r, horizon
	}
	return r, goesOn
}

// bounded is the action of environment b, cut to its bounds; valid until the next call.
func (v *batch) bounded(actions []float32, b int) []float32 {
	a := v.action[:v.of.Act]
	for i := range v.of.Act {
		x := actions[b*v.of.Act+i]
		if x != x {
			panic(fmt.Sprintf("%s: action %d of environment %d is no number", v.of.Name, i, b))
		}
		a[i] = min(max(x, v.of.Low[i]), v.of.High[i])
	}
	return a
}

func (v *batch) begin(e *body, seed uint64) {
	e.Seed, e.Steps, e.Return = seed, 0, 0
	e.State = v.physics.start(seed)
}

// end keeps what Info and Last will tell and starts the next episode of environment b.
func (v *batch) end(e *body, b int, why int32) {
	l := &e.Last
	l.Seed, l.Steps, l.Return, l.Why, l.Success = e.Seed, e.Steps, e.Return, why, v.physics.solved(&e.State, why)
	v.physics.observe(&e.State, l.Obs[:v.of.Obs])
	e.Episode++
	v.begin(e, world.EpisodeSeed(v.seed, b, e.Episode))
}

// Info implements Vec; it is zero before the first episode has ended.
func (v *batch) Info(b int) world.Info {
	l := &v.bodies[b].Last
	return world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: float32(l.Return), Success: l.Success, Why: whys()[l.Why]}
}

// Last implements Vec.
func (v *batch) Last(b int) []float32 { return v.bodies[b].Last.Obs[:v.of.Obs] }

// Scene implements Vec.
func (v *batch) Scene(b int) lab.Scene { return v.physics.scene(&v.bodies[b].State) }

// Saw implements Vec.
func (v *batch) Saw(b int) string { return v.physics.saw(&v.bodies[b].State) }

// Foresee implements World.
func (v *batch) Foresee(obs, action, next []float32) (float32, bool) {
	v.thought = v.physics.recognise(obs)
	r, over := v.physics.step(&v.thought, v.bounded(action, 0))
	v.physics.observe(&v.thought, next)
	return float32(r), over
}

// Replay implements World.
func (v *batch) Replay(seed uint64, obs []float32) (World, error) {
	one, err := newBatch(v.physics, 1)
	if err != nil {
		return nil, err
	}
	one.seed = seed
	one.begin(&one.bodies[0], seed)
	if obs != nil {
		one.physics.observe(&one.bodies[0].State, obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (v *batch) Snapshot(w io.Writer) error { return world.WriteState(w, v.head, v.seed, v.bodies) }

// Restore takes up a kept state of a world with the same knobs and size.
func (v *batch) Restore(r io.Reader) error { return world.ReadState(r, v.head, &v.seed, v.bodies) }

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (v *batch) check(actions, obs, reward, done int) {
	n := len(v.bodies)
	if actions != n*v.of.Act || obs != n*v.of.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d action numbers, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			v.of.Name, actions, obs, reward, done, n*v.of.Act, n*v.of.Obs, n, n))
	}
}
