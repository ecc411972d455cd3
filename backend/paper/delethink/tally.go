package delethink

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
)

// tally sums up attempts.
type tally struct {
	attempts, correct, answered int
	tokens, chunks, peak        int
	restates                    int
	borders, sufficient, carry  int
	restated, restatedAt        int // borders with a restating line in the carried text, and how many tokens before the border it ended
	groups, flat                int
	gap                         float64 // largest distance of the sampler's log-probabilities from the trainer's, nats
}

// grade reads what an attempt wrote, rewards it (1 for the right answer within the budget, else 0) and adds it to the tally.
func (s *tally) grade(q question, t *rl.Trajectory, words *llm.Words) error {
	work, err := text(words, thought(t))
	if err != nil {
		return err
	}
	c := q.Check(work)
	t.Reward, t.Why = 0, lab.EndHorizon
	if c.Answered {
		t.Why = lab.EndTerminal
		s.answered++
	}
	if c.Correct {
		t.Reward = 1
		s.correct++
	}
	t.Terms = []rl.Term{{Name: "answer", Value: t.Reward}}
	s.attempts++
	s.tokens, s.chunks, s.peak, s.restates = s.tokens+t.Length(), s.chunks+len(t.Segments), s.peak+t.Peak(), s.restates+c.Restates
	return s.watch(q, t, words)
}

// watch looks at the borders of an attempt: is what is carried over enough to go on from?
func (s *tally) watch(q question, t *rl.Trajectory, words *llm.Words) error {
	var all []int32
	for i, seg := range t.Segments[:len(t.Segments)-1] {
		all = append(all, seg.Tokens...)
		work, err := text(words, all)
		if err != nil {
			return err
		}
		tail := len(t.Segments[i+1].Context) - len(q.ids)
		b := q.Border(work, tail)
		s.borders++
		s.carry += tail
		if b.Sufficient() {
			s.sufficient++
		}
		if b.Restated >= 0 {
			s.restated, s.restatedAt = s.restated+1, s.restatedAt+b.Restated
		}
	}
	return nil
}

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// accuracy is the share of attempts with the right answer.
func (s *tally) accuracy() float64 { return ratio(s.correct, s.attempts) }

// sizes are the measures of what was in sight and what was carried.
func (s *tally) sizes() []measure {
	return []measure{{MetricContext, ratio(s.peak, s.attempts)}, {MetricMemory, orZero(s.carry, s.borders)}}
}

// orZero is a mean over nothing where nothing is carried.
func orZero(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return ratio(a, b)
}

// examined are the measures of an evaluation.
func (s *tally) examined() []measure {
	return append(s.sizes(), measure{MetricAccuracy, s.accuracy()}, measure{MetricAnswered, ratio(s.answered, s.attempts)},
		measure{MetricTokens, ratio(s.tokens, s.attempts)}, measure{MetricChunks, ratio(s.chunks, s.attempts)},
		measure{MetricRestates, ratio(s.restates, s.attempts)}, measure{MetricSufficiency, ratio(s.sufficient, s.borders)},
		measure{MetricDistance, ratio(s.restatedAt, s.restated)})
}

// trained are the measures of an update.
func (s *tally) trained() []measure {
	return []measure{{MetricReward, s.accuracy()}, {MetricFlat, ratio(s.flat, s.groups)}, {MetricGap, s.gap},
		{MetricTrainTokens, ratio(s.tokens, s.attempts)}, {MetricTrainSufficiency, ratio(s.sufficient, s.borders)}}
}

// emitAll emits those measures that have a value: a mean over nothing is no point of a curve.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if math.IsNaN(v.value) {
			continue
		}
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}
