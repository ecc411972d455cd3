package loop

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess     = "success"
	MetricTest        = "test_completion"
	MetricScenario    = "test_scenario_completion"
	MetricHard        = "test_completion_hard"
	MetricEasy        = "test_completion_easy"
	MetricReward      = "test_reward"
	MetricUntouched   = "test_harm"
	MetricSampled     = "test_completion_sampled"
	MetricTestDocs    = "test_docs"
	MetricTestBlind   = "test_guessed_calls"
	MetricTestEarly   = "test_gave_up"
	MetricChallenge   = "challenge_completion"
	MetricContext     = "context_size"
	MetricByTurn      = "context_by_turn"
	MetricMemory      = "memory_size"
	MetricTrain       = "train_completion"
	MetricTrainReward = "train_reward"
	MetricPassK       = "train_pass_at_k"
	MetricDocs        = "docs"
	MetricBlind       = "guessed_calls"
	MetricErrors      = "errors"
	MetricGaveUp      = "gave_up"
	MetricUnknown     = "train_unknown_answers"
	MetricFlat        = "flat_groups"
	MetricUsed        = "attempts_used"
	MetricSteps       = "optimiser_steps"
	MetricClipped     = "clip_fraction"
	MetricFirst       = "first_ratio_error"
	MetricMoved       = "divergence"
	MetricGap         = "logprob_gap"
	MetricValueError  = "value_error"
	MetricRatioFirst  = "ratio_share_first_pass"
	MetricRatioLater  = "ratio_share_later_passes"
	MetricWarmLoss    = "warm_loss"
	MetricLoss        = "supervised_loss"
	MetricParameters  = "parameters"
)

// metrics describes them; x is iterations of learning but where another unit is told.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	list := []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "held-out tasks of which all tests pass, most probable tokens"),
		m(MetricTest, "share", "higher", "the same on more tasks, before and after learning"),
		m(MetricScenario, "share", "higher", "scenarios of that test all three variants of which are done"),
		m(MetricHard, "share", "higher", "those of its tasks that need three calls or more"),
		m(MetricEasy, "share", "higher", "those of its tasks that need two calls"),
		m(MetricReward, "share", "higher", "mean share of tests that pass"),
		m(MetricUntouched, "share", "lower", "tasks in which a record was changed that is none of their business"),
		m(MetricSampled, "share", "higher", "the test's tasks done with answers drawn at temperature 1, before and after learning"),
		m(MetricTestDocs, "look-ups", "", "mean number of documentations looked up in such an attempt"),
		m(MetricTestBlind, "calls", "lower", "mean number of calls in such an attempt whose documentation was not looked up before"),
		m(MetricTestEarly, "share", "lower", "such attempts that end, unfinished, right behind an error"),
		m(MetricChallenge, "share", "higher", "tasks done of scenarios that training does not have, most probable tokens, before and after learning"),
		m(MetricContext, "tokens", "lower", "mean over attempts of the most tokens that the model had before it at once"),
		{Name: MetricByTurn, Unit: "tokens", XUnit: "turns", Better: "", Doc: "mean number of tokens before the model at a turn of the last test"},
		m(MetricMemory, "entries", "", "entries of a memory: none, the context is all there is"),
		m(MetricTrain, "share", "higher", "attempts of an iteration that pass all tests"),
		m(MetricTrainReward, "share", "higher", "mean share of tests passed by the attempts of an iteration"),
		m(MetricPassK, "share", "higher", "tasks of an iteration that at least one of their attempts did"),
		m(MetricDocs, "look-ups", "", "mean number of documentations looked up in an attempt of an iteration"),
		m(MetricBlind, "calls", "lower", "mean number of calls in an attempt of an iteration whose documentation was not looked up before"),
		m(MetricErrors, "errors", "lower", "mean number of answers that failed in an attempt of an iteration"),
		m(MetricGaveUp, "share", "lower", "attempts of an iteration that end, unfinished, right behind an error"),
		m(MetricUnknown, "share", "lower", "attempts of an iteration with an answer that is no action"),
		m(MetricFlat, "share", "lower", "tasks of an iteration whose attempts all have the same reward"),
		m(MetricUsed, "attempts", "", "attempts of an iteration that were learned from"),
		m(MetricSteps, "steps", "", "optimiser steps of an iteration"),
		m(MetricClipped, "share", "", "trained tokens of an iteration whose ratio, that of their token, turn or trajectory, is out of bounds"),
		m(MetricFirst, "ratio", "lower", "largest distance of a ratio from 1 in the first minibatch of an iteration"),
		m(MetricMoved, "nats", "", "divergence of the model from the one that played, an attempt, before the last optimiser step of an iteration"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when the trainer computed it anew"),
		m(MetricValueError, "reward squared", "lower", "mean square error of the critic's values in an iteration"),
		{Name: MetricRatioFirst, Unit: "share", XUnit: "hundredths of the ratio", Better: "", Doc: "trained tokens of all iterations by their ratio, first pass"},
		{Name: MetricRatioLater, Unit: "share", XUnit: "hundredths of the ratio", Better: "", Doc: "trained tokens of all iterations by their ratio, later passes"},
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an iteration of imitation"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
	for _, name := range scenarioNames() {
		list = append(list, m(MetricSuccess+"_"+name, "share", "higher", "held-out tasks done of scenario "+name+", most probable tokens"))
	}
	return list
}
