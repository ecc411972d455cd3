package rarl

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
)

// learner makes updates of double DQN on recorded transitions. Transitions, retrieval batches and the bottleneck's noise have streams of
// their own, so that all arms of a seed see the same transitions in the same order.
type learner struct {
	knobs *Knobs
	agent RetrievalKnobs
	store *store
	core  *num.Core

	fast, slow *net
	live, late *pass // with the fast and with the slow weights
	ahead      *pass // with the fast weights, of the states that followed: no gradient passes
	opt        *nn.Adam
	params     []*num.Tensor
	slowParams []*num.Tensor
	loss       value.Loss

	draws, looks, noise *rng.Stream

	batch                       transitions
	memory                      retrieval
	eps, lateEps                []float32
	target, discount, bootstrap []float32
}

// learned is what an update looked like.
type learned struct {
	value.Stats
	KL        float64 // nats a query and round
	Auxiliary float64
	Named     float64 // nats of the auxiliary heads' guess of the action
}

func newLearner(core *num.Core, k *Knobs, a RetrievalKnobs, retrieves bool, s *store, obs, actions int, seed uint64) *learner {
	fast, slow := newNet(rng.New(seed, "weights"), a, obs, actions, retrieves), newNet(rng.New(seed, "weights"), a, obs, actions, retrieves)
	l := &learner{knobs: k, agent: a, store: s, core: core, fast: fast, slow: slow, live: newPass(core, fast), late: newPass(core, slow), ahead: newPass(core, fast),
		params: fast.Params(), slowParams: slow.Params(), loss: value.Loss{Delta: k.Huber, CQL: k.CQL},
		draws: rng.New(seed, "transitions"), looks: rng.New(seed, "retrieval batches"), noise: rng.New(seed, "bottleneck")}
	l.opt = nn.NewAdam(l.params)
	return l
}

// update is one gradient step. The order: transitions of some tasks, a retrieval batch for each, both encoded anew with the present
// weights; targets; the losses of values, bottleneck and auxiliary heads.
func (l *learner) update(ctx context.Context) (u learned, err error) {
	if err := ctx.Err(); err != nil {
		return u, err
	}
	b := &l.batch
	l.store.draw(l.draws, l.knobs.Groups, l.knobs.Batch/l.knobs.Groups, b)
	l.live.begin()
	var m memory
	var guess *num.Tensor
	if l.fast.look != nil {
		l.store.fetch(l.looks, l.wanted(), &l.memory)
		var h, future *num.Tensor
		m, h, future = l.live.prepare(&l.memory)
		guess = l.live.guess(h, future)
		n := l.rounds() * len(b.action) * l.agent.Slots * l.agent.Code
		l.eps, l.lateEps = l.normal(l.eps, n), l.normal(l.lateEps, n)
	}
	q := l.live.values(b.x, &m, l.eps)
	l.targets(m)
	return l.descend(q, guess)
}

func (l *learner) rounds() int {
	if l.agent.State == "agent" {
		return 1
	}
	return l.agent.Rounds
}

// wanted is the retrieval batch of the present transitions. With a mixed store one batch of the same size serves all groups.
func (l *learner) wanted() want {
	w := want{content: l.agent.Content, trajectories: l.agent.Trajectories, length: l.agent.Length, tasks: l.batch.task, without: l.batch.episodes}
	if w.content == Mixed {
		w.tasks, w.trajectories = l.batch.task[:1], l.agent.Trajectories*l.knobs.Groups
	}
	return w
}

// normal fills x [n] with standard normal numbers, two at a time by Box and Muller.
func (l *learner) normal(x []float32, n int) []float32 {
	x = grow(x, n)
	for i := 0; i < n; i += 2 {
		far := math.Sqrt(-2 * math.Log(1-l.noise.Float64())) // (0, 1]: the logarithm stays finite
		up, right := math.Sincos(2 * math.Pi * l.noise.Float64())
		if x[i] = float32(far * right); i+1 < n {
			x[i+1] = float32(far * up)
		}
	}
	return x
}

// targets are those of double DQN: y = r + gamma slow[argmax fast]. Both nets look things up in the same batch, each as it encodes it, with
// the same noise; m is the fast one's memory. Episodes end by time alone, so that no target ends with them.
func (l *learner) targets(m memory) {
	b, a := &l.batch, l.fast.actions
	l.ahead.begin()
	l.late.begin()
	var late memory
	if l.slow.look != nil {
		m.keys, m.values = constant(m.keys), constant(m.values)
		late, _, _ = l.late.prepare(&l.memory)
	}
	fast, slow := l.ahead.values(b.next, &m, l.lateEps), l.late.values(b.next, &late, l.lateEps)
	n := len(b.reward)
	l.target, l.discount, l.bootstrap = grow(l.target, n), grow(l.discount, n), grow(l.bootstrap, n)
	for i := range l.discount {
		l.discount[i] = float32(l.knobs.Gamma)
	}
	value.Double(fast.Data, slow.Data, a, l.bootstrap)
	value.OneStep(b.reward, l.discount, l.bootstrap, l.target)
}

// constant is x for another tape, without a gradient.
func constant(x *num.Tensor) *num.Tensor {
	return &num.Tensor{Name: x.Name, Shape: x.Shape, Data: x.Data}
}

// descend moves the weights: L = Huber + cql (log sum exp Q - Q_action) + beta KL + w auxiliary, each a mean.
func (l *learner) descend(q, guess *num.Tensor) (u learned, err error) {
	loss, s := l.loss.Record(l.live.tape, q, value.Samples{Action: l.batch.action, Target: l.target})
	u.Stats = s
	for _, kl := range l.live.losses {
		kl.Gradient()[0] += float32(l.agent.Beta)
		u.KL += float64(kl.Data[0]) / float64(len(l.live.losses))
	}
	if guess != nil {
		aux := l.live.auxiliary.record(l.live.tape, guess, l.memory.action, l.memory.reward, l.memory.value)
		aux.Gradient()[0] += float32(l.agent.Auxiliary)
		u.Auxiliary, u.Named = float64(aux.Data[0]), l.live.auxiliary.kind
	}
	l.live.tape.Backward(loss)
	u.GradNorm = nn.ClipNorm(&l.core.K, l.params, l.knobs.MaxGradNorm)
	if x := u.Loss + u.KL + u.Auxiliary + u.GradNorm; math.IsNaN(x) || math.IsInf(x, 0) {
		return u, lab.Errorf(lab.Internal, "loss %g, bottleneck %g, auxiliary %g, gradient %g after %d updates", u.Loss, u.KL, u.Auxiliary, u.GradNorm, l.opt.Steps()).
			WithHint("lower rl.learning_rate")
	}
	l.opt.Step(&l.core.K, l.knobs.LearningRate)
	value.Follow(&l.core.K, l.slowParams, l.params, l.knobs.Tau)
	return u, nil
}

// Snapshot implements lab.Snapshotter. The recordings are made again from the seed.
func (l *learner) Snapshot(w io.Writer) error { return rl.WriteParts(w, l.parts()...) }

// Restore implements lab.Snapshotter, for a learner made in the same way.
func (l *learner) Restore(r io.Reader) error { return rl.ReadParts(r, l.parts()...) }

func (l *learner) parts() []rl.Part {
	return []rl.Part{{Name: "weights", State: rl.Weights(l.params, l.opt)}, {Name: "slow", State: rl.Weights(l.slowParams, nil)},
		{Name: "transitions", State: rl.Stream(l.draws)}, {Name: "retrieval batches", State: rl.Stream(l.looks)}, {Name: "bottleneck", State: rl.Stream(l.noise)}}
}
