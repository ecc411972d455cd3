package loop

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
)

// share is a count of a count.
type share struct{ part, whole int }

func (s *share) add(yes bool) {
	s.whole++
	if yes {
		s.part++
	}
}

func (s share) value() float64 { return float64(s.part) / float64(max(s.whole, 1)) }

// average is a mean that is being summed up.
type average struct {
	sum float64
	n   int
}

func (a *average) add(x float64) { a.sum, a.n = a.sum+x, a.n+1 }
func (a average) mean() float64  { return a.sum / float64(max(a.n, 1)) }

// scenarioNames are the kinds of tasks that training has, in the order of the world's numbers.
func scenarioNames() []string { return []string{"pay", "move", "text", "charge"} }

// hardCalls is the number of calls from which on a task is one of the harder ones.
const hardCalls = 3

// tally sums up attempts.
type tally struct {
	all, easy, hard, unknown, early, harm share
	reward, docs, blind, errors, calls    average
	kinds                                 [5]share
	wins                                  []bool // in the order of the tasks
	peak                                  int
	byTurn                                []average // tokens before the model at each turn
}

// add takes one attempt in.
func (s *tally) add(t *trace, played *rl.Trajectory) {
	n := t.info.Numbers
	won := t.info.Success
	s.all.add(won)
	s.wins = append(s.wins, won)
	if n["needed"] >= hardCalls {
		s.hard.add(won)
	} else {
		s.easy.add(won)
	}
	s.kinds[min(int(n["scenario"]), len(s.kinds)-1)].add(won)
	s.reward.add(played.Reward)
	s.docs.add(n["docs"])
	s.blind.add(n["blind"])
	s.errors.add(n["errors"])
	s.calls.add(n["calls"])
	s.early.add(t.gaveUp())
	s.harm.add(n["passed"] < n["tests"] && t.harmed())
	s.unknown.add(n["unknown"] > 0)
	s.peak += played.Peak()
	for i := range played.Segments {
		if i == len(s.byTurn) {
			s.byTurn = append(s.byTurn, average{})
		}
		s.byTurn[i].add(float64(len(played.Segments[i].Context)))
	}
}

// gaveUp says whether an attempt ended right behind an answer that failed, with tests open.
func (t *trace) gaveUp() bool {
	steps := t.Steps()
	return !t.info.Success && len(steps) >= 2 && steps[len(steps)-2].Failed
}

// harmed says whether something was changed that is none of the task's business: the last test is that of the world.
func (t *trace) harmed() bool {
	tests := t.Case().Tests
	return len(tests) > 0 && !tests[len(tests)-1].Holds(t.State())
}

// scenarios is the share of scenarios all of whose variants were done; tasks come three by three.
func (s *tally) scenarios() float64 {
	var whole share
	for i := 0; i+variants <= len(s.wins); i += variants {
		all := true
		for _, won := range s.wins[i : i+variants] {
			all = all && won
		}
		whole.add(all)
	}
	return whole.value()
}

// byScenario is the share of tasks done of each kind.
func (s *tally) byScenario() (list []measure) {
	for i, name := range scenarioNames() {
		if s.kinds[i].whole > 0 {
			list = append(list, measure{MetricSuccess + "_" + name, s.kinds[i].value()})
		}
	}
	return list
}

// histogram counts tokens by the ratio of their unit: bin b holds ratios from b to b + 1 twentieths, the last all that are larger.
type histogram [bins]int64

const (
	bins     = 61
	binWidth = 0.05
)

func (h *histogram) add(ratio float64, tokens int) {
	h[int(min(ratio/binWidth, bins-1))] += int64(tokens)
}

// emitRatios puts the shares of the histograms into the record, x in hundredths.
func (c *count) emitRatios(emit lab.Emitter) error {
	for pass, name := range []string{MetricRatioFirst, MetricRatioLater} {
		var whole int64
		for _, n := range c.Ratios[pass] {
			whole += n
		}
		for b, n := range c.Ratios[pass] {
			if whole == 0 {
				continue
			}
			if err := emitAll(emit, b*int(100*binWidth), []measure{{name, float64(n) / float64(whole)}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// learned sums up an iteration.
type learned struct {
	tally
	groups, flat, used, steps int
	atLeastOne                share
	gap                       float64 // largest distance of the sampler's log-probabilities from the trainer's, nats
	first                     float64 // largest distance of a ratio of the first minibatch from 1
	clipped                   share   // tokens whose unit's ratio is out of bounds
	moved                     float64 // divergence from the policy that played, nats an attempt, in the last minibatch
	fault                     average // mean square error of the critic's values
	ratios                    *[2]histogram
}

// solved counts the tasks that at least one attempt did: pass@K.
func (l *learned) solved(groups []rl.Group) {
	for g := range groups {
		any := false
		for i := range groups[g].Trajectories {
			any = any || passed(&groups[g].Trajectories[i])
		}
		l.atLeastOne.add(any)
	}
}

func (l *learned) value(fault float64) { l.fault.add(fault) }

// step looks at the ratios of one minibatch, before its step. now are the log-probabilities of its rows as they stand.
func (l *learned) step(k *RLKnobs, batch []attempt, now [][]float32, epoch int) {
	low, high := k.bounds()
	var moved average
	for i := range batch {
		far := 0.0
		for _, unit := range units(&batch[i].row, k.Ratio) {
			sum, n := logRatio(unit, now[i], batch[i].row.Logprobs)
			ratio := math.Exp(sum)
			l.ratios[min(epoch, 1)].add(ratio, n)
			for range n {
				l.clipped.add(ratio < low || ratio > high)
			}
			if l.steps == 0 {
				l.first = max(l.first, math.Abs(ratio-1))
			}
		}
		for _, s := range turns(&batch[i].row) {
			for t := s.from; t < s.to; t++ {
				estimate, _ := rl.K3.Of(float64(batch[i].row.Logprobs[t]), float64(now[i][t]))
				far += estimate
			}
		}
		moved.add(far)
	}
	l.moved = moved.mean()
	l.steps++
}

// values are the measures of the iteration.
func (l *learned) values() []measure {
	all := []measure{{MetricTrain, l.all.value()}, {MetricTrainReward, l.reward.mean()}, {MetricPassK, l.atLeastOne.value()}, {MetricDocs, l.docs.mean()},
		{MetricBlind, l.blind.mean()}, {MetricErrors, l.errors.mean()}, {MetricGaveUp, l.early.value()}, {MetricUnknown, l.unknown.value()},
		{MetricUsed, float64(l.used)}, {MetricSteps, float64(l.steps)}, {MetricGap, l.gap}, {MetricMoved, l.moved}}
	if l.groups > 0 {
		all = append(all, measure{MetricFlat, float64(l.flat) / float64(l.groups)})
	}
	if l.clipped.whole > 0 {
		all = append(all, measure{MetricClipped, l.clipped.value()}, measure{MetricFirst, l.first})
	}
	if l.fault.n > 0 {
		all = append(all, measure{MetricValueError, l.fault.mean()})
	}
	return all
}

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}
