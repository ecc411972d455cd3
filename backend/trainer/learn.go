package trainer

import (
	"context"

	"github.com/loci-lab/loci/backend/rl"
)

// Learn is one step of reinforcement: gradients of the clipped loss over rows whose log-probabilities are those of the draw, and one step of
// Adam on them.
func Learn(ctx context.Context, t Trainer, data []rl.Datum, k rl.GRPOKnobs) (Output, error) {
	return step(ctx, t, data, k.Loss(), k.Rate, k.GradClip)
}

// Imitate is one supervised step: cross entropy, and one step of Adam.
func Imitate(ctx context.Context, t Trainer, data []rl.Datum, rate, clip float64) (Output, error) {
	return step(ctx, t, data, rl.Loss{Name: rl.CrossEntropy}, rate, clip)
}

func step(ctx context.Context, t Trainer, data []rl.Datum, loss rl.Loss, rate, clip float64) (Output, error) {
	out, err := t.ForwardBackward(ctx, data, loss).Wait(ctx)
	if err != nil {
		return out, err
	}
	adam := NewAdam(rate)
	adam.Eps, adam.GradClipNorm = 1e-8, clip
	_, err = t.OptimStep(ctx, adam).Wait(ctx)
	return out, err
}
