package tiny

import (
	"encoding/binary"
	"math"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
)

// prefix is a prompt, computed once for all rows that continue it.
type prefix struct {
	tokens   []int32
	cache    cache
	logprobs [][]float32 // [T] each, of the replies that want them
	rows     []*row
}

// row is a continuation under way.
type row struct {
	request *llm.Request
	prefix  *prefix
	out     *llm.Sequence
	chance  rng.Stream
	own     cache
	limit   int     // tokens
	token   int32   // drawn last
	logprob float32 // of it
}

// wave is what is decoded together: as many prompts and continuations as the bound on their caches allows, at least one.
type wave []*prefix

// plan puts equal prompts together and cuts all into waves. A prompt whose continuations fall into two waves is computed in both.
func (s *Sampler) plan(requests []llm.Request, replies []llm.Reply) []wave {
	var waves []wave
	used := s.bound + 1 // so that the first prompt opens a wave
	for _, p := range s.prompts(requests, replies) {
		rows, cost := p.rows, s.cacheSize(len(p.tokens))
		p.rows = nil
		if used+cost > s.bound {
			waves, used = append(waves, nil), 0
		}
		used += cost
		last := len(waves) - 1
		waves[last] = append(waves[last], p)
		for _, r := range rows {
			need := s.cacheSize(r.limit)
			if used+need > s.bound && (len(p.rows) > 0 || len(waves[last]) > 1) {
				p = &prefix{tokens: p.tokens}
				waves, used, last = append(waves, wave{p}), cost, last+1
			}
			used += need
			r.prefix, p.rows = p, append(p.rows, r)
		}
	}
	return waves
}

func (s *Sampler) cacheSize(tokens int) int { return cacheSize(s.w.shape, tokens) }

// prompts lists the distinct prompts with the rows that continue them.
func (s *Sampler) prompts(requests []llm.Request, replies []llm.Reply) (all []*prefix) {
	known := map[string]*prefix{}
	var key []byte
	for i := range requests {
		r := &requests[i]
		key = key[:0]
		for _, id := range r.Prompt {
			key = binary.LittleEndian.AppendUint32(key, uint32(id))
		}
		p := known[string(key)]
		if p == nil {
			p = &prefix{tokens: r.Prompt}
			known[string(key)] = p
			all = append(all, p)
		}
		if r.PromptLogprobs {
			replies[i].Prompt = make([]float32, len(r.Prompt))
			replies[i].Prompt[0] = float32(math.NaN())
			p.logprobs = append(p.logprobs, replies[i].Prompt)
		}
		p.rows = append(p.rows, s.rows(r, replies[i].Sequences)...)
	}
	return all
}

// rows makes the continuations of one request, none when nothing is to be generated.
func (s *Sampler) rows(r *llm.Request, out []llm.Sequence) []*row {
	if r.MaxTokens == 0 {
		return nil
	}
	limit := min(r.MaxTokens, s.w.shape.Context-len(r.Prompt))
	rows := make([]row, r.N)
	all := make([]*row, r.N)
	for i := range rows {
		rows[i] = row{request: r, out: &out[i], limit: limit}
		rows[i].chance.Seed(r.Seed+uint64(i), "sample")
		out[i].Tokens = make([]int32, 0, min(limit, firstRoom))
		out[i].Logprobs = make([]float32, 0, min(limit, firstRoom))
		all[i] = &rows[i]
	}
	return all
}

// firstRoom is how many tokens of a continuation have room before it grows.
const firstRoom = 256

// caches gives every prompt and row of a wave its part of the slab.
func (s *Sampler) caches(w wave) {
	need, longest := 0, 0
	for _, p := range w {
		need += s.cacheSize(len(p.tokens))
		longest = max(longest, len(p.tokens))
		for _, r := range p.rows {
			need += s.cacheSize(r.limit)
			longest = max(longest, len(p.tokens)+r.limit)
		}
	}
	s.slab = sized(s.slab, need)
	s.w.turns = s.w.rotary.Turns(longest)
	rest := s.slab
	for _, p := range w {
		p.cache, rest = newCache(s.w.shape, len(p.tokens), rest)
		for _, r := range p.rows {
			r.own, rest = newCache(s.w.shape, r.limit, rest)
		}
	}
}

// add appends the token that was drawn and says whether the row goes on.
func (r *row) add(tok llm.Tokenizer) (goesOn bool, err error) {
	r.out.Tokens, r.out.Logprobs = append(r.out.Tokens, r.token), append(r.out.Logprobs, r.logprob)
	stopped, err := r.stopped(tok)
	if stopped {
		r.out.Stop = llm.Stopped
	}
	return err == nil && !stopped && len(r.out.Tokens) < r.limit, err
}

// rows are those of all prompts, in order.
func (w wave) rows() (all []*row) {
	for _, p := range w {
		all = append(all, p.rows...)
	}
	return all
}

func (w wave) tokens() (n int) {
	for _, p := range w {
		n += len(p.tokens)
	}
	return n
}

// first is how many prompts from the front have at most so many tokens together, at least one.
func (w wave) first(tokens int) int {
	n := 1
	for sum := len(w[0].tokens); n < len(w) && sum+len(w[n].tokens) <= tokens; n++ {
		sum += len(w[n].tokens)
	}
	return n
}
