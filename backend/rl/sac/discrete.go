package sac

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
)

// DiscreteLearner makes gradient steps of soft actor-critic for discrete actions (arXiv 1910.07207v2, algorithm 1), on transitions or on
// windows of sequences. After the first step of the same sizes it allocates nothing.
type DiscreteLearner struct {
	Policy       *value.QNet // says logits in the place of action values
	Critic, Slow [2]*value.QNet
	Temperature  *Temperature
	Knobs        Knobs
	Opt, OptQ    *nn.Adam
	Rate         float64 // learning rate of the next steps; starts as the knob says

	core                 *num.Core
	tape, tapeQ          *num.Tape // of the steps of policy and critics
	look, lookQ          *num.Tape // of the targets, and of what the policy is improved by
	params, critic, slow []*num.Tensor
	loss                 DiscreteActorLoss
	lossQ                [2]value.Loss
	rows                 rows
	action               []int32
	p, v                 []float32
	blank                blanks
}

// NewDiscreteLearner returns a learner with new optimisers; slow are networks made in the same way as critics, whose numbers they get.
// Names of the parameters of the two critics differ. The target of the entropy is the knob times log A.
func NewDiscreteLearner(core *num.Core, policy *value.QNet, critic, slow [2]*value.QNet, k Knobs) *DiscreteLearner {
	l := &DiscreteLearner{Policy: policy, Critic: critic, Slow: slow, Knobs: k, Rate: k.LearningRate, core: core, blank: blanks{}, tape: num.NewTape(core),
		tapeQ: num.NewTape(core), look: num.NewTape(core), lookQ: num.NewTape(core), params: policy.Params(), p: make([]float32, policy.Actions())}
	for i := range 2 {
		l.critic, l.slow = append(l.critic, critic[i].Params()...), append(l.slow, slow[i].Params()...)
	}
	value.Follow(&core.K, l.slow, l.critic, 1)
	l.Temperature = NewTemperature(k.Alpha, k.Entropy*math.Log(float64(policy.Actions())), k.AlphaRate)
	l.Opt, l.OptQ = nn.NewAdam(l.params), nn.NewAdam(l.critic)
	return l
}

// Step makes one gradient step of critics, policy and entropy weight on transitions, and moves the slow critics. It looks at ctx once;
// errors are those of Learner.Step.
func (l *DiscreteLearner) Step(ctx context.Context, b *replay.Batch) (Stats, error) {
	l.rows.batch(b, l.Knobs.Gamma)
	l.action = b.Action
	return l.step(ctx)
}

// StepWindows is Step on windows of sequences, of which the first burn steps only warm the memories up.
func (l *DiscreteLearner) StepWindows(ctx context.Context, w *replay.Windows, burn int) (Stats, error) {
	l.rows.windows(w, burn, l.Knobs.Gamma)
	l.action = w.Action
	return l.step(ctx)
}

func (l *DiscreteLearner) step(ctx context.Context) (s Stats, err error) {
	if err := ctx.Err(); err != nil {
		return s, err
	}
	l.targets()
	if err := l.learnCritics(&s); err != nil {
		return s, err
	}
	r := &l.rows
	l.tape.Reset()
	l.lookQ.Reset()
	var q [2]*num.Tensor
	for i, c := range l.Critic {
		q[i] = l.play(l.lookQ, c, &r.obs, r.fresh)
	}
	loss := l.loss.Record(l.tape, l.play(l.tape, l.Policy, &r.obs, r.fresh), q[0].Data, q[1].Data, l.Temperature.Alpha(), r.mask)
	s.Actor = float64(loss.Data[0])
	if err := descend(l.tape, loss, "policy", l.params, l.Opt, l.Rate, l.Knobs.MaxGradNorm); err != nil {
		return s, err
	}
	s.Entropy = maskedMean(l.loss.Entropy, r.mask)
	l.Temperature.Step(&l.core.K, -s.Entropy)
	value.Follow(&l.core.K, l.slow, l.critic, l.Knobs.Tau)
	s.Alpha = l.Temperature.Alpha()
	return s, nil
}

// learnCritics makes one gradient step of both critics.
func (l *DiscreteLearner) learnCritics(s *Stats) error {
	r := &l.rows
	l.tapeQ.Reset()
	var both [2]*num.Tensor
	for i, c := range l.Critic {
		loss, stats := l.lossQ[i].Record(l.tapeQ, l.play(l.tapeQ, c, &r.obs, r.fresh), value.Samples{Action: l.action, Target: r.y, Weight: r.weight, Mask: r.mask})
		both[i] = loss
		s.Critic, s.Value = s.Critic+stats.Loss/2, s.Value+stats.Value/2
	}
	return descend(l.tapeQ, l.tapeQ.Add(both[0], both[1]), "critics", l.critic, l.OptQ, l.Rate, l.Knobs.MaxGradNorm)
}

func (l *DiscreteLearner) play(t *num.Tape, net *value.QNet, obs *num.Tensor, fresh []bool) *num.Tensor {
	return net.Sequence(t, obs, l.blank.of(net.Memory, obs.Shape[1]), fresh)
}

// targets fills y with the reward and the soft value of the next observation.
func (l *DiscreteLearner) targets() {
	r, acts := &l.rows, l.Policy.Actions()
	l.look.Reset()
	z := l.play(l.look, l.Policy, &r.next, r.freshNext)
	q1, q2 := l.play(l.look, l.Slow[0], &r.next, r.freshNext), l.play(l.look, l.Slow[1], &r.next, r.freshNext)
	l.v = grow(l.v, len(r.y))
	from := r.skip * acts
	DiscreteValues(z.Data[from:], q1.Data[from:], q2.Data[from:], l.Temperature.Alpha(), l.p, l.v)
	value.OneStep(r.reward, r.discount, l.v, r.y)
}

func (l *DiscreteLearner) parts() []rl.Part {
	t := l.Temperature
	return []rl.Part{{Name: "policy", State: rl.Weights(l.params, l.Opt)}, {Name: "critics", State: rl.Weights(l.critic, l.OptQ)},
		{Name: "slow critics", State: rl.Weights(l.slow, nil)}, {Name: "temperature", State: rl.Weights(t.params, t.opt)}, {Name: "rate", State: rl.JSON(&l.Rate)}}
}

// Snapshot implements lab.Snapshotter: parameters, slow copies, optimisers, entropy weight and learning rate.
func (l *DiscreteLearner) Snapshot(w io.Writer) error { return rl.WriteParts(w, l.parts()...) }

// Restore implements lab.Snapshotter, for a learner made in the same way.
func (l *DiscreteLearner) Restore(r io.Reader) error { return rl.ReadParts(r, l.parts()...) }
