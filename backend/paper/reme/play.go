package reme

import (
	"context"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// sitting is one task at one moment of the stream, and what was read for it.
type sitting struct {
	world   *tool.World // at that moment
	split   string
	seed    uint64
	number  int64 // of its first attempt's episode in the record
	reading mem.Reading
	lines   []string // that stand in the prompt: what was read, or its rewriting, and lessons handed to a retry
}

// begin is the episode.
func (s *sitting) begin() (*tool.Episode, error) { return s.world.Begin(s.split, s.seed) }

// played is an attempt that is over.
type played struct {
	attempt
	turns []rl.Turn
	info  world.Info
	err   error
}

// peak is the largest context that the actor had, tokens.
func (p *played) peak() (n int) {
	for i := range p.turns {
		n = max(n, len(p.turns[i].Segment.Context))
	}
	return n
}

// player does tasks: n attempts at each.
type player interface {
	play(ctx context.Context, all []sitting, n int, temperature float64, seed uint64) ([][]played, error)
}

// actor is the frozen language model.
type actor struct {
	sampler llm.Sampler
	tok     llm.Tokenizer
	horizon int
}

// longestAnswer bounds an answer: CALL order lamp 14 has four words and an end.
const longestAnswer = 6

// play does all attempts side by side.
func (r *actor) play(ctx context.Context, all []sitting, n int, temperature float64, seed uint64) ([][]played, error) {
	done := make([][]played, len(all))
	items := make([]uint64, len(all))
	for i := range all {
		items[i], done[i] = uint64(i), make([]played, n)
	}
	episodes := make([][]*tool.Episode, len(all))
	rollout := rl.TextRollout{Sampler: r.sampler, Tokenizer: r.tok, MaxTurns: r.horizon,
		Sampling: llm.Sampling{MaxTokens: longestAnswer, Temperature: temperature},
		Read:     func(a *rl.Attempt) ([]int32, error) { return r.tok.Encode(prompt(all[a.Item].lines, seen(a))) },
		Answer:   func(_ *rl.Attempt, tokens []int32) (string, error) { return r.answer(tokens) },
		End: func(a *rl.Attempt, _ *rl.Trajectory, info world.Info) {
			p := &done[a.Item][a.Number]
			p.turns, p.info = a.Turns, info
		},
	}
	groups, err := rollout.Play(ctx, items, n, seed, func(item uint64) (world.Dialogue, error) {
		e, err := all[item].begin()
		episodes[item] = append(episodes[item], e)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	for i := range done {
		for j := range done[i] {
			if done[i][j].err = groups[i].Trajectories[j].Err; done[i][j].err == nil {
				done[i][j].finish(episodes[i][j])
			}
		}
	}
	return done, failed(done, all)
}

// seen is what the actor sees of an attempt beside its lessons.
func seen(a *rl.Attempt) string {
	var v view
	for i := range a.Turns {
		v.hear(a.Turns[i].Told)
	}
	v.hear(a.Told)
	return v.text()
}

// answer is what the world is given.
func (r *actor) answer(tokens []int32) (string, error) {
	if n := len(tokens); n > 0 && tokens[n-1] == r.tok.End() {
		tokens = tokens[:n-1]
	}
	said, err := r.tok.Decode(tokens)
	return acted(said), err
}

// finish takes what the roles need.
func (p *played) finish(e *tool.Episode) {
	c := e.Case()
	p.attempt = attempt{goals: tool.ServiceGoals(c.Users[0]), users: c.Users, steps: e.Steps(), success: p.info.Success}
}

// failed tells the first error of some attempts: one that could not be played is never scored as a task that failed.
func failed(done [][]played, all []sitting) error {
	for i := range done {
		for j := range done[i] {
			if err := done[i][j].err; err != nil {
				return lab.Errorf(lab.CodeOf(err), "task %d of split %s, attempt %d: %w", all[i].seed, all[i].split, j, err)
			}
		}
	}
	return nil
}

// yardstick acts as a reference of the world does and reads nothing.
type yardstick struct{ policy string }

func (y *yardstick) play(ctx context.Context, all []sitting, n int, _ float64, seed uint64) ([][]played, error) {
	done := make([][]played, len(all))
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		done[i] = make([]played, n)
		for j := range done[i] {
			speaker, err := all[i].world.Reference(y.policy, world.Draw(seed, uint64(i*n+j)))
			if err != nil {
				return nil, err
			}
			e, err := all[i].begin()
			if err != nil {
				return nil, err
			}
			p := &done[i][j]
			for !e.Over() {
				turn := rl.Turn{Told: e.Read(), Answer: speaker.Answer(e)}
				turn.Outcome = e.Act(turn.Answer)
				p.turns = append(p.turns, turn)
			}
			p.info = e.Info()
			p.finish(e)
		}
	}
	return done, nil
}

// taskText is what a memory is asked, once, before the first turn: the goals of the task.
func taskText(e *tool.Episode) string {
	return "task " + strings.Join(tool.ServiceGoals(e.Case().Users[0]), " ")
}

// handed are the lines of a retry: what was read, and behind it the lessons of the failures.
func handed(lines []string, lessons []lesson) []string {
	all := slices.Clone(lines)
	for _, l := range lessons {
		all = append(all, l.text())
	}
	return all
}
