package delethink

import (
	"errors"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// question is a problem with its token ids, as the model reads it.
type question struct {
	*mathworld.Problem
	seed uint64
	ids  []int32
}

// ofLength returns the world with questions of n operations each, and the same else.
func ofLength(k mathworld.ArithmeticKnobs, n int) mathworld.ArithmeticKnobs {
	k.Shortest, k.Longest = n, n
	return k
}

// oneLine writes a text without line ends: a token a line would be spent on nothing.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// questions returns the problems of those seeds in a split.
func questions(w *mathworld.Arithmetic, words *llm.Words, split string, seeds []uint64) ([]question, error) {
	qs := make([]question, len(seeds))
	for i, seed := range seeds {
		p, err := w.Problem(split, seed)
		if err != nil {
			return nil, err
		}
		ids, err := words.Encode(oneLine(p.Question()))
		if err != nil {
			return nil, err
		}
		qs[i] = question{p, seed, ids}
	}
	return qs, nil
}

// text turns token ids back into words, as the world's readers want them.
func text(words *llm.Words, ids []int32) (string, error) {
	t, err := words.Decode(ids)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "what the model wrote: %w", err)
	}
	return t, nil
}

// mixture is what the traces of a warm start are made of.
type mixture struct {
	World mathworld.ArithmeticKnobs // but for the number of variables, drawn from 1 to Live
	Live  int
	Trace mathworld.TraceKnobs
}

// warmStart says how the model of a set-up is warmed up: on fresh traces of the oracle, some of their steps wrong, some followed by a line
// that restates every variable. The traces are uncut thinking about questions of any number of variables: the same for every template
// and every case of a notebook.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Live, mix.Trace = agent.WarmLive, mathworld.TraceKnobs{Wrong: agent.Wrong, Restate: agent.Restate}
	mix.World.Live, mix.World.Shortest, mix.World.Longest = 1, min(2, agent.WarmOps), agent.WarmOps
	worlds, err := mix.worlds()
	if err != nil {
		return base.Spec{}, nil, err
	}
	words, err := llm.NewWords(worlds[0].Spec().Words)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: mathworld.RunningArithmetic, Knobs: agent.Knobs,
		Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	return spec, func(i uint64) (rl.Datum, error) {
		return traceRow(worlds[world.Pick(world.Draw(first, i), len(worlds))], words, world.Draw(first, i)>>11, mix.Trace)
	}, nil
}

// worlds [Live] have one variable more each.
func (m mixture) worlds() ([]*mathworld.Arithmetic, error) {
	all := make([]*mathworld.Arithmetic, m.Live)
	for i := range all {
		k := m.World
		k.Live = i + 1
		w, err := mathworld.NewArithmetic(k)
		if err != nil {
			return nil, err
		}
		all[i] = w
	}
	return all, nil
}

// traceRow is one supervised row: question, work and end token, of which work and end are trained.
func traceRow(w *mathworld.Arithmetic, words *llm.Words, seed uint64, mix mathworld.TraceKnobs) (rl.Datum, error) {
	t, err := w.Trace(seed, mix)
	if err != nil {
		return rl.Datum{}, err
	}
	asked, err := words.Encode(oneLine(t.Question()))
	if err != nil {
		return rl.Datum{}, err
	}
	work, err := words.Encode(oneLine(t.Work))
	if err != nil {
		return rl.Datum{}, err
	}
	return rl.Supervised(asked, append(work, words.End())), nil
}
