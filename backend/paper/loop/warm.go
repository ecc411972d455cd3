package loop

import (
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// mixture is what the rows of a warm start are made of.
type mixture struct {
	World  tool.AppsKnobs
	Skip   float64 // share of calls whose form is guessed
	GiveUp float64 // share of failed calls behind which the trace ends
}

// warmStart says how the model of a set-up is warmed up: on whole traces of training tasks by somebody who looks up too little, guesses
// the rest, and gives up too often. What is told and what is copied is always right, so the skill is there and the habit is not.
func warmStart(setup lab.Setup) (base.Spec, *warmer, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Skip, mix.GiveUp = agent.Skip, agent.GiveUp
	w, err := newWarmer(mix)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(w.words.Size()), Words: w.words.List(), World: tool.Apps, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	w.first = rng.New(spec.Seed, "traces").Uint64()
	return spec, w, nil
}

// warmer writes rows.
type warmer struct {
	mix   mixture
	world *tool.World
	words *llm.Words
	first uint64
	truth bool // traces of the oracle
}

func newWarmer(mix mixture) (*warmer, error) {
	w, err := tool.New(&mix.World, 0)
	if err != nil {
		return nil, err
	}
	words, err := llm.NewWords(w.Spec().Words)
	return &warmer{mix: mix, world: w, words: words}, err
}

// truthful writes the traces of the oracle, mixed those of the warm start.
func (w *warmer) truthful() *warmer { return w.as(true) }
func (w *warmer) mixed() *warmer    { return w.as(false) }

func (w *warmer) as(truth bool) *warmer {
	other := *w
	other.truth = truth
	return &other
}

// row is trace i as one supervised row: all that the world says and, trained, all that is answered.
func (w *warmer) row(i uint64) (rl.Datum, error) {
	key := world.Draw(w.first, i)
	d, err := w.world.Start(tool.Train, key>>11)
	if err != nil {
		return rl.Datum{}, err
	}
	who := tool.AppsTeacher(w.mix.Skip, w.mix.GiveUp, world.Draw(key, 1))
	if w.truth {
		if who, err = w.world.Reference(world.Oracle, 0); err != nil {
			return rl.Datum{}, err
		}
	}
	var t rl.Trajectory
	var context []int32
	for over := false; !over; {
		told, err := w.words.Encode(d.Read())
		if err != nil {
			return rl.Datum{}, err
		}
		answer := who.Answer(d)
		said, err := w.words.Encode(answer)
		if err != nil {
			return rl.Datum{}, err
		}
		said = append(said, w.words.End())
		context = append(context, told...)
		t.Segments = append(t.Segments, rl.Segment{Context: append([]int32(nil), context...), Tokens: said, Logprobs: make([]float32, len(said))})
		context = append(context, said...)
		over = d.Act(answer).Done
	}
	rows, err := rl.Rows(&t, 0)
	if err != nil || len(rows) != 1 {
		return rl.Datum{}, lab.Errorf(lab.Internal, "a trace makes %d rows, want 1: %w", len(rows), err)
	}
	return rl.Datum{Input: rows[0].Input, Targets: rows[0].Targets, Weights: rows[0].Weights}, nil
}
