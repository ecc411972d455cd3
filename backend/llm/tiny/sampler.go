// Package tiny continues token sequences with a decoder of our own engine, on the CPU.
//
// The tokens of prompts go through the model together and once, whatever number of continuations they have; the continuations of a
// call are then decoded side by side, one token each a step. A continuation reads the keys and values of its prompt where they are and
// owns only those of its own tokens. What a request gets depends on that request alone: kernels compute each row of a product in the
// same order whatever the rows beside it, and sums over keys are cut at the prompt's end and nowhere else.
//
// Letters: B sequences, N rows (tokens) of a step, T tokens, D width, H heads, KV heads of keys, dh their width, F inner width, V vocabulary.
package tiny

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

const (
	cacheBound   = 1 << 30 // bytes of keys and values of sequences that are decoded together
	keptSlab     = 1 << 24 // numbers of cache that are kept from call to call
	promptRows   = 512     // tokens of prompts that go through the layers together, or one prompt
	sharedWeight = 1 << 22 // weights beyond which all workers share each product instead of each reading all weights
)

// Sampler decodes with the weights of one model. It implements llm.Sampler.
type Sampler struct {
	core *num.Core
	tok  llm.Tokenizer
	w    *weights

	mu    sync.Mutex // of all below and of the core
	bound int        // cacheBound, in numbers
	slab  []float32
	whole *lane   // all workers share its products
	lanes []*lane // one a worker, which decodes rows of its own
	live  []*row  // of the step under way
	read  wave    // the prompts under way

	readLanes func(i0, i1 int) // readShares, bound once
}

// New returns a sampler of the model as it is now, with its adapters. It changes nothing of the model and keeps reading its weights, so
// they must stay as they are: whoever trains on hands in a copy. It panics on a decoder with hooks. tok may be nil; then no request may
// name a StopText. The core must not be used by others during a call.
func New(core *num.Core, model *nn.Decoder, tok llm.Tokenizer) *Sampler {
	s := &Sampler{core: core, tok: tok, w: newWeights(model), bound: cacheBound / 4}
	threads := workers(core)
	s.whole = newLane(s.w, core, threads)
	for range threads {
		s.lanes = append(s.lanes, newLane(s.w, core, 1))
	}
	s.readLanes = s.readShares
	return s
}

// workers counts the workers of a core by the pieces in which it cuts a large loop.
func workers(core *num.Core) int {
	var pieces atomic.Int64
	core.Do(1<<16, 1<<30, func(_, _ int) { pieces.Add(1) })
	return int(pieces.Load())
}

// Context is the most tokens of prompt and continuation together.
func (s *Sampler) Context() int { return s.w.shape.Context }

// Sample implements llm.Sampler. Errors: invalid for a request that Check refuses, an empty stop, or a StopText without a tokenizer;
// the context's own error when it ends, looked at once a step.
func (s *Sampler) Sample(ctx context.Context, requests []llm.Request) ([]llm.Reply, error) {
	for i := range requests {
		if err := s.check(&requests[i]); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	replies := newReplies(requests)
	for _, w := range s.plan(requests, replies) {
		if err := s.run(ctx, w); err != nil {
			return nil, err
		}
	}
	if len(s.slab) > keptSlab {
		s.slab = nil
	}
	return replies, nil
}

func (s *Sampler) check(r *llm.Request) error {
	if err := r.Check(s.w.shape.Context, s.w.shape.Vocab); err != nil {
		return err
	}
	for i, stop := range r.Stop {
		if len(stop) == 0 {
			return lab.Errorf(lab.Invalid, "sampling: stop sequence %d is empty, want at least 1 token", i)
		}
	}
	for i, text := range r.StopText {
		switch {
		case text == "":
			return lab.Errorf(lab.Invalid, "sampling: stop text %d is empty, want at least 1 character", i)
		case s.tok == nil:
			return lab.Errorf(lab.Invalid, "sampling: stop text %q needs a tokenizer, and the model has none", text).
				WithHint("give stop sequences as token ids")
		}
	}
	return nil
}

func newReplies(requests []llm.Request) []llm.Reply {
	replies := make([]llm.Reply, len(requests))
	for i, r := range requests {
		replies[i].Sequences = make([]llm.Sequence, r.N)
		for j := range replies[i].Sequences {
			replies[i].Sequences[j].Stop = llm.Length
		}
	}
	return replies
}
