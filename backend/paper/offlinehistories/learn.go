package offlinehistories

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/clone"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
)

// learner is all that learns: encoder with head, its slow copy, and the latent model.
type learner struct {
	core  *num.Core
	knobs OfflineKnobs
	agent LearnerKnobs

	net, slow *network
	model     *model
	opt       *nn.Adam
	data      *dataset
	draws     *rng.Stream // trajectories of a batch
	pairs     *rng.Stream // permutations of the bisimulation loss

	tape, slowTape *num.Tape
	batch          replay.Windows
	state0         *num.Tensor // [n][H] zeros
	join           join
	cql            value.Loss
	clone          clone.CrossEntropy
	y, mask        []float32 // [(T+1)*n]
	rewards        []float32 // [T*n] normalised
	action         []int32   // [(T+1)*n]
}

func newLearner(core *num.Core, data *dataset, k OfflineKnobs, a LearnerKnobs, seed uint64) *learner {
	w := rng.New(seed, "weights")
	l := &learner{core: core, knobs: k, agent: a, data: data, draws: rng.New(seed, "draws"), pairs: rng.New(seed, "pairs"),
		tape: num.NewTape(core), slowTape: num.NewTape(core), cql: value.Loss{Delta: 1, CQL: k.Alpha}}
	l.net = newNetwork(w, "net", a, data.in, acts)
	l.slow = newNetwork(rng.New(seed, "slow"), "slow", a, data.in, acts)
	l.model = newModel(w, a, acts)
	l.opt = nn.NewAdam(l.params())
	value.Follow(&core.K, l.slow.params(), l.net.params(), 1)
	return l
}

func (l *learner) params() []*num.Tensor { return append(l.net.params(), l.model.params()...) }

// losses are what an update came to; parts that were not computed are not numbers.
type losses struct{ TD, CQL, Clone, Reward, Next, J float64 }

// zeros is the empty memory of n trajectories.
func (l *learner) zeros(n int) *num.Tensor {
	if l.state0 == nil || l.state0.Shape[0] != n {
		l.state0 = num.New("state0", n, l.agent.Width)
	}
	return l.state0
}

// update takes one step on a batch of whole trajectories:
//
//	L = L_offlineRL(Q o phi) + c_m L_model + c_b J(phi)        [R] of the basis
//
// done is the share of the training that is behind. Cloning has the cross-entropy of the data's actions in the place of the first term.
func (l *learner) update(done float64) (out losses, err error) {
	l.data.store.Sample(l.draws, l.knobs.Batch, l.data.steps, &l.batch)
	out = l.gradients(&l.batch, l.pairs, l.weight(done))
	norm := nn.ClipNorm(&l.core.K, l.params(), l.knobs.MaxGradNorm)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return out, lab.Errorf(lab.Invalid, "the norm of the gradient is %v", norm).WithHint("lower rl.learning_rate or agent.bisim")
	}
	l.opt.Step(&l.core.K, l.knobs.LearningRate)
	return out, nil
}

// weight of the bisimulation loss when a share of the training is done: 0, then rising to c_b along a line.
func (l *learner) weight(done float64) float64 {
	w := l.agent.Warm
	if done < w {
		return 0
	}
	return l.agent.Bisim * min((done-w)/max(w, 1e-9), 1)
}

// gradients adds the gradients of L on a batch to those of the parameters; weight is that of J at the moment.
func (l *learner) gradients(w *replay.Windows, pairs *rng.Stream, weight float64) (out losses) {
	n := len(w.At)
	l.tape.Reset()
	z := l.net.encode(l.tape, w.Obs, l.zeros(n), w.Fresh)
	head := l.net.values(l.tape, z)
	l.extend(w)
	out = losses{TD: math.NaN(), CQL: math.NaN(), Clone: math.NaN(), J: math.NaN()}
	var loss *num.Tensor
	if l.agent.Method == CQL {
		l.targets(w)
		var s value.Stats
		loss, s = l.cql.Record(l.tape, head, l.samples())
		out.TD, out.CQL = s.TD, s.CQL
	} else {
		var s clone.Stats
		loss, s = l.clone.Record(l.tape, head, l.action, l.mask)
		out.Clone = s.Loss
	}
	r, p := l.predict(l.tape, z, w, float32(l.agent.Model))
	l.rewards = l.data.normal(w.Reward, l.rewards)
	out.Reward, out.Next = modelLoss(r, p, z, n, l.rewards, w.Terminal, w.Mask)
	if weight > 0 {
		list := couples(pairs, w.Action, w.Mask, n, acts, l.agent.Pairs == "same-action")
		out.J = bisimulation(list, z, r, p, l.knobs.Gamma, weight, z.Gradient()).J
	}
	l.tape.Backward(loss)
	return out
}

// samples are the actions, targets and marks of the present batch.
func (l *learner) samples() value.Samples {
	return value.Samples{Action: l.action, Target: l.y, Mask: l.mask}
}

// predict records the latent model on the steps of a batch: rewards [T*n][1] and next latents [T*n][2z]. share is what of its gradient
// reaches the encoder.
func (l *learner) predict(t *num.Tape, z *num.Tensor, w *replay.Windows, share float32) (r, p *num.Tensor) {
	x := l.join.record(t, z, w.Action, acts, share)
	return l.model.reward.Sequence(t, x, nil, nil), l.model.next.Sequence(t, x, nil, nil)
}

// extend writes actions and marks of a batch with a last row that nothing is learned from: the encoder sees T+1 observations.
func (l *learner) extend(w *replay.Windows) {
	n, steps := len(w.At), len(w.Action)
	l.action, l.mask = append(l.action[:0], w.Action...), append(l.mask[:0], w.Mask...)
	l.action, l.mask = append(l.action, make([]int32, n)...), append(l.mask, make([]float32, n)...)
	l.y = append(l.y[:0], make([]float32, steps+n)...)
}

// targets writes y = r + gamma max_a' Q_slow(z', a'), and r alone at an end.
func (l *learner) targets(w *replay.Windows) {
	n := len(w.At)
	l.slowTape.Reset()
	q := l.slow.values(l.slowTape, l.slow.encode(l.slowTape, w.Obs, l.zeros(n), w.Fresh))
	next, discount := make([]float32, len(w.Action)), make([]float32, len(w.Action))
	value.Max(q.Data[n*acts:], acts, next)
	value.Discounts(w.Terminal, l.knobs.Gamma, discount)
	value.OneStep(w.Reward, discount, next, l.y)
}

// follow copies the network into its slow copy.
func (l *learner) follow() { value.Follow(&l.core.K, l.slow.params(), l.net.params(), 1) }
