package srl

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

// learner holds what is trained. Every agent has the same critics, actor and number of updates; they differ in where the later actions of
// a sequence get their signal from.
type learner struct {
	kind    agent
	knobs   Knobs
	core    *num.Core
	actor   *actor
	model   *dynamics     // nil where there is none
	truth   control.World // for states from the true dynamics
	spec    control.Spec
	critics td3bc.Twin
	slow    td3bc.Twin
	frozen  td3bc.Twin
	opt     struct{ actor, critics *nn.Adam }
	alpha   *sac.Temperature
	chance  *rng.Stream

	tape, look   *num.Tape
	u, next      unroll
	y, discount  []float32
	logp         []float32
	one, two     td3bc.Squared
	losses       []sac.ActorLoss
	imitate      []td3bc.Squared
	states       []*num.Tensor // [J] what the model recalls, [B][O]
	whole        *num.Tensor   // [B][J*A] actions of windows, for critics of sequences
	played, seen []float32
}

func newLearner(core *num.Core, kind agent, k Knobs, w control.World, seed uint64) *learner {
	spec := w.Spec()
	l := &learner{kind: kind, knobs: k, core: core, truth: w, spec: spec, tape: num.NewTape(core), look: num.NewTape(core), chance: rng.New(seed, "draws")}
	l.actor = newActor(rng.New(seed, "actor"), spec.Obs, spec.Act, kind.width)
	valued := spec.Act
	if kind.kind == SequenceCritic {
		valued *= kind.j
	}
	l.critics = td3bc.NewTwin(rng.New(seed, "critics"), "critic", spec.Obs, valued, []int{kind.width, kind.width})
	l.slow, l.frozen = l.critics.Map(td3bc.Target), l.critics.Map(td3bc.Frozen)
	if kind.needsModel() {
		l.model = newDynamics(core, rng.New(seed, "model"), spec.Obs, spec.Act, kind.width)
	}
	l.opt.actor, l.opt.critics = nn.NewAdam(l.actor.params()), nn.NewAdam(l.critics.Params())
	l.alpha = sac.NewTemperature(k.Alpha, k.Entropy*float64(spec.Act), k.AlphaRate)
	l.y, l.discount, l.logp = make([]float32, k.Batch), make([]float32, k.Batch), make([]float32, k.Batch)
	l.losses, l.imitate = make([]sac.ActorLoss, kind.j), make([]td3bc.Squared, kind.j)
	l.whole = num.New("sequences", k.Batch, kind.j*spec.Act)
	l.played, l.seen = make([]float32, spec.Act), make([]float32, spec.Obs)
	for range kind.j {
		l.states = append(l.states, num.New("recalled", k.Batch, spec.Obs))
	}
	return l
}

// criticise does one step of the critics on a batch: y = r + discount (min Q'(s', a') - alpha log pi(a'|s')), a' the first action of the
// actor at s', or for critics of sequences the whole one.
func (l *learner) criticise(b *replay.Batch, acts *num.Tensor) (float64, error) {
	l.look.Reset()
	n := 1
	if l.kind.kind == SequenceCritic {
		n = l.kind.j
	}
	l.next.record(l.look, l.actor, b.Next, n, l.chance)
	q1, q2 := l.slow.Record(l.look, l.look.Concat(b.Next, l.joined(l.look, &l.next, n)))
	clear(l.logp)
	for j := range n {
		for i, lp := range l.next.draws[j].LogProb.Data {
			l.logp[i] += lp
		}
	}
	sac.SoftTargets(b.Reward, l.discount, q1.Data, q2.Data, l.logp, l.alpha.Alpha(), l.y)
	l.tape.Reset()
	q1, q2 = l.critics.Record(l.tape, l.tape.Concat(b.Obs, acts))
	e1, e2 := l.one.Record(l.tape, q1, l.y, nil), l.two.Record(l.tape, q2, l.y, nil)
	loss := float64(e1.Data[0]+e2.Data[0]) / 2
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, lab.Errorf(lab.Internal, "the loss of the critics is %v", loss).WithHint("lower rl.learning_rate")
	}
	e1.Gradient()[0] = 1
	l.tape.Backward(e2)
	nn.ClipNorm(&l.core.K, l.critics.Params(), l.knobs.MaxGradNorm)
	l.opt.critics.Step(&l.core.K, l.knobs.LearningRate)
	td3bc.Follow(&l.core.K, l.slow.A, l.critics.A, l.knobs.Tau)
	td3bc.Follow(&l.core.K, l.slow.B, l.critics.B, l.knobs.Tau)
	return loss, nil
}

// joined puts the first n actions of a sequence side by side: [B][n*A].
func (l *learner) joined(t *num.Tape, u *unroll, n int) *num.Tensor {
	all := u.draws[0].Action
	for _, d := range u.draws[1:n] {
		all = t.Concat(all, d.Action)
	}
	return all
}

