package srl

import (
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/rng"
)

// actor plans sequences: an observation is embedded into the first hidden state of a recurrent unit, which then emits squashed Gaussians,
// one a step. It never sees a later observation; what it reads is the action that it has just drawn. An actor of single actions is the same
// network, asked for one.
type actor struct {
	embed *nn.Linear // [O] -> [H], tanh
	gru   *nn.GRU    // reads the action before, [A]
	head  *nn.Linear // [H] -> [2A] means, then logarithms of standard deviations
	acts  int
}

func newActor(s *rng.Stream, obs, acts, width int) *actor {
	return &actor{nn.NewLinear(s, "actor.embed", obs, width, num.Tanh, 1), nn.NewGRU(s, "actor.gru", acts, width), nn.NewLinear(s, "actor.head", width, 2*acts, num.None, 0.1), acts}
}

func (a *actor) params() []*num.Tensor {
	return append(append(a.embed.Params(), a.gru.Params()...), a.head.Params()...)
}

// unroll records a sequence of n draws for observations [B][O] on a tape. draws are used again from pass to pass; noise fills the chance of
// a step, nil for the mean. Actions lie within +-1.
type unroll struct {
	draws []*sac.Squash
	outs  []*num.Tensor // [B][2A] of each step
	noise [][]float32
	first *num.Tensor // [1][B][A] zeros
	calm  []bool      // [B] no step is the first of an episode
}

func (u *unroll) record(t *num.Tape, a *actor, obs *num.Tensor, n int, chance *rng.Stream) {
	b := obs.Rows()
	if u.first == nil || u.first.Shape[1] != b {
		u.first, u.calm = num.New("no action", 1, b, a.acts), make([]bool, b)
	}
	for len(u.draws) < n {
		u.draws, u.noise, u.outs = append(u.draws, new(sac.Squash)), append(u.noise, nil), append(u.outs, nil)
	}
	h, before := a.embed.Forward(t, obs), u.first
	for j := range n {
		h = a.gru.Sequence(t, as(before, 1, b, a.acts), h, u.calm)
		as(h, b, a.gru.Size().Out)
		u.outs[j] = a.head.Forward(t, h)
		u.draws[j].Record(t, u.outs[j], u.chance(j, b*a.acts, chance))
		before = u.draws[j].Action
	}
	for j := range n {
		as(u.draws[j].Action, b, a.acts)
	}
}

func (u *unroll) chance(j, n int, s *rng.Stream) []float32 {
	if len(u.noise[j]) != n {
		u.noise[j] = make([]float32, n)
	}
	if clear(u.noise[j]); s != nil {
		sac.Normals(s, u.noise[j])
	}
	return u.noise[j]
}

// as gives a tensor another shape of the same size: operations of the tape keep what they need of the former one.
func as(x *num.Tensor, shape ...int) *num.Tensor {
	x.Shape = append(x.Shape[:0], shape...)
	return x
}

// planner acts with an actor: it plans a sequence of actions from observations and plays it without looking.
type planner struct {
	actor *actor
	tape  *num.Tape
	look  *num.Tape // of the model, where there is one
	obs   *num.Tensor
	u     unroll
	model *dynamics // only where planning is online
	hold  bool      // the first action is held instead of planning on
	calls int       // of the model
}

// plan writes n actions for each of B observations, [n][B][A] within +-1, with chance or, where that is nil, the mean.
func (p *planner) plan(obs []float32, b, n int, chance *rng.Stream, actions [][]float32) {
	if p.obs == nil || p.obs.Shape[0] != b {
		p.obs = num.New("obs", b, len(obs)/b)
	}
	copy(p.obs.Data, obs)
	if !p.hold && p.model == nil {
		p.tape.Reset()
		p.u.record(p.tape, p.actor, p.obs, n, chance)
		for j := range n {
			copy(actions[j], p.u.draws[j].Action.Data)
		}
		return
	}
	for j := range n {
		if j == 0 || p.model != nil {
			p.tape.Reset()
			p.u.record(p.tape, p.actor, p.obs, 1, chance)
		}
		copy(actions[j], p.u.draws[0].Action.Data)
		if p.model != nil && j < n-1 { // nobody needs the state behind the last action
			p.look.Reset()
			copy(p.obs.Data, p.model.record(p.look, p.obs, p.u.draws[0].Action).Data)
			p.calls++
		}
	}
}

// spread is the mean entropy of a Gaussian before squashing, nats for each number of an action.
func spread(out *num.Tensor, acts int) (nats float64) {
	rows := out.Rows()
	for b := range rows {
		for _, s := range out.Data[b*2*acts+acts : (b+1)*2*acts] {
			nats += (float64(s) + 0.5*math.Log(2*math.Pi*math.E)) / float64(rows*acts)
		}
	}
	return nats
}
