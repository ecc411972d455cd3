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
			"D1: hyper-parameters are ours; the paper's table was not readable.",
			"D2: the structured Hebbian memory (SHM) of the paper is left out; a clamped forget gate is our control in its place.",
			"D3: the learning rate falls to zero along a line.",
			"D4: evaluation takes the most probable action.",
			"D5: in Color-Cubes a target is reached by an explicit take, and a step that shows the map plays no action.",
		},
		Metrics: Metrics(),
	}
}
