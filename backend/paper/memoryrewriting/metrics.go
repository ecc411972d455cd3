package memoryrewriting

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricSuccess      = "success"
	MetricJunction     = "junction_accuracy"
	MetricCorridors    = "corridors"
	MetricStale        = "stale_error"
	MetricEvalReturn   = "eval_return"
	MetricMemory       = "memory_size"
	MetricContext      = "context_size"
	MetricPassed       = "passed"
	MetricProbeCue     = "probe_cue"
	MetricProbeFormer  = "probe_former"
	MetricParameters   = "parameters"
	MetricReturn       = "return"
	MetricTrainSuccess = "train_success"
	MetricEntropy      = "entropy"
	MetricValueLoss    = "value_loss"
	MetricClipped      = "clipped"
	MetricGradNorm     = "grad_norm"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps = "environment steps"
	specs := []lab.MetricSpec{
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "mazes walked without a wrong turn, greedy actions, in mazes as in training; chance is 0.5 to the power of the corridors"},
		{Name: MetricJunction, Unit: "share of turns", XUnit: steps, Better: "higher", Doc: "right turns among all turns at junctions; success over n corridors is about its n-th power"},
		{Name: MetricCorridors, Unit: "share of corridors", XUnit: steps, Better: "higher", Doc: "corridors passed before the first error, as a share of the maze's"},
		{Name: MetricStale, Unit: "difference of shares", XUnit: steps, Better: "lower", Doc: "P(wrong turn | cue changed) - P(wrong turn | cue as before): above 0 the former cue still acts"},
		{Name: MetricEvalReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of evaluation episodes"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers carried from step to step and in use, mean over evaluation steps"},
		{Name: MetricContext, Unit: "steps", XUnit: steps, Better: "", Doc: "steps of history that the policy can see, mean over evaluation steps; 1 is the present observation alone"},
		{Name: MetricPassed, Unit: "share of episodes", XUnit: "corridors", Better: "", Doc: "episodes of the last test that passed exactly so many corridors before their first error"},
		{Name: MetricProbeCue, Unit: "share of junctions", XUnit: steps, Better: "higher", Doc: "a linear probe tells the present cue from what is carried at a junction"},
		{Name: MetricProbeFormer, Unit: "share of junctions", XUnit: steps, Better: "", Doc: "a linear probe tells the former corridor's cue, which is worthless there; 0.5 means that it was let go"},
		{Name: MetricParameters, Unit: "numbers", XUnit: steps, Better: "", Doc: "trained numbers of the policy"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of the training episodes that ended in a rollout, sampled actions"},
		{Name: MetricTrainSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "training episodes of a rollout without a wrong turn, sampled actions"},
		{Name: MetricEntropy, Unit: "nats", XUnit: steps, Better: "", Doc: "entropy of the policy over a rollout"},
		{Name: MetricValueLoss, Unit: "squared return", XUnit: steps, Better: "lower", Doc: "value loss over an update"},
		{Name: MetricClipped, Unit: "share of samples", XUnit: steps, Better: "", Doc: "samples whose probability ratio left the bounds"},
		{Name: MetricGradNorm, Unit: "norm", XUnit: steps, Better: "", Doc: "norm of the gradient before it is clipped"},
	}
	for _, n := range tests() {
		specs = append(specs,
			lab.MetricSpec{Name: testMetric(MetricSuccess, n), Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: fmt.Sprintf("success of the finished agent at n = %d, whatever n it was trained at", n)},
			lab.MetricSpec{Name: testMetric(MetricJunction, n), Unit: "share of turns", XUnit: steps, Better: "higher", Doc: fmt.Sprintf("right turns of the finished agent at n = %d", n)})
	}
	return specs
}

// testMetric names a metric of the finished agent at n corridors.
func testMetric(metric string, n int) string { return fmt.Sprintf("%s_n%d", metric, n) }

// tally adds up episodes.
type tally struct {
	episodes  int
	succeeded int
	returns   float64
	corridors int // of all mazes
	out       struct{ passed, turns, wrong, changed, changedWrong, same, sameWrong int }
	memory    float64 // sums over steps
	context   float64
	steps     int
	passed    []int // [corridors+1] episodes by corridors passed
}

// episode adds the episode that ended last in environment b.
func (t *tally) episode(w world.Vec, b int, info world.Info) {
	t.episodes++
	t.returns += float64(info.Return)
	if info.Success {
		t.succeeded++
	}
	m, ok := w.(*maze.Endless)
	if !ok {
		return
	}
	o := m.Outcome(b)
	n := m.Knobs().Corridors
	if t.passed == nil {
		t.passed = make([]int, n+1)
	}
	t.passed[o.Corridors]++
	t.corridors += n
	t.out.passed += int(o.Corridors)
	t.out.turns += int(o.Turns)
	t.out.wrong += int(o.Wrong)
	t.out.changed += int(o.Changed)
	t.out.changedWrong += int(o.ChangedWrong)
	t.out.same += int(o.Same)
	t.out.sameWrong += int(o.SameWrong)
}

// step adds the sizes of memory and context at one step of one environment.
func (t *tally) step(memory, context int) {
	t.memory += float64(memory)
	t.context += float64(context)
	t.steps++
}

func (t *tally) success() float64    { return float64(t.succeeded) / float64(t.episodes) }
func (t *tally) meanReturn() float64 { return t.returns / float64(t.episodes) }

// measures lists what the tally tells. What was never met (turns, changed cues) is not a number: a gap in the chart, not a zero. A
// single corridor has no former cue, so that the stale error is no measure of it at all.
func (t *tally) measures() []measure {
	ms := []measure{{MetricSuccess, t.success()}, {MetricEvalReturn, t.meanReturn()}}
	if t.steps > 0 {
		ms = append(ms, measure{MetricMemory, t.memory / float64(t.steps)}, measure{MetricContext, t.context / float64(t.steps)})
	}
	if t.corridors > 0 {
		ms = append(ms, measure{MetricCorridors, float64(t.out.passed) / float64(t.corridors)}, measure{MetricJunction, t.accuracy()})
	}
	if len(t.passed) > 2 {
		ms = append(ms, measure{MetricStale, share(t.out.changedWrong, t.out.changed) - share(t.out.sameWrong, t.out.same)})
	}
	return ms
}

// accuracy is the share of right turns.
func (t *tally) accuracy() float64 { return 1 - share(t.out.wrong, t.out.turns) }

// share is part of all, not a number where there is nothing.
func share(part, all int) float64 {
	if all == 0 {
		return math.NaN()
	}
	return float64(part) / float64(all)
}
