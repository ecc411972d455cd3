package mem1

import (
	"errors"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// mixture is what the rows of a warm start are made of.
type mixture struct {
	World  hop.Knobs
	Short  int     // questions of most episodes at most, those of the others are the world's
	Long   float64 // share of the others
	From   uint64  // example from which on there are others
	Forget float64
	Whole  float64 // share of rows that are whole episodes
}

// warmStart says how the model of a set-up is warmed up: on the oracle's searches and answers, with a state that in a share of the traces
// keeps the newest answer alone. Some rows are one turn with its pruned context and some are whole episodes, so that both templates begin from
// the same weights.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	k := &mix.World
	vary := min(agent.Vary, k.Leads)
	k.Least, k.Most, k.Leads, k.Spread = 1, agent.WarmMost, k.Leads-vary, k.Spread+2*vary
	k.Entities = max(k.Entities, 2*k.Most+4)
	mix.From = uint64(agent.WarmFrom * float64(agent.Steps*agent.Batch))
	mix.Short, mix.Long, mix.Forget, mix.Whole = min(agent.WarmShort, agent.WarmMost), agent.WarmLong, agent.Forget, agent.Wholes
	w, err := newWarmer(mix)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(w.words.Size()), Words: w.words.List(), World: hop.Name, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	return spec, func(i uint64) (rl.Datum, error) { return w.row(world.Draw(first, i), i >= mix.From) }, nil
}

// warmer writes rows.
type warmer struct {
	mix      mixture
	short    *hop.World
	long     *hop.World
	words    *llm.Words
	contexts contexts
}

func newWarmer(mix mixture) (w *warmer, err error) {
	w = &warmer{mix: mix}
	if w.long, err = hop.New(mix.World); err != nil {
		return nil, err
	}
	few := mix.World
	few.Most = max(few.Least, min(mix.Short, few.Most))
	if w.short, err = hop.New(few); err != nil {
		return nil, err
	}
	if w.words, err = words(); err != nil {
		return nil, err
	}
	w.contexts, err = newContexts(Pruned, w.words)
	return w, err
}

// row is one supervised row. Of an episode of n searches, any of its n + 1 turns is as likely.
func (w *warmer) row(key uint64, grown bool) (rl.Datum, error) {
	// Looking up is learned in short contexts; long ones from the start keep it from beginning, and without any it does not reach beyond them.
	h := w.short
	if grown && world.Unit(world.Draw(key, 3)) < w.mix.Long {
		h = w.long
	}
	turns, err := w.trace(h, key>>11, world.Unit(world.Draw(key, 0)) < w.mix.Forget)
	if err != nil {
		return rl.Datum{}, err
	}
	if world.Unit(world.Draw(key, 2)) < w.mix.Whole {
		return w.episode(turns)
	}
	t := world.Pick(world.Draw(key, 1), len(turns))
	var before []int32
	if t > 0 {
		before = turns[t-1].wrote
	}
	return rl.Supervised(w.contexts.split(turns[0].now, before, turns[t].now).join(), turns[t].wrote), nil
}

// episode is the row of all turns, whose answers are all trained.
func (w *warmer) episode(turns []turn) (rl.Datum, error) {
	var t rl.Trajectory
	var history []int32
	for _, u := range turns {
		history = append(history, u.now...)
		t.Segments = append(t.Segments, rl.Segment{Context: append([]int32{}, history...), Tokens: u.wrote, Logprobs: make([]float32, len(u.wrote))})
		history = append(history, u.wrote...)
	}
	rows, err := rl.Rows(&t, 1)
	if err != nil || len(rows) != 1 {
		return rl.Datum{}, errors.Join(err, lab.Errorf(lab.Internal, "an episode makes %d rows, want 1", len(rows)))
	}
	return rl.Datum{Input: rows[0].Input, Targets: rows[0].Targets, Weights: rows[0].Weights}, nil
}

// turn is what the world said and what the oracle wrote, as tokens.
type turn struct{ now, wrote []int32 }

// trace lets the oracle play an episode of training and writes what a state would hold.
func (w *warmer) trace(h *hop.World, seed uint64, forgets bool) (turns []turn, err error) {
	e, err := h.Episode(hop.Train, seed)
	if err != nil {
		return nil, err
	}
	for done := false; !done; {
		var u turn
		if u.now, err = w.words.Encode(e.Read()); err != nil {
			return nil, err
		}
		wrote := oracle(e, forgets)
		if u.wrote, err = w.words.Encode(wrote); err != nil {
			return nil, err
		}
		u.wrote = append(u.wrote, w.words.End())
		turns = append(turns, u)
		done = e.Act(parse(wrote).act).Done
	}
	return turns, nil
}

// oracle writes what the oracle does behind the state that it keeps: for each question, as far as any of its facts was found, the entity that the
// last of them led to. One that forgets keeps the newest alone, and answers by what it kept.
func oracle(e *hop.Episode, forgets bool) string {
	var state []string
	questions := e.Questions()
	for _, q := range questions {
		if value := reached(e, q); value != "" {
			if forgets {
				state = blank(state, q.Number != "")
			}
			state = append(state, strings.Fields(q.Number+" "+value)...)
		}
	}
	f, next, open := e.Needed()
	if !open || e.TurnsLeft() <= 1 {
		return strings.Join(append([]string{hop.Ans}, orUnknown(state)...), " ")
	}
	words := append([]string{State}, state...)
	return strings.Join(append(words, strings.Fields(questions[next].Number+" "+hop.Find+" "+f.Key())...), " ")
}

// reached is the entity that the facts found lead to on the way to an answer, "" for none.
func reached(e *hop.Episode, q hop.Question) (value string) {
	for _, f := range q.Steps {
		if _, ok := e.Found(f); ok {
			value = f.Is
		}
	}
	return value
}

// blank forgets what a state has: all of it where answers are numbered; else a mark stays for each, so that the others keep their places.
func blank(state []string, numbered bool) []string {
	if numbered {
		return nil
	}
	return slices.Repeat([]string{hop.Unknown}, len(state))
}

// orUnknown is a mark where there is nothing to answer: ans alone is no answer.
func orUnknown(state []string) []string {
	if len(state) == 0 {
		return []string{hop.Unknown}
	}
	return state
}
