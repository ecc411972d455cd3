package memrl

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// sitting is one task to be done in one flat.
type sitting struct {
	task   house.Task
	clock  uint64 // number of the flat, and the time on the world's clock
	number int64  // of the episode in the record
}

// played is an episode that is over.
type played struct {
	sitting
	reading mem.Reading
	earlier *mem.Reading // in a fork: what was read before turn since
	since   int
	turns   []rl.Turn
	info    world.Info
	course  course
	err     error
}

// read is what stood in the prompt of a turn.
func (p *played) read(t int) mem.Reading {
	if p.earlier != nil && t < p.since {
		return *p.earlier
	}
	return p.reading
}

// peak is the largest context that the reader had, tokens.
func (p *played) peak() (n int) {
	for i := range p.turns {
		n = max(n, len(p.turns[i].Segment.Context))
	}
	return n
}

// player does tasks: with a model that reads memories, or as a yardstick does.
type player interface {
	play(ctx context.Context, t table) ([]played, error)
}

// table is what is to be played, and how.
type table struct {
	house       *house.World
	all         []sitting
	readings    []mem.Reading // for each sitting
	temperature float64
	seed        uint64
	hand        hand
}

// reader is the frozen language model.
type reader struct {
	sampler llm.Sampler
	tok     llm.Tokenizer
	horizon int
}

// longestAction bounds an answer: the longest action, put clay mug in cabinet, has five words and an end.
const longestAction = 7

// play does all tasks side by side, each with its own memories in front of every observation.
func (r *reader) play(ctx context.Context, t table) ([]played, error) {
	all, readings := t.all, t.readings
	done := make([]played, len(all))
	dialogues := make([]world.Recalling, len(all))
	items := make([]uint64, len(all))
	for i := range all {
		items[i] = uint64(i)
	}
	at := func(a *rl.Attempt) *played { return &done[a.Item] }
	rollout := rl.TextRollout{Sampler: r.sampler, Tokenizer: r.tok, MaxTurns: r.horizon,
		Sampling: llm.Sampling{MaxTokens: longestAction, Temperature: t.temperature},
		Fork:     t.hand.fork(all),
		Read: func(a *rl.Attempt) ([]int32, error) {
			if err := t.hand.turn(ctx, at(a), &readings[a.Item], all[a.Item], t.hand.now+int64(a.Item), len(a.Turns)); err != nil {
				return nil, err
			}
			return r.tok.Encode(prompt(readings[a.Item].Lines(), a.Told))
		},
		End: func(a *rl.Attempt, _ *rl.Trajectory, info world.Info) { at(a).turns, at(a).info = a.Turns, info },
	}
	groups, err := rollout.Play(ctx, items, 1, t.seed, func(item uint64) (world.Dialogue, error) {
		dialogues[item] = t.house.Episode(all[item].task, all[item].clock)
		return dialogues[item], nil
	})
	if err != nil {
		return nil, err
	}
	for i := range done {
		done[i].sitting, done[i].reading = all[i], readings[i]
		if done[i].err = groups[i].Trajectories[0].Err; done[i].err == nil {
			done[i].finish(dialogues[i])
		}
	}
	return done, nil
}

// finish takes what a writer needs. An episode that ran out of context before its end has no experience: nothing is written of it.
func (p *played) finish(d world.Recalling) {
	told := make([]string, len(p.turns))
	for i := range p.turns {
		told[i] = p.turns[i].Told
	}
	p.course, _ = courseOf(d, told, p.number)
}

// yardstick acts as a reference of the world does and reads nothing.
type yardstick struct{ policy string }

func (y *yardstick) play(ctx context.Context, t table) ([]played, error) {
	all := t.all
	done := make([]played, len(all))
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		speaker, err := t.house.Reference(y.policy, world.Draw(t.seed, uint64(i)))
		if err != nil {
			return nil, err
		}
		p := &done[i]
		p.sitting, p.reading = all[i], t.readings[i]
		e := t.house.Episode(p.task, p.clock)
		for over := false; !over; {
			turn := rl.Turn{Told: e.Read(), Answer: speaker.Answer(e)}
			turn.Outcome = e.Act(turn.Answer)
			p.turns, over = append(p.turns, turn), turn.Outcome.Done
		}
		p.info = e.Info()
		p.finish(e)
	}
	return done, nil
}

// failed tells the first error of some episodes: one that could not be played is never scored as a task that failed.
func failed(all []played) error {
	for i := range all {
		if err := all[i].err; err != nil {
			return lab.Errorf(lab.CodeOf(err), "episode %d, %q: %w", all[i].number, all[i].task.Sentence, err)
		}
	}
	return nil
}
