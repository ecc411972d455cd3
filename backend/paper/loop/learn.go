package loop

import (
	"context"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
)

// learner moves the weights by the attempts of one iteration.
type learner struct {
	k     *RLKnobs
	train trainer.Trainer
	ref   llm.Sampler // the warm start; nil where nothing holds the policy to it
	draw  *rng.Stream // orders the attempts
	seen  *learned
}

// learn is the inner loop of algorithm 1: log-probabilities anew by what trains, then passes over shuffled minibatches,
//
//	old = logp(D);  for epoch in 1..epochs: for minibatch of shuffle(D): maximise mean over it of J
//
// until the policy has moved too far from the one that played.
func (l *learner) learn(ctx context.Context, list []attempt) error {
	at := kept(l.k, list)
	l.seen.used = len(at)
	if len(at) == 0 {
		return nil
	}
	chosen := make([]attempt, len(at))
	for i, j := range at {
		chosen[i] = list[j]
	}
	if err := l.recompute(ctx, chosen); err != nil {
		return err
	}
	for epoch := range l.k.Epochs {
		order := make([]int, len(chosen))
		l.draw.Perm(order)
		n := l.k.batch(len(chosen))
		for from := 0; from < len(order); from += n {
			batch := make([]attempt, 0, n)
			for _, i := range order[from:min(from+n, len(order))] {
				batch = append(batch, chosen[i])
			}
			far, err := l.step(ctx, batch, epoch)
			if err != nil || far {
				return err
			}
		}
	}
	return nil
}

// recompute puts the trainer's own log-probabilities in the place of the sampler's: else the ratio of the first step is not 1 where the two
// compute in different ways. It notes how far they are apart.
func (l *learner) recompute(ctx context.Context, list []attempt) error {
	rows := make([]rl.Datum, len(list))
	for i := range list {
		rows[i] = list[i].row
	}
	out, err := l.train.Forward(ctx, rows, rl.Loss{Name: rl.ImportanceSampling}).Wait(ctx)
	if err != nil {
		return err
	}
	l.seen.gap = max(l.seen.gap, trainer.LargestGap(rows, out))
	for i := range list {
		list[i].row.Logprobs = out.Rows[i].Logprobs
	}
	return nil
}

// step is one optimiser step on a minibatch. It returns whether the policy has moved so far that the iteration is to stop learning.
func (l *learner) step(ctx context.Context, batch []attempt, epoch int) (far bool, err error) {
	rows := make([]rl.Datum, len(batch))
	for i := range batch {
		rows[i] = batch[i].row
	}
	var now [][]float32
	switch {
	case l.k.Learner == Rejection:
		now, err = l.imitate(ctx, batch, rows)
	case l.k.Learner == Critic:
		now, err = l.judge(ctx, batch, rows)
	case l.k.Ratio == ByToken:
		now, err = l.byToken(ctx, batch, rows)
	default:
		now, err = l.byUnit(ctx, batch, rows)
	}
	if err != nil {
		return false, err
	}
	l.seen.step(l.k, batch, now, epoch)
	if l.k.KL > 0 {
		if err := l.hold(ctx, rows, now); err != nil {
			return false, err
		}
	}
	adam := trainer.NewAdam(l.k.Rate)
	adam.Eps, adam.GradClipNorm = 1e-8, l.k.GradClip
	if _, err := l.train.OptimStep(ctx, adam).Wait(ctx); err != nil {
		return false, err
	}
	return l.seen.moved > l.k.StopKL, nil
}

func logprobs(out trainer.Output) [][]float32 {
	now := make([][]float32, len(out.Rows))
	for i := range out.Rows {
		now[i] = out.Rows[i].Logprobs
	}
	return now
}

// byToken is the gradient with a ratio for each token: the clipped loss of the training protocol, with A / |a| as the advantage of a token
// and the mean over the minibatch.
func (l *learner) byToken(ctx context.Context, batch []attempt, rows []rl.Datum) ([][]float32, error) {
	for i := range batch {
		rows[i].Advantages = everywhere(&rows[i], batch[i].advantage/float64(batch[i].tokens*len(batch)))
	}
	out, err := l.train.ForwardBackward(ctx, rows, l.clipped()).Wait(ctx)
	return logprobs(out), err
}

// clipped is the loss with the bounds [1 / (1 + eps), 1 + eps].
func (l *learner) clipped() rl.Loss {
	low, high := l.k.bounds()
	return rl.Loss{Name: rl.PPO, Config: map[string]float64{rl.ClipLow: low, rl.ClipHigh: high}}
}

// everywhere has a value at each trained token.
func everywhere(d *rl.Datum, value float64) []float32 {
	all := make([]float32, len(d.Input))
	for t, w := range d.Weights {
		if w != 0 {
			all[t] = float32(value)
		}
	}
	return all
}

