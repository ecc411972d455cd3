package mem1

import (
	"context"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// Episodes of an examination that go into the record whole.
const (
	keptEpisodes = 1 // of each evaluation
	keptTests    = 3 // of each test
)

// exam examines on held-out episodes that depend on the run's seed alone: every arm of a seed meets the same ones.
type exam struct {
	knobs  *RLKnobs
	world  hop.Knobs
	player *player
	seed   uint64
}

// sitting says how one examination is done.
type sitting struct {
	name        string // of the stream that draws its episodes
	k           hop.Knobs
	n           int
	temperature float64
	kept        int
}

// game is the sitting as it is played.
func (e *exam) game(s sitting) (game, error) {
	w, err := hop.New(s.k)
	return game{world: w, split: hop.Test, items: rng.New(e.seed, s.name).Seeds(s.n), attempts: 1, temperature: s.temperature, seed: rng.New(e.seed, "draws").Uint64(), kept: s.kept}, err
}

// sit lets a model play, and puts the kept episodes into the record.
func (e *exam) sit(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, s sitting, now *count) (t tally, err error) {
	g, err := e.game(s)
	if err != nil {
		return t, err
	}
	groups, traces, err := e.player.play(ctx, sampler, g)
	if err != nil {
		return t, err
	}
	for i, tr := range traces {
		t.add(tr, &groups[i].Trajectories[0])
	}
	for i := range min(s.kept, len(traces)) {
		if err := e.keep(emit, traces[i], &groups[i].Trajectories[0], now); err != nil {
			return t, err
		}
	}
	return t, nil
}

// evaluate examines with the most probable tokens, on as many questions an episode as in training.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, now *count) error {
	t, err := e.sit(ctx, emit, sampler, sitting{name: "eval", k: e.world, n: e.knobs.EvalQuestions, kept: keptEpisodes}, now)
	if err != nil {
		return err
	}
	return emitAll(emit, now.Updates, t.examined())
}

// longest is the number of questions of the test that survival is measured in.
const longest = 8

// test examines on episodes of n questions, with the most probable tokens and with drawn ones. x of its metrics is n.
func (e *exam) test(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, n int, now *count) error {
	s := sitting{name: "test", k: ofN(e.world, n), n: e.knobs.TestQuestions, kept: keptTests}
	t, err := e.sit(ctx, emit, sampler, s, now)
	if err != nil {
		return err
	}
	values := t.tested()
	if n == longest {
		if err := e.survival(emit, &t); err != nil {
			return err
		}
	}
	s.temperature, s.kept = 1, 0
	if t, err = e.sit(ctx, emit, sampler, s, now); err != nil {
		return err
	}
	return emitAll(emit, n, append(values, measure{MetricSampled, t.score()}))
}

// survival emits how many answers still stand in the state, by the turns since they were first seen.
func (e *exam) survival(emit lab.Emitter, t *tally) error {
	for age, l := range t.lives {
		if err := emitAll(emit, age, []measure{{MetricSurvival, ratio(l.kept, l.found)}}); err != nil {
			return err
		}
	}
	return nil
}

// measureReference plays a test with a yardstick of the world. What it has in sight is the present text, of full-memory all that was told.
func (e *exam) measureReference(ctx context.Context, emit lab.Emitter, r ReferenceKnobs, n int, first bool) error {
	score, sizes, err := e.reference(ctx, r, sitting{name: "test", k: ofN(e.world, n), n: e.knobs.TestQuestions})
	if err != nil {
		return err
	}
	values := []measure{{MetricTest, score}, {MetricSampled, score}, {MetricPeak, sizes[0]}, {MetricState, sizes[1]}}
	if err := emitAll(emit, n, values); err != nil || !first {
		return err
	}
	score, sizes, err = e.reference(ctx, r, sitting{name: "eval", k: e.world, n: e.knobs.TestQuestions})
	if err != nil {
		return err
	}
	return emitAll(emit, 0, []measure{{MetricScore, score}, {MetricContext, sizes[0]}, {MetricMemory, sizes[1]}})
}

// reference returns the share of right answers of a yardstick, the mean of the most words that it had in sight, and of the words that it kept.
func (e *exam) reference(ctx context.Context, r ReferenceKnobs, s sitting) (score float64, sizes [2]float64, err error) {
	g, err := e.game(s)
	if err != nil {
		return 0, sizes, err
	}
	who, err := g.world.Reference(r.Policy, e.seed)
	if err != nil {
		return 0, sizes, err
	}
	right, questions := 0, 0
	for _, item := range g.items {
		if err := ctx.Err(); err != nil {
			return 0, sizes, err
		}
		d, err := g.world.Episode(g.split, item)
		if err != nil {
			return 0, sizes, err
		}
		peak, kept := 0, 0
		for done := false; !done; {
			told := len(strings.Fields(d.Read()))
			if r.Policy == world.FullMemory {
				peak, kept = kept+told, kept+told
			} else {
				peak = max(peak, told)
			}
			done = d.Act(who.Answer(d)).Done
		}
		sizes[0], sizes[1] = sizes[0]+float64(peak)/float64(len(g.items)), sizes[1]+float64(kept)/float64(len(g.items))
		right, questions = right+int(d.Info().Numbers["right"]), questions+len(d.Questions())
	}
	return ratio(right, questions), sizes, nil
}
