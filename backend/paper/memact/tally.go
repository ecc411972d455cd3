package memact

import (
	"math"

	"github.com/loci-lab/loci/backend/rl/exam"
)

// tally sums up episodes.
type tally struct {
	episodes, success, overflow int
	calls, seen, peak, memory   int
	prunes, finds, failures     int
	questions, never, finished  int
	right                       float64
}

// add counts an episode that is over.
func (s *tally) add(d *desk) {
	n := len(d.quest.Questions())
	s.episodes++
	s.questions += n
	s.calls, s.seen, s.peak, s.memory = s.calls+d.tale.calls, s.seen+d.tale.seen, s.peak+d.tale.peak, s.memory+d.memory()
	s.prunes, s.finds, s.failures = s.prunes+d.tale.prunes, s.finds+d.tale.finds, s.failures+d.tale.failures
	s.right += float64(d.quest.Right(d.quest.Given()))
	if d.info.Success {
		s.success++
	}
	if d.tale.overflow {
		s.overflow++
	}
	if len(d.quest.Given()) == 0 {
		return
	}
	s.finished += n
	for _, q := range d.quest.Questions() {
		if _, ok := d.quest.Found(q.Steps[len(q.Steps)-1]); !ok {
			s.never++
		}
	}
}

func ratio[A, B int | float64](a A, b B) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// examined are the measures of an evaluation; a mean over nothing is left out.
func (s *tally) examined() []exam.Value {
	return some(exam.Value{Name: MetricSuccess, Value: ratio(s.success, s.episodes)}, exam.Value{Name: MetricRight, Value: ratio(s.right, s.questions)},
		exam.Value{Name: MetricTokens, Value: ratio(s.seen, s.calls)}, exam.Value{Name: MetricContext, Value: ratio(s.peak, s.episodes)},
		exam.Value{Name: MetricMemory, Value: ratio(s.memory, s.episodes)}, exam.Value{Name: MetricPrunes, Value: ratio(s.prunes, s.episodes)},
		exam.Value{Name: MetricSearches, Value: ratio(s.finds, s.episodes)}, exam.Value{Name: MetricOverflow, Value: ratio(s.overflow, s.episodes)},
		exam.Value{Name: MetricFaults, Value: ratio(s.failures, s.calls)}, exam.Value{Name: MetricEarly, Value: ratio(s.never, s.finished)})
}

// tested are the measures of the last test for one number of questions.
func (s *tally) tested() []exam.Value {
	return some(exam.Value{Name: MetricSuccessBy, Value: ratio(s.success, s.episodes)}, exam.Value{Name: MetricRightBy, Value: ratio(s.right, s.questions)},
		exam.Value{Name: MetricTokensBy, Value: ratio(s.seen, s.calls)}, exam.Value{Name: MetricContextBy, Value: ratio(s.peak, s.episodes)},
		exam.Value{Name: MetricPrunesBy, Value: ratio(s.prunes, s.episodes)}, exam.Value{Name: MetricMemoryBy, Value: ratio(s.memory, s.episodes)},
		exam.Value{Name: MetricSearchesBy, Value: ratio(s.finds, s.episodes)}, exam.Value{Name: MetricOverflowBy, Value: ratio(s.overflow, s.episodes)})
}

// some are those that have a value: a mean over nothing is no point of a curve.
func some(all ...exam.Value) (left []exam.Value) {
	for _, v := range all {
		if !math.IsNaN(v.Value) {
			left = append(left, v)
		}
	}
	return left
}
