package local

import (
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
)

// counting is a supervised row: from a random number on, each token is one more than the one before, modulo 10.
func counting(s *rng.Stream) (d rl.Datum) {
	first := s.IntN(10)
	for i := range 8 {
		d.Input, d.Targets = append(d.Input, int32((first+i)%10)), append(d.Targets, int32((first+i+1)%10))
		d.Weights = append(d.Weights, 1./8/16)
	}
	return d
}

func TestSupervisedLearningHalvesTheLossOfAToyTask(t *testing.T) {
	for _, o := range []Options{{}, {Rank: 4}} {
		tr := newTrainer(t, o)
		s := rng.New(3, "toy")
		var losses []float64
		for range 60 {
			var data []rl.Datum
			for range 16 {
				data = append(data, counting(s))
			}
			losses = append(losses, learn(t, tr, data, ce).Metrics[trainer.LossSum])
			step(t, tr, trainer.NewAdam(1e-2))
		}
		if first, last := losses[0], losses[59]; last > first/2 || first < 1 {
			t.Errorf("rank %d: loss went from %v to %v", o.Rank, first, last)
		}
	}
}

// wishes samples groups and rewards each attempt by its share of token 7.
func wishes(t testing.TB, tr *Trainer, prompts, g, tokens int, seed uint64) []rl.Group {
	t.Helper()
	s, err := tr.Sampler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := rng.New(seed, "prompts")
	requests := make([]llm.Request, prompts)
	for i := range requests {
		requests[i] = llm.Request{N: g, Sampling: llm.Sampling{MaxTokens: tokens, Temperature: 1, Seed: r.Uint64()}}
		for range tr.model.Shape.Context - tokens {
			requests[i].Prompt = append(requests[i].Prompt, int32(r.IntN(tr.model.Shape.Vocab)))
		}
	}
	replies, err := s.Sample(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	groups := make([]rl.Group, prompts)
	for i, reply := range replies {
		for _, q := range reply.Sequences {
			share := 0.0
			for _, id := range q.Tokens {
				if id == 7 {
					share += 1 / float64(len(q.Tokens))
				}
			}
			segment := rl.Segment{Context: requests[i].Prompt, Tokens: q.Tokens, Logprobs: q.Logprobs, Stop: q.Stop}
			groups[i].Trajectories = append(groups[i].Trajectories, rl.Trajectory{Segments: []rl.Segment{segment}, Reward: share})
		}
	}
	return groups
}

// update is one step of GRPO and returns the mean reward before it.
func update(t testing.TB, tr *Trainer, groups []rl.Group, rate float64) float64 {
	t.Helper()
	data, credited, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerToken}.Rows(groups)
	if err != nil {
		t.Fatal(err)
	}
	if out := learn(t, tr, data, rl.Loss{Name: rl.PPO}); len(out.Rows) != len(data) {
		t.Fatal("rows were lost")
	}
	adam := trainer.NewAdam(rate)
	adam.GradClipNorm = 1
	step(t, tr, adam)
	return credited.Reward
}

func TestRewardedTokensBecomeMoreFrequent(t *testing.T) {
	for _, o := range []Options{{Lean: true}, {Rank: 4, Lean: true}} {
		tr := newTrainer(t, o)
		var rewards []float64
		for n := range 13 {
			rewards = append(rewards, update(t, tr, wishes(t, tr, 4, 8, 10, uint64(n)), 2e-2))
		}
		if rise := rewards[12] - rewards[0]; rise < 0.2 {
			t.Errorf("rank %d: rewards %v", o.Rank, rewards)
		}
	}
}

// BenchmarkGRPO is one update of 16 prompts of 128 tokens with 8 samples of 32 tokens each, on two cores.
func BenchmarkGRPO(b *testing.B) {
	big := nn.DecoderShape{Vocab: 256, Width: 128, Layers: 4, Heads: 4, KVHeads: 4, HeadDim: 32, Inner: 344, Context: 160, Theta: 1e4, Eps: 1e-6, Tied: true}
	tr, err := New(newCore(b, 2), nn.NewDecoder(rng.New(1, "model"), big), nil, Options{Lean: true})
	if err != nil {
		b.Fatal(err)
	}
	var sampling, training time.Duration
	for n := 0; b.Loop(); n++ {
		begin := time.Now()
		groups := wishes(b, tr, 16, 8, 32, uint64(n))
		sampled := time.Now()
		update(b, tr, groups, 1e-4)
		sampling, training = sampling+sampled.Sub(begin), training+time.Since(sampled)
	}
	b.ReportMetric(sampling.Seconds()/float64(b.N), "s-sampling/op")
	b.ReportMetric(training.Seconds()/float64(b.N), "s-training/op")
}
