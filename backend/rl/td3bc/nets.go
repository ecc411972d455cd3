// Package td3bc learns continuous actions from a fixed data set: twin critics with a delayed actor (TD3, arXiv 1802.09477) whose actor is
// held near the data (TD3+BC, arXiv 2106.06860).
//
// Letters: B samples, O numbers of an observation, N tasks; an actor has one head of Act numbers for each task.
package td3bc

import (
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Net returns a network of ReLU layers of the hidden widths and a last layer of that width, activation and gain.
func Net(s *rng.Stream, name string, in int, hidden []int, out int, last num.Act, gain float64) *nn.MLP {
	m := &nn.MLP{}
	if len(hidden) > 0 {
		m = nn.NewMLP(s, name, in, hidden, num.ReLU)
		in = hidden[len(hidden)-1]
	}
	m.Layers = append(m.Layers, nn.NewLinear(s, name+"."+strconv.Itoa(len(hidden)), in, out, last, gain))
	return m
}

// Frozen returns the same network without gradients: it shares the numbers, and a gradient passes through it to its input alone.
func Frozen(m *nn.MLP) *nn.MLP {
	return each(m, func(x *num.Tensor) *num.Tensor { return &num.Tensor{Name: x.Name, Shape: x.Shape, Data: x.Data} })
}

// Target returns a network of its own with equal numbers and no gradients, under names that begin with "target.".
func Target(m *nn.MLP) *nn.MLP {
	return each(m, func(x *num.Tensor) *num.Tensor {
		return &num.Tensor{Name: "target." + x.Name, Shape: x.Shape, Data: slices.Clone(x.Data)}
	})
}

func each(m *nn.MLP, f func(*num.Tensor) *num.Tensor) *nn.MLP {
	out := &nn.MLP{}
	for _, l := range m.Layers {
		out.Layers = append(out.Layers, &nn.Linear{W: f(l.W), B: f(l.B), Act: l.Act})
	}
	return out
}

// Follow moves the target's numbers towards those of the network: target <- (1 - tau) target + tau network.
func Follow(k *num.Kernels, target, m *nn.MLP, tau float64) {
	from := m.Params()
	for i, x := range target.Params() {
		k.Scale(x.Data, float32(1-tau))
		k.Axpy(x.Data, float32(tau), from[i].Data)
	}
}

// Twin are two critics of the same shape with different first weights; each reads an observation and an action and gives one value.
type Twin struct{ A, B *nn.MLP }

// NewTwin makes them.
func NewTwin(s *rng.Stream, name string, obs, act int, hidden []int) Twin {
	return Twin{Net(s, name+".a", obs+act, hidden, 1, num.None, 1), Net(s, name+".b", obs+act, hidden, 1, num.None, 1)}
}

// Map applies Frozen or Target to both.
func (w Twin) Map(f func(*nn.MLP) *nn.MLP) Twin { return Twin{f(w.A), f(w.B)} }

// Params are those of both.
func (w Twin) Params() []*num.Tensor { return append(w.A.Params(), w.B.Params()...) }

// Record puts both on the tape for x [B][O+Act]; results [B][1].
func (w Twin) Record(t *num.Tape, x *num.Tensor) (a, b *num.Tensor) {
	return w.A.Sequence(t, x, nil, nil), w.B.Sequence(t, x, nil, nil)
}

// Actor is a deterministic policy: a trunk and for each of N tasks a head of Act numbers, each within +-1.
type Actor struct {
	Net *nn.MLP
	Act int
}

// NewActor makes one with tasks heads. A small first head acts near zero, where tanh has its slope.
func NewActor(s *rng.Stream, name string, obs, act, tasks int, hidden []int) *Actor {
	return &Actor{Net(s, name, obs, hidden, act*tasks, num.Tanh, 0.1), act}
}

// All puts the actor on the tape with all heads: observations [B][O], result [B][N*Act].
func (a *Actor) All(t *num.Tape, obs *num.Tensor) *num.Tensor {
	return a.Net.Sequence(t, obs, nil, nil)
}

// Record is All with one head: result [B][Act]. No gradient reaches the other heads.
func (a *Actor) Record(t *num.Tape, obs *num.Tensor, head int) *num.Tensor {
	all := a.All(t, obs)
	if all.Last() == a.Act {
		return all
	}
	return t.Slice(all, head*a.Act, (head+1)*a.Act)
}

// Params are trunk and heads.
func (a *Actor) Params() []*num.Tensor { return a.Net.Params() }

// Trunk are the parameters that all tasks share.
func (a *Actor) Trunk() []*num.Tensor {
	shared := nn.MLP{Layers: a.Net.Layers[:len(a.Net.Layers)-1]}
	return shared.Params()
}

// Target returns an actor of its own with equal numbers and no gradients.
func (a *Actor) Target() *Actor { return &Actor{Target(a.Net), a.Act} }
