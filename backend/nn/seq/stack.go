// Package seq has the memory models of policies on tensor worlds beyond those of package nn: the step counter of an episode, windows of
// past observations, recurrent cells without gates, and the linear recurrences (fast weights, diagonal state spaces).
//
// Each is a Stack of layers and so an nn.Memory: one step without allocation while acting, whole sequences with hand-derived gradients
// while learning, the same numbers both ways. The equations stand at the layers: Positions, Frames, Conv, IndRNN, MinGRU, FastWeights,
// LRU, S4D, and Block around the last three.
//
// Letters: B environments, T steps, D inputs, H outputs, N complex numbers carried, S numbers carried from step to step.
package seq

import (
	"fmt"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// Level is one layer of a Stack. The ones of this package are all there are.
type Level interface {
	extent() extent
	params() []*num.Tensor
	// step does one step of all rows. The states of environments that start an episode are zero already.
	step(k *num.Kernels, r rows)
	// sequence records x [T][B][in]; result [T][B][out].
	sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor
}

// extent gives the sizes of a layer, per environment.
type extent struct {
	in, out, state, scratch int
	lookback                int  // steps before the present one that are still seen as they were
	counts                  bool // the layer wants to know how many steps of the episode have passed
}

// rows is what a layer works on in one step: row b of each slice begins at b times its stride.
type rows struct {
	n                      int
	x, state, out, scratch []float32
	ldx, lds, ldo, ldw     int
	counter                []float32 // steps of the episode before this one; stride lds; only where a layer counts
}

// carried is what a layer knows of the steps before a sequence, and of the starts of episodes in it.
type carried struct {
	state0 *num.Tensor // [B][S] of the whole stack
	at     int         // first number of this layer in a row of it
	fresh  []bool      // [T*B]
}

// Stack is a memory made of layers, each of which reads what the one before writes. It carries the count of steps of the episode,
// where some layer wants it, and then the numbers of the layers in their order.
type Stack struct {
	layers []Level
}

// Levels are the layers, the one that reads the input first.
func (m *Stack) Levels() []Level { return m.layers }

// stack checks that the layers fit each other.
func stack(layers ...Level) *Stack {
	for i := range layers[1:] {
		if out, in := layers[i].extent().out, layers[i+1].extent().in; out != in {
			panic(fmt.Sprintf("seq: layer %d gives %d numbers, the next one wants %d", i, out, in))
		}
	}
	return &Stack{layers}
}

// head is how many numbers stand before those of the layers: the count of steps, or none.
func (m *Stack) head() int {
	for _, l := range m.layers {
		if l.extent().counts {
			return 1
		}
	}
	return 0
}

// Size implements nn.Memory. Scratch of a row: the results of all layers but the last, then what each layer needs.
func (m *Stack) Size() nn.Size {
	last := len(m.layers) - 1
	z := nn.Size{In: m.layers[0].extent().in, Out: m.layers[last].extent().out, State: m.head(), Window: 1}
	for i, l := range m.layers {
		e := l.extent()
		z.State, z.Scratch, z.Window = z.State+e.state, z.Scratch+e.scratch, z.Window+e.lookback
		if i < last {
			z.Scratch += e.out
		}
	}
	return z
}

// Params implements nn.Memory.
func (m *Stack) Params() (ps []*num.Tensor) {
	for _, l := range m.layers {
		ps = append(ps, l.params()...)
	}
	return ps
}

// Step implements nn.Memory.
func (m *Stack) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	z, head, last := m.Size(), m.head(), len(m.layers)-1
	resetFresh(state, z.State, fresh)
	between := 0
	for _, l := range m.layers[:last] {
		between += l.extent().out
	}
	r := rows{n: len(fresh), x: x, ldx: z.In, lds: z.State, ldw: z.Scratch, counter: state}
	at, to, work := head, 0, between
	for i, l := range m.layers {
		e := l.extent()
		r.state, r.scratch, r.out, r.ldo = state[at:], scratch[work:], out, e.out
		if i < last {
			r.out, r.ldo = scratch[to:], z.Scratch
		}
		l.step(k, r)
		r.x, r.ldx = r.out, r.ldo
		at, to, work = at+e.state, to+e.out, work+e.scratch
	}
	if head == 1 {
		for b := range fresh {
			state[b*z.State]++
		}
	}
}

// Sequence implements nn.Memory.
func (m *Stack) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	z := m.Size()
	if len(x.Shape) != 3 || x.Last() != z.In || len(fresh) != x.Rows() || state0.Len() != x.Shape[1]*z.State {
		panic(fmt.Sprintf("seq: sequence of %v with %d marks of fresh steps and %v: want x [T][B][%d], T*B marks and a state [B][%d]", x, len(fresh), state0, z.In, z.State))
	}
	c := carried{state0, m.head(), fresh}
	for _, l := range m.layers {
		x = l.sequence(t, x, c)
		c.at += l.extent().state
	}
	return x
}

// InUse implements nn.Memory: all that is carried; of a window only the steps that the episode has had.
func (m *Stack) InUse(state []float32) int {
	n, steps := m.head(), len(state)
	if n == 1 {
		steps = int(state[0])
	}
	for _, l := range m.layers {
		e := l.extent()
		if e.lookback > 0 {
			n += min(steps, e.lookback) * e.state / e.lookback
			continue
		}
		n += e.state
	}
	return n
}

// Probes implements nn.Memory.
func (m *Stack) Probes() []nn.Probe { return nil }

// resetFresh zeroes the rows of state [B][width] whose environment starts an episode.
func resetFresh(state []float32, width int, fresh []bool) {
	for b, f := range fresh {
		if f {
			clear(state[b*width : b*width+width])
		}
	}
}
