package memoryrplus

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// tally sums up the responses of an update or of an examination.
type tally struct {
	responses, correct, tokens, context int
	format, exploit, explore, length    float64
	total                               float64
	groups, flat, hopeless              int
	gap                                 float64 // largest distance of the sampler's log-probabilities from the trainer's, nats
}

// add takes one response in.
func (s *tally) add(a *answer, p paid) {
	s.responses, s.tokens = s.responses+1, s.tokens+a.tokens
	if a.grading.Correct {
		s.correct++
	}
	s.format, s.exploit, s.explore, s.length = s.format+a.grading.Format(), s.exploit+p.exploit, s.explore+p.explore, s.length+p.length
	s.total += p.total()
}

// group looks at a whole group: would it teach anything if format paid nothing, and is there one right response?
func (s *tally) group(parts []paid) {
	lo, hi, right := math.Inf(1), math.Inf(-1), false
	for _, p := range parts {
		r := p.total() - p.format
		lo, hi, right = min(lo, r), max(hi, r), right || p.outcome > 0
	}
	if hi-lo < 1e-9 {
		s.flat++
	}
	if !right {
		s.hopeless++
	}
}

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

// mean is a sum over the responses, for one of them.
func (s *tally) mean(sum float64) float64 { return sum / float64(s.responses) }

// accuracy is the share of right responses.
func (s *tally) accuracy() float64 { return s.mean(float64(s.correct)) }

// trained are the measures of an update.
func (s *tally) trained() []measure {
	return []measure{{MetricCorrect, s.accuracy()}, {MetricTrainForm, s.mean(s.format)}, {MetricExploit, s.mean(s.exploit)},
		{MetricExplore, s.mean(s.explore)}, {MetricShape, s.mean(s.length)}, {MetricReward, s.mean(s.total)}, {MetricTrainLen, s.mean(float64(s.tokens))},
		{MetricFlat, float64(s.flat) / float64(s.groups)}, {MetricHopeless, float64(s.hopeless) / float64(s.groups)}, {MetricGap, s.gap}}
}

// emitAll emits measures at an update.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}
