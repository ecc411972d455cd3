package nn

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// BenchmarkDecoderStep is a training step on next tokens, Adam included: width 128, 4 layers of 4 heads, inner width 352 (gated, so as
// many weights as 4*128 without a gate), vocabulary 512, tied, 32 rows of 128 tokens that share nothing, in packs of 1024. Its product flops are six for
// each weight and token, and six times the causal half of the scores and of what they weigh.
func BenchmarkDecoderStep(b *testing.B) {
	shape := DecoderShape{Vocab: 512, Width: 128, Layers: 4, Heads: 4, KVHeads: 4, HeadDim: 32, Inner: 352, Context: 128, Theta: 1e4,
		Eps: 1e-5, Tied: true}
	const rows, steps = 32, 128
	r := rand.New(rand.NewPCG(1, 2))
	var batch []Row
	for range rows {
		batch = append(batch, everyRead(r, shape.Vocab, randomTokens(r, shape.Vocab, steps)))
	}
	packs, _ := PackRows(batch, 1024)
	d, n := float64(shape.Width), float64(rows*steps)
	flops := 6 * n * (d*float64(shape.Vocab) + float64(shape.Layers)*(4*d*d+3*d*float64(shape.Inner)+d*steps))
	seed := make([]float32, rows*steps)
	for i := range seed {
		seed[i] = -1 / float32(len(seed))
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			m, tape := NewDecoder(rng.New(1, "decoder"), shape), testTape(b, "", workers)
			adam := NewAdam(m.Params())
			step := func() {
				for _, p := range packs {
					tape.Reset()
					tape.BackwardFrom(m.Logprobs(tape, p), seed[:len(p.Reads)])
				}
				adam.Step(&tape.Core.K, 1e-4)
			}
			step()
			peak := float64(workers) * num.PeakGFLOPS(tape.Core.K, 100*time.Millisecond)
			b.ResetTimer()
			for b.Loop() {
				step()
			}
			rate := flops * float64(b.N) / b.Elapsed().Seconds() / 1e9
			b.ReportMetric(rate, "GFLOP/s")
			b.ReportMetric(100*rate/peak, "%peak")
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(float64(tape.Bytes())/float64(len(packs[0].Tokens)), "B/token")
		})
	}
}
