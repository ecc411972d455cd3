package memalpha

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

// rollout is one attempt at one instance: a memory that is written chunk by chunk.
type rollout struct {
	in     *chat.Instance
	number int // within its instance
	stores *stores
	steps  []step
	told   *telling // nil where nothing of it is kept

	right  map[chat.QuestionKind]float64 // questions answered rightly, by kind
	r1, r3 float64
	held   int // words of a memory that is not ours
}

// writer answers prompts: the model, or a rule.
type writer interface {
	// write answers the prompt of chunk t of every rollout.
	write(ctx context.Context, rollouts []*rollout, t int) ([]llm.Sequence, error)
}

// play lets a writer read all chunks of some instances, n times each, all side by side, and asks the questions behind the last chunk. told
// keeps what happens in the first attempt at the first of them.
func (m *method) play(ctx context.Context, who writer, ins []*chat.Instance, n int, told []*telling) ([]*rollout, error) {
	rollouts := make([]*rollout, 0, len(ins)*n)
	longest := 0
	for i, in := range ins {
		longest = max(longest, len(in.Chunks))
		for number := range n {
			r := &rollout{in: in, number: number}
			var log *mem.Log
			if number == 0 && i < len(told) {
				r.told = told[i]
				log = &r.told.log
			}
			r.stores = newStores(m.memory, m.subject, log)
			rollouts = append(rollouts, r)
		}
	}
	for t := range longest {
		if err := m.step(ctx, who, rollouts, t); err != nil {
			return nil, err
		}
	}
	for _, r := range rollouts {
		if err := m.ask(r); err != nil {
			return nil, err
		}
	}
	return rollouts, nil
}

// step is one chunk of all rollouts that have one left.
func (m *method) step(ctx context.Context, who writer, rollouts []*rollout, t int) error {
	live := slices.DeleteFunc(slices.Clone(rollouts), func(r *rollout) bool { return t >= len(r.in.Chunks) })
	for _, r := range live {
		if err := m.alter(r, t); err != nil {
			return err
		}
		prompt, err := m.words.Encode(r.stores.prompt(r.in.Chunks[t].Text))
		if err != nil {
			return lab.Errorf(lab.Internal, "the prompt of chunk %d: %w", t+1, err)
		}
		r.steps = append(r.steps, step{prompt: prompt})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	wrote, err := who.write(ctx, live, t)
	if err != nil {
		return err
	}
	for i, r := range live {
		s := &r.steps[t]
		if s.wrote, err = m.written(r, t, wrote[i]); err != nil {
			return err
		}
		if s.said, err = plain(m.words, s.wrote.Tokens); err != nil {
			return err
		}
		s.calls = parseCalls(s.said)
		r.told.saw(r, t)
		if err := r.stores.apply(s.calls); err != nil {
			return err
		}
		s.judged()
		r.told.did(r, t)
	}
	return nil
}

// ask asks the questions and gives what the whole rollout earns: r1, the mean over the questions of exact match, and r3.
func (m *method) ask(r *rollout) error {
	found, err := r.stores.searches()
	if err != nil {
		return err
	}
	r.right = map[chat.QuestionKind]float64{}
	for i := range r.in.Questions {
		q := &r.in.Questions[i]
		r.told.at(len(r.in.Chunks) + i)
		if m.due(r, len(r.in.Chunks)+i) {
			if err := m.alter(r, len(r.in.Chunks)+i); err != nil {
				return err
			}
			if found, err = r.stores.searches(); err != nil {
				return err
			}
		}
		said, err := found.answer(m.world, q)
		if err != nil {
			return err
		}
		said = m.said(r.told, len(r.in.Chunks)+i, said)
		right := chat.Match(said, q.Gold)
		r.right[q.Kind] += right
		r.r1 += right
		r.told.answered(r, i, said, right)
	}
	r.r1 /= float64(len(r.in.Questions))
	r.r3 = short(r.stores.tokens(), length(r.in))
	return nil
}

// modelWriter writes with a model.
type modelWriter struct {
	sampler     llm.Sampler
	words       *llm.Words
	tokens      int
	temperature float64
	seed        uint64
}

// write samples for all rollouts in one call. Draws come from a stream of the instance, the chunk and the attempt, so that a rollout does
// not depend on what else is played. Attempts that follow each other with the same prompt are one request.
func (w modelWriter) write(ctx context.Context, rollouts []*rollout, t int) ([]llm.Sequence, error) {
	var requests []llm.Request
	for i, r := range rollouts {
		prompt := r.steps[t].prompt
		if i > 0 {
			before := rollouts[i-1]
			if before.in == r.in && before.number+1 == r.number && slices.Equal(before.steps[t].prompt, prompt) {
				requests[len(requests)-1].N++
				continue
			}
		}
		requests = append(requests, llm.Request{Prompt: prompt, N: 1, Sampling: llm.Sampling{MaxTokens: w.tokens, Temperature: w.temperature,
			Seed: rng.New(w.seed, fmt.Sprintf("sample/%d/%d/%d", r.in.Seed, len(r.in.Chunks), t)).Uint64() + uint64(r.number), Stop: [][]int32{{w.words.End()}}}})
	}
	replies, err := w.sampler.Sample(ctx, requests)
	if err != nil {
		return nil, err
	}
	all := make([]llm.Sequence, 0, len(rollouts))
	for _, reply := range replies {
		all = append(all, reply.Sequences...)
	}
	return all, nil
}

// length is the number of words of all chunks.
func length(in *chat.Instance) (n int) {
	for i := range in.Chunks {
		n += len(strings.Fields(in.Chunks[i].Text))
	}
	return n
}

// size is the number of words of the memory, of whatever kind.
func (r *rollout) size() int { return r.stores.tokens() + r.held }
