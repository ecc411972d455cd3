// Package control holds small worlds with continuous actions: pendulum, cart-pole and a point mass with goals. Their observations show
// the whole state, so that nothing has to be remembered; what differs from the tensor worlds of package world is the action, and that an
// episode's last observation is kept, because a learner that bootstraps at the time limit needs it.
package control

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Spec is the shape of a world with continuous actions.
type Spec struct {
	Name     string    // as in a notebook
	Obs      int       // numbers in one observation
	Act      int       // numbers in one action
	Low      []float32 // [Act] least value of each; smaller ones are taken as this
	High     []float32 // [Act] greatest value of each; greater ones are taken as this
	Horizon  int       // steps after which an episode ends at the latest
	ObsNames []string  // [Obs]
	ActNames []string  // [Act]
}

// Vec steps a batch of B independent environments under the rules of world.Vec: an environment whose episode ended starts its next one at
// once, and episode k of environment b depends on the seed, b and k alone. Stepping allocates nothing.
type Vec interface {
	Spec() Spec
	Size() int // B
	// Reset starts episode 0 of every environment and writes the first observations [B][Obs].
	Reset(seed uint64, obs []float32)
	// Step plays actions [B][Act], cut to their bounds, and writes obs [B][Obs], reward [B], done [B]. An action that is no number panics.
	Step(actions []float32, obs, reward []float32, done []bool)
	// Info returns what the episode that ended last in environment b came to. Why tells a failure of the task (lab.EndTerminal: nothing
	// is expected afterwards) from the time limit (lab.EndHorizon: the world would have gone on, so a learner bootstraps from Last).
	Info(b int) world.Info
	// Last is the final observation [Obs] of the episode that ended last in environment b; valid until that environment ends another.
	Last(b int) []float32
	// Scene draws environment b as it stands.
	Scene(b int) lab.Scene
	// Saw puts the observation of environment b as it stands into words.
	Saw(b int) string
	lab.Snapshotter
}

// World is what every world of this package brings beside stepping.
type World interface {
	Vec
	// Replay returns a new world of one environment that stands at the start of the episode with that Info.Seed, and writes its first
	// observation [Obs] where obs is not nil.
	Replay(seed uint64, obs []float32) (World, error)
	// Foresee is the true dynamics on observations: what [Obs] shows after action [Act], the reward and whether the task ends there.
	// The time limit plays no part. It changes no episode and allocates nothing.
	Foresee(obs, action, next []float32) (reward float32, terminal bool)
	// Reference returns one of References; seed feeds the chance of those that use some.
	Reference(name string, seed uint64) (Policy, error)
}

// Policy chooses actions [B][Act] from obs [B][Obs]; fresh [B] marks first observations of episodes.
type Policy interface {
	Reset()
	Act(obs []float32, fresh []bool, actions []float32)
}

// References lists the yardsticks: a scripted controller and uniform actions. The observation is the whole state, so that the best
// policy without memory and the best one with it are the same, and neither is a yardstick of its own.
func References() []string { return []string{world.Oracle, world.Random} }

// state is what physics moves; how many of the numbers it uses is its own affair.
type state [4]float64

// physics is one task: pure functions of the state.
type physics interface {
	spec() Spec
	// start is the first state of the episode with that key.
	start(seed uint64) state
	// step moves the state by an action within bounds.
	step(s *state, action []float32) (reward float64, terminal bool)
	observe(s *state, obs []float32)
	// recognise is the state that an observation shows.
	recognise(obs []float32) state
	// solved tells whether an episode that ended in this state counts as a success.
	solved(s *state, why int32) bool
	scene(s *state) lab.Scene
	saw(s *state) string
	// control is the scripted controller.
	control(obs, action []float32)
}
