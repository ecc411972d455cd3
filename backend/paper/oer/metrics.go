package oer

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricPerformance = "performance"
	MetricForgetting  = "forgetting"
	MetricFresh       = "fresh_skill"
	MetricLearned     = "learned_skill"
	MetricData        = "data_skill"
	MetricShift       = "buffer_distance"
	MetricStray       = "buffer_stray"
	MetricUnique      = "buffer_size"
	MetricSuccess     = "success"
	MetricReturn      = "eval_return"
	MetricMemory      = "memory_size"
	MetricContext     = "context_size"
	MetricAngle       = "gradient_angle"
	MetricCriticLoss  = "critic_loss"
	MetricCloneLoss   = "clone_loss"
	MetricModelLoss   = "model_loss"
	MetricAnchored    = "model_error_anchored"
	MetricFree        = "model_error_free"
)

// skillOf names a_mn of task n, from 0.
func skillOf(n int) string { return fmt.Sprintf("skill_%d", n+1) }

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const tasks, updates, steps = "tasks learned", "updates", "steps of a rollout"
	specs := []lab.MetricSpec{
		{Name: MetricPerformance, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "mean skill on the tasks learned so far; at the end the paper's PER. 0 is uniform actions, 1 the scripted controller"},
		{Name: MetricForgetting, Unit: "skill", XUnit: tasks, Better: "lower", Doc: "mean over earlier tasks of the skill right after learning minus the skill now: BWT with the sign that makes forgetting positive"},
		{Name: MetricFresh, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "skill of the continual actor on the task that was just learned"},
		{Name: MetricLearned, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "skill of the policy that learned the task, before cloning where a second actor clones it"},
		{Name: MetricData, Unit: "skill", XUnit: tasks, Better: "", Doc: "mean skill of the episodes in the task's data set"},
		{Name: MetricShift, Unit: "spreads of the data", XUnit: tasks, Better: "lower", Doc: "mean distance from the states that the learned policy visits to the nearest state of the task's buffer"},
		{Name: MetricStray, Unit: "spreads of the data", XUnit: tasks, Better: "lower", Doc: "mean distance from the states of the task's buffer to the nearest state that the learned policy visits"},
		{Name: MetricUnique, Unit: "transitions", XUnit: tasks, Better: "", Doc: "different transitions in the task's buffer"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: tasks, Better: "higher", Doc: "episodes that end within 0.2 of the goal, mean over the tasks learned so far"},
		{Name: MetricReturn, Unit: "return", XUnit: tasks, Better: "higher", Doc: "undiscounted return of evaluation episodes, mean over the tasks learned so far"},
		{Name: MetricMemory, Unit: "numbers", XUnit: tasks, Better: "", Doc: "numbers kept for the sake of old tasks while training; acting carries nothing from step to step"},
		{Name: MetricContext, Unit: "steps", XUnit: tasks, Better: "", Doc: "steps of history that the policy sees"},
		{Name: MetricAngle, Unit: "degrees", XUnit: updates, Better: "lower", Doc: "angle, on the shared trunk, between the gradients of the new task's loss and of cloning the buffers, where one actor gets both; above 90 they undo each other"},
		{Name: MetricCriticLoss, Unit: "squared return", XUnit: updates, Better: "lower", Doc: "loss of the twin critics since the last report"},
		{Name: MetricCloneLoss, Unit: "squared action", XUnit: updates, Better: "lower", Doc: "two actors: distance of the continual actor to the learning one; one actor: distance to the buffers"},
		{Name: MetricModelLoss, Unit: "squared spreads", XUnit: tasks, Better: "lower", Doc: "loss of the task's transition model over its last hundred updates"},
		{Name: MetricAnchored, Unit: "spreads of the data", XUnit: steps, Better: "lower", Doc: "error of the model against the true dynamics at each step of a rollout that goes on from the nearest real state; last task"},
		{Name: MetricFree, Unit: "spreads of the data", XUnit: steps, Better: "lower", Doc: "distance of a rollout that goes on from what the model said to the true rollout from the same start; last task"},
	}
	for n := range maxGoals {
		specs = append(specs, lab.MetricSpec{Name: skillOf(n), Unit: "skill", XUnit: tasks, Better: "higher",
			Doc: fmt.Sprintf("skill on task %d after each task: column %d of the matrix a", n+1, n+1)})
	}
	return specs
}
