package memo

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/summary"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// learner makes gradient steps of PPO on passes over whole trials.
type learner struct {
	agent   *agent
	knobs   *PPOKnobs
	core    *num.Core
	tape    *num.Tape
	pass    summary.Pass
	loss    rl.PPOLoss
	opt     *nn.Adam
	params  []*num.Tensor
	shuffle *rng.Stream
	lengths *rng.Stream // segment lengths of training passes

	perm               []int
	batch              rl.Minibatch
	obs                *num.Tensor
	begins             []bool
	last               []float32
	advantage, returns []float32
}

func newLearner(core *num.Core, a *agent, k *PPOKnobs, seed uint64) *learner {
	params := a.model.Params()
	return &learner{agent: a, knobs: k, core: core, tape: num.NewTape(core), pass: summary.Pass{Model: a.model, Rule: a.rule},
		loss: rl.PPOLoss{Knobs: k.loss()}, opt: nn.NewAdam(params), params: params, obs: num.New("obs"),
		shuffle: rng.New(seed, "minibatches"), lengths: rng.New(seed, "segment lengths"),
		perm: make([]int, k.Trials), last: make([]float32, k.Trials)}
}

// learned is what an update looked like, means over its gradient steps.
type learned struct {
	rl.Stats
	First float64 // norm of the gradient at the first eighth of the trials' steps, as a share of that at all steps
}

// update learns from steps from..to of the trials that the actor holds.
func (l *learner) update(ctx context.Context, a *actor, from, to int) (mean learned, err error) {
	l.advantages(a, from, to)
	steps := l.knobs.Epochs * l.knobs.Minibatches
	for range l.knobs.Epochs {
		l.shuffle.Perm(l.perm)
		for i := range l.knobs.Minibatches {
			if err := ctx.Err(); err != nil {
				return mean, err
			}
			n := len(l.perm)
			s, err := l.step(a, l.perm[i*n/l.knobs.Minibatches:(i+1)*n/l.knobs.Minibatches], from, to)
			if err != nil {
				return mean, err
			}
			mean.Add(s.Stats, 1/float64(steps))
			mean.First += s.First / float64(steps)
		}
	}
	return mean, nil
}

// advantages are worked out over the steps from..to, closed by the value of what is shown after them.
func (l *learner) advantages(a *actor, from, to int) {
	b := len(l.last)
	a.next(l.last)
	if need := (to - from) * b; cap(l.advantage) < need {
		l.advantage, l.returns = make([]float32, need), make([]float32, need)
	}
	l.advantage, l.returns = l.advantage[:(to-from)*b], l.returns[:(to-from)*b]
	rl.GAE(a.reward[from*b:to*b], a.value[from*b:to*b], a.done[from*b:to*b], l.last, l.knobs.Gamma, l.knobs.Lambda, l.advantage, l.returns)
}

// segment is the length of a training pass, l_seg * U(0.8, 1.2), rounded: one draw for all segments and trials of the pass.
func (l *learner) segment() int {
	n := l.agent.rule.Segment
	if n == 0 || !l.agent.randomise {
		return n
	}
	return max(1, int(math.Round(float64(n)*(0.8+0.4*l.lengths.Float64()))))
}

// step makes one gradient step on those trials. A loss or gradient that is not a finite number is an error, and no parameter moves.
func (l *learner) step(a *actor, trials []int, from, to int) (s learned, err error) {
	l.gather(a, trials, from, to)
	rl.Normalise(l.batch.Advantage)
	l.tape.Reset()
	out := l.pass.Forward(l.tape, summary.Trials{Obs: l.obs, B: len(trials), T: to, From: from, Begins: l.begins, Segment: l.segment()})
	loss, stats := l.loss.Record(l.tape, out, &l.batch)
	if math.IsNaN(stats.Loss) || math.IsInf(stats.Loss, 0) {
		return s, lab.Errorf(lab.Internal, "loss is %g after %d gradient steps", stats.Loss, l.opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.tape.Backward(loss)
	s.Stats, s.First = stats, l.first(len(trials), to)
	s.GradNorm = nn.ClipNorm(&l.core.K, l.params, l.knobs.MaxGradNorm)
	if math.IsNaN(s.GradNorm) || math.IsInf(s.GradNorm, 0) {
		return s, lab.Errorf(lab.Internal, "norm of the gradient is %g after %d gradient steps", s.GradNorm, l.opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.opt.Step(&l.core.K, l.knobs.LearningRate)
	return s, nil
}

// first is the share of the gradient's norm that arrives at the first eighth of the steps.
func (l *learner) first(trials, steps int) float64 {
	g, d := l.pass.Embed.Gradient(), l.pass.Embed.Last()
	early, all := 0.0, 0.0
	for b := range trials {
		rows := g[b*steps*d : (b+1)*steps*d]
		head := rows[:max(1, steps/8)*d]
		early += float64(l.core.K.Dot(head, head))
		all += float64(l.core.K.Dot(rows, rows))
	}
	if all == 0 {
		return 0
	}
	return math.Sqrt(early / all)
}

// gather copies those trials up to step to, trial by trial, and what was decided from step from on.
func (l *learner) gather(a *actor, trials []int, from, to int) {
	b, w, m := a.arena.Size(), a.arena.Spec().Obs, &l.batch
	l.obs.Shape = []int{len(trials) * to, w}
	l.obs.Data, l.begins = l.obs.Data[:0], l.begins[:0]
	m.Action, m.LogProb, m.Value = m.Action[:0], m.LogProb[:0], m.Value[:0]
	m.Advantage, m.Return = m.Advantage[:0], m.Return[:0]
	for _, e := range trials {
		for t := range to {
			i := t*b + e
			l.obs.Data, l.begins = append(l.obs.Data, a.obs[i*w:(i+1)*w]...), append(l.begins, a.began[i])
			if t < from {
				continue
			}
			j := i - from*b
			m.Action, m.LogProb, m.Value = append(m.Action, a.action[i]), append(m.LogProb, a.logProb[i]), append(m.Value, a.value[i])
			m.Advantage, m.Return = append(m.Advantage, l.advantage[j]), append(m.Return, l.returns[j])
		}
	}
}

// Snapshot writes parameters, optimiser and streams.
func (l *learner) Snapshot(w io.Writer) error { return rl.WriteParts(w, l.parts()...) }

// Restore reads what Snapshot wrote, into a learner made in the same way.
func (l *learner) Restore(r io.Reader) error { return rl.ReadParts(r, l.parts()...) }

func (l *learner) parts() []rl.Part {
	return []rl.Part{{Name: "weights", State: rl.Weights(l.params, l.opt)}, {Name: "shuffle", State: rl.Stream(l.shuffle)},
		{Name: "lengths", State: rl.Stream(l.lengths)}}
}
