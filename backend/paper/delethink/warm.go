package delethink

import (
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// mixture is what the rows of a warm start are made of.
type mixture struct {
	World  mathworld.ArithmeticKnobs // but for the number of variables, drawn from 1 to Live, and of operations
	Live   int
	Ops    [2]int  // most operations of usual and of longer questions
	Long   float64 // share of longer questions
	Cut    float64 // share of rows that begin in the middle of the work
	Tokens int     // of one row, at most
	Trace  mathworld.TraceKnobs
}

// A row that begins in the middle has between so many tokens of the work before it.
const leastTail, mostTail = 8, 64

// warmStart says how the model of a set-up is warmed up: on fresh traces of the oracle, some of their steps wrong, some followed by a line
// that restates every variable. The same model serves every template and every case of a notebook: questions have 1 to Live variables,
// and most of the rows go on from the middle of a work, as a chunk does, given a tail of any length that need not be enough.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Live, mix.Ops, mix.Long, mix.Cut, mix.Tokens = agent.WarmLive, [2]int{agent.WarmOps, max(agent.WarmOps, agent.WarmLongOps)}, agent.WarmLong, agent.Cut, agent.WarmTokens
	mix.Trace = mathworld.TraceKnobs{Wrong: agent.Wrong, Restate: agent.Restate}
	mix.World.Live, mix.World.Shortest, mix.World.Longest = 1, 1, 1 // drawn anew for every row
	w, err := newWarmer(mix)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(w.words.Size()), Words: w.words.List(), World: mathworld.RunningArithmetic, Knobs: agent.Knobs,
		Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	return spec, func(i uint64) (rl.Datum, error) { return w.row(world.Draw(first, i)) }, nil
}

// warmer writes rows.
type warmer struct {
	mix    mixture
	worlds [2][]*mathworld.Arithmetic // usual and longer questions, by the number of variables less one
	words  *llm.Words
}

func newWarmer(mix mixture) (w *warmer, err error) {
	w = &warmer{mix: mix}
	for long, ops := range mix.Ops {
		for live := range mix.Live {
			k := mix.World
			k.Live, k.Shortest, k.Longest = live+1, min(2, ops), ops
			made, err := mathworld.NewArithmetic(k)
			if err != nil {
				return nil, err
			}
			w.worlds[long] = append(w.worlds[long], made)
		}
	}
	w.words, err = llm.NewWords(w.worlds[0][0].Spec().Words)
	return w, err
}

// row is one supervised row: question, perhaps a part of the work, and the rest of the work with the end token, which is trained.
func (w *warmer) row(key uint64) (rl.Datum, error) {
	worlds := w.worlds[0]
	if world.Unit(world.Draw(key, 0)) < w.mix.Long {
		worlds = w.worlds[1]
	}
	t, err := worlds[world.Pick(world.Draw(key, 1), len(worlds))].Trace(key>>11, w.mix.Trace)
	if err != nil {
		return rl.Datum{}, err
	}
	asked, err := w.words.Encode(oneLine(t.Question()))
	if err != nil {
		return rl.Datum{}, err
	}
	work, err := w.words.Encode(oneLine(t.Work))
	if err != nil {
		return rl.Datum{}, err
	}
	work = append(work, w.words.End())
	if world.Unit(world.Draw(key, 2)) < w.mix.Cut {
		at := 1 + world.Pick(world.Draw(key, 3), len(work)-1)
		tail := min(at, leastTail+world.Pick(world.Draw(key, 4), mostTail-leastTail+1))
		asked, work = join(asked, work[at-tail:at]), work[at:]
	}
	if room := w.mix.Tokens - len(asked); len(work) > room {
		work = work[:max(room, 1)]
	}
	return rl.Supervised(asked, work), nil
}
