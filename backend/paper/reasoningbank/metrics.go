package reasoningbank

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess     = "success"
	MetricPass1       = "pass_1"
	MetricOracle      = "oracle_pick"
	MetricSuccessLast = "success_last"
	MetricBestLast    = "best_last"
	MetricOracleLast  = "oracle_last"
	MetricHeldOut     = "held_out"
	MetricStepsDone   = "steps_done"
	MetricStepsFailed = "steps_failed"
	MetricJudgeError  = "judge_error"
	MetricSameClass   = "same_class"
	MetricReadRight   = "read_right"
	MetricFollowed    = "followed"
	MetricWroteRight  = "wrote_right"
	MetricBelieves    = "believes_"
	MetricMemory      = "memory_size"
	MetricTokens      = "memory_tokens"
	MetricContext     = "context_size"
	MetricRead        = "entries_read"
	MetricUnknown     = "not_understood"
	MetricAdvised     = "advised"
	MetricUnadvised   = "unadvised"
	MetricWarmLoss    = "warm_loss"
	MetricParameters  = "parameters"
)

// metrics describes them; x is tasks of the stream but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "tasks", Better: better, Doc: doc}
	}
	all := []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "tasks of the window that were done by the rollout that was answered with (Best-of-N where there are several)"),
		m(MetricPass1, "share", "higher", "rollouts of the window that did their task, those that only measure among them"),
		m(MetricOracle, "share", "higher", "tasks of the window that any rollout did: what a judge without errors would pick"),
		m(MetricSuccessLast, "share", "higher", "rollouts of the last tasks of the stream (rl.last) that did their task, those that only measure among them"),
		m(MetricBestLast, "share", "higher", "the last tasks of the stream that were done by the rollout that was answered with"),
		m(MetricOracleLast, "share", "higher", "the last tasks of the stream that any rollout did"),
		m(MetricHeldOut, "share", "higher", "further goals that one rollout does behind the stream, with the memory as it then stands"),
		m(MetricStepsDone, "steps", "lower", "mean number of turns of a rollout that did its task"),
		m(MetricStepsFailed, "steps", "lower", "mean number of turns of a rollout that failed"),
		m(MetricJudgeError, "share", "lower", "rollouts that the judge took for what they were not"),
		m(MetricSameClass, "share", "higher", "tasks with a reading whose nearest entry is of a goal of the same class"),
		m(MetricReadRight, "share", "higher", "items about the class of the task, of those that were read, that say what the site wants"),
		m(MetricFollowed, "share", "higher", "choices with one item about them in the prompt that were made as it says"),
		m(MetricWroteRight, "share", "higher", "items written in the window that say what the site wants"),
	}
	for _, stage := range []string{"enter", "list", "item"} {
		all = append(all, m(MetricBelieves+stage, "share", "higher", "classes of goals for which most items of the bank about stage "+stage+" say what the site wants"))
	}
	return append(all,
		m(MetricMemory, "entries", "", "entries of all banks at the end of the window"),
		m(MetricTokens, "tokens", "lower", "tokens of all entries at the end of the window"),
		m(MetricContext, "tokens", "lower", "mean over rollouts of the largest context that the actor had"),
		m(MetricRead, "entries", "", "mean number of entries read for a task"),
		m(MetricUnknown, "share", "lower", "answers of the actor that the shop did not understand"),
		m(MetricAdvised, "share", "higher", "goals on other sites than the run's that the actor does with right advice in its prompt, before the stream"),
		m(MetricUnadvised, "share", "", "the same goals without advice"),
		lab.MetricSpec{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start of the actor"},
		m(MetricParameters, "numbers", "", "numbers of the actor, none of which changes during a run"),
	)
}
