package rl

import (
	"context"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/world"
)

// Rollout is what T steps of B environments left: all arrays [T][B] unless they say otherwise, made once and filled again and again.
type Rollout struct {
	Steps, Envs int

	Obs     []float32 // [T][B][O]
	Fresh   []bool    // the observation is the first of an episode
	Action  []int32
	LogProb []float32 // of the action, by the policy that played
	Value   []float32
	Reward  []float32
	Done    []bool    // the step ended an episode
	State0  []float32 // [B][S] carried before the first step
	Last    []float32 // [B] value of the observation after the last step

	Advantage []float32 // filled by GAE
	Return    []float32 // filled by GAE
}

// NewRollout returns an empty rollout of that many steps for an actor.
func NewRollout(a *Actor, steps int) *Rollout {
	b := len(a.Fresh)
	n := steps * b
	return &Rollout{
		Steps: steps, Envs: b,
		Obs: make([]float32, steps*len(a.Obs)), Fresh: make([]bool, n), Action: make([]int32, n), LogProb: make([]float32, n),
		Value: make([]float32, n), Reward: make([]float32, n), Done: make([]bool, n), State0: make([]float32, len(a.State)),
		Last: make([]float32, b), Advantage: make([]float32, n), Return: make([]float32, n),
	}
}

// Hooks let a method look at play as it happens. Any of them may be nil.
type Hooks struct {
	Before func(t int)                           // actions are chosen, the worlds have not moved
	After  func(t int)                           // rewards and ends are known
	End    func(b, episode int, info world.Info) // environment b ended its episode of that number, from 0
}

// play does one step with its hooks.
func (h *Hooks) play(a *Actor, t int) {
	a.Decide()
	if h.Before != nil {
		h.Before(t)
	}
	a.Play()
	if h.After != nil {
		h.After(t)
	}
}

// Collect plays one rollout from where the actor stands and fills r but for advantages. It looks at ctx once a step.
func Collect(ctx context.Context, a *Actor, r *Rollout, h Hooks) error {
	copy(r.State0, a.State)
	b, o := r.Envs, len(a.Obs)
	for t := range r.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		copy(r.Obs[t*o:(t+1)*o], a.Obs)
		copy(r.Fresh[t*b:(t+1)*b], a.Fresh)
		h.play(a, t)
		copy(r.Action[t*b:(t+1)*b], a.Actions)
		copy(r.LogProb[t*b:(t+1)*b], a.LogProb)
		copy(r.Value[t*b:(t+1)*b], a.Value)
		copy(r.Reward[t*b:(t+1)*b], a.Reward)
		copy(r.Done[t*b:(t+1)*b], a.Done)
		if h.End != nil {
			for e, d := range a.Done {
				if d {
					h.End(e, int(a.Episodes[e])-1, a.World.Info(e))
				}
			}
		}
	}
	a.Peek(r.Last)
	return nil
}

// Evaluate plays whole episodes from the start under that seed: the first perEnv of every environment, so that short episodes are not
// favoured. End is called for those only; environments that are ahead play on unseen. It looks at ctx once a step.
func Evaluate(ctx context.Context, a *Actor, seed uint64, perEnv int, h Hooks) error {
	a.Reset(seed)
	left := perEnv * len(a.Fresh)
	for t := 0; left > 0; t++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.play(a, t)
		for e, d := range a.Done {
			if !d || a.Episodes[e] > int64(perEnv) {
				continue
			}
			left--
			if h.End != nil {
				h.End(e, int(a.Episodes[e])-1, a.World.Info(e))
			}
		}
	}
	return nil
}

// Minibatch is the part of a rollout that some environments, b of them, left, with whole sequences: arrays [T][b].
type Minibatch struct {
	Obs    *num.Tensor // [T][b][O]
	State0 *num.Tensor // [b][S]
	Fresh  []bool
	Action []int32

	LogProb, Value, Advantage, Return []float32
}

// Gather fills the minibatch with those environments of a rollout, in that order. Its memory is used again where it is large enough.
func (m *Minibatch) Gather(r *Rollout, envs []int) {
	n, o, s := len(envs), len(r.Obs)/(r.Steps*r.Envs), len(r.State0)/r.Envs
	m.Obs, m.State0 = fit(m.Obs, "obs", r.Steps, n, o), fit(m.State0, "state", n, 0, s)
	m.Fresh, m.Action = grow(m.Fresh, r.Steps*n), grow(m.Action, r.Steps*n)
	m.LogProb, m.Value = grow(m.LogProb, r.Steps*n), grow(m.Value, r.Steps*n)
	m.Advantage, m.Return = grow(m.Advantage, r.Steps*n), grow(m.Return, r.Steps*n)
	for i, e := range envs {
		copy(m.State0.Data[i*s:(i+1)*s], r.State0[e*s:])
		for t := range r.Steps {
			from, to := t*r.Envs+e, t*n+i
			copy(m.Obs.Data[to*o:(to+1)*o], r.Obs[from*o:])
			m.Fresh[to], m.Action[to] = r.Fresh[from], r.Action[from]
			m.LogProb[to], m.Value[to] = r.LogProb[from], r.Value[from]
			m.Advantage[to], m.Return[to] = r.Advantage[from], r.Return[from]
		}
	}
}

// fit returns a tensor of shape [a][b][c], or [a][c] where b is 0, in the memory of x where that suffices.
func fit(x *num.Tensor, name string, a, b, c int) *num.Tensor {
	if x == nil {
		x = num.New(name)
	}
	if b == 0 {
		x.Shape, x.Data = append(x.Shape[:0], a, c), grow(x.Data, a*c)
	} else {
		x.Shape, x.Data = append(x.Shape[:0], a, b, c), grow(x.Data, a*b*c)
	}
	return x
}

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
