// Package llm holds what Loci knows of language models: the contract of one that continues token sequences, tokenizers, and folders in
// the usual layout (config.json, model.safetensors, tokenizer.json). The tiny model, decoded by our own engine, is in llm/tiny.
//
// Letters: T tokens, V vocabulary, G samples of one prompt.
package llm

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
)

// Sampler continues token sequences with weights that stay as they are: training a model later never changes a sampler made before.
// It may be used by several goroutines.
type Sampler interface {
	// Sample continues every prompt and returns one reply for each request, in order. All requests of a call are decoded together.
	// A reply depends on its own request alone, bit for bit, never on what else was in the call.
	Sample(ctx context.Context, requests []Request) ([]Reply, error)
	// Context is the most tokens that prompt and continuation may have together.
	Context() int
}

// Request asks for N continuations of one prompt; the prompt is computed once for all of them.
type Request struct {
	Prompt []int32 // [T], at least one token
	N      int     // G, at least 1
	Sampling
	// PromptLogprobs asks for the log-probabilities of the prompt's own tokens. With MaxTokens 0 nothing is generated.
	PromptLogprobs bool
}

// Sampling says how tokens are drawn. The zero value with MaxTokens set draws at temperature 0: the most probable token, the lowest id
// of equal ones.
type Sampling struct {
	MaxTokens   int     // most tokens of a continuation
	Temperature float64 // 0 is greedy
	TopK        int     // draw among the K most probable tokens, 0 or less for all
	TopP        float64 // draw among the fewest most probable tokens whose probabilities reach P, 0 or 1 for all
	Seed        uint64  // continuation i of the request draws from the stream of Seed+i
	// Stop ends a continuation behind any of these token sequences, StopText behind any of these texts (where the model has a
	// tokenizer). What stopped it is part of the continuation.
	Stop     [][]int32
	StopText []string
}

// Reply is what came of a request.
type Reply struct {
	Sequences []Sequence // [N]
	Prompt    []float32  // [T] log-probability of each token of the prompt given those before it, in nats; the first is NaN. nil unless asked for
}

// Sequence is one continuation.
type Sequence struct {
	Tokens []int32 // [T]
	// Logprobs [T] are natural logarithms of the model's own probabilities, before temperature, top-k and top-p: what a forward pass
	// over the same tokens gives.
	Logprobs []float32
	Stop     StopReason
}

// StopReason tells why a continuation ended.
type StopReason string

// The two reasons.
const (
	Stopped StopReason = "stop"   // a stop sequence was reached
	Length  StopReason = "length" // MaxTokens or the context was reached
)

// Check returns an error of code invalid that names what is wrong with a request for a model of that context and vocabulary.
func (r *Request) Check(contextTokens, vocab int) error {
	bad := func(format string, args ...any) error { return lab.Errorf(lab.Invalid, "sampling: "+format, args...) }
	switch {
	case len(r.Prompt) == 0:
		return bad("the prompt has no token, want at least 1")
	case r.N < 1:
		return bad("%d samples, want at least 1", r.N)
	case r.MaxTokens < 0 || r.MaxTokens == 0 && !r.PromptLogprobs:
		return bad("max_tokens is %d, want at least 1", r.MaxTokens)
	case !(r.Temperature >= 0) || r.Temperature > 100:
		return bad("temperature is %v, want 0 to 100", r.Temperature)
	case !(r.TopP >= 0 && r.TopP <= 1):
		return bad("top_p is %v, want above 0 and at most 1", r.TopP)
	case len(r.Prompt) > contextTokens || len(r.Prompt) == contextTokens && r.MaxTokens > 0:
		return bad("the prompt has %d tokens, and the model's context is %d", len(r.Prompt), contextTokens).(*lab.Error).
			WithHint("shorten the prompt, or take a model of a longer context")
	}
	for i, id := range r.Prompt {
		if id < 0 || int(id) >= vocab {
			return bad("token %d of the prompt is %d, want 0 to %d", i, id, vocab-1)
		}
	}
	return nil
}

// Tokenizer turns text into token ids and back. It holds no state, so any number of goroutines may use it.
type Tokenizer interface {
	// Encode returns the ids of a text, without adding any that the text does not hold.
	Encode(text string) ([]int32, error)
	// Decode returns the text of ids; ids outside 0..Size()-1 are an error.
	Decode(ids []int32) (string, error)
	Size() int // V
	// End is the id that ends a text, -1 where there is none.
	End() int32
}
