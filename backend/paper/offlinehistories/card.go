package offlinehistories

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Observation histories",
		Title:   "Offline RL with Observation Histories: Analyzing and Improving Sample Complexity",
		Source:  "arXiv 2310.20663, ICLR 2024, Hong, Dragan, Levine",
		Idea:    "Two histories never meet, even where the world stands as it stood; a latent space in which they do lets offline learning stitch.",
		Problem: "Offline RL beats imitation because it joins good halves of poor trajectories where they meet in one state. Policies that read histories see no two alike, so nothing meets.",
		Mechanism: "An encoder of histories is trained by conservative Q-learning and a bisimulation loss: two histories shall be as far apart as their rewards and next latents " +
			"under the same action are. Histories that lead to the same fall together, whatever they came from.",
		Reported: "On a gridworld, CQL with the loss is clearly above CQL; on VizDoom the two are alike; on Wordle with ILQL the loss adds nothing where its value is small already (abstract and reviews; no numbers were readable).",
		Pitfalls: []string{
			"J has a trivial minimum where all histories are one point: keep the value loss and the reward head on the latents, and let them go first.",
			"Pairs must come from different trajectories: neighbours in time teach time, not meaning.",
			"Distances need a scale: normalise rewards, and compare J across arms by one definition.",
			"Report success from A and from B apart: from B imitation of the slow walks succeeds.",
		},
		Basis:    "Abstract and three public reviews; the loss is rebuilt from a review's description.",
		Form:     "latent",
		Function: "working",
		Control:  "learned",
		Learns:   "history encoder and values by CQL with a bisimulation loss; latent reward and transitions by regression",
		World:    "StitchMaze",
		Rung:     "1, this computer",
		Minutes:  minutes,
		Notebook: "offline-histories.md",
		Deviation: []string{
			"D1: the loss is rebuilt from a public review; its pairs, its stopped gradients and the weights of its terms are our reading.",
			"D2: the world is StitchMaze of ours, not the paper's gridworld, VizDoom or Wordle; MiniWordle with a small language model is left out.",
			"D3: the bisimulation loss starts after two fifths of the training and grows to its weight over as long again: from the start it pulls all histories together before the values tell what a hub must know.",
			"D4: the L1 distance is divided by the root of the number of latents, so that it stands on the footing of the Euclidean distance that D is made of.",
			"D5: the latent model predicts rewards normalised by their deviation in the data, and its deviations lie between exp(-1) and exp(2).",
			"D6: half of the fast walks from B take the paying exit, and a quarter of all actions are random: else the slow loop alone explains every reward, and a latent space without the hidden bit is right about the data.",
			"D7: 1000 trajectories and 2000 updates of 32 of them; a step size of 0.003 found by the search.",
			"D8: running out of time counts as an end, and an end is followed by the latent 0.",
			"D9: J is measured on held-out trajectories with the same action in every pair, divided by the mean squared distance; the model's heads learn in every arm, without effect on the encoder where their weight is 0.",
			"D10: cloning and Q-learning have one head of the same size on the same latents.",
		},
		Metrics: Metrics(),
	}
}

// minutes is what the recorded results took.
const minutes = 15.1
