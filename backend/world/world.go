// Package world holds the contract of environments; each world is a folder below it.
//
// A world is generated from a seed without end and brings its own yardsticks: an oracle, a random, a memory-free and a full-memory
// reference, and a picture of any step. The contract test of this package (worldtest) is run by every world.
package world

import (
	"github.com/loci-lab/loci/backend/lab"
)

// Spec is the shape of a tensor world with discrete actions.
type Spec struct {
	Name     string   // as in a notebook
	Obs      int      // numbers in one observation
	Actions  []string // one name for each action
	Horizon  int      // steps after which an episode ends at the latest
	ObsNames []string // what each number of the observation means
}

// Vec steps a batch of B independent environments. An environment whose episode ended starts its next one at once: done is
// reported for the step that ended it, and the observation written is the first of the next episode. Episode k of environment b
// depends on the seed, b and k alone, never on the actions of other episodes. Stepping allocates nothing.
type Vec interface {
	Spec() Spec
	Size() int // B
	// Reset starts episode 0 of every environment and writes the first observations [B][Obs].
	Reset(seed uint64, obs []float32)
	// Step plays actions [B] and writes obs [B][Obs], reward [B], done [B].
	Step(actions []int32, obs, reward []float32, done []bool)
	// Info returns what the episode that ended last in environment b came to. It is valid until that environment ends another.
	Info(b int) Info
	// Scene draws environment b as it stands, with what a person needs to know to judge the next action.
	Scene(b int) lab.Scene
	// Saw puts the observation of environment b as it stands into words.
	Saw(b int) string
	lab.Snapshotter
}

// Tensor is what every tensor world of Loci brings beside stepping: detail on request, replay of one episode, and references.
type Tensor interface {
	Vec
	// Detail switches Info.Numbers on or off; it changes no episode.
	Detail(on bool)
	// Replay returns a new world of one environment that stands at the start of the episode with that Info.Seed, and writes its
	// first observation [Obs] where obs is not nil. Played with the same actions, the episode is the same byte for byte.
	Replay(seed uint64, obs []float32) (Tensor, error)
	// Reference returns one of References for this world; seed feeds the chance of those that use some.
	Reference(name string, seed uint64) (Policy, error)
}

// Info sums up an episode.
type Info struct {
	Seed    uint64 // makes the episode again: see Tensor.Replay; below 2^53, so that it survives a JavaScript number
	Steps   int
	Return  float32
	Success bool
	Why     string             // lab.EndTerminal or lab.EndHorizon
	Numbers map[string]float64 // filled only when asked through Detail, nil otherwise
}

// Policy is a reference: it chooses actions for a whole batch and may look inside its world. Reset tells it that all episodes are new.
type Policy interface {
	Reset()
	// Act writes actions [B] from obs [B][Obs]; fresh [B] marks environments whose observation is the first of an episode.
	Act(obs []float32, fresh []bool, actions []int32)
}

// References are the yardsticks that every world has.
const (
	Oracle     = "oracle"      // sees the hidden state
	Random     = "random"      // uniform actions
	MemoryFree = "memory-free" // the best that the present observation allows
	FullMemory = "full-memory" // the best that the whole history of observations allows
)

// References lists the four names.
func References() []string { return []string{Oracle, Random, MemoryFree, FullMemory} }
