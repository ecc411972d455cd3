package modelbasedgeneralization

import "github.com/loci-lab/loci/backend/lab"

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricReward     = "reward_per_step"
	MetricLate       = "late_reward"
	MetricGreedy     = "greedy_reward"
	MetricSuccess    = "success"
	MetricReturn     = "eval_return"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricPairs      = "pairs_seen"
	MetricUnseen     = "exact_unseen"
	MetricSeen       = "exact_seen"
	MetricNewPairs   = "unseen_share"
	MetricRight      = "right_seen"
	MetricRightNew   = "right_unseen"
	MetricError      = "q_error"
	MetricQLoss      = "q_loss"
	MetricBits       = "bits_loss"
	MetricRewardLoss = "reward_loss"
	MetricEnded      = "rollouts_ended"
	MetricParameters = "parameters"
	MetricUpdates    = "updates"
	MetricTable      = "settled_table"
	MetricFactored   = "settled_factored"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps, data = "environment steps", "transitions"
	return []lab.MetricSpec{
		{Name: MetricReward, Unit: "reward", XUnit: steps, Better: "higher", Doc: "reward a step in training, softmax actions, since the last evaluation"},
		{Name: MetricLate, Unit: "reward", XUnit: steps, Better: "higher", Doc: "reward a step in the last fifth of training, softmax actions; claims compare it above random"},
		{Name: MetricGreedy, Unit: "reward", XUnit: steps, Better: "higher", Doc: "reward a step of evaluation episodes, greedy actions"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "evaluation episodes that pay at least what a planner is sure of (flute), half of it (buttons), or that reach the goal (maze)"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of evaluation episodes"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers that experience left: transitions in the buffer, each with two observations, action and reward, and trained numbers of the model"},
		{Name: MetricContext, Unit: "steps", XUnit: steps, Better: "", Doc: "steps of history that the policy sees: always 1, the present observation"},
		{Name: MetricPairs, Unit: "pairs", XUnit: steps, Better: "", Doc: "different pairs of observation and action in the buffer"},
		{Name: MetricUnseen, Unit: "share of pairs", XUnit: steps, Better: "higher", Doc: "pairs not in the buffer whose next observation the model predicts in every bit, events apart"},
		{Name: MetricSeen, Unit: "share of pairs", XUnit: steps, Better: "higher", Doc: "pairs in the buffer whose next observation the model predicts in every bit, events apart"},
		{Name: MetricNewPairs, Unit: "share of pairs", XUnit: steps, Better: "", Doc: "pairs of a random player's test walk that are not in the buffer"},
		{Name: MetricRight, Unit: "share of states", XUnit: steps, Better: "higher", Doc: "test states in the buffer whose greedy action is a best one"},
		{Name: MetricRightNew, Unit: "share of states", XUnit: steps, Better: "higher", Doc: "test states not in the buffer whose greedy action is a best one"},
		{Name: MetricError, Unit: "return", XUnit: "bits", Better: "lower", Doc: "mean error of the largest value of a test state, by the bits in which the nearest state of the buffer differs (flutes of up to 5 pipes)"},
		{Name: MetricQLoss, Unit: "squared return", XUnit: steps, Better: "", Doc: "loss of the Q-network since the last evaluation, on the transitions it learns from"},
		{Name: MetricBits, Unit: "nats", XUnit: steps, Better: "lower", Doc: "loss of the model's bits since the last evaluation, summed over bits"},
		{Name: MetricRewardLoss, Unit: "squared reward", XUnit: steps, Better: "lower", Doc: "loss of the model's reward since the last evaluation"},
		{Name: MetricEnded, Unit: "restarts", XUnit: steps, Better: "", Doc: "times in an update that a rollout reached a pair that the source does not know and began anew"},
		{Name: MetricParameters, Unit: "numbers", XUnit: steps, Better: "", Doc: "trained numbers of the Q-network and the model"},
		{Name: MetricUpdates, Unit: "updates", XUnit: steps, Better: "", Doc: "updates of the Q-network so far"},
		{Name: MetricTable, Unit: "share of states", XUnit: data, Better: "", Doc: "states of the flute whose best action no value table that solves the Bellman equation on the data is found to contradict: an upper bound"},
		{Name: MetricFactored, Unit: "share of states", XUnit: data, Better: "higher", Doc: "states of the flute whose best action is settled by the bounds over all factored models that agree with the data: a lower bound"},
	}
}
