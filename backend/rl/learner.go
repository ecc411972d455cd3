package rl

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Learner makes gradient steps of PPO on minibatches of whole sequences, from the states stored at their starts: truncated
// back-propagation through time, whose gradients end at the first step of the rollout.
// After the first update of the same sizes it allocates nothing.
type Learner struct {
	Policy *ActorCritic
	Loss   PPOLoss
	Opt    *nn.Adam
	Rate   float64    // learning rate of the next steps; starts as the knob says
	Batch  *Minibatch // of the last step: what to look at when it went wrong

	core   *num.Core
	tape   *num.Tape
	params []*num.Tensor
	stream *rng.Stream
	perm   []int
	parts  [][]int
}

// NewLearner returns a learner with a new optimiser; the stream shuffles environments into minibatches.
func NewLearner(core *num.Core, p *ActorCritic, k PPOKnobs, stream *rng.Stream) *Learner {
	params := p.Params()
	return &Learner{
		Policy: p, Loss: PPOLoss{Knobs: k}, Opt: nn.NewAdam(params), Rate: k.LearningRate, Batch: new(Minibatch),
		core: core, tape: num.NewTape(core), params: params, stream: stream,
	}
}

// Shuffle deals the environments of a rollout into minibatches by chance, sizes equal or one apart. The result is valid until the
// next call.
func (l *Learner) Shuffle(r *Rollout) [][]int {
	l.perm = grow(l.perm, r.Envs)
	l.stream.Perm(l.perm)
	n := min(l.Loss.Knobs.Minibatches, r.Envs)
	l.parts = l.parts[:0]
	for i := range n {
		l.parts = append(l.parts, l.perm[i*r.Envs/n:(i+1)*r.Envs/n])
	}
	return l.parts
}

// Forward gathers those environments and records their loss with normalised advantages, without a gradient step: for looking at
// ratios before an update.
func (l *Learner) Forward(r *Rollout, envs []int) (loss *num.Tensor, s Stats) {
	m := l.Batch
	m.Gather(r, envs)
	Normalise(m.Advantage)
	l.tape.Reset()
	return l.Loss.Record(l.tape, l.Policy.Sequence(l.tape, m.Obs, m.State0, m.Fresh), m)
}

// Step makes one gradient step on those environments of a rollout. A loss or gradient that is not a finite number is an error, and
// no parameter moves.
func (l *Learner) Step(r *Rollout, envs []int) (Stats, error) {
	loss, s := l.Forward(r, envs)
	if !finite(s.Loss) {
		return s, lab.Errorf(lab.Internal, "loss is %g after %d gradient steps", s.Loss, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.tape.Backward(loss)
	s.GradNorm = nn.ClipNorm(&l.core.K, l.params, l.Loss.Knobs.MaxGradNorm)
	if !finite(s.GradNorm) {
		return s, lab.Errorf(lab.Internal, "norm of the gradient is %g after %d gradient steps", s.GradNorm, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.Opt.Step(&l.core.K, l.Rate)
	return s, nil
}

// Update is the usual order of a PPO update: advantages, then epochs over minibatches. It looks at ctx once a minibatch and returns
// means over all of them.
func (l *Learner) Update(ctx context.Context, r *Rollout) (mean Stats, err error) {
	k := &l.Loss.Knobs
	GAE(r.Reward, r.Value, r.Done, r.Last, k.Gamma, k.Lambda, r.Advantage, r.Return)
	for range k.Epochs {
		parts := l.Shuffle(r)
		for _, envs := range parts {
			if err := ctx.Err(); err != nil {
				return mean, err
			}
			s, err := l.Step(r, envs)
			if err != nil {
				return mean, err
			}
			mean.Add(s, 1/float64(k.Epochs*len(parts)))
		}
	}
	return mean, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Snapshot writes parameters, optimiser, learning rate and stream.
func (l *Learner) Snapshot(w io.Writer) error {
	return WriteParts(w, Part{"weights", Weights(l.params, l.Opt)}, Part{"rate", number{&l.Rate}}, Part{"shuffle", Stream(l.stream)})
}

// Restore reads what Snapshot wrote, into a learner made in the same way.
func (l *Learner) Restore(r io.Reader) error {
	return ReadParts(r, Part{"weights", Weights(l.params, l.Opt)}, Part{"rate", number{&l.Rate}}, Part{"shuffle", Stream(l.stream)})
}
