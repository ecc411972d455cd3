package rl

import (
	"context"
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/llm"
)

// TextFork changes one attempt of a rollout by hand, from a turn on.
type TextFork struct {
	Item   uint64
	Number int // of the attempt
	Turn   int
	Act    bool   // Answer is written at Turn in the place of what the model drew
	Answer string // words of the tokenizer
	Replay int    // another stream of draws from Turn on; 0 keeps the attempt's own
}

// stream is what the name of an attempt's stream of draws has behind it at a turn.
func (f *TextFork) stream(p *playing, turn int) string {
	if f == nil || f.Replay == 0 || f.Item != p.Item || f.Number != p.Number || turn < f.Turn {
		return ""
	}
	return fmt.Sprintf("/replay/%d", f.Replay)
}

// byHand is what an attempt writes at a turn: what the model drew, or the answer that a person gave it, with the model's own probability of
// it (NaN where the model does not tell).
func (r *TextRollout) byHand(ctx context.Context, p *playing, turn int, drawn llm.Sequence) (llm.Sequence, error) {
	f := r.Fork
	if f == nil || !f.Act || f.Item != p.Item || f.Number != p.Number || turn != f.Turn {
		return drawn, nil
	}
	tokens, err := r.Tokenizer.Encode(f.Answer)
	if err != nil {
		return drawn, err
	}
	if end := r.Tokenizer.End(); end >= 0 {
		tokens = append(tokens, end)
	}
	s := llm.Sequence{Tokens: tokens, Stop: llm.Stopped, Logprobs: make([]float32, len(tokens))}
	for i := range s.Logprobs {
		s.Logprobs[i] = float32(math.NaN())
	}
	whole := append(append([]int32{}, p.context...), tokens...)
	replies, err := r.Sampler.Sample(ctx, []llm.Request{{Prompt: whole, N: 1, PromptLogprobs: true}})
	if err == nil && len(replies) == 1 && len(replies[0].Prompt) == len(whole) {
		copy(s.Logprobs, replies[0].Prompt[len(p.context):])
	}
	return s, ctx.Err()
}
