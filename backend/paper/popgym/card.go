package popgym

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of the benchmark.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "POPGym",
		Title:   "POPGym: Benchmarking Partially Observable Reinforcement Learning",
		Source:  "arXiv 2303.01859, ICLR 2023, Morad et al.; package popgym 1.0.6",
		Idea:    "Many small tasks that cannot be solved from the present observation, and one table: which memory model is worth its cost?",
		Problem: "Memory models are compared on a few navigation tasks, where luck and engineering weigh more than memory. A wide, cheap set of tasks tells more.",
		Mechanism: "The policy is always the same: a layer, a memory model, a layer of heads, trained by recurrent PPO. Only the memory model changes. The score is the " +
			"maximum over training of the mean episodic reward (MMER).",
		Reported: "Over all tasks GRU, LSTM and Elman networks lead, before the models that were made for long sequences; the memory-free MLP with a step count does " +
			"surprisingly well on the control tasks (words of the abstract and of the repository's page; no numbers quoted).",
		Pitfalls: []string{
			"Some tasks can be half solved without memory: compare with the memory-free arm and the yardsticks, not with zero.",
			"A maximum over training rewards noise: read the greedy return beside it.",
			"Without the action before in the observation some tasks cannot be told apart.",
			"A laptop's budget is a fiftieth of the benchmark's: the order of the models may change with more steps.",
		},
		Basis:    "The abstract, and the package, whose observations, rewards and ends are reproduced exactly (docs/popgym.md).",
		Form:     "latent",
		Function: "working",
		Control:  "learned",
		Learns:   "policy and memory weights, by PPO",
		World:    "16 tasks in three difficulties",
		Rung:     "1, this computer",
		Notebook: "popgym.md",
		Deviation: []string{
			"D1: three hundred thousand environment steps a run instead of fifteen million, and about 15 to 30 thousand trained numbers; hyper-parameters are ours; the learning rate is each model's own, by the same search, all others are the same.",
			"D2: rollouts of 64 environments and 64 steps; training goes through each as a whole from the states stored at its start.",
			"D3: the pendulum's torque is one of five, evenly spaced.",
			"D4: an epoch of the score is one rollout.",
			"D5: the transformer, the diagonal state space model and the linear recurrent unit stand for the benchmark's own variants where ours differ (docs/memory-models.md).",
		},
		Metrics: Metrics(),
	}
}
