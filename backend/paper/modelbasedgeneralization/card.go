package modelbasedgeneralization

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Model-based generalization",
		Title:   "The Benefits of Model-Based Generalization in Reinforcement Learning",
		Source:  "arXiv 2211.02222, ICML 2023, Young, Ramesh, Kirsch, Schmidhuber",
		Idea:    "A learned model of a factored world knows more than the transitions that it was learned from; a replay buffer knows those alone.",
		Problem: "A replay buffer is a model that returns exactly what was seen. When does a learned model add something, if it only sees the same data?",
		Mechanism: "The same Q-network, exploration, buffer and number of transitions an update. Only their source changes: replayed, imagined by a learned " +
			"factored model, by a table of stored successors, or by the world itself. A theorem says why a model class can only shrink the set of value functions that fit the data.",
		Reported: "Three environments, much and little data: learning from the model's transitions beats replay where the structure is factored (abstract; no numbers were readable).",
		Pitfalls: []string{
			"Batches must be equal in transitions, not in starts.",
			"The reward of a flute is read before the shift: off by one and the best order changes.",
			"The temperature of exploration interacts with the scale of rewards: tune it.",
			"Events that come by themselves pay a random agent: compare scores above random.",
		},
		Basis:    "A summary of the abstract and of the published environments, agents and settings; proofs and curves were not readable.",
		Form:     "parameters",
		Function: "experiential",
		Control:  "rule",
		Learns:   "Q-network by Q-learning on replayed or imagined transitions; model by maximum likelihood",
		World:    "PanFlute, ButtonGrid, ProcMaze",
		Rung:     "1, this computer",
		Minutes:  minutes,
		Notebook: "model-based-generalization.md",
		Deviation: []string{
			"D1: networks have two hidden layers of 64 ReLU units instead of three of 200 ELU units, for the Q-network and the model alike.",
			"D2: 6000 environment steps with four updates each, the target copied every 100 updates, instead of 1M steps with one and 100k with ten.",
			"D3: an update of the Q-network has 160 transitions, 16 rollouts of 10 steps or as many replayed ones, instead of 320.",
			"D4: flutes of 3 and 6 pipes carry the claims; with one blow a step a flute of 4 pipes reaches some hundred states, which 6000 steps show all.",
			"D5: the models with categorical and Gaussian latents are left out; the factored model over bits is the one compared.",
			"D6: the memoriser is our control; where it knows nothing of a pair its rollout begins anew at a replayed transition, so that its batches hold as many.",
			"D7: four environments side by side, each emptied at a horizon of 100 steps past which the learner looks; the observation at the horizon is kept.",
			"D8: one step size for the model in all arms; step size of the Q-network and temperature are searched for every arm on the same grid.",
			"D9: in ButtonGrid a new layout places the player anew as well, and events come with probability 1/(10 g^2) in both grids.",
			"D10: pairs for the exactness of models are those of a random player's walk, not all states, most of which the world can never show.",
			"D11: scores divide by what the oracle gains, not by the perfect arm, which finds nothing on six pipes in some runs.",
			"D12: the analysis bounds both sets: the free table from above, by tables that solve the Bellman equation, the models from below, by intervals.",
		},
		Metrics: Metrics(),
	}
}

// minutes is what the recorded results took.
const minutes = 7.2
