package mem1

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// step is one turn of an attempt with all that a person wants to know of it.
type step struct {
	saw    string
	now    []int32 // as tokens
	parts  parts   // of a pruned context; info alone of a whole one
	said   said
	reward float64
	note   string
	done   bool
	scene  *lab.Scene
}

// trace is one attempt. It stands between the rollout and the world's episode and notes what passes.
type trace struct {
	*hop.Episode
	number int
	steps  []step
	draw   bool // scenes are kept
}

// answered is the number of questions that got an answer, right or wrong.
func (t *trace) answered() (n int) {
	for _, a := range t.Given() {
		if a != hop.Unknown {
			n++
		}
	}
	return min(n, len(t.Questions()))
}

// player plays episodes with a model that writes its own state.
type player struct {
	words    *llm.Words
	contexts contexts
}

// game says what is to be played and how.
type game struct {
	world       *hop.World
	split       string
	items       []uint64 // seeds of the episodes
	attempts    int      // at each
	temperature float64
	seed        uint64 // of the draws
	kept        int    // of the items, from the first: scenes are drawn
}

// answerTokens bounds an answer in episodes of n questions: the sheet's 5n + 4 for a state and n answers is never needed.
func answerTokens(n int) int { return 3*n + 6 }

// play makes the attempts and returns them as groups for training, and as traces, group by group.
//
//	ctx = q; for t in 1..T: y = sample(ctx); if answer(y): break; info = search(query(y)); ctx = q + y + hint + info
func (p *player) play(ctx context.Context, sampler llm.Sampler, g game) ([]rl.Group, []*trace, error) {
	var traces []*trace
	at := map[uint64]int{}
	for i, item := range g.items {
		at[item] = i
	}
	mine := func(a *rl.Attempt) *trace { return traces[at[a.Item]*g.attempts+a.Number] }
	rollout := rl.TextRollout{Sampler: sampler, Tokenizer: p.words, MaxTurns: g.world.Spec().Horizon,
		Sampling: llm.Sampling{MaxTokens: answerTokens(g.world.Knobs().Most), Temperature: g.temperature, Stop: [][]int32{{p.words.End()}}},
		Read: func(a *rl.Attempt) ([]int32, error) {
			t := mine(a)
			t.steps = append(t.steps, step{saw: a.Told, now: a.Now, parts: p.contexts.pruned(a)})
			return p.contexts.read(a)
		},
		Answer: func(a *rl.Attempt, tokens []int32) (string, error) {
			if n := len(tokens); n > 0 && tokens[n-1] == p.words.End() {
				tokens = tokens[:n-1]
			}
			text, err := p.words.Decode(tokens)
			t := mine(a)
			s := &t.steps[len(t.steps)-1]
			s.said = parse(text)
			return s.said.act, err
		}}
	groups, err := rollout.Play(ctx, g.items, g.attempts, g.seed, func(item uint64) (world.Dialogue, error) {
		e, err := g.world.Episode(g.split, item)
		if err != nil {
			return nil, err
		}
		t := &trace{Episode: e, number: len(traces) % g.attempts, draw: at[item] < g.kept}
		traces = append(traces, t)
		return t, nil
	})
	return groups, traces, firstError(groups, err)
}

// firstError is the error of a rollout or of the first attempt that failed.
func firstError(groups []rl.Group, err error) error {
	for i := range groups {
		for j := range groups[i].Trajectories {
			if e := groups[i].Trajectories[j].Err; e != nil && err == nil {
				err = e
			}
		}
	}
	return err
}

// Act implements world.Dialogue.
func (t *trace) Act(answer string) world.Outcome {
	s := &t.steps[len(t.steps)-1]
	if t.draw {
		scene := t.Scene()
		s.scene = &scene
	}
	o := t.Episode.Act(answer)
	s.reward, s.done, s.note = o.Reward, o.Done, o.Note
	return o
}
