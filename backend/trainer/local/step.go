package local

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/trainer"
)

// OptimStep implements trainer.Trainer: AdamW with the numbers of this call. The metrics hold the norm of all gradients before they
// were clipped. A norm that is not finite is an error of code invalid: the weights stay and the gradients are dropped, since no later
// step could use them.
func (t *Trainer) OptimStep(ctx context.Context, adam trainer.Adam) *trainer.Future[trainer.Metrics] {
	if err := ctx.Err(); err != nil {
		return trainer.Ready[trainer.Metrics](nil, err)
	}
	if err := checkAdam(adam); err != nil {
		return trainer.Ready[trainer.Metrics](nil, err)
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.used = true
	norm, err := t.clip(adam.GradClipNorm)
	if err != nil {
		return trainer.Ready[trainer.Metrics](nil, err)
	}
	t.adam.Beta1, t.adam.Beta2, t.adam.Eps, t.adam.Decay = adam.Beta1, adam.Beta2, adam.Eps, adam.WeightDecay
	t.adam.Step(&t.core.K, adam.LearningRate)
	return trainer.Ready(trainer.Metrics{"grad_norm:mean": norm}, nil)
}

// clip bounds the norm of the gradients, 0 for no bound, and returns what it was.
func (t *Trainer) clip(limit float64) (float64, error) {
	if limit == 0 {
		limit = math.MaxFloat64
	}
	norm := nn.ClipNorm(&t.core.K, t.params, limit)
	if !math.IsNaN(norm) && !math.IsInf(norm, 0) {
		return norm, nil
	}
	for _, p := range t.params {
		p.ZeroGrad()
	}
	return norm, lab.Errorf(lab.Invalid, "norm of the gradients is %v, want a finite number", norm).WithHint("lower the learning rate, or make advantages smaller")
}

func checkAdam(a trainer.Adam) error {
	for _, n := range []struct {
		name  string
		value float64
		below float64
	}{{"learning_rate", a.LearningRate, math.Inf(1)}, {"beta1", a.Beta1, 1}, {"beta2", a.Beta2, 1}, {"eps", a.Eps, math.Inf(1)},
		{"weight_decay", a.WeightDecay, math.Inf(1)}, {"grad_clip_norm", a.GradClipNorm, math.Inf(1)}} {
		if !(n.value >= 0 && n.value < n.below) {
			return lab.Errorf(lab.Invalid, "%s of the optimiser is %v, want at least 0 and below %v", n.name, n.value, n.below)
		}
	}
	return nil
}
