package srl

import "github.com/loci-lab/loci/backend/lab"

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricFAS        = "fas"
	MetricRandom     = "random_return"
	MetricAt         = "return_at"
	MetricDecisions  = "decisions"
	MetricCalls      = "model_calls"
	MetricSpread     = "spread_at"
	MetricModelError = "model_error"
	MetricEvalReturn = "eval_return"
	MetricEvalSlow   = "eval_return_8"
	MetricSuccess    = "success"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricReturn     = "return"
	MetricCriticLoss = "critic_loss"
	MetricModelLoss  = "model_loss"
	MetricEntropy    = "entropy"
	MetricAlpha      = "alpha"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps, lengths, plan = "environment steps", "steps for a decision", "steps of a plan"
	return []lab.MetricSpec{
		{Name: MetricFAS, Unit: "share of the best", XUnit: steps, Better: "higher", Doc: "frequency-averaged score of the finished agent: the area under its return over the steps for a decision, divided by the longest and the best return"},
		{Name: MetricRandom, Unit: "return", XUnit: steps, Better: "higher", Doc: "return of the finished agent where the steps for a decision are drawn from 1 to 16 each time"},
		{Name: MetricAt, Unit: "return", XUnit: lengths, Better: "higher", Doc: "return of the finished agent at each number of steps for a decision: the curve under which FAS is the area"},
		{Name: MetricDecisions, Unit: "decisions", XUnit: lengths, Better: "", Doc: "observations looked at in an episode"},
		{Name: MetricCalls, Unit: "calls", XUnit: lengths, Better: "lower", Doc: "calls of a model for each decision while acting"},
		{Name: MetricSpread, Unit: "nats", XUnit: plan, Better: "", Doc: "entropy of an action before squashing, against its place in the plan"},
		{Name: MetricModelError, Unit: "spreads of the states", XUnit: plan, Better: "lower", Doc: "error of the model along a plan against the true dynamics"},
		{Name: MetricEvalReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of evaluation episodes, a decision at every step"},
		{Name: MetricEvalSlow, Unit: "return", XUnit: steps, Better: "higher", Doc: "the same with a decision every 8 steps"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "evaluation episodes that end upright, a decision at every step"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers that lie between an observation and the action 8 steps later: hidden state and last action of a plan, or the action that is held"},
		{Name: MetricContext, Unit: "steps", XUnit: steps, Better: "", Doc: "observations that a decision reads"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of training episodes, with chance, at the steps for a decision of training"},
		{Name: MetricCriticLoss, Unit: "squared return", XUnit: steps, Better: "lower", Doc: "squared error of the critics, mean of both"},
		{Name: MetricModelLoss, Unit: "squared spreads", XUnit: steps, Better: "lower", Doc: "squared error of the model, in units of the spread of one step's changes"},
		{Name: MetricEntropy, Unit: "nats", XUnit: steps, Better: "", Doc: "entropy of an action, mean over plans and batches"},
		{Name: MetricAlpha, Unit: "return for a nat", XUnit: steps, Better: "", Doc: "weight of the entropy"},
	}
}
