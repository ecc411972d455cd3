package local

import (
	"fmt"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

func greedy(t *testing.T, s llm.Sampler) string {
	t.Helper()
	r, err := s.Sample(t.Context(), []llm.Request{{Prompt: []int32{1, 2, 3}, N: 1, Sampling: llm.Sampling{MaxTokens: 8}}})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(r[0].Sequences)
}

func TestASamplerStaysAsItWasMade(t *testing.T) {
	for _, o := range []Options{{}, {Rank: 2}} {
		tr := newTrainer(t, o)
		learn(t, tr, rows("warm", 12, 9), ce)
		step(t, tr, trainer.NewAdam(1e-2))
		s, err := tr.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := greedy(t, s)
		learn(t, tr, rows("on", 12, 9), ce)
		step(t, tr, trainer.NewAdam(1e-1))
		if after := greedy(t, s); after != before {
			t.Errorf("rank %d: %s became %s", o.Rank, before, after)
		}
		if s, err := tr.Sampler(t.Context()); err != nil || greedy(t, s) == before {
			t.Errorf("rank %d: a new sampler is no other than the old one, %v", o.Rank, err)
		}
	}
}

func TestSampledLogprobsAreThoseOfForward(t *testing.T) {
	for _, o := range []Options{{}, {Rank: 3, Seed: 2}} {
		tr := newTrainer(t, o)
		learn(t, tr, rows("warm", 12, 9), ce)
		step(t, tr, trainer.NewAdam(3e-2))
		s, err := tr.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		prompt := []int32{1, 5, 2, 9}
		r, err := s.Sample(t.Context(), []llm.Request{{Prompt: prompt, N: 6, Sampling: llm.Sampling{MaxTokens: 20, Temperature: 1, Seed: 3}, PromptLogprobs: true}})
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(float64(r[0].Prompt[0])) {
			t.Error("the first token of the prompt has a log-probability")
		}
		g := rl.Trajectory{}
		var data []rl.Datum
		for _, q := range r[0].Sequences {
			g.Segments = []rl.Segment{{Context: prompt, Tokens: q.Tokens, Logprobs: q.Logprobs}}
			d, err := rl.Rows(&g, 1)
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, d...)
		}
		out, err := tr.Forward(t.Context(), data, rl.Loss{Name: rl.PPO}).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range out.Rows {
			for j, lp := range row.Logprobs {
				want := data[i].Logprobs[j]
				if j < 3 {
					want = r[0].Prompt[j+1]
				}
				if math.Abs(float64(lp-want)) > 1e-5 {
					t.Errorf("rank %d, row %d, position %d: forward %v, sampled %v", o.Rank, i, j, lp, want)
				}
			}
		}
	}
}
