package app

import (
	"context"
	"time"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/local"
)

const (
	grpoPrompts, grpoSamples, grpoPrompt, grpoReply = 16, 8, 128, 32
	grpoSeconds                                     = 2 // that an update may take on two cores
)

// benchLMGRPO measures whole updates: groups of samples by the present weights, then a step on their advantages.
func benchLMGRPO(ctx context.Context, l *benchLab) ([]measure, error) {
	var all, sampling, training []float64
	err := l.inRounds(ctx, func(r int) error {
		s, t, err := grpoUpdate(ctx, l.kernels, lmShape(), l.threads, uint64(r))
		all, sampling, training = append(all, (s+t).Seconds()), append(sampling, s.Seconds()), append(training, t.Seconds())
		return err
	})
	if err != nil {
		return nil, err
	}
	var most *limit // the bound is named for two cores
	if l.threads == 2 {
		most = atMost(grpoSeconds)
	}
	return onThreads(l.threads, []measure{
		{Name: "one update", Unit: "s", Rounds: all, Limit: most, Note: "16 prompts of 128 tokens, 8 samples of 32 tokens each; a prompt is computed once for its samples, in both halves"},
		{Name: "its sampling", Unit: "s", Rounds: sampling},
		{Name: "its training", Unit: "s", Rounds: training},
	}), nil
}

// grpoUpdate returns how long the two halves of the second update take; the first is the warm-up.
func grpoUpdate(ctx context.Context, k num.Kernels, shape nn.DecoderShape, threads int, seed uint64) (sampling, training time.Duration, err error) {
	core := num.NewCore(k, threads)
	defer core.Close()
	tr, err := local.New(core, nn.NewDecoder(rng.New(seed, "bench model"), shape), nil, local.Options{Lean: true})
	if err != nil {
		return 0, 0, err
	}
	defer tr.Close()
	var ask []llm.Request
	for i, prompt := range randomRows(seed, shape.Vocab, grpoPrompts, grpoPrompt) {
		ask = append(ask, llm.Request{Prompt: prompt, N: grpoSamples, Sampling: llm.Sampling{MaxTokens: grpoReply, Temperature: 1, Seed: uint64(100 * i)}})
	}
	for range 2 {
		start := time.Now()
		s, err := tr.Sampler(ctx)
		if err != nil {
			return 0, 0, err
		}
		replies, err := s.Sample(ctx, ask)
		if err != nil {
			return 0, 0, err
		}
		sampling, start = time.Since(start), time.Now()
		if err := lmStep(ctx, tr, grpoRows(ask, replies), rl.Loss{Name: rl.PPO}); err != nil {
			return 0, 0, err
		}
		training = time.Since(start)
	}
	return sampling, training, nil
}

// grpoRows turns samples into rows. Every other sample counts as right, so that no advantage is zero.
func grpoRows(ask []llm.Request, replies []llm.Reply) (rows []rl.Datum) {
	for i, r := range replies {
		for j, s := range r.Sequences {
			prompt, n := ask[i].Prompt, len(ask[i].Prompt)+len(s.Tokens)
			whole := append(append(make([]int32, 0, n), prompt...), s.Tokens...)
			d := rl.Datum{Input: whole[:n-1], Targets: whole[1:], Weights: make([]float32, n-1), Logprobs: make([]float32, n-1), Advantages: make([]float32, n-1)}
			for t, logprob := range s.Logprobs {
				at := len(prompt) - 1 + t
				d.Weights[at], d.Logprobs[at], d.Advantages[at] = 1, logprob, float32(1-2*(j%2))
			}
			rows = append(rows, d)
		}
	}
	return rows
}
