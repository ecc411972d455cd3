package popgym

import "github.com/loci-lab/loci/backend/lab"

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricMMER        = "mmer"
	MetricReturn      = "return"
	MetricSuccess     = "success"
	MetricLength      = "steps"
	MetricTrainReturn = "train_return"
	MetricMemory      = "memory_size"
	MetricContext     = "context_size"
	MetricParameters  = "parameters"
	MetricEntropy     = "entropy"
	MetricValueLoss   = "value_loss"
	MetricGradNorm    = "grad_norm"
)

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps = "environment steps"
	return []lab.MetricSpec{
		{Name: MetricMMER, Unit: "return", XUnit: steps, Better: "higher", Doc: "highest mean return so far of the episodes that ended in one rollout, sampled actions: the benchmark's own score; of a yardstick its mean return"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "mean return of examined episodes, most probable actions"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "examined episodes that reached what the task's page calls success"},
		{Name: MetricLength, Unit: "steps", XUnit: steps, Better: "", Doc: "mean length of examined episodes"},
		{Name: MetricTrainReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "mean return of the episodes that ended in a rollout, sampled actions"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers carried from step to step and in use, mean over examined steps"},
		{Name: MetricContext, Unit: "steps", XUnit: steps, Better: "", Doc: "steps of history that the policy sees at once, mean over examined steps; 1 is the present observation alone"},
		{Name: MetricParameters, Unit: "numbers", XUnit: steps, Better: "", Doc: "trained numbers of the policy"},
		{Name: MetricEntropy, Unit: "nats", XUnit: steps, Better: "", Doc: "entropy of the policy over a rollout"},
		{Name: MetricValueLoss, Unit: "squared return", XUnit: steps, Better: "lower", Doc: "value loss over an update"},
		{Name: MetricGradNorm, Unit: "norm", XUnit: steps, Better: "", Doc: "norm of the gradient before it is clipped"},
	}
}
