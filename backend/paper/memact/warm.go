package memact

import (
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/segment"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// mixture is what the traces of a warm start are made of.
type mixture struct {
	World  hop.Knobs
	Tool   float64
	Habits habits
	Due    int
}

// warmStart says how the model of a set-up is warmed up: segmented supervised learning (sec. 3.4 of arXiv 2510.12635v1) on fresh traces of a
// teacher with faults. One model serves all ways of keeping the context short: the instruction says whether there is a memory action.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Tool, mix.Habits, mix.Due = agent.Tool, agent.habits(), agent.Due
	mix.World.Least, mix.World.Most = 1, agent.WarmMost
	w, words, err := newWorld(mix.World)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: hop.Name, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	t := tracer{w, words, mix}
	return spec, func(i uint64) (rl.Datum, error) { return t.row(world.Draw(first, i) >> 11) }, nil
}

// newWorld is the world and the tokenizer of its words and those of the tools.
func newWorld(k hop.Knobs) (*hop.World, *llm.Words, error) {
	if err := checkWorld(&k); err != nil {
		return nil, nil, err
	}
	w, err := hop.New(k)
	if err != nil {
		return nil, nil, err
	}
	words, err := llm.NewWords(append(w.Spec().Words, ownWords(w.Spec().Words)...))
	return w, words, err
}

// tracer writes traces.
type tracer struct {
	world *hop.World
	words *llm.Words
	mix   mixture
}

// trace plays an episode of the training split as the teacher does, with no limit on the context, and returns it as a trajectory.
func (t tracer) trace(seed uint64) (*rl.Trajectory, error) {
	quest, err := t.world.Episode(hop.Train, seed)
	if err != nil {
		return nil, err
	}
	draw := rng.New(seed, "trace")
	d, err := newDesk(&ContextKnobs{Mode: CurateMode, Prunable: true}, draw.Bool(t.mix.Tool), t.words, quest)
	if err != nil {
		return nil, err
	}
	who, tr := &teacher{due: t.mix.Due, habits: t.mix.Habits, draw: draw}, &rl.Trajectory{}
	for done := false; !done; {
		context := d.h.ids()
		done = d.Act(who.act(d)).Done
		wrote := d.h.records[len(d.h.records)-1].Own
		tr.Segments = append(tr.Segments, rl.Segment{Context: context, Tokens: wrote, Logprobs: make([]float32, len(wrote))})
	}
	return tr, nil
}

// row is one supervised row: one piece of a trace between two edits, drawn by chance, with the context that it had. What the teacher wrote in
// it is trained, the memory action that closes it included.
func (t tracer) row(seed uint64) (rl.Datum, error) {
	tr, err := t.trace(seed)
	if err != nil {
		return rl.Datum{}, err
	}
	pieces := segment.Cut(tr)
	rows, err := pieces[world.Pick(world.Draw(seed, 1), len(pieces))].Row(tr, 0)
	if err != nil {
		return rl.Datum{}, err
	}
	return rl.Datum{Input: rows[0].Input, Targets: rows[0].Targets, Weights: rows[0].Weights}, nil
}
