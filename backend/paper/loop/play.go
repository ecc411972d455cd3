package loop

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// trace is one attempt. It stands between the rollout and the world's dialogue and notes what passes.
type trace struct {
	*tool.Episode
	draw  bool // scenes are kept
	steps []step
	info  world.Info
}

// step is one turn with all that a person wants to know of it.
type step struct {
	saw, said, note string
	reward          float64
	done            bool
	scene           *lab.Scene
}

// Act implements world.Dialogue.
func (t *trace) Act(answer string) world.Outcome {
	s := step{saw: t.Read(), said: answer}
	if t.draw {
		scene := t.Scene()
		s.scene = &scene
	}
	o := t.Episode.Act(answer)
	s.reward, s.done, s.note = o.Reward, o.Done, o.Note
	t.steps = append(t.steps, s)
	return o
}

// Info implements world.Dialogue. An attempt that was cut off before the world's end has no numbers yet: it counts as one that did nothing.
func (t *trace) Info() world.Info {
	t.info = t.Episode.Info()
	return t.info
}

// game says what is to be played and how.
type game struct {
	split       string
	items       []uint64 // seeds of the tasks
	attempts    int      // at each
	temperature float64
	seed        uint64 // of the draws
	kept        int    // of the items, from the first: scenes go into the record
	episode     int64  // number of the first kept episode
}

// play makes the attempts and returns them as groups for training, and as traces, group by group. The model sees the whole interaction
// (rl.Whole): the context is all the memory that there is. Attempts that reach the limit of turns, or for which the context has no
// room, are ended as the model would, with DONE: the tests are run in any case.
func (m *method) play(ctx context.Context, sampler llm.Sampler, g game) ([]rl.Group, []*trace, error) {
	var traces []*trace
	at := map[uint64]int{}
	for i, item := range g.items {
		at[item] = i
	}
	rollout := rl.TextRollout{Sampler: sampler, Tokenizer: m.words, MaxTurns: min(m.knobs.Turns, m.world.Spec().Horizon), Fork: m.textFork(&g),
		Sampling: llm.Sampling{MaxTokens: m.knobs.Answer, Temperature: g.temperature, Stop: [][]int32{{m.words.End()}}}}
	groups, err := rollout.Play(ctx, g.items, g.attempts, g.seed, func(item uint64) (world.Dialogue, error) {
		e, err := m.world.Begin(g.split, item)
		if err != nil {
			return nil, err
		}
		t := &trace{Episode: e, draw: at[item] < g.kept}
		traces = append(traces, t)
		return t, nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i, t := range traces {
		played := &groups[i/g.attempts].Trajectories[i%g.attempts]
		if played.Err != nil {
			return nil, nil, played.Err
		}
		if !t.Over() {
			played.Reward += t.Episode.Act(tool.Done.String()).Reward
		}
		t.Info()
	}
	return groups, traces, nil
}

// textFork says which attempt of a game is changed. Only kept episodes have numbers of their own.
func (m *method) textFork(g *game) *rl.TextFork {
	if m.fork == nil {
		return nil
	}
	i := m.fork.Episode - g.episode
	if g.kept == 0 || i < 0 || i >= int64(min(g.kept, len(g.items))) {
		return nil
	}
	answer, act := m.fork.Action(m.fork.Episode, m.fork.T)
	return &rl.TextFork{Item: g.items[i], Turn: m.fork.T, Act: act, Answer: answer, Replay: m.fork.Replay}
}
