package slearl

import "math"

// learned sums up an update.
type learned struct {
	tally
	groups, flat int
	whole, parts float64 // sizes of step-level advantages and of both together
	gap          float64
	moved        float64 // divergence from the warm start, nats a token
	rows         int
}

// group looks at the advantages of one group.
func (l *learned) group(k *RLKnobs, steps []attemptSteps, total []float64) {
	l.groups++
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, r := range total {
		lo, hi = min(lo, r), max(hi, r)
	}
	if hi-lo < 1e-9 {
		l.flat++
	}
	episode := *k
	episode.StepWeight = 0
	both, alone := advantages(k, steps, total), advantages(&episode, steps, total)
	for i := range both {
		for t := range both[i] {
			step := math.Abs(both[i][t] - alone[i][t])
			l.parts += step
			l.whole += step + math.Abs(alone[i][t])
		}
	}
}

// values are the measures of the update.
func (l *learned) values() []measure {
	all := []measure{{MetricTrain, l.all.value()}, {MetricReturn, l.earned / float64(max(l.all.whole, 1))}, {MetricUnknown, l.unknown.value()},
		{MetricRows, float64(l.rows)}, {MetricGap, l.gap}, {MetricMoved, l.moved}}
	if l.groups > 0 {
		all = append(all, measure{MetricFlat, float64(l.flat) / float64(l.groups)}, measure{MetricStepShare, l.parts / math.Max(l.whole, 1e-12)})
	}
	return all
}
