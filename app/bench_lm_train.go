package app

import (
	"context"
	"math"
	"time"

	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
)

const (
	lmRows, lmTokens = 32, 128
	lmSteps          = 6   // of training in a round
	lmTrainTimes     = 1.2 // times PyTorch that the median must reach
)

// benchLMTrain trains on next tokens here and in PyTorch, in turn, and measures how memory grows.
func benchLMTrain(ctx context.Context, l *benchLab) ([]measure, error) {
	p, err := findLMPeer(ctx, "lm-train", l)
	if err != nil {
		return nil, err
	}
	work := lmWork{Shape: lmShape(), Batch: lmRows, Length: lmTokens, Times: lmSteps}
	t := lmTable{flops: 3 * lmFlops(work.Shape, lmTokens/2.0), how: "attention and Adam fused"}
	err = l.inRounds(ctx, func(r int) error {
		peak := peakOf(l.kernels, l.threads)
		ours, err := lmTrain(ctx, l.kernels, work, l.threads, uint64(r))
		if err != nil {
			return err
		}
		var theirs lmRun
		if p != nil {
			if theirs, err = p.run(ctx, "--train", work, l.threads, r); err != nil {
				return err
			}
			l.say("lm-train: round %d: %s tokens/s here, %s with PyTorch", r+1, number(ours), number(theirs.rate()))
		}
		t.add(ours, theirs, peak)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(onThreads(l.threads, t.measures(atLeast(lmTrainTimes))), onThreads(1, lmMemory(l.kernels, work.Shape))...), nil
}

// lmTrain returns tokens a second of steps of the local trainer, Adam included, after one of warm-up.
func lmTrain(ctx context.Context, k num.Kernels, w lmWork, threads int, seed uint64) (float64, error) {
	core := num.NewCore(k, threads)
	defer core.Close()
	tr, err := local.New(core, nn.NewDecoder(rng.New(seed, "bench model"), w.Shape), nil, local.Options{})
	if err != nil {
		return 0, err
	}
	defer tr.Close()
	var data []rl.Datum
	for _, row := range randomRows(seed, w.Shape.Vocab, w.Batch, w.Length+1) {
		data = append(data, rl.Datum{Input: row[:w.Length], Targets: row[1:], Weights: constant(w.Length, 1/float32(w.Batch*w.Length))})
	}
	var start time.Time
	for i := range w.Times + 1 {
		if i == 1 {
			start = time.Now()
		}
		if err := lmStep(ctx, tr, data, rl.Loss{Name: rl.CrossEntropy}); err != nil {
			return 0, err
		}
	}
	return float64(w.Times*w.Batch*w.Length) / time.Since(start).Seconds(), nil
}

// lmStep takes one step on the rows.
func lmStep(ctx context.Context, tr trainer.Trainer, data []rl.Datum, loss rl.Loss) error {
	if _, err := tr.ForwardBackward(ctx, data, loss).Wait(ctx); err != nil {
		return err
	}
	_, err := tr.OptimStep(ctx, trainer.NewAdam(1e-4)).Wait(ctx)
	return err
}

func constant(n int, v float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// lmMemory measures what a tape keeps for packs of several sizes, forward and backward, and what a token of the cache takes.
func lmMemory(k num.Kernels, s nn.DecoderShape) []measure {
	var tokens, bytes []float64
	for _, batch := range []int{4, 8, 16, 32} {
		for _, length := range []int{32, 64, 128, 256} {
			tokens, bytes = append(tokens, float64(batch*length)), append(bytes, lmTapeBytes(k, s, batch, length))
		}
	}
	slope, off := fitLine(tokens, bytes)
	return []measure{
		{Name: "activations and their gradients, slope over batch x length", Unit: "B/token", Rounds: []float64{slope},
			Note: "measured with batches of 4 to 32 rows of 32 to 256 tokens, each batch as a whole; what is off the line is the head's block of logits and the scratch of attention"},
		{Name: "largest distance from the line, share of the largest size", Unit: "share", Rounds: []float64{off}},
		{Name: "cache of keys and values", Unit: "B/token", Rounds: []float64{float64(tiny.CacheBytes(s))}},
	}
}

// lmTapeBytes is what a new tape keeps after one forward and backward pass over a batch of rows that share nothing.
func lmTapeBytes(k num.Kernels, s nn.DecoderShape, batch, length int) float64 {
	core := num.NewCore(k, 1)
	defer core.Close()
	var rows []nn.Row
	for _, tokens := range randomRows(2, s.Vocab, batch, length) {
		row := nn.Row{Tokens: tokens}
		for i := range length {
			row.Reads = append(row.Reads, nn.Read{At: i, Target: tokens[(i+1)%length]})
		}
		rows = append(rows, row)
	}
	packs, _ := nn.PackRows(rows, 0)
	t := num.NewTape(core)
	t.BackwardFrom(nn.NewDecoder(rng.New(1, "bench model"), s).Logprobs(t, packs[0]), constant(batch*length, 1))
	return float64(t.Bytes())
}

// fitLine fits y = a + slope*x by least squares and returns the slope and the largest distance from the line, as a share of the largest y.
func fitLine(x, y []float64) (slope, off float64) {
	var mx, my, xx, xy, top float64
	for i := range x {
		mx, my, top = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x)), max(top, y[i])
	}
	for i := range x {
		xx, xy = xx+(x[i]-mx)*(x[i]-mx), xy+(x[i]-mx)*(y[i]-my)
	}
	slope = xy / xx
	for i := range x {
		off = max(off, math.Abs(y[i]-my-slope*(x[i]-mx))/top)
	}
	return slope, off
}
