package memoryr1

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
)

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

// emitAll emits measures where the method stands.
func (m *method) emitAll(emit lab.Emitter, values []measure) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(m.now.Managed + m.now.Answered), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}

// mean is a share or a mean under way.
type mean struct{ sum, n float64 }

func (m *mean) add(x float64) { m.sum, m.n = m.sum+x, m.n+1 }

// of is the mean, 0 of nothing.
func (m *mean) of() float64 { return m.sum / max(m.n, 1) }

// marks are right answers to test questions.
type marks struct{ all, single, list mean }

func (s *marks) add(q *question, right float64) {
	s.all.add(right)
	if q.list {
		s.list.add(right)
	} else {
		s.single.add(right)
	}
}

// tally sums up the groups of an update.
type tally struct {
	reward, flat, faults mean
}

// group takes a group in; tried is nil for answers.
func (s *tally) group(g *rl.Group, tried []outcome) {
	rewards := make([]float64, len(g.Trajectories))
	for i := range g.Trajectories {
		rewards[i] = g.Trajectories[i].Reward
		s.reward.add(rewards[i])
	}
	flat := 0.0
	if !rl.GroupNormal.Advantages(rewards, make([]float64, len(rewards))) {
		flat = 1
	}
	s.flat.add(flat)
	for _, o := range tried {
		s.faults.add(float64(min(o.Faults, 1)))
	}
}

func (s *tally) managed() []measure {
	return []measure{{MetricReward, s.reward.of()}, {MetricFlat, s.flat.of()}}
}

func (s *tally) answered() []measure {
	return []measure{{MetricAnsReward, s.reward.of()}, {MetricAnswerFlat, s.flat.of()}}
}
