package slearl

import (
	"context"
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

const (
	hintSlots   = 3
	slotWords   = 8 // of a hint; what is longer is cut
	actionWords = 8 // tokens of an action, its end token among them
)

// step is one turn of an attempt with all that a person and a memory want to know of it.
type step struct {
	saw     string
	subject string
	hints   []string
	read    mem.Reading
	said    string
	reward  float64 // with the penalty of an action that is none
	note    string
	brought []lab.Experience
	scene   *lab.Scene
	done    bool
}

func (s *step) now() int64 {
	if len(s.brought) == 0 {
		return 0
	}
	return s.brought[0].When
}

// trace is one attempt. It stands between the rollout and the world's dialogue and notes what passes.
type trace struct {
	world.Recalling
	group, number int
	steps         []step
	info          world.Info
	penalty       float64
	draw          bool // scenes are kept
}

// Act implements world.Dialogue.
func (t *trace) Act(answer string) world.Outcome {
	s := &t.steps[len(t.steps)-1]
	s.said = answer
	if t.draw {
		scene := t.Scene()
		s.scene = &scene
	}
	if about, ok := t.Recalling.(house.Subject); ok {
		s.subject = about.Subject()
	}
	o := t.Recalling.Act(answer)
	if s.note = o.Note; o.Note != "" {
		o.Reward -= t.penalty
	}
	s.reward, s.done, s.brought = o.Reward, o.Done, t.Experiences()
	t.info = t.Info()
	return o
}

// earned is the return of the attempt.
func (t *trace) earned() (sum float64) {
	for i := range t.steps {
		sum += t.steps[i].reward
	}
	return sum
}

func (t *trace) now() int64 {
	if len(t.steps) == 0 {
		return 0
	}
	return t.steps[len(t.steps)-1].now()
}

// episode is the attempt as the library takes it in.
func (t *trace) episode() episode {
	e := episode{group: t.group, earned: t.earned()}
	for i := range t.steps {
		s := &t.steps[i]
		m := moment{saw: s.saw, subject: s.subject}
		for _, x := range s.brought {
			if x.Kind == lab.OneStep {
				m.lines = append(m.lines, x.Text)
				m.worked = x.Success
			}
		}
		e.moments = append(e.moments, m)
	}
	return e
}

// player plays tasks with a model that reads hints.
type player struct {
	knobs  *RLKnobs
	world  *house.World
	words  *llm.Words
	memory memory
	log    *mem.Log
	events *filter
	sets   *vocabulary
	fork   *lab.Fork // nil but in a fork
}

// set is the set of the words of an observation.
func (p *player) set(saw string) wordSet { return p.sets.set(saw) }

// game says what is to be played and how.
type game struct {
	split       string
	items       []uint64 // seeds of the tasks
	attempts    int      // at each
	temperature float64
	seed        uint64 // of the draws
	hints       bool
	kept        int   // of the items, from the first: readings and scenes go into the record
	episode     int64 // number of the first kept episode
}

// play makes the attempts and returns them as groups for training, and as traces, group by group.
func (p *player) play(ctx context.Context, sampler llm.Sampler, g game) ([]rl.Group, []*trace, error) {
	var traces []*trace
	at := map[uint64]int{}
	for i, item := range g.items {
		at[item] = i
	}
	rollout := rl.TextRollout{Sampler: sampler, Tokenizer: p.words, MaxTurns: p.world.Spec().Horizon,
		Sampling: llm.Sampling{MaxTokens: actionWords, Temperature: g.temperature, Stop: [][]int32{{p.words.End()}}},
		Fork:     p.textFork(&g),
		Read: func(a *rl.Attempt) ([]int32, error) {
			i := at[a.Item]
			return p.context(ctx, traces[i*g.attempts+a.Number], a.Told, &g, i)
		}}
	groups, err := rollout.Play(ctx, g.items, g.attempts, g.seed, func(item uint64) (world.Dialogue, error) {
		d, err := p.world.Start(g.split, item)
		if err != nil {
			return nil, err
		}
		t := &trace{Recalling: d.(world.Recalling), group: at[item], number: len(traces) % g.attempts, penalty: p.knobs.Invalid, draw: at[item] < g.kept}
		traces = append(traces, t)
		return t, nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i := range groups {
		for j := range groups[i].Trajectories {
			if t := &groups[i].Trajectories[j]; t.Err != nil {
				return nil, nil, t.Err
			}
			groups[i].Trajectories[j].Reward = traces[i*g.attempts+j].earned()
		}
	}
	return groups, traces, nil
}

// context is what the model reads at a step: hints, one a line, the best last, and the observation as it is ("format-preserving").
func (p *player) context(ctx context.Context, t *trace, told string, g *game, item int) ([]int32, error) {
	s := step{saw: told}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	changed, err := p.alter(ctx, g, item, len(t.steps))
	if err != nil {
		return nil, err
	}
	if g.hints && p.knobs.Key != NoKey {
		if err := p.recall(ctx, t, &s, g, item, changed); err != nil {
			return nil, err
		}
	}
	t.steps = append(t.steps, s)
	return p.words.Encode(prompt(s.hints, told))
}

// recall reads for one step. Keyed by the task, an attempt reads once, and again where the memory was changed by hand.
func (p *player) recall(ctx context.Context, t *trace, s *step, g *game, item int, changed bool) (err error) {
	if last := len(t.steps) - 1; p.knobs.Key == ByTask && last >= 0 && !changed {
		s.read, s.hints = t.steps[last].read, t.steps[last].hints
		return nil
	}
	first := s.saw
	if len(t.steps) > 0 {
		first = t.steps[0].saw
	}
	p.events.reads = item < g.kept
	p.log.Episode, p.log.T = g.episode+int64(item), len(t.steps)
	s.read, err = p.memory.recall(ctx, s.saw, first)
	s.hints = p.hints(s.read)
	return err
}

// hints are the lines of a reading, cut to their slots. Words that the model does not know are left out.
func (p *player) hints(r mem.Reading) (list []string) {
	for _, e := range r.Entries[max(0, len(r.Entries)-hintSlots):] {
		var known []string
		for _, w := range strings.Fields(e.Text) {
			if _, err := p.words.Encode(w); err == nil && len(known) < slotWords {
				known = append(known, w)
			}
		}
		if len(known) > 0 {
			list = append(list, strings.Join(known, " "))
		}
	}
	return list
}

func prompt(hints []string, saw string) string {
	if len(hints) == 0 {
		return saw
	}
	return fmt.Sprintf("%s\n%s", strings.Join(hints, "\n"), saw)
}