// improve does one step of the actor and of the entropy weight, and returns the mean entropy of an action.
func (l *learner) improve(b *replay.Batch) float64 {
	l.tape.Reset()
	n := l.kind.j
	l.u.record(l.tape, l.actor, b.Obs, n, l.chance)
	switch {
	case l.kind.kind == SequenceCritic:
		l.valueWhole(b, n)
	case l.kind.recall == Nowhere:
		l.valueFirst(b, n)
	default:
		l.recallAll(b, n)
	}
	nn.ClipNorm(&l.core.K, l.actor.params(), l.knobs.MaxGradNorm)
	l.opt.actor.Step(&l.core.K, l.knobs.LearningRate)
	// Without recall only the first action has an entropy to keep: the others imitate it and may be as sure as they can.
	if l.kind.kind == Sequence && l.kind.recall == Nowhere {
		n = 1
	}
	mean := 0.0
	for j := range n {
		for _, lp := range l.u.draws[j].LogProb.Data {
			mean += float64(lp) / float64(n*len(l.logp))
		}
	}
	l.alpha.Step(&l.core.K, mean)
	return -mean
}

// recallAll is SRL's actor loss, temporal recall: the model recalls the states between two decisions, so that every primitive action gets
// a value of its own.
//
//	s^_0 = s;  s^_{j+1} = m(s^_j, a_j);   loss = (1/J) sum_j [ alpha log pi_j(a_j) - min Q(s^_j, a_j) ]
//
// Gradients reach the actor through the actions, also as what it reads next; through the model only where Through says so. The critics
// get none.
func (l *learner) recallAll(b *replay.Batch, n int) {
	s := b.Obs
	var last *num.Tensor
	for j := range n {
		d := l.u.draws[j]
		q1, q2 := l.frozen.Record(l.tape, l.tape.Concat(s, d.Action))
		loss, _ := l.losses[j].Record(l.tape, q1, q2, d.LogProb, l.alpha.Alpha(), nil)
		if j < n-1 {
			s = l.after(j, s, d.Action)
		}
		if last != nil {
			last.Gradient()[0] = 1 / float32(n)
		}
		last = loss
	}
	l.tape.BackwardFrom(last, []float32{1 / float32(n)})
}

// after is the state behind action j.
func (l *learner) after(j int, s, a *num.Tensor) *num.Tensor {
	if l.kind.recall == FromModel && l.kind.through {
		return l.model.record(l.tape, s, a)
	}
	to := l.states[j+1]
	if l.kind.recall == FromModel {
		l.look.Reset()
		copy(to.Data, l.model.record(l.look, s, a).Data)
		return to
	}
	o, n := l.spec.Obs, l.spec.Act
	for i := range s.Rows() {
		sac.Stretch(a.Data[i*n:(i+1)*n], l.spec.Low, l.spec.High, l.played)
		l.truth.Foresee(s.Data[i*o:(i+1)*o], l.played, l.seen)
		copy(to.Data[i*o:(i+1)*o], l.seen)
	}
	return to
}

// valueFirst is the ablation without recall: the critic values the first action, and the others are to be equal to it.
func (l *learner) valueFirst(b *replay.Batch, n int) {
	first := l.u.draws[0]
	q1, q2 := l.frozen.Record(l.tape, l.tape.Concat(b.Obs, first.Action))
	loss, _ := l.losses[0].Record(l.tape, q1, q2, first.LogProb, l.alpha.Alpha(), nil)
	for j := 1; j < n; j++ {
		e := l.imitate[j].Record(l.tape, l.u.draws[j].Action, first.Action.Data, nil)
		e.Gradient()[0] = 1 / float32(n)
	}
	l.tape.BackwardFrom(loss, []float32{1 / float32(n)})
}

// valueWhole is the ablation with one value for the sequence: loss = (1/J) [ alpha sum_j log pi_j - min Q(s, a_0..a_{J-1}) ].
func (l *learner) valueWhole(b *replay.Batch, n int) {
	q1, q2 := l.frozen.Record(l.tape, l.tape.Concat(b.Obs, l.joined(l.tape, &l.u, n)))
	loss, _ := l.losses[0].Record(l.tape, q1, q2, l.u.draws[0].LogProb, l.alpha.Alpha(), nil)
	for j := 1; j < n; j++ {
		g := l.u.draws[j].LogProb.Gradient()
		for i := range g {
			g[i] += float32(l.alpha.Alpha() / float64(n*len(g)))
		}
	}
	l.tape.BackwardFrom(loss, []float32{1 / float32(n)})
}

func (l *learner) parts() []rl.Part {
	parts := []rl.Part{{Name: "actor", State: rl.Weights(l.actor.params(), l.opt.actor)}, {Name: "critics", State: rl.Weights(l.critics.Params(), l.opt.critics)},
		{Name: "slow", State: rl.Weights(l.slow.Params(), nil)}, {Name: "draws", State: rl.Stream(l.chance)}}
	if l.model != nil {
		parts = append(parts, l.model.parts()...)
	}
	return append(parts, l.alpha.Parts()...)
}
