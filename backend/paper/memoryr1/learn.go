package memoryr1

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// learn moves a model by some groups: advantage = (r - mean of the group) / its standard deviation, clipped ratio. Groups without
// differences give no row, and an update without any row moves nothing. It returns how far sampler and trainer differ, in nats.
func learn(ctx context.Context, t trainer.Trainer, groups []rl.Group, k rl.GRPOKnobs) (gap float64, err error) {
	for part := range k.Minibatches {
		data, _, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}.Rows(rl.Share(groups, part, k.Minibatches))
		if err != nil {
			return gap, err
		}
		if len(data) == 0 {
			continue
		}
		out, err := trainer.Learn(ctx, t, data, k)
		if err != nil {
			return gap, err
		}
		if part == 0 {
			gap = trainer.LargestGap(data, out)
		}
	}
	return gap, nil
}

// learnWithCritic is the update with a critic (proximal policy optimisation, arXiv 1707.06347v2): a value head on the answer agent itself
// says before each token what the answer will earn,
//
//	A_t = r - V(s_t)         loss = clipped ratio with A  +  weight * mean of (V(s_t) - r)^2 / 2
//
// that is, one reward at the end, nothing discounted, lambda 1. Advantages are scaled to mean 0 and deviation 1 over the batch.
func learnWithCritic(ctx context.Context, t trainer.Trainer, groups []rl.Group, k rl.GRPOKnobs, knobs RLKnobs) ([]measure, error) {
	var data []rl.Datum
	for i := range groups {
		for g := range groups[i].Trajectories {
			tr := &groups[i].Trajectories[g]
			rows, err := rl.Rows(tr, tr.Reward)
			if err != nil {
				return nil, err
			}
			data = append(data, rows...)
		}
	}
	critics := criticRows(data)
	values, err := t.Forward(ctx, critics, criticLoss()).Wait(ctx)
	if err != nil {
		return nil, err
	}
	fault := judge(data, critics, values, knobs.Critic)
	out, err := t.ForwardBackward(ctx, data, k.Loss()).Wait(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := t.ForwardBackward(ctx, critics, criticLoss()).Wait(ctx); err != nil {
		return nil, err
	}
	adam := trainer.NewAdam(k.Rate)
	adam.Eps, adam.GradClipNorm = 1e-8, k.GradClip
	_, err = t.OptimStep(ctx, adam).Wait(ctx)
	return []measure{{MetricAnswerGap, trainer.LargestGap(data, out)}, {MetricValueError, fault}}, err
}

// criticLoss leaves values free to move: the bound around the old value is wider than any reward.
func criticLoss() rl.Loss {
	return rl.Loss{Name: rl.PPOCritic, Config: map[string]float64{rl.ValueClip: 1e6}}
}

// criticRows are the rows of the critic: the reward of an attempt is what its value head should have said before each of its tokens. The
// old values are not known yet.
func criticRows(data []rl.Datum) []rl.Datum {
	rows := make([]rl.Datum, len(data))
	for i, d := range data {
		rows[i] = rl.Datum{Input: d.Input, Weights: append([]float32(nil), d.Weights...), Returns: d.Advantages, Values: make([]float32, len(d.Input))}
	}
	return rows
}

// judge turns the rewards that stand in the rows as advantages into advantages over the critic's values, and weights the critic's rows. All
// is scaled so that sums are means over the trained tokens. It returns the mean square error of the values.
func judge(data, critics []rl.Datum, values trainer.Output, weight float64) (fault float64) {
	n, sum, square := 0.0, 0.0, 0.0
	for i := range data {
		advantages := make([]float32, len(data[i].Input))
		for t, w := range data[i].Weights {
			if w == 0 {
				continue
			}
			v := values.Rows[i].Logprobs[t]
			critics[i].Values[t] = v
			a := float64(data[i].Advantages[t]) - float64(v)
			advantages[t] = float32(a)
			n, sum, square = n+1, sum+a, square+a*a
		}
		data[i].Advantages = advantages
	}
	if n == 0 {
		return 0
	}
	mean := sum / n
	std := math.Sqrt(max(square/n-mean*mean, 0))
	for i := range data {
		for t, w := range data[i].Weights {
			if w != 0 {
				data[i].Advantages[t] = float32((float64(data[i].Advantages[t]) - mean) / (std + 1e-6) / n)
				critics[i].Weights[t] = float32(weight / float64(len(data))) // the critic's loss is a mean over the row
			}
		}
	}
	return square / n
}
