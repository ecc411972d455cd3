package memact

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// item is an episode to be played: of which world, which split and seed, and whether its instruction names the memory action.
type item struct {
	world *hop.World
	split string
	seed  uint64
	tool  bool
	log   *telling // nil where it is not kept
}

// party plays episodes with a model, all side by side.
type party struct {
	k       *ContextKnobs
	words   *llm.Words
	sampler llm.Sampler
	heat    float64   // temperature
	seed    uint64    // of the draws
	fork    *lab.Fork // nil but in a fork

}

// played is what came of a party: groups of attempts, and the desk of each attempt.
type played struct {
	groups []rl.Group
	desks  [][]*desk
}

// mostTurns is how many actions an episode of the world may have.
func mostTurns(w *hop.World) int { return w.Spec().Horizon + mostPrunes }

// play makes n attempts at each item. Seeds of items are to differ.
func (p *party) play(ctx context.Context, items []item, n int) (played, error) {
	at := make(map[uint64]int, len(items))
	seeds, turns := make([]uint64, len(items)), 1
	for i, it := range items {
		at[it.seed], seeds[i] = i, it.seed
		turns = max(turns, mostTurns(it.world))
	}
	if len(at) != len(items) {
		return played{}, lab.Errorf(lab.Internal, "%d items have %d different seeds", len(items), len(at))
	}
	out := played{desks: make([][]*desk, len(items))}
	start := func(seed uint64) (world.Dialogue, error) {
		it := items[at[seed]]
		quest, err := it.world.Episode(it.split, it.seed)
		if err != nil {
			return nil, err
		}
		d, err := newDesk(p.k, it.tool, p.words, quest)
		if err == nil {
			d.log = it.log
			out.desks[at[seed]] = append(out.desks[at[seed]], d)
		}
		return d, err
	}
	desk := func(a *rl.Attempt) *desk { return out.desks[at[a.Item]][a.Number] }
	r := rl.TextRollout{Sampler: p.sampler, Tokenizer: p.words, Sampling: llm.Sampling{MaxTokens: p.k.Tokens, Temperature: p.heat}, MaxTurns: turns, Fork: p.byHand(items),
		Read: func(a *rl.Attempt) ([]int32, error) {
			d := desk(a)
			err := p.alter(d)
			return d.h.ids(), err
		},
		Answer: func(a *rl.Attempt, tokens []int32) (string, error) { return p.answer(desk(a), tokens) }}
	groups, err := r.Play(ctx, seeds, n, p.seed, start)
	out.groups = groups
	return out, err
}

// answer is an action in words; the desk keeps the very tokens.
func (p *party) answer(d *desk, tokens []int32) (string, error) {
	d.wrotes(tokens)
	if n := len(tokens); n > 0 && tokens[n-1] == p.words.End() {
		tokens = tokens[:n-1]
	}
	return p.words.Decode(tokens)
}
