package delethink

import (
	"context"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
)

// template says how thinking is cut into chunks (sec. 3 of arXiv 2510.06557v1). Thinking at length is the template of one chunk.
type template struct {
	chunk  int // C, most tokens of thought in sight at once
	carry  int // m, tokens of a chunk that the next one begins with
	chunks int // I, at most
	fold   int // tokens of the first chunk that join the question for good
}

// budget is the most tokens that a trace may have: C + (I-1)(C-m).
func (t template) budget() int { return t.chunk + (t.chunks-1)*(t.chunk-t.carry) }

// fresh is the most new tokens of a chunk, from 0.
func (t template) fresh(chunk int) int {
	if chunk == 0 {
		return t.chunk
	}
	return t.chunk - t.carry
}

// next returns the prompt of the chunk after y, the tokens written in that chunk, from 0, and the question with what was folded into it:
//
//	x_l = q + last m tokens of y_{l-1};  after the first chunk q grows by its first tokens, and the tail is shorter by as many
func (t template) next(query, y []int32, chunk int) (prompt, grown []int32) {
	tail := y
	if t.fold > 0 && chunk == 0 {
		head := min(t.fold, len(y))
		query, tail = join(query, y[:head]), y[head:]
	}
	keep := min(max(t.carry-t.fold, 0), len(tail))
	return join(query, tail[len(tail)-keep:]), query
}

func join(a, b []int32) []int32 {
	return append(append(make([]int32, 0, len(a)+len(b)), a...), b...)
}

// attempt is one trace under way.
type attempt struct {
	trace  *rl.Trajectory
	query  []int32
	prompt []int32
	seed   uint64
}

// think lets the model answer every query group times, chunk by chunk, all attempts side by side:
//
//	x = q; for l in 1..I: y = sample(x, limit); keep (x, y); stop at the end token; x = q + y[-m:]
//
// The first chunk of a group shares its prompt. seeds [P] decide every draw: those of one query do not depend on the others.
func think(ctx context.Context, s llm.Sampler, queries [][]int32, group int, t template, how llm.Sampling, seeds []uint64) ([]rl.Group, error) {
	groups := make([]rl.Group, len(queries))
	var live []*attempt
	requests := make([]llm.Request, len(queries))
	for q, query := range queries {
		groups[q] = rl.Group{Item: seeds[q], Trajectories: make([]rl.Trajectory, group)}
		for g := range group {
			live = append(live, &attempt{trace: &groups[q].Trajectories[g], query: query, prompt: query, seed: seeds[q] + uint64(g)})
		}
		requests[q] = request(query, group, t.fresh(0), how, seeds[q])
	}
	for chunk := 0; len(live) > 0; chunk++ {
		replies, err := s.Sample(ctx, requests)
		if err != nil {
			return nil, err
		}
		live = advance(live, flatten(replies), t, chunk)
		requests = requests[:0]
		for _, a := range live {
			// The seed of a later chunk must not be the one of another attempt's: attempts lie one apart, chunks 2^32.
			requests = append(requests, request(a.prompt, 1, t.fresh(chunk+1), how, a.seed+uint64(chunk+1)<<32))
		}
	}
	return groups, nil
}

func request(prompt []int32, n, tokens int, how llm.Sampling, seed uint64) llm.Request {
	how.MaxTokens, how.Seed = tokens, seed
	return llm.Request{Prompt: prompt, N: n, Sampling: how}
}

func flatten(replies []llm.Reply) (all []llm.Sequence) {
	for _, r := range replies {
		all = append(all, r.Sequences...)
	}
	return all
}

// advance keeps what every attempt wrote and returns those that go on.
func advance(live []*attempt, wrote []llm.Sequence, t template, chunk int) (on []*attempt) {
	for i, a := range live {
		y := wrote[i]
		a.trace.Segments = append(a.trace.Segments, rl.Segment{Context: a.prompt, Tokens: y.Tokens, Logprobs: y.Logprobs, Stop: y.Stop})
		if y.Stop == llm.Stopped || chunk+1 == t.chunks {
			continue
		}
		a.prompt, a.query = t.next(a.query, y.Tokens, chunk)
		on = append(on, a)
	}
	return on
}

// thought is all that an attempt wrote, in order: what an answer is looked for in, since it may straddle a border.
func thought(t *rl.Trajectory) (all []int32) {
	for _, s := range t.Segments {
		all = append(all, s.Tokens...)
	}
	return all
}
