package memoryrplus

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

const (
	keptEpisodes = 2 // of each evaluation go into the record whole
	samples      = 3 // responses to a question whose diversity is measured
)

// answerer is whoever is examined: some responses to each question.
type answerer interface {
	answer(ctx context.Context, w *mathworld.Words, split string, qs []question, each int, temperature float64) ([]rl.Group, error)
}

// exam examines on questions that depend on the run's seed alone: every arm of a seed answers the same ones.
type exam struct {
	knobs RLKnobs
	world *mathworld.Words
	words *llm.Words
	seed  uint64
}

// sitting is one examination.
type sitting struct {
	tally
	questions []question
	groups    []rl.Group
	graded    [][]mathworld.Grading // [questions][responses]
}

// sit lets somebody answer n questions of a split, each so often, and grades the responses.
func (e *exam) sit(ctx context.Context, who answerer, split string, n, each int, temperature float64) (s sitting, err error) {
	if s.questions, err = questions(e.world, e.words, split, rng.New(e.seed, split).Seeds(n)); err != nil {
		return s, err
	}
	if s.groups, err = who.answer(ctx, e.world, split, s.questions, each, temperature); err != nil {
		return s, err
	}
	s.graded = make([][]mathworld.Grading, n)
	for i := range s.groups {
		for g := range s.groups[i].Trajectories {
			t := &s.groups[i].Trajectories[g]
			said, err := e.words.Decode(t.Segments[0].Tokens)
			if err != nil {
				return s, lab.Errorf(lab.Internal, "what the model wrote: %w", err)
			}
			a := answer{grading: s.questions[i].Grade(said), tokens: t.Length()}
			t.Reward, t.Why = a.grading.Correctness(), lab.EndTerminal
			s.graded[i] = append(s.graded[i], a.grading)
			s.add(&a, paid{})
			s.context += t.Peak()
		}
	}
	return s, nil
}

// evaluate examines with the most probable tokens and keeps a few whole episodes.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, who answerer, now *count) error {
	s, err := e.sit(ctx, who, mathworld.Test, e.knobs.EvalQuestions, 1, 0)
	if err != nil {
		return err
	}
	if err := emitAll(emit, now.Updates, []measure{{MetricAccuracy, s.accuracy()}, {MetricFormat, s.mean(s.format)},
		{MetricLength, s.mean(float64(s.tokens))}, {MetricContext, s.mean(float64(s.context))}}); err != nil {
		return err
	}
	for i := range min(keptEpisodes, len(s.questions)) {
		if err := e.keep(emit, s.questions[i], s.graded[i][0], &s.groups[i].Trajectories[0], now); err != nil {
			return err
		}
	}
	return nil
}

// test examines before and after learning: more questions, drawn responses and their diversity, and families that training never showed.
func (e *exam) test(ctx context.Context, emit lab.Emitter, who answerer, now *count) error {
	n := e.knobs.TestQuestions
	greedy, err := e.sit(ctx, who, mathworld.Test, n, 1, 0)
	if err != nil {
		return err
	}
	drawn, err := e.sit(ctx, who, mathworld.Test, max(1, n/4), samples, 1)
	if err != nil {
		return err
	}
	other, err := e.sit(ctx, who, mathworld.HeldOut, max(1, n/2), 1, 0)
	if err != nil {
		return err
	}
	values := []measure{{MetricTest, greedy.accuracy()}, {MetricSampled, drawn.accuracy()}, {MetricHeldOut, other.accuracy()},
		{MetricCollapsed, e.collapsed(&greedy.tally, now)}, {MetricDiversity, spread(drawn.graded)}}
	return emitAll(emit, now.Updates, values)
}

// collapsed says whether learning went astray: responses below half of their first length or above 95 % of the limit, or fewer right answers
// than before and more reward for format. The test before learning sets the yardstick.
func (e *exam) collapsed(s *tally, now *count) float64 {
	length, correct, format := s.mean(float64(s.tokens)), s.mean(float64(s.correct)), s.mean(s.format)
	if now.Updates == 0 {
		now.Length, now.Correct, now.Format = length, correct, format
	}
	if length < now.Length/2 || length > 0.95*mathworld.ResponseTokens || correct < now.Correct && format > now.Format {
		return 1
	}
	return 0
}

// spread is the mean diversity of the reasoning over questions, by the hashed encoder whatever the memory has: arms are to be compared by it.
func spread(graded [][]mathworld.Grading) float64 {
	sum, n := 0.0, 0
	for _, responses := range graded {
		vectors := make([][]float32, len(responses))
		for i, g := range responses {
			vectors[i] = encodeHash(g.Reasoning)
		}
		if d, ok := diversity(vectors); ok {
			sum, n = sum+d, n+1
		}
	}
	return sum / float64(max(n, 1))
}

// keep puts a question and its response into the record.
func (e *exam) keep(emit lab.Emitter, q question, g mathworld.Grading, t *rl.Trajectory, now *count) error {
	now.Episodes++
	s := &t.Segments[0]
	said, err := e.words.Decode(s.Tokens)
	if err != nil {
		return err
	}
	if err := emit.Emit(lab.Context{Episode: now.Episodes, Limit: len(q.ids) + mathworld.ResponseTokens,
		Blocks: []lab.Block{{Name: "task", Text: q.Question, Tokens: q.ids, Count: len(q.ids)}}}); err != nil {
		return err
	}
	if err := emit.Emit(lab.Step{Episode: now.Episodes, Saw: q.Question, Action: said, Reward: lab.Float(t.Reward), Done: true,
		Numbers: map[string]lab.Float{"format": lab.Float(g.Format()), "tokens": lab.Float(t.Length()), "right answer": lab.Float(q.Answer())}}); err != nil {
		return err
	}
	return emit.Emit(lab.Episode{ID: now.Episodes, Split: "eval", Seed: q.seed, X: int64(now.Updates), Steps: 1, Return: lab.Float(t.Reward),
		Success: g.Correct, Why: t.Why, Context: lab.Float(t.Peak()), Detail: true})
}

// responder answers with the model.
type responder struct {
	sampler llm.Sampler
	words   *llm.Words
	seed    uint64
}

func (m responder) answer(ctx context.Context, _ *mathworld.Words, _ string, qs []question, each int, temperature float64) ([]rl.Group, error) {
	asked := make([]question, len(qs))
	for i, seed := range rng.New(m.seed, "evaluation").Seeds(len(qs)) {
		asked[i] = question{qs[i].WordProblem, seed, qs[i].ids}
	}
	return respond(ctx, m.sampler, asked, each, sampling(m.words, temperature))
}

// reference answers as a yardstick of the world does.
type reference struct {
	policy string
	words  *llm.Words
	seed   uint64
}

func (r reference) answer(_ context.Context, w *mathworld.Words, split string, qs []question, each int, _ float64) ([]rl.Group, error) {
	speaker, err := w.Reference(r.policy, r.seed)
	if err != nil {
		return nil, err
	}
	groups := make([]rl.Group, len(qs))
	for i, q := range qs {
		groups[i].Item = q.seed
		for range each {
			d, err := w.Start(split, q.seed)
			if err != nil {
				return nil, err
			}
			ids, err := r.words.Encode(speaker.Answer(d))
			if err != nil {
				return nil, err
			}
			groups[i].Trajectories = append(groups[i].Trajectories,
				rl.Trajectory{Segments: []rl.Segment{{Context: q.ids, Tokens: ids, Logprobs: make([]float32, len(ids)), Stop: llm.Stopped}}})
		}
	}
	return groups, nil
}
