package clone

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// Learner makes gradient steps that any loss on its tape asks for. What a policy is, is the caller's business.
type Learner struct {
	Knobs  Knobs
	Params []*num.Tensor
	Opt    *nn.Adam
	Rate   float64 // learning rate of the next steps; starts as the knob says

	core *num.Core
	tape *num.Tape
}

// NewLearner returns a learner of those parameters with a new optimiser.
func NewLearner(core *num.Core, params []*num.Tensor, k Knobs) *Learner {
	return &Learner{Knobs: k, Params: params, Opt: nn.NewAdam(params), Rate: k.LearningRate, core: core, tape: num.NewTape(core)}
}

// Step makes one gradient step on the loss that record puts on the tape. It looks at ctx once. A loss or gradient that is not a finite
// number is an error, and no parameter moves.
func (l *Learner) Step(ctx context.Context, record func(t *num.Tape) (*num.Tensor, Stats)) (Stats, error) {
	if err := ctx.Err(); err != nil {
		return Stats{}, err
	}
	l.tape.Reset()
	loss, s := record(l.tape)
	if !finite(s.Loss) {
		return s, lab.Errorf(lab.Internal, "loss is %g after %d gradient steps", s.Loss, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.tape.Backward(loss)
	if norm := nn.ClipNorm(&l.core.K, l.Params, l.Knobs.MaxGradNorm); !finite(norm) {
		return s, lab.Errorf(lab.Internal, "norm of the gradient is %g after %d gradient steps", norm, l.Opt.Steps()).WithHint("lower rl.learning_rate")
	}
	l.Opt.Step(&l.core.K, l.Rate)
	return s, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Snapshot implements lab.Snapshotter: parameters, optimiser and learning rate.
func (l *Learner) Snapshot(w io.Writer) error {
	return rl.WriteParts(w, rl.Part{Name: "weights", State: rl.Weights(l.Params, l.Opt)}, rl.Part{Name: "rate", State: rl.JSON(&l.Rate)})
}

// Restore implements lab.Snapshotter, for a learner made in the same way.
func (l *Learner) Restore(r io.Reader) error {
	return rl.ReadParts(r, rl.Part{Name: "weights", State: rl.Weights(l.Params, l.Opt)}, rl.Part{Name: "rate", State: rl.JSON(&l.Rate)})
}
