package offlinehistories

import "github.com/loci-lab/loci/backend/lab"

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricSuccess    = "success"
	MetricSuccessA   = "success_a"
	MetricSuccessB   = "success_b"
	MetricReturn     = "eval_return"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricJ          = "bisim_error"
	MetricScaled     = "bisim_scaled"
	MetricSame       = "distance_same"
	MetricOther      = "distance_other"
	MetricRatio      = "distance_ratio"
	MetricHub        = "hub_ratio"
	MetricTD         = "td_loss"
	MetricCQL        = "cql_loss"
	MetricClone      = "clone_loss"
	MetricRewardLoss = "reward_loss"
	MetricNext       = "next_loss"
	MetricTrainJ     = "train_bisim"
	MetricParameters = "parameters"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const x = "updates"
	return []lab.MetricSpec{
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: x, Better: "higher", Doc: "evaluation episodes that end at the paying exit, greedy actions"},
		{Name: MetricSuccessA, Unit: "share of episodes", XUnit: x, Better: "higher", Doc: "the same of episodes that start in corridor A, whose best way is in no trajectory"},
		{Name: MetricSuccessB, Unit: "share of episodes", XUnit: x, Better: "higher", Doc: "the same of episodes that start in corridor B, where half of the data succeed"},
		{Name: MetricReturn, Unit: "return", XUnit: x, Better: "higher", Doc: "undiscounted return of evaluation episodes"},
		{Name: MetricMemory, Unit: "numbers", XUnit: x, Better: "", Doc: "numbers carried from step to step"},
		{Name: MetricContext, Unit: "steps", XUnit: x, Better: "", Doc: "steps of history that are seen at once beside what is carried: always 1"},
		{Name: MetricJ, Unit: "squared latent distance", XUnit: x, Better: "lower", Doc: "J on held-out pairs with the same action, in the units of each latent space: compare bisim_scaled across arms"},
		{Name: MetricScaled, Unit: "share", XUnit: x, Better: "lower", Doc: "J on held-out pairs over their mean squared latent distance: the one definition for all arms"},
		{Name: MetricSame, Unit: "latent distance", XUnit: x, Better: "lower", Doc: "mean distance of held-out histories with the same true state"},
		{Name: MetricOther, Unit: "latent distance", XUnit: x, Better: "", Doc: "mean distance of held-out histories with different true states"},
		{Name: MetricRatio, Unit: "ratio", XUnit: x, Better: "lower", Doc: "distance_same over distance_other: 0 where histories of one state are one point"},
		{Name: MetricHub, Unit: "ratio", XUnit: x, Better: "lower", Doc: "at the hub: distance of histories from A and from B with the same hidden bit over that of histories with different bits"},
		{Name: MetricTD, Unit: "squared return", XUnit: x, Better: "", Doc: "Huber loss of the values since the last evaluation"},
		{Name: MetricCQL, Unit: "nats", XUnit: x, Better: "", Doc: "log-sum-exp of the values minus the value of the data's action since the last evaluation"},
		{Name: MetricClone, Unit: "nats", XUnit: x, Better: "lower", Doc: "cross-entropy of the data's actions since the last evaluation"},
		{Name: MetricRewardLoss, Unit: "squared reward", XUnit: x, Better: "lower", Doc: "loss of the latent reward since the last evaluation"},
		{Name: MetricNext, Unit: "nats", XUnit: x, Better: "", Doc: "negative log-likelihood of the next latent, a mean over its numbers, since the last evaluation"},
		{Name: MetricTrainJ, Unit: "squared latent distance", XUnit: x, Better: "", Doc: "J in training since the last evaluation, where it is trained"},
		{Name: MetricParameters, Unit: "numbers", XUnit: x, Better: "", Doc: "trained numbers of encoder, heads and latent model"},
	}
}
