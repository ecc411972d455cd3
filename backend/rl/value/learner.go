package value

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
)

// Learner makes gradient steps of deep Q-learning, on transitions or on windows of sequences: double and n-step targets, Huber loss,
// conservative term and value rescaling as the knobs say. After the first step of the same sizes it allocates nothing.
type Learner struct {
	Net, Slow *QNet
	Knobs     Knobs
	Loss      Loss
	Opt       *nn.Adam
	Rate      float64 // learning rate of the next steps; starts as the knob says
	// Target and Mask [N] are those of the last step, in the order of its rows; with windows [T+1][n], the last row without target.
	Target, Mask []float32

	core         *num.Core
	tape, look   *num.Tape // with gradients, and without
	params, slow []*num.Tensor

	obs, next, state0 num.Tensor // views of a batch
	fresh             []bool
	discount, boot    []float32
	lost              []bool
	burn              burnIn
}

// NewLearner returns a learner with a new optimiser. Slow is a network made in the same way, into which net is copied.
func NewLearner(core *num.Core, net, slow *QNet, k Knobs) *Learner {
	l := &Learner{Net: net, Slow: slow, Knobs: k, Loss: Loss{Delta: k.Huber, CQL: k.CQL}, Rate: k.LearningRate, core: core,
		tape: num.NewTape(core), look: num.NewTape(core), params: net.Params(), slow: slow.Params()}
	l.Opt = nn.NewAdam(l.params)
	Follow(&core.K, l.slow, l.params, 1)
	l.burn.run = l.burnRows
	return l
}

// view makes dst look at data as [steps][n][last].
func view(dst *num.Tensor, data []float32, steps, n, last int) *num.Tensor {
	dst.Shape, dst.Data = append(dst.Shape[:0], steps, n, last), data
	return dst
}

// Step makes one gradient step on transitions; a memory starts empty at each of them. It looks at ctx once. A loss or gradient that is
// not a finite number is an error, and no parameter moves.
func (l *Learner) Step(ctx context.Context, b *replay.Batch) (Stats, error) {
	if err := ctx.Err(); err != nil {
		return Stats{}, err
	}
	n, o := len(b.Action), l.Net.Inputs()
	l.fresh, l.boot = grow(l.fresh, n), grow(l.boot, n)
	l.Target, l.Mask, l.discount = grow(l.Target, n), grow(l.Mask, n), grow(l.discount, n)
	for i := range l.fresh {
		l.fresh[i], l.Mask[i] = true, 1
	}
	l.emptyState(n)
	next := view(&l.next, b.Next.Data, 1, n, o)
	l.look.Reset()
	slow := l.Slow.Sequence(l.look, next, &l.state0, l.fresh)
	fast := slow
	if l.Knobs.Double {
		fast = l.Net.Sequence(l.look, next, &l.state0, l.fresh)
	}
	Double(fast.Data, slow.Data, l.Net.Actions(), l.boot)
	Discounts(b.Terminal, l.Knobs.Gamma, l.discount)
	l.unscale(l.boot)
	OneStep(b.Reward, l.discount, l.boot, l.Target)
	l.rescale(l.Target)
	l.tape.Reset()
	q := l.Net.Sequence(l.tape, view(&l.obs, b.Obs.Data, 1, n, o), &l.state0, l.fresh)
	return l.descend(q, Samples{Action: b.Action, Target: l.Target, Weight: b.Weight})
}

func (l *Learner) emptyState(n int) {
	s := l.Net.Memory.Size().State
	l.state0.Shape, l.state0.Data = append(l.state0.Shape[:0], n, s), grow(l.state0.Data, n*s)
	clear(l.state0.Data)
}

func (l *Learner) unscale(x []float32) {
	if l.Knobs.Rescale {
		for i, v := range x {
			x[i] = float32(Unscale(float64(v)))
		}
	}
}

func (l *Learner) rescale(x []float32) {
	if l.Knobs.Rescale {
		for i, v := range x {
			x[i] = float32(Rescale(float64(v)))
		}
	}
}

// descend moves the parameters by the loss of values that are on the tape, and the slow copy behind them.
func (l *Learner) descend(q *num.Tensor, b Samples) (Stats, error) {
	loss, s := l.Loss.Record(l.tape, q, b)
	if !finite(s.Loss) {
		return s, lab.Errorf(lab.Internal, "loss is %g after %d gradient steps", s.Loss, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.tape.Backward(loss)
	s.GradNorm = nn.ClipNorm(&l.core.K, l.params, l.Knobs.MaxGradNorm)
	if !finite(s.GradNorm) {
		return s, lab.Errorf(lab.Internal, "norm of the gradient is %g after %d gradient steps", s.GradNorm, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.Opt.Step(&l.core.K, l.Rate)
	if l.Opt.Steps()%int64(l.Knobs.TargetEvery) == 0 {
		Follow(&l.core.K, l.slow, l.params, l.Knobs.Tau)
	}
	return s, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Snapshot implements lab.Snapshotter: both networks, optimiser and learning rate.
func (l *Learner) Snapshot(w io.Writer) error {
	return rl.WriteParts(w, rl.Part{Name: "weights", State: rl.Weights(l.params, l.Opt)}, rl.Part{Name: "slow", State: rl.Weights(l.slow, nil)},
		rl.Part{Name: "rate", State: rl.JSON(&l.Rate)})
}

// Restore implements lab.Snapshotter, for a learner made in the same way.
func (l *Learner) Restore(r io.Reader) error {
	return rl.ReadParts(r, rl.Part{Name: "weights", State: rl.Weights(l.params, l.Opt)}, rl.Part{Name: "slow", State: rl.Weights(l.slow, nil)},
		rl.Part{Name: "rate", State: rl.JSON(&l.Rate)})
}
