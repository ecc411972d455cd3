package delethink

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// keptEpisodes of each evaluation go into the record whole.
const keptEpisodes = 2

// answerer is whoever is examined: one attempt at each question.
type answerer interface {
	answer(ctx context.Context, w *mathworld.Arithmetic, qs []question, t template, temperature float64) ([]rl.Group, error)
}

// exam examines on questions that depend on the run's seed alone: every arm of a seed answers the same ones, none of which is in the
// training split.
type exam struct {
	knobs RLKnobs
	world mathworld.ArithmeticKnobs
	words *llm.Words
	seed  uint64
}

// ask returns that many test questions; longer ones where ops is above 0.
func (e *exam) ask(name string, n, ops int) (*mathworld.Arithmetic, []question, error) {
	k := e.world
	if ops > 0 {
		k = ofLength(k, ops)
	}
	w, err := mathworld.NewArithmetic(k)
	if err != nil {
		return nil, nil, err
	}
	qs, err := questions(w, e.words, mathworld.Test, rng.New(e.seed, name).Seeds(n))
	return w, qs, err
}

// sitting is one examination: which questions, cut how, answered at what temperature.
type sitting struct {
	name        string
	n, ops      int
	template    template
	temperature float64
}

// sit lets somebody answer and grades it.
func (e *exam) sit(ctx context.Context, who answerer, s sitting) (t tally, qs []question, groups []rl.Group, err error) {
	w, qs, err := e.ask(s.name, s.n, s.ops)
	if err != nil {
		return t, nil, nil, err
	}
	if groups, err = who.answer(ctx, w, qs, s.template, s.temperature); err != nil {
		return t, nil, nil, err
	}
	for i := range groups {
		if err := t.grade(qs[i], &groups[i].Trajectories[0], e.words); err != nil {
			return t, nil, nil, err
		}
	}
	return t, qs, groups, nil
}

// evaluate examines on questions as in training, with the most probable tokens, and keeps a few whole episodes.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, who answerer, now *count) error {
	t, qs, groups, err := e.sit(ctx, who, sitting{name: "eval", n: e.knobs.EvalQuestions, template: e.knobs.template()})
	if err != nil {
		return err
	}
	if err := emitAll(emit, now.Updates, t.examined()); err != nil {
		return err
	}
	for i := range min(keptEpisodes, len(qs)) {
		if err := e.keep(emit, qs[i], &groups[i].Trajectories[0], now); err != nil {
			return err
		}
	}
	return nil
}

// test examines at the end of the run, and of the warm start: more questions, drawn tokens, long questions, and nothing carried over.
func (e *exam) test(ctx context.Context, emit lab.Emitter, who answerer, now *count) error {
	k := e.knobs
	bare := k.template()
	bare.carry, bare.fold = 0, 0
	for _, s := range []struct {
		sitting
		metric string
	}{
		{sitting{"test", k.TestQuestions, 0, k.template(), 0}, MetricTest},
		{sitting{"test", k.TestQuestions, 0, k.template(), 1}, MetricSampled},
		{sitting{"long", k.TestQuestions / 2, k.LongOps, k.long(), 0}, MetricLong},
		{sitting{"test", k.TestQuestions / 2, 0, bare, 0}, MetricNoCarry},
	} {
		if s.n == 0 || s.metric == MetricNoCarry && k.Chunks == 1 {
			continue
		}
		t, _, _, err := e.sit(ctx, who, s.sitting)
		if err != nil {
			return err
		}
		values := []measure{{s.metric, t.accuracy()}}
		switch s.metric {
		case MetricTest:
			values = append(values, measure{MetricTestSufficiency, ratio(t.sufficient, t.borders)})
		case MetricLong:
			values = append(values, measure{MetricLongContext, ratio(t.peak, t.attempts)})
		}
		if err := emitAll(emit, now.Updates, values); err != nil {
			return err
		}
	}
	return nil
}

// model answers by thinking in chunks.
type thinker struct {
	sampler llm.Sampler
	how     func(temperature float64) llm.Sampling
	stream  func() *rng.Stream // of the draws; a new one for every sitting
}

func (m thinker) answer(ctx context.Context, _ *mathworld.Arithmetic, qs []question, t template, temperature float64) ([]rl.Group, error) {
	queries := make([][]int32, len(qs))
	for i, q := range qs {
		queries[i] = q.ids
	}
	return think(ctx, m.sampler, queries, 1, t, m.how(temperature), m.stream().Seeds(len(qs)))
}

// reference answers as a yardstick of the world does, in one piece.
type reference struct {
	policy string
	words  *llm.Words
	seed   uint64
}

func (r reference) answer(_ context.Context, w *mathworld.Arithmetic, qs []question, _ template, _ float64) ([]rl.Group, error) {
	speaker, err := w.Reference(r.policy, r.seed)
	if err != nil {
		return nil, err
	}
	groups := make([]rl.Group, len(qs))
	for i, q := range qs {
		d, err := w.Start(mathworld.Test, q.seed)
		if err != nil {
			return nil, err
		}
		ids, err := r.words.Encode(oneLine(speaker.Answer(d)))
		if err != nil {
			return nil, err
		}
		groups[i] = rl.Group{Item: q.seed, Trajectories: []rl.Trajectory{{Segments: []rl.Segment{{Context: q.ids, Tokens: ids, Logprobs: make([]float32, len(ids)), Stop: llm.Stopped}}}}}
	}
	return groups, nil
}
