package wmar

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Names of the metrics. Their units and meaning stand in Metrics; those that end in an underscore have one for each task.
const (
	MetricAverage    = "final_average"
	MetricForgetting = "forgetting"
	MetricFresh      = "fresh_skill"
	MetricTransfer   = "transfer"
	MetricSkill      = "skill_"
	MetricAfter      = "after_"
	MetricNLL        = "nll_"
	MetricRecent     = "recent_"
	MetricLong       = "long_"
	MetricSuccess    = "success"
	MetricReturn     = "eval_return"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricHeld       = "rollouts_held"
	MetricReward     = "train_reward"
	MetricPlanes     = "planes_loss"
	MetricKL         = "kl"
	MetricRewardLoss = "reward_loss"
	MetricGoes       = "continue_loss"
	MetricImagined   = "imagined_return"
	MetricEntropy    = "entropy"
	MetricCritic     = "critic_loss"
)

// nth is the metric of task i, from 0.
func nth(name string, i int) string { return fmt.Sprintf("%s%d", name, i+1) }

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const steps, tasks = "environment steps", "tasks learned"
	specs := []lab.MetricSpec{
		{Name: MetricAverage, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "mean skill on the tasks learned so far. 0 is random actions, 1 the planner"},
		{Name: MetricForgetting, Unit: "skill", XUnit: tasks, Better: "lower", Doc: "mean over earlier tasks of the best skill after any task since it was learned, minus the skill now"},
		{Name: MetricFresh, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "skill on the task that was just learned"},
		{Name: MetricTransfer, Unit: "skill", XUnit: tasks, Better: "higher", Doc: "skill on a task right before it was learned: forward transfer against random actions"},
		{Name: MetricSuccess, Unit: "share of episodes", XUnit: steps, Better: "higher", Doc: "evaluation episodes won, mean over all tasks, greedy actions"},
		{Name: MetricReturn, Unit: "return", XUnit: steps, Better: "higher", Doc: "undiscounted return of evaluation episodes, mean over all tasks; a perfect episode pays about 3"},
		{Name: MetricMemory, Unit: "numbers", XUnit: steps, Better: "", Doc: "numbers that the agent carries from step to step: recurrent state and latents"},
		{Name: MetricContext, Unit: "steps", XUnit: steps, Better: "", Doc: "steps of history that the recurrent state has seen"},
		{Name: MetricHeld, Unit: "rollouts", XUnit: steps, Better: "", Doc: "rollouts that batches can come from; one in both stores counts twice"},
		{Name: MetricReward, Unit: "reward", XUnit: steps, Better: "higher", Doc: "reward a step in training since the last evaluation"},
		{Name: MetricPlanes, Unit: "nats", XUnit: steps, Better: "lower", Doc: "loss of the observation's bits since the last evaluation, on replayed windows"},
		{Name: MetricKL, Unit: "nats", XUnit: steps, Better: "", Doc: "divergence of posterior and prior since the last evaluation"},
		{Name: MetricRewardLoss, Unit: "squared symlog reward", XUnit: steps, Better: "lower", Doc: "loss of the reward since the last evaluation"},
		{Name: MetricGoes, Unit: "nats", XUnit: steps, Better: "lower", Doc: "loss of the continuation since the last evaluation"},
		{Name: MetricImagined, Unit: "return", XUnit: steps, Better: "", Doc: "mean lambda-return of imagined steps since the last evaluation, discounted"},
		{Name: MetricEntropy, Unit: "nats", XUnit: steps, Better: "", Doc: "entropy of the policy in imagination since the last evaluation"},
		{Name: MetricCritic, Unit: "squared return", XUnit: steps, Better: "", Doc: "loss of the critic since the last evaluation"},
	}
	for i := range maxTasks {
		specs = append(specs,
			lab.MetricSpec{Name: nth(MetricSkill, i), Unit: "skill", XUnit: steps, Better: "higher", Doc: fmt.Sprintf("skill on task %d, greedy actions", i+1)},
			lab.MetricSpec{Name: nth(MetricAfter, i), Unit: "skill", XUnit: tasks, Better: "higher", Doc: fmt.Sprintf("skill on task %d after each task: a row of the matrix p", i+1)},
			lab.MetricSpec{Name: nth(MetricNLL, i), Unit: "nats a step", XUnit: steps, Better: "lower", Doc: fmt.Sprintf("bound on the model's negative log-likelihood of held-out rollouts of task %d: planes, divergence, continuation", i+1)},
			lab.MetricSpec{Name: nth(MetricRecent, i), Unit: "share of rollouts", XUnit: steps, Better: "", Doc: fmt.Sprintf("share of task %d in the recent store", i+1)},
			lab.MetricSpec{Name: nth(MetricLong, i), Unit: "share of rollouts", XUnit: steps, Better: "", Doc: fmt.Sprintf("share of task %d in the long store", i+1)})
	}
	return specs
}
