package memo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/darkkey"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricSuccess      = "success"
	MetricEvalReturn   = "eval_return"
	MetricLate         = "late_return"
	MetricEarly        = "first_return"
	MetricLateSteps    = "late_steps"
	MetricMemory       = "memory_size"
	MetricContext      = "context_size"
	MetricShorter      = "success_shorter"
	MetricLonger       = "success_longer"
	MetricFall         = "segment_fall"
	MetricLength       = "success_length"
	MetricAttention    = "attention"
	MetricProbe        = "probe_cue"
	MetricCache        = "cache"
	MetricWork         = "multiply_adds"
	MetricParameters   = "parameters"
	MetricReturn       = "return"
	MetricTrainSuccess = "train_success"
	MetricEntropy      = "entropy"
	MetricValueLoss    = "value_loss"
	MetricClipped      = "clipped"
	MetricGradNorm     = "grad_norm"
	MetricFirst        = "grad_first"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps = "environment steps"
	return []lab.MetricSpec{
		{Name: MetricSuccess, Unit: "share of trials", XUnit: steps, Better: "higher", Doc: "T-Maze: right turns, chance is 0.5; dark room: trials whose late episodes all ended at the door"},
		{Name: MetricEvalReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of an evaluation trial"},
		{Name: MetricLate, Unit: "keys and doors", XUnit: steps, Better: "higher", Doc: "dark room: keys plus doors of an episode that ended in the last third of its trial, 2 at most"},
		{Name: MetricEarly, Unit: "keys and doors", XUnit: steps, Better: "higher", Doc: "dark room: keys plus doors of the first episode of a trial, where nothing can be known yet"},
		{Name: MetricLateSteps, Unit: "steps", XUnit: steps, Better: "lower", Doc: "dark room: length of an episode that ended in the last third of its trial"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers carried from step to step, keys and values of all layers, mean over evaluation steps"},
		{Name: MetricContext, Unit: "entries", XUnit: steps, Better: "", Doc: "entries that a step attends to, its own and summaries included, mean over evaluation steps"},
		{Name: MetricShorter, Unit: "share of trials", XUnit: steps, Better: "higher", Doc: "success of the finished agent with segments a quarter shorter than trained"},
		{Name: MetricLonger, Unit: "share of trials", XUnit: steps, Better: "higher", Doc: "success of the finished agent with segments a quarter longer than trained"},
		{Name: MetricFall, Unit: "share of trials", XUnit: steps, Better: "lower", Doc: "success with segments as trained, less the mean of that with shorter and with longer ones"},
		{Name: MetricLength, Unit: "share of trials", XUnit: "steps of corridor", Better: "higher", Doc: "T-Maze: success of the finished agent in corridors of that length"},
		{Name: MetricAttention, Unit: "share", XUnit: "segments", Better: "", Doc: "attention of the deciding steps on what each segment left, mean over heads and layers; for a full context, on each eighth of the trial"},
		{Name: MetricProbe, Unit: "share of trials", XUnit: "segments", Better: "", Doc: "T-Maze: a linear probe tells the cue from the summaries of that segment alone; 0.5 is chance"},
		{Name: MetricCache, Unit: "entries", XUnit: "steps of a trial", Better: "", Doc: "entries that the cache holds for the step, mean over trials"},
		{Name: MetricWork, Unit: "multiply-adds", XUnit: "steps of a trial", Better: "lower", Doc: "work of acting at the step in one trial, what closing a segment takes included"},
		{Name: MetricParameters, Unit: "numbers", XUnit: steps, Better: "", Doc: "trained numbers of the policy"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of the training trials, sampled actions"},
		{Name: MetricTrainSuccess, Unit: "share of trials", XUnit: steps, Better: "higher", Doc: "success of the training trials, sampled actions"},
		{Name: MetricEntropy, Unit: "nats", XUnit: steps, Better: "", Doc: "entropy of the policy where it decides"},
		{Name: MetricValueLoss, Unit: "squared return", XUnit: steps, Better: "lower", Doc: "value loss over an update"},
		{Name: MetricClipped, Unit: "share of samples", XUnit: steps, Better: "", Doc: "samples whose probability ratio left the bounds"},
		{Name: MetricGradNorm, Unit: "norm", XUnit: steps, Better: "", Doc: "norm of the gradient before it is clipped"},
		{Name: MetricFirst, Unit: "share", XUnit: steps, Better: "", Doc: "norm of the gradient that arrives at the observations of the first eighth of a trial, as a share of that at all"},
	}
}

// tally adds up trials.
type tally struct {
	trials, succeeded int
	returns           float64
	first, late       float64 // keys and doors
	episodes, steps   float64 // of late episodes
	dark              bool
}

// add takes the trial that ended last in environment b.
func (t *tally) add(w *arena, b int, info world.Info) {
	t.trials++
	t.returns += float64(info.Return)
	if info.Success {
		t.succeeded++
	}
	if m, ok := w.Tensor.(*darkkey.Room); ok {
		o := m.Outcome(b)
		t.dark = true
		t.first += float64(o.FirstSum)
		t.late += float64(o.LateKeys + o.LateDoors)
		t.episodes += float64(o.LateEpisodes)
		t.steps += float64(o.LateSteps)
	}
}

func (t *tally) success() float64    { return float64(t.succeeded) / float64(t.trials) }
func (t *tally) meanReturn() float64 { return t.returns / float64(t.trials) }

// values lists what the tally tells. Every trial of a dark room has a late episode, since a trial holds three at least.
func (t *tally) values() []exam.Value {
	vs := []exam.Value{{Name: MetricSuccess, Value: t.success()}, {Name: MetricEvalReturn, Value: t.meanReturn()}}
	if t.dark {
		vs = append(vs, exam.Value{Name: MetricLate, Value: t.late / t.episodes}, exam.Value{Name: MetricEarly, Value: t.first / float64(t.trials)},
			exam.Value{Name: MetricLateSteps, Value: t.steps / t.episodes})
	}
	return vs
}
