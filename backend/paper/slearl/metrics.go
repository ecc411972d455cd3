package slearl

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess    = "success"
	MetricTest       = "test_success"
	MetricSampled    = "test_success_sampled"
	MetricTwo        = "test_success_two"
	MetricLong       = "test_success_long"
	MetricShort      = "test_success_short"
	MetricBare       = "test_success_bare"
	MetricContext    = "context_size"
	MetricMemory     = "memory_size"
	MetricFit        = "hint_fit"
	MetricFitTrend   = "hint_fit_trend"
	MetricHints      = "hints_read"
	MetricTrain      = "train_success"
	MetricReturn     = "train_return"
	MetricUnknown    = "train_unknown_actions"
	MetricFlat       = "flat_groups"
	MetricStepShare  = "step_advantage_share"
	MetricHits       = "cluster_hits"
	MetricClusters   = "clusters"
	MetricBorn       = "entries_born"
	MetricDied       = "entries_evicted"
	MetricGap        = "logprob_gap"
	MetricMoved      = "divergence"
	MetricRows       = "train_rows"
	MetricWarmLoss   = "warm_loss"
	MetricLoss       = "supervised_loss"
	MetricParameters = "parameters"
)

// metrics describes them; x is updates of reinforcement learning but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "held-out tasks done, in rooms and with things of the test split, most probable tokens"),
		m(MetricTest, "share", "higher", "the same on more tasks, before and after learning"),
		m(MetricSampled, "share", "higher", "the same tasks, actions drawn at temperature 1, before and after learning"),
		m(MetricTwo, "share", "higher", "those of them with two things"),
		m(MetricLong, "share", "higher", "those of them with three phases: heat, cool, two things"),
		m(MetricShort, "share", "higher", "those of them with one or two phases: put, look, clean"),
		m(MetricBare, "share", "higher", "all of them with the hints taken away: what went into the weights"),
		m(MetricContext, "tokens", "", "mean number of tokens that the model had before it at a step"),
		m(MetricMemory, "entries", "", "entries of the memory"),
		m(MetricFit, "share", "higher", "hints of an evaluation that are about what the step is about"),
		m(MetricFitTrend, "correlation", "", "rank correlation of that with the number of the step within its episode"),
		m(MetricHints, "hints", "", "mean number of hints of a step in an evaluation"),
		m(MetricTrain, "share", "higher", "attempts of an update that did their task"),
		m(MetricReturn, "return", "higher", "mean return of the attempts of an update"),
		m(MetricUnknown, "share", "lower", "actions of an update that are none"),
		m(MetricFlat, "share", "lower", "groups of an update whose attempts all have the same return"),
		m(MetricStepShare, "share", "", "mean size of the step-level advantage, of the size of both together, in an update"),
		m(MetricHits, "share", "higher", "readings of an update whose cluster had entries"),
		m(MetricClusters, "clusters", "", "clusters of the library"),
		m(MetricBorn, "entries", "", "entries written in an update"),
		m(MetricDied, "entries", "", "entries evicted in an update"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when it was trained on"),
		m(MetricMoved, "nats", "", "mean of log pi - log ref over the tokens of an update, ref being the warm start; 0 where nothing holds the policy to it"),
		m(MetricRows, "rows", "", "training rows of an update"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
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