// byUnit is the gradient with a ratio for each turn or trajectory. The protocol has no such loss, so the derivative by each
// log-probability is worked out here and handed over as the weights of a cross entropy, whose gradient is that of the objective.
func (l *learner) byUnit(ctx context.Context, batch []attempt, rows []rl.Datum) ([][]float32, error) {
	out, err := l.train.Forward(ctx, rows, rl.Loss{Name: rl.ImportanceSampling}).Wait(ctx)
	if err != nil {
		return nil, err
	}
	now := logprobs(out)
	low, high := l.k.bounds()
	terms := make([]rl.Datum, len(batch))
	for i := range batch {
		slope := make([]float32, len(rows[i].Input))
		slopes(&batch[i], l.k.Ratio, now[i], low, high, slope)
		for t := range slope {
			slope[t] /= float32(len(batch))
		}
		terms[i] = rl.Datum{Input: rows[i].Input, Targets: rows[i].Targets, Weights: slope}
	}
	_, err = l.train.ForwardBackward(ctx, terms, rl.Loss{Name: rl.CrossEntropy}).Wait(ctx)
	return now, err
}

// imitate is the gradient of rejection fine-tuning: the log-likelihood of what passed, 1/|a| for each attempt.
func (l *learner) imitate(ctx context.Context, batch []attempt, rows []rl.Datum) ([][]float32, error) {
	terms := make([]rl.Datum, len(batch))
	for i := range batch {
		terms[i] = rl.Datum{Input: rows[i].Input, Targets: rows[i].Targets, Weights: everywhere(&rows[i], 1/float64(batch[i].tokens*len(batch)))}
	}
	out, err := l.train.ForwardBackward(ctx, terms, rl.Loss{Name: rl.CrossEntropy}).Wait(ctx)
	return logprobs(out), err
}

// judge is the gradient with a critic (proximal policy optimisation, arXiv 1707.06347v2): a value head on the model says before each
// token what the attempt will earn,
//
//	A_t = R - V(s_t)      (one reward at the end, nothing discounted, lambda 1)
//	loss = clipped ratio with A_t / |a|  +  weight * mean of (V(s_t) - R)^2 / 2
func (l *learner) judge(ctx context.Context, batch []attempt, rows []rl.Datum) ([][]float32, error) {
	free := rl.Loss{Name: rl.PPOCritic, Config: map[string]float64{rl.ValueClip: 1e6}} // values may move as far as they like
	critics := make([]rl.Datum, len(rows))
	for i := range rows {
		weights := everywhere(&rows[i], 1)
		critics[i] = rl.Datum{Input: rows[i].Input, Weights: weights, Returns: everywhere(&rows[i], batch[i].reward), Values: make([]float32, len(rows[i].Input))}
	}
	values, err := l.train.Forward(ctx, critics, free).Wait(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		l.seen.value(overValues(&rows[i], &critics[i], values.Rows[i].Logprobs, &batch[i], len(batch), l.k.ValueWeight))
	}
	out, err := l.train.ForwardBackward(ctx, rows, l.clipped()).Wait(ctx)
	if err != nil {
		return nil, err
	}
	_, err = l.train.ForwardBackward(ctx, critics, free).Wait(ctx)
	return logprobs(out), err
}

// overValues writes the advantages of one attempt over the values of its tokens, and the weights of its critic's row. It returns the mean
// square error of the values.
func overValues(row, critic *rl.Datum, values []float32, a *attempt, n int, weight float64) (fault float64) {
	row.Advantages = make([]float32, len(row.Input))
	for t, w := range row.Weights {
		if w == 0 {
			continue
		}
		over := a.reward - float64(values[t])
		critic.Values[t] = values[t]
		row.Advantages[t] = float32(over / float64(a.tokens*n))
		critic.Weights[t] = float32(weight / float64(n)) // the critic's loss is a mean over the row
		fault += over * over / float64(a.tokens)
	}
	return fault
}

// hold adds the gradient of a divergence from the warm start (arXiv 2402.03300v3, sec. 4.1, estimator k3), in the mean over the tokens of
// an attempt and over the minibatch.
func (l *learner) hold(ctx context.Context, rows []rl.Datum, now [][]float32) error {
	requests := make([]llm.Request, len(rows))
	for i := range rows {
		whole := append(rows[i].Input[:len(rows[i].Input):len(rows[i].Input)], rows[i].Targets[len(rows[i].Targets)-1])
		requests[i] = llm.Request{Prompt: whole, N: 1, PromptLogprobs: true}
	}
	replies, err := l.ref.Sample(ctx, requests)
	if err != nil {
		return err
	}
	terms := make([]rl.Datum, len(rows))
	for i := range rows {
		n := 0
		for _, s := range turns(&rows[i]) {
			n += s.to - s.from
		}
		if terms[i], err = rl.K3.Term(&rows[i], now[i], replies[i].Prompt[1:], l.k.KL/float64(n*len(rows))); err != nil {
			return err
		}
	}
	_, err = l.train.ForwardBackward(ctx, terms, rl.Loss{Name: rl.CrossEntropy}).Wait(ctx)
	return err
}

// reference is the warm start, which stays as it is.
func (m *method) reference() llm.Sampler {
	if m.anchor == nil && m.knobs.KL > 0 {
		m.anchor = tiny.New(m.core, m.model.Warm.Model(), m.words)
	}
	return m.anchor
}
