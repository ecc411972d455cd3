// Package nn builds networks from the fused operations of package num: parameters and their initial values, layers, the memories that
// a policy may have, the Adam optimiser, and files of parameters.
//
// Letters: B environments, T steps, D inputs, H outputs, S numbers carried from step to step. Mistakes in shapes panic, as in num.
package nn

import "github.com/loci-lab/loci/backend/num"

// Memory is the part of a policy that carries something from step to step. A memory-free network is the memory that carries nothing.
//
// Step and Sequence compute the same function: Step for one step without gradients, while acting, and Sequence for whole rollouts
// with gradients. Both see where episodes start: at a fresh step what was carried counts as zero, and no gradient passes.
// A Memory holds no state but its parameters, so any number of goroutines may Step different rows at once.
type Memory interface {
	Size() Size
	// Params are all parameters, always in the same order and with unique names.
	Params() []*num.Tensor
	// Step does one step of B = len(fresh) environments: x [B][In] and state [B][State] give out [B][Out] and the new state, in place.
	// Scratch [B][Scratch] is working memory; its contents afterwards are what Probes describe. Nothing is allocated.
	Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32)
	// Sequence records x [T][B][In] with the states before the first step, state0 [B][State], and fresh [T*B]; result [T][B][Out].
	// State0 is what Step left there: numbers made by older parameters stay as they are, and its gradient is wanted only if it has one.
	Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor
	// InUse says how many of the carried numbers of one environment, state [State], mean something at the moment.
	InUse(state []float32) int
	// Probes name what a row of scratch tells after Step.
	Probes() []Probe
}

// Size gives the widths of a memory, all per environment.
type Size struct {
	In      int // numbers in one input
	Out     int // numbers in one output
	State   int // numbers carried from step to step
	Scratch int // working numbers that one Step needs
	Window  int // steps of history that it sees at once, the present one included: 1 for all that have only their state
}

// Probe names internals of the last Step, for example the forget gates: numbers At..At+Len of a row of scratch [Scratch].
type Probe struct {
	Name string
	At   int
	Len  int
}

// The internals that more than one memory shows.
const (
	ProbeForget = "forget" // how much of the old memory each unit kept, 0 to 1
	ProbeInput  = "input"  // how much of the new content each unit took in, 0 to 1
	ProbeReset  = "reset"  // how much of the old state the candidate saw, 0 to 1
)

// FindProbe returns the probe of that name; ok is false where the memory has none.
func FindProbe(m Memory, name string) (p Probe, ok bool) {
	for _, p := range m.Probes() {
		if p.Name == name {
			return p, true
		}
	}
	return Probe{}, false
}

// resetFresh zeroes the rows of state [B][width] whose environment starts an episode.
func resetFresh(state []float32, width int, fresh []bool) {
	for b, f := range fresh {
		if f {
			clear(state[b*width : b*width+width])
		}
	}
}
