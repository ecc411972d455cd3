package memoryrewriting

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Memory rewriting",
		Title:   "Memory Retention Is Not Enough to Master Memory Tasks in Reinforcement Learning",
		Source:  "arXiv 2601.15086, AAMAS 2026 (extended abstract), Shchendrigin et al.",
		Idea:    "Keeping a cue and replacing it are different skills: an agent may pass the first test and fail the second.",
		Problem: "Memory benchmarks ask whether a cue survives a delay. In a changing world the harder duty is to let an old cue go when a new one arrives.",
		Mechanism: "A chain of n corridors. The first cell of each shows a new cue, the cells after it are blank, and at the junction the agent must turn as the latest cue said. " +
			"n = 1 is retention; every further corridor asks for rewriting. The agents differ in their memory alone and are trained by PPO.",
		Reported: "Trained and tested at n = 10, l = 10 (figure, read off by eye): LSTM 0.83, GTrXL 0.62, FFM 0.30, SHM 0.00, MLP 0.00. " +
			"Gate ablation at n = 10, l = 5: LSTM 1.00, GRU 0.38, vanilla RNN 0.24.",
		Pitfalls: []string{
			"Success over n corridors is a product: 0.9 a turn looks like 0.35 at n = 10. Read the accuracy per junction, too.",
			"An observation with position or step count lets a fixed schedule replace memory.",
			"The state at the start of a rollout must be the stored one, or recurrent agents lose for technical reasons.",
			"The delay penalty must be small against 1, or the agent learns to turn at once and guess.",
		},
		Basis:    "Abstract, the authors' project site and a checked digest; the paper's body and hyper-parameters were not readable.",
		Form:     "latent",
		Function: "working",
		Control:  "learned",
		Learns:   "policy and memory weights, by PPO",
		World:    "Endless T-Maze, Color-Cubes",
		Rung:     "1, this computer",
		Notebook: "memory-rewriting.md",
		Deviation: []string{
			"D1: hyper-parameters are ours; the paper's table was not readable. PPO as in arXiv 1707.06347 with a bounded value loss, " +
				"advantages normalised in each minibatch, orthogonal first weights, Adam with epsilon 1e-5; a forget gate starts with bias 1.",
			"D2: the Stable Hadamard Memory (SHM) of the paper is left out; an LSTM whose forget gate stands at 1 is our control in its " +
				"place.",
			"D3: the learning rate falls to zero along a line (knob rl.anneal).",
			"D4: evaluation takes the most probable action, in mazes that are the same for every arm of a seed and for every evaluation of" +
				" a run.",
			"D5: in Color-Cubes a target is reached by an explicit take, a wrong take ends the episode, and a step that shows the map " +
				"plays no action.",
			"D6: in the Endless T-Maze a wrong turn ends the episode, uniform lengths are drawn from 1 to l, and only an action of the " +
				"wrong type costs the delay: the basis leaves these open.",
			"D7: the horizon counts the junction: twice the sum of length + 1 over the corridors. An episode that runs out of time counts " +
				"as ended, so nothing is expected of what would have come.",
			"D8: all agents have an encoder of one tanh layer and one layer of heads for policy and value, and widths that give each about" +
				" 20 to 35 thousand parameters; the paper's sizes are unknown.",
			"D9: training goes through every rollout as a whole from the states stored at its start; gradients end there, and a memory " +
				"reaches back further only by what it carries.",
			"D10: FFM runs as a recurrence, which its closed form equals; its skip connection is a linear layer under the complement of " +
				"the output gate and its first decays and periods are spread evenly, as in the code published with arXiv 2310.04128.",
			"D11: the transformer is gated as GTrXL (arXiv 1910.06764), but distances have a learned bias for each head instead of " +
				"sinusoids, and it carries the keys and values of the last steps of the episode, made by older parameters and without " +
				"gradient, instead of cached segments of layer inputs.",
			"D12: every environment step counts the same for all cases: a longer maze has fewer episodes in the same budget.",
			"D13: finished agents are tested at other numbers of corridors, not at other lengths or regimes.",
			"D14: stale error, linear probes and the corridors passed before the first error are measures of ours or of the authors' site," +
				" not of the paper's table.",
		},
		Metrics: Metrics(),
	}
}
