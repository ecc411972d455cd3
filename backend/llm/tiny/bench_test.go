package tiny

import (
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

var benchShape = nn.DecoderShape{
	Vocab: 512, Width: 128, Layers: 4, Heads: 4, KVHeads: 4, HeadDim: 32, Inner: 384, Context: 256, Theta: 10_000, Eps: 1e-5, Tied: true,
}

// benchmark reports tokens a second and the share of the peak of products on two workers that the products of the generated tokens
// alone would be: what attention, sampling and prompts cost is not counted as work.
func benchmark(b *testing.B, prompts, samples, promptTokens, tokens, workers int) {
	core := newCore(b, num.Families()[0], workers)
	s := New(core, nn.NewDecoder(rng.New(1, "model"), benchShape), nil)
	stream := rng.New(1, "prompts")
	var requests []llm.Request
	for i := range prompts {
		requests = append(requests, llm.Request{
			Prompt: randomTokens(stream, benchShape.Vocab, promptTokens), N: samples,
			Sampling: llm.Sampling{MaxTokens: tokens, Temperature: 1, Seed: uint64(100 * i)},
		})
	}
	peak := num.PeakGFLOPS(core.K, 20e6) * float64(workers) * 1e9
	for b.Loop() {
		sample(b, s, requests...)
	}
	rate := float64(prompts*samples*tokens) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "tokens/s")
	b.ReportMetric(100*rate*2*float64(s.w.size())/peak, "%peak")
}

// Decode 64 tokens after 64.
func BenchmarkDecode1(b *testing.B)  { benchmark(b, 1, 1, 64, 64, 2) }
func BenchmarkDecode64(b *testing.B) { benchmark(b, 64, 1, 64, 64, 2) }

// BenchmarkGroup is what an update of GRPO samples: 16 prompts of 128 tokens, 8 continuations of 32 each.
func BenchmarkGroup(b *testing.B) { benchmark(b, 16, 8, 128, 32, 2) }

// BenchmarkRead is the reading of prompts: 16 of 128 tokens.
func BenchmarkRead(b *testing.B) { benchmark(b, 16, 1, 128, 1, 2) }
