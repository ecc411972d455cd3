package reasoningbank

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/shop"
)

// sitting is one task to be done some times, side by side and each for itself, with one reading of the memory.
type sitting struct {
	goal    shop.Goal
	clock   uint64 // number of the pages, and the time on the world's clock
	number  int64  // of the first episode in the record
	n       int    // rollouts
	reading mem.Reading
	notes   []string // of a re-examination: lines behind those of the memory
}

// lines are what stands in the prompt before the page.
func (s *sitting) lines() []string { return append(s.reading.Lines(), s.notes...) }

// played is a rollout that is over.
type played struct {
	*sitting
	turns []rl.Turn
	info  world.Info
	visit shop.Visit
	won   bool // says the judge
	err   error
}

// peak is the largest context that the actor had, tokens.
func (p *played) peak() (n int) {
	for i := range p.turns {
		n = max(n, len(p.turns[i].Segment.Context))
	}
	return n
}

// player does tasks: with a model that reads memories, or as a yardstick does.
type player interface {
	play(ctx context.Context, shop *shop.World, all []sitting, temperature float64, seed uint64) ([][]played, error)
}

// actor is the frozen language model.
type actor struct {
	sampler llm.Sampler
	tok     llm.Tokenizer
	horizon int
	room    int // tokens of memory
}

// longestAnswer bounds an answer: a thought of two words and a colon, an action of two words and an end.
const longestAnswer = 7

// play does all tasks side by side, each rollout with the lines of its sitting before every page.
func (a *actor) play(ctx context.Context, home *shop.World, all []sitting, temperature float64, seed uint64) ([][]played, error) {
	done := make([][]played, len(all))
	for i := range all {
		part, err := a.one(ctx, home, &all[i], temperature, world.Draw(seed, uint64(i)))
		if err != nil {
			return nil, err
		}
		done[i] = part
	}
	return done, nil
}

// withoutEnd cuts the token that ends an answer.
func withoutEnd(tokens []int32, end int32) []int32 {
	if n := len(tokens); n > 0 && tokens[n-1] == end {
		return tokens[:n-1]
	}
	return tokens
}

func (a *actor) one(ctx context.Context, home *shop.World, s *sitting, temperature float64, seed uint64) ([]played, error) {
	done := make([]played, s.n)
	visits := make([]shop.Visit, 0, s.n)
	rollout := rl.TextRollout{Sampler: a.sampler, Tokenizer: a.tok, MaxTurns: a.horizon,
		Sampling: llm.Sampling{MaxTokens: longestAnswer, Temperature: temperature},
		Read: func(at *rl.Attempt) ([]int32, error) {
			return a.tok.Encode(prompt(fitting(s.lines(), a.room), at.Told))
		},
		Answer: func(_ *rl.Attempt, tokens []int32) (string, error) {
			said, err := a.tok.Decode(withoutEnd(tokens, a.tok.End()))
			return acted(said), err
		},
		End: func(at *rl.Attempt, _ *rl.Trajectory, info world.Info) {
			done[at.Number].turns, done[at.Number].info = at.Turns, info
		},
	}
	groups, err := rollout.Play(ctx, []uint64{0}, s.n, seed, func(uint64) (world.Dialogue, error) {
		visits = append(visits, home.Episode(s.goal, s.clock))
		return visits[len(visits)-1], nil
	})
	if err != nil {
		return nil, err
	}
	for i := range done {
		done[i].sitting, done[i].visit, done[i].err = s, visits[i], groups[0].Trajectories[i].Err
	}
	return done, nil
}

// yardstick acts as a reference of the world does and reads nothing.
type yardstick struct{ policy string }

func (y *yardstick) play(ctx context.Context, home *shop.World, all []sitting, _ float64, seed uint64) ([][]played, error) {
	done := make([][]played, len(all))
	for i := range all {
		speaker, err := home.Reference(y.policy, world.Draw(seed, uint64(i)))
		if err != nil {
			return nil, err
		}
		for range all[i].n {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			done[i] = append(done[i], visited(home, &all[i], speaker))
		}
	}
	return done, nil
}

// visited plays a task with a reference.
func visited(home *shop.World, s *sitting, speaker world.Speaker) played {
	p := played{sitting: s, visit: home.Episode(s.goal, s.clock)}
	for over := false; !over; {
		turn := rl.Turn{Told: p.visit.Read(), Answer: speaker.Answer(p.visit)}
		turn.Outcome = p.visit.Act(turn.Answer)
		p.turns, over = append(p.turns, turn), turn.Outcome.Done
	}
	p.info = p.visit.Info()
	return p
}

// failed tells the first error of some rollouts: one that could not be played is never scored as a task that failed.
func failed(all [][]played) error {
	for _, part := range all {
		for i := range part {
			if err := part[i].err; err != nil {
				return lab.Errorf(lab.CodeOf(err), "episode %d, %q: %w", part[i].number, part[i].goal.Sentence, err)
			}
		}
	}
	return nil
}
