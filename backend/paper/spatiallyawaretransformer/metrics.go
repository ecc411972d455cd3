package spatiallyawaretransformer

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricAccuracy   = "accuracy"
	MetricTask       = "accuracy_by_task"
	MetricStored     = "stored"
	MetricDesigned   = "designed_rules"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricParameters = "parameters"
	MetricTrain      = "train_accuracy"
	MetricLoss       = "loss"
	MetricRegret     = "allocator_error"
	MetricEpsilon    = "epsilon"
	MetricGradNorm   = "grad_norm"
)

// valueOf names the expected rewards of a task.
func valueOf(task int) string {
	return "q_" + strings.ReplaceAll(ballet.Tasks()[task], "-", "_")
}

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const episodes = "episodes"
	specs := []lab.MetricSpec{
		{Name: MetricAccuracy, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers; of visits the mean over the four tasks; a guess has 1 in 4 in the rooms, 1 in 6 of visits"},
		{Name: MetricTask, Unit: "share of questions", XUnit: "task", Better: "higher", Doc: "right answers of the last test by task: 1 last, 2 first, 3 most visited, 4 latest of a room"},
		{Name: MetricStored, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "the memory still holds the asked visit, or a move of the asked room's dancer, when the question comes"},
		{Name: MetricDesigned, Unit: "tasks", XUnit: episodes, Better: "higher", Doc: "tasks, of four, to which the learned policy gives the rule that was designed for them"},
		{Name: MetricMemory, Unit: "numbers", XUnit: episodes, Better: "", Doc: "numbers kept, mean over evaluation steps"},
		{Name: MetricContext, Unit: "steps", XUnit: episodes, Better: "", Doc: "steps of history that can be recalled, mean over evaluation steps"},
		{Name: MetricParameters, Unit: "numbers", XUnit: episodes, Better: "", Doc: "trained numbers"},
		{Name: MetricTrain, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers in training, with rules as drawn there"},
		{Name: MetricLoss, Unit: "nats", XUnit: episodes, Better: "lower", Doc: "cross-entropy of the answer in training"},
		{Name: MetricRegret, Unit: "squared nats", XUnit: episodes, Better: "lower", Doc: "squared error of the expected reward of the rule taken"},
		{Name: MetricEpsilon, Unit: "share", XUnit: episodes, Better: "", Doc: "share of rules drawn by chance"},
		{Name: MetricGradNorm, Unit: "norm", XUnit: episodes, Better: "", Doc: "norm of the gradient before it is clipped"},
	}
	for i, task := range ballet.Tasks() {
		specs = append(specs, lab.MetricSpec{Name: valueOf(i), Unit: "nats", XUnit: "rule", Better: "", Doc: "expected reward, minus cross-entropy, at task " + task + " of each rule: 1 fifo, 2 lifo, 3 lvfo, 4 mvfo"})
	}
	return specs
}
