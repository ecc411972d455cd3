package rarl

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/gridrobo"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricSkill     = "skill"
	MetricSwapped   = "swap_skill"
	MetricSuccess   = "success"
	MetricReturn    = "eval_return"
	MetricOwn       = "own_attention"
	MetricPaid      = "eval_kl"
	MetricMemory    = "memory_size"
	MetricContext   = "context_size"
	MetricLoss      = "q_loss"
	MetricValue     = "q_value"
	MetricKL        = "kl"
	MetricAuxiliary = "auxiliary_loss"
	MetricNamed     = "auxiliary_action"
	MetricData      = "data_skill"
)

// skillOf names the skill on a family of tasks.
func skillOf(family int) string {
	return "skill_" + strings.ReplaceAll(gridrobo.Families()[family], "-", "_")
}

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const x = "updates"
	specs := []lab.MetricSpec{
		{Name: MetricSkill, Unit: "share of the solver's return", XUnit: x, Better: "higher", Doc: "return divided by that of the scripted solver on the same episodes, mean over tasks; 1 is the solver without noise"},
		{Name: MetricSwapped, Unit: "share of the solver's return", XUnit: x, Better: "", Doc: "the same with frozen weights and retrieval batches of another task; at the end of training"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: x, Better: "higher", Doc: "episodes at whose last step the task's condition holds"},
		{Name: MetricReturn, Unit: "return", XUnit: x, Better: "higher", Doc: "undiscounted return of an episode, mean over all"},
		{Name: MetricOwn, Unit: "share", XUnit: x, Better: "higher", Doc: "what the queries read that came from recordings of their own task, mean over slots and steps; by chance 1/tasks in a mixed store"},
		{Name: MetricPaid, Unit: "nats", XUnit: x, Better: "", Doc: "Kullback-Leibler divergence that a query paid in the examination, mean over slots, rounds and steps"},
		{Name: MetricMemory, Unit: "numbers", XUnit: x, Better: "", Doc: "keys and values of the retrieval batch that an episode may look up"},
		{Name: MetricContext, Unit: "steps", XUnit: x, Better: "", Doc: "steps that a decision can see: the present one and the stored ones of its retrieval batch"},
		{Name: MetricLoss, Unit: "squared return", XUnit: x, Better: "lower", Doc: "Huber loss of the values since the last report"},
		{Name: MetricValue, Unit: "discounted return", XUnit: x, Better: "", Doc: "mean value of the recorded actions since the last report"},
		{Name: MetricKL, Unit: "nats", XUnit: x, Better: "", Doc: "what a query paid in training, mean over slots and rounds since the last report"},
		{Name: MetricAuxiliary, Unit: "loss", XUnit: x, Better: "lower", Doc: "loss of the auxiliary heads since the last report"},
		{Name: MetricNamed, Unit: "nats", XUnit: x, Better: "lower", Doc: "surprise of the auxiliary heads about the recorded action since the last report"},
		{Name: MetricData, Unit: "share of the solver's return", XUnit: x, Better: "", Doc: "mean return of the recordings divided by that of the solver, mean over tasks"},
	}
	for i, f := range gridrobo.Families() {
		specs = append(specs, lab.MetricSpec{Name: skillOf(i), Unit: "share of the solver's return", XUnit: x, Better: "higher", Doc: fmt.Sprintf("skill on the tasks of kind %q that are in use", f)})
	}
	return specs
}
