package memoryr1

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
)

// Most tokens of what either role writes.
const (
	managerTokens = 20
	answerTokens  = 28
)

// decision is one decision of a manager, as it was met and made.
type decision struct {
	Turn   int
	News   fact
	Shown  []line
	Ranked []scored // candidates of the reading, the best first
	Prompt []int32  // nil of a rule
	Wrote  llm.Sequence
	Said   string
	Ops    []operation
	Faults int
	Hand   []lab.Change // made in the bank before it was met
}

// decider decides about new facts, many at once; seeds [P] decide every draw.
type decider interface {
	decide(ctx context.Context, ds []*decision, seeds []uint64) error
}

// ruled decides by a rule.
type ruled struct {
	policy string
	world  talker
}

func (r ruled) decide(_ context.Context, ds []*decision, seeds []uint64) error {
	for i, d := range ds {
		d.Ops = decide(r.policy, d.News, d.Shown, r.world, rng.New(seeds[i], "rule"))
		d.Said = script(d.Ops)
	}
	return nil
}

// managing decides by a model.
type managing struct {
	sampler     llm.Sampler
	words       *llm.Words
	world       talker
	temperature float64
}

func (m managing) decide(ctx context.Context, ds []*decision, seeds []uint64) error {
	requests := make([]llm.Request, len(ds))
	for i, d := range ds {
		r, err := m.request(d, 1, seeds[i])
		if err != nil {
			return err
		}
		requests[i] = r
	}
	replies, err := m.sampler.Sample(ctx, requests)
	if err != nil {
		return err
	}
	for i, d := range ds {
		d.Wrote = replies[i].Sequences[0]
		if d.Said, err = plain(m.words, d.Wrote.Tokens); err != nil {
			return err
		}
		d.Ops, d.Faults = parseOperations(d.Said)
	}
	return nil
}

// request asks for n decisions; the prompt is kept with the decision.
func (m managing) request(d *decision, n int, seed uint64) (llm.Request, error) {
	var err error
	if d.Prompt, err = m.words.Encode(managerPrompt(d.Shown, m.world.text(d.News))); err != nil {
		return llm.Request{}, lab.Errorf(lab.Internal, "what the manager reads: %w", err)
	}
	return llm.Request{Prompt: d.Prompt, N: n, Sampling: sampling(m.words, managerTokens, m.temperature, seed)}, nil
}

func sampling(words *llm.Words, tokens int, temperature float64, seed uint64) llm.Sampling {
	return llm.Sampling{MaxTokens: tokens, Temperature: temperature, Seed: seed, Stop: [][]int32{{words.End()}}}
}

// plain is what was written, without the token that ends it, on one line.
func plain(words *llm.Words, ids []int32) (string, error) {
	if n := len(ids); n > 0 && ids[n-1] == words.End() {
		ids = ids[:n-1]
	}
	text, err := words.Decode(ids)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "what the model wrote: %w", err)
	}
	return text, nil
}

// written is a conversation with the bank that a manager made of it.
type written struct {
	*talk
	shelf
	Decisions []*decision
	number    int64 // in the record, 0 where it is not kept

	recalled map[string][]line // what a memory of another kind recalls for each question; nil of our own
	banks    []*mem.Bank       // of such a memory
}

// size is the number of entries.
func (t *written) size() int {
	if t.recalled == nil {
		return len(t.Lines)
	}
	n := 0
	for _, b := range t.banks {
		n += b.Len()
	}
	return n
}

// manage lets somebody manage the banks of some conversations from their first turn to the last, all side by side.
func manage(ctx context.Context, who decider, talks []*talk, k MemoryKnobs, w talker, seed uint64, by *hand) ([]*written, error) {
	all := make([]*written, len(talks))
	turns := 0
	for i, t := range talks {
		all[i] = &written{talk: t, number: by.episode(i)}
		turns = max(turns, len(t.Turns))
	}
	for now := range turns {
		for at := 0; ; at++ {
			var ds []*decision
			var of []*written
			var seeds []uint64
			for _, t := range all {
				if now >= len(t.Turns) || at >= len(t.Turns[now].News) {
					continue
				}
				changes, err := by.before(t, now, at)
				if err != nil {
					return nil, err
				}
				ds, of = append(ds, meet(t.shelf, t.Turns[now].News[at], now, k, w)), append(of, t)
				ds[len(ds)-1].Hand = changes
				seeds = append(seeds, rng.New(seed, fmt.Sprintf("decision/%d/%d/%d", t.talk.Seed, now, at)).Uint64())
			}
			if len(ds) == 0 {
				break
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := who.decide(ctx, ds, seeds); err != nil {
				return nil, err
			}
			for i, d := range ds {
				by.instead(of[i], d)
				of[i].shelf = of[i].apply(d.Shown, d.Ops, now, k.Capacity)
				of[i].Decisions = append(of[i].Decisions, d)
			}
		}
	}
	return all, nil
}

// meet is a decision before it is made: the new fact, and the entries that fit it best.
func meet(s shelf, f fact, now int, k MemoryKnobs, w talker) *decision {
	d := &decision{Turn: now, News: f, Ranked: rank(s.Lines, w.text(f), now)}
	for _, r := range d.Ranked[:min(k.Shown, len(d.Ranked))] {
		d.Shown = append(d.Shown, r.line)
	}
	return d
}
