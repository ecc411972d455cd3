package memoryrewriting

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
)

// examinee is a trained agent that always takes its most probable action.
type examinee struct {
	actor *rl.Actor
	sight int // steps of history that the policy can see at most
}

func newExaminee(core *num.Core, p *rl.ActorCritic, w world.Tensor, sight int) *examinee {
	a := rl.NewActor(core, p, w, nil)
	a.Greedy = true
	return &examinee{a, sight}
}

func (e *examinee) evaluate(ctx context.Context, seed uint64, perEnv int, h rl.Hooks) error {
	return rl.Evaluate(ctx, e.actor, seed, perEnv, h)
}

func (e *examinee) sizes(b, t int) (memory, context int) { return e.actor.InUse(b), min(t+1, e.sight) }

func (e *examinee) act(b int, action int32) { e.actor.Actions[b] = action }

func (e *examinee) reward(b int) float32 { return e.actor.Reward[b] }

func (e *examinee) carried(b int) []float32 { return e.actor.Carried(b) }

// note writes the action, its probability, the value estimate and the forget gates.
func (e *examinee) note(b int, s *lab.Step) {
	actions := e.actor.World.Spec().Actions
	action := int(e.actor.Actions[b])
	s.Action = actions[action]
	s.Numbers = map[string]lab.Float{"value": short(e.actor.Value[b])}
	for i, name := range actions {
		s.Numbers["p "+name] = short(e.actor.Probs[b*len(actions)+i])
	}
	for _, g := range e.actor.Probe(nn.ProbeForget, b) {
		s.State = append(s.State, short(g))
	}
}

// short rounds to four decimals: pictures need no more, and records stay small.
func short(x float32) lab.Float { return lab.Float(math.Round(float64(x)*1e4) / 1e4) }

// reference is a yardstick of the world at play.
type reference struct {
	world   world.Tensor
	policy  world.Policy
	obs     []float32 // [B][O]
	fresh   []bool    // [B]
	actions []int32   // [B]
	paid    []float32 // [B] rewards of the last step
	done    []bool    // [B]
}

func newReference(w world.Tensor, name string, seed uint64) (player, error) {
	p, err := w.Reference(name, seed)
	if err != nil {
		return nil, err
	}
	b := w.Size()
	return &reference{world: w, policy: p, obs: make([]float32, b*w.Spec().Obs), fresh: make([]bool, b), actions: make([]int32, b),
		paid: make([]float32, b), done: make([]bool, b)}, nil
}

// evaluate plays as rl.Evaluate does, with the reference in place of an actor.
func (r *reference) evaluate(ctx context.Context, seed uint64, perEnv int, h rl.Hooks) error {
	r.world.Reset(seed, r.obs)
	r.policy.Reset()
	episodes := make([]int, len(r.fresh))
	for b := range r.fresh {
		r.fresh[b] = true
	}
	left := perEnv * len(r.fresh)
	for t := 0; left > 0; t++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.policy.Act(r.obs, r.fresh, r.actions)
		h.Before(t)
		r.world.Step(r.actions, r.obs, r.paid, r.done)
		copy(r.fresh, r.done)
		h.After(t)
		for b, d := range r.done {
			if d && episodes[b] < perEnv {
				left--
				h.End(b, episodes[b], r.world.Info(b))
				episodes[b]++
			}
		}
	}
	return nil
}

// A reference's memory is not a matter of numbers; its sizes are those of a network that carries nothing.
func (r *reference) sizes(int, int) (memory, context int) { return 0, 1 }

func (r *reference) act(b int, action int32) { r.actions[b] = action }

func (r *reference) reward(b int) float32 { return r.paid[b] }

func (r *reference) carried(int) []float32 { return nil }

func (r *reference) note(b int, s *lab.Step) { s.Action = r.world.Spec().Actions[r.actions[b]] }
