package memoryvla

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/desk"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricSuccess    = "success"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricLoss       = "loss"
	MetricParameters = "parameters"
	MetricCueKept    = "cue_kept"
	MetricCueRead    = "cue_read"
	MetricGatePer    = "gate_perceptual"
	MetricGateCog    = "gate_cognitive"
	MetricSteps      = "steps"
)

// taskMetric names the success in one task.
func taskMetric(task int) string { return MetricSuccess + "_" + desk.TaskNames()[task] }

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const passes = "passes"
	specs := []lab.MetricSpec{
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: passes, Better: "higher", Doc: "episodes solved, closed loop, mean over the tasks of the world"},
		{Name: MetricMemory, Unit: "numbers", XUnit: passes, Better: "", Doc: "numbers carried from frame to frame, mean over the steps of an examination"},
		{Name: MetricContext, Unit: "steps", XUnit: passes, Better: "", Doc: "moments that the policy can see, the present one included; a merged entry is one moment"},
		{Name: MetricLoss, Unit: "squared error", XUnit: passes, Better: "lower", Doc: "squared error of an action of the chunk, summed over its three numbers, mean over a pass"},
		{Name: MetricParameters, Unit: "numbers", XUnit: passes, Better: "", Doc: "trained numbers"},
		{Name: MetricCueKept, Unit: "share of episodes", XUnit: passes, Better: "higher", Doc: "shell and colour: an entry of a bank goes back to a frame that showed ball or colour, when the arm may first act"},
		{Name: MetricCueRead, Unit: "share of attention", XUnit: passes, Better: "higher", Doc: "shell and colour: attention on such entries at that step, mean over tokens, layers and streams"},
		{Name: MetricGatePer, Unit: "share", XUnit: passes, Better: "", Doc: "perceptual stream: share of the present token in the blend when the arm may act, mean over channels; 1 reads nothing"},
		{Name: MetricGateCog, Unit: "share", XUnit: passes, Better: "", Doc: "cognitive stream: the same"},
		{Name: MetricSteps, Unit: "steps", XUnit: passes, Better: "lower", Doc: "length of examined episodes"},
	}
	for task, name := range desk.TaskNames() {
		specs = append(specs, lab.MetricSpec{Name: taskMetric(task), Unit: "share of episodes", XUnit: passes, Better: "higher", Doc: "episodes of the task " + name + " solved, closed loop"})
	}
	return specs
}
