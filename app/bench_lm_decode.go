package app

import (
	"context"
	"fmt"
	"time"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	lmPrompt, lmReply = 64, 64
	lmDecodeTimes     = 3 // times PyTorch that each median must reach
)

// lmBatches are how many rows are decoded together, and how often in a round.
func lmBatches() []lmWork {
	return []lmWork{{lmShape(), 1, lmPrompt, lmReply, 8}, {lmShape(), 64, lmPrompt, lmReply, 3}}
}

// benchLMDecode continues prompts here and in PyTorch, in turn.
func benchLMDecode(ctx context.Context, l *benchLab) ([]measure, error) {
	p, err := findLMPeer(ctx, "lm-decode", l)
	if err != nil {
		return nil, err
	}
	var tables []*lmTable
	for _, w := range lmBatches() {
		tables = append(tables, &lmTable{name: fmt.Sprintf(", batch %d", w.Batch), how: "a cache allocated once, logits of the last token only",
			flops: w.flops()})
	}
	err = l.inRounds(ctx, func(r int) error {
		for i, w := range lmBatches() {
			peak := peakOf(l.kernels, l.threads)
			ours, err := lmDecode(ctx, l.kernels, w, l.threads, uint64(r))
			if err != nil {
				return err
			}
			var theirs lmRun
			if p != nil {
				if theirs, err = p.run(ctx, "--decode", w, l.threads, r); err != nil {
					return err
				}
				l.say("lm-decode: round %d, batch %d: %s tokens/s here, %s with PyTorch", r+1, w.Batch, number(ours), number(theirs.rate()))
			}
			tables[i].add(ours, theirs, peak)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []measure
	for _, t := range tables {
		out = append(out, t.measures(atLeast(lmDecodeTimes))...)
	}
	return onThreads(l.threads, out), nil
}

// flops are the operations of products for one token that is decoded, its part of the prompt included. The head reads the prompt once.
func (w lmWork) flops() float64 {
	length, tokens := float64(w.Length), float64(w.Tokens)
	head := 2 * float64(w.Shape.Width*w.Shape.Vocab)
	return lmFlops(w.Shape, length+tokens/2) + length/tokens*(lmFlops(w.Shape, length/2)-head)
}

// lmDecode returns tokens a second of the sampler, prompts included, after one call of warm-up.
func lmDecode(ctx context.Context, k num.Kernels, w lmWork, threads int, seed uint64) (float64, error) {
	core := num.NewCore(k, threads)
	defer core.Close()
	s := tiny.New(core, nn.NewDecoder(rng.New(seed, "bench model"), w.Shape), nil)
	var ask []llm.Request
	for i, prompt := range randomRows(seed, w.Shape.Vocab, w.Batch, w.Length) {
		ask = append(ask, llm.Request{Prompt: prompt, N: 1, Sampling: llm.Sampling{MaxTokens: w.Tokens, Temperature: 1, Seed: uint64(i)}})
	}
	var start time.Time
	for i := range w.Times + 1 {
		if i == 1 {
			start = time.Now()
		}
		if _, err := s.Sample(ctx, ask); err != nil {
			return 0, err
		}
	}
	return float64(w.Times*w.Batch*w.Tokens) / time.Since(start).Seconds(), nil
}
