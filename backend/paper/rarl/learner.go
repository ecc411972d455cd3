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
	opt        *nn.Adam
	params     []*num.Tensor
	slowParams []*num.Tensor
	loss       value.Loss

	draws, looks, noise *rng.Stream

	batch                       transitions
	memory                      retrieval
	next                        *num.Tensor // [B][O]
	eps, lateEps, pay           []float32
	fastNext, slowNext          []float32
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
	l := &learner{knobs: k, agent: a, store: s, core: core, fast: fast, slow: slow, live: newPass(core, fast), late: newPass(core, slow),
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
		m, guess = l.live.prepare(&l.memory)
		l.eps = l.normal(l.eps, l.rounds()*len(b.action)*l.agent.Slots*l.agent.Code)
		l.payers()
	}
	q := l.live.values(b.x, &m, l.eps, l.pay)
	l.targets(q)
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

func (l *learner) normal(x []float32, n int) []float32 {
	x = grow(x, n)
	for i := range x {
		x[i] = float32(l.noise.Normal())
	}
	return x
}

// payers are the queries of states that were acted in; the states that followed only serve targets.
func (l *learner) payers() {
	k := l.agent.Slots
	l.pay = grow(l.pay, len(l.batch.mask)*k)
	for i := range l.pay {
		l.pay[i] = l.batch.mask[i/k]
	}
}

// targets are those of double DQN: y = r + gamma slow[argmax fast]. Episodes end by time alone, so that no target ends with them.
func (l *learner) targets(q *num.Tensor) {
	b, a := &l.batch, l.fast.actions
	n := len(b.reward)
	l.next = tensor(l.next, n, b.x.Last())
	l.fastNext, l.slowNext = grow(l.fastNext, n*a), grow(l.slowNext, n*a)
	for i := range n {
		from := 2*(i/b.each)*b.each + b.each + i%b.each
		copy(l.next.Data[i*b.x.Last():], b.row(from))
		copy(l.fastNext[i*a:i*a+a], q.Data[from*a:])
	}
	l.late.begin()
	var m memory
	var eps []float32
	if l.slow.look != nil {
		m, _ = l.late.prepare(&l.memory)
		l.lateEps = l.normal(l.lateEps, l.rounds()*n*l.agent.Slots*l.agent.Code)
		eps = l.lateEps
	}
	copy(l.slowNext, l.late.values(l.next, &m, eps, nil).Data)
	l.target, l.discount, l.bootstrap = grow(l.target, n), grow(l.discount, n), grow(l.bootstrap, n)
	for i := range l.discount {
		l.discount[i] = float32(l.knobs.Gamma)
	}
	value.Double(l.fastNext, l.slowNext, a, l.bootstrap)
	value.OneStep(b.reward, l.discount, l.bootstrap, l.target)
}

// descend moves the weights: L = Huber + cql (log sum exp Q - Q_action) + beta KL + w auxiliary, each a mean.
func (l *learner) descend(q, guess *num.Tensor) (u learned, err error) {
	b := &l.batch
	wide := make([]float32, len(b.action)) // targets at the rows of states acted in
	for i, y := range l.target {
		wide[2*(i/b.each)*b.each+i%b.each] = y
	}
	loss, s := l.loss.Record(l.live.tape, q, value.Samples{Action: b.action, Target: wide, Mask: b.mask})
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
