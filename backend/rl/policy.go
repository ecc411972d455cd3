package rl

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// ActorCritic is a policy with a value function: observation -> encoder -> memory -> heads. The heads are one layer whose columns are
// the logits of the A actions, then the value.
type ActorCritic struct {
	Encoder *nn.MLP // nil where the memory reads the observation itself
	Memory  nn.Memory
	Heads   *nn.Linear // [H][A+1]
}

// NewActorCritic puts heads on a memory: orthogonal, gain 0.01 for the logits, so that the first policy is almost uniform, and gain 1
// for the value (arXiv 2006.05990v1, sec. 3.2 on the last layer).
func NewActorCritic(s *rng.Stream, encoder *nn.MLP, memory nn.Memory, actions int) *ActorCritic {
	h := memory.Size().Out
	heads := nn.NewLinear(s, "heads", h, actions+1, num.None, 1)
	nn.Orthogonal(s, heads.W, 0, actions, 0.01)
	nn.Orthogonal(s, heads.W, actions, actions+1, 1)
	return &ActorCritic{encoder, memory, heads}
}

// Actions is the number of actions.
func (p *ActorCritic) Actions() int { return p.Heads.Out() - 1 }

// Params are those of encoder, memory and heads.
func (p *ActorCritic) Params() (ps []*num.Tensor) {
	if p.Encoder != nil {
		ps = append(ps, p.Encoder.Params()...)
	}
	return append(append(ps, p.Memory.Params()...), p.Heads.Params()...)
}

// Sequence records obs [T][B][O] with the states before the first step, state0 [B][S], and fresh [T*B]; result [T][B][A+1].
func (p *ActorCritic) Sequence(t *num.Tape, obs, state0 *num.Tensor, fresh []bool) *num.Tensor {
	if p.Encoder != nil {
		obs = p.Encoder.Sequence(t, obs, nil, nil)
	}
	return p.Heads.Forward(t, p.Memory.Sequence(t, obs, state0, fresh))
}

// workspace is the working memory of acting with B environments; rows are independent, so that workers share it.
type workspace struct {
	encScratch, enc []float32 // [B][..]
	memScratch, mem []float32 // [B][..]
}

func newWorkspace(p *ActorCritic, b int) workspace {
	var w workspace
	if p.Encoder != nil {
		z := p.Encoder.Size()
		w.encScratch, w.enc = make([]float32, b*z.Scratch), make([]float32, b*z.Out)
	}
	z := p.Memory.Size()
	w.memScratch, w.mem = make([]float32, b*z.Scratch), make([]float32, b*z.Out)
	return w
}

// step does rows i0..i1 of one step: obs [B][O], state [B][S] (updated in place), out [B][A+1].
func (p *ActorCritic) step(k *num.Kernels, w *workspace, obs, state, out []float32, fresh []bool, i0, i1 int) {
	z := p.Memory.Size()
	x, in := obs, z.In
	if p.Encoder != nil {
		e := p.Encoder.Size()
		p.Encoder.Step(k, obs[i0*e.In:i1*e.In], nil, w.enc[i0*e.Out:i1*e.Out], fresh[i0:i1], w.encScratch[i0*e.Scratch:i1*e.Scratch])
		x = w.enc
	}
	mem := w.mem[i0*z.Out : i1*z.Out]
	p.Memory.Step(k, x[i0*in:i1*in], state[i0*z.State:i1*z.State], mem, fresh[i0:i1], w.memScratch[i0*z.Scratch:i1*z.Scratch])
	n := p.Heads.Out()
	p.Heads.Apply(k, mem, z.Out, out[i0*n:i1*n], n, i1-i0)
}
