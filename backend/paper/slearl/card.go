package slearl

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "SLEA-RL",
		Title:   "SLEA-RL: Step-Level Experience Augmented Reinforcement Learning for Multi-Turn Agentic Training",
		Source:  "arXiv 2603.18079, Wang and Jiang (CMU), March 2026",
		Idea:    "Read the experience library at every step, by the present observation, and give credit to steps by the same grouping of observations.",
		Problem: "An experience library that is read once, by the sentence of the task, fits the first steps of an episode and drifts away from the later ones; and one reward for a whole episode does not tell which of its steps earned it.",
		Mechanism: "Two zones hold strategies of episodes that went well and warnings of those that did not, at three levels of generality and each scored by the return of its source. Observations that are alike form clusters with links to entries; a step reads the best of its cluster, or what is nearest in the library. " +
			"After each batch the best and the worst episodes propose entries, and a full level admits only what scores above its lowest. The policy is moved by the advantage of the episode in its group plus the advantage of the step among all steps of the group in the same cluster.",
		Reported: "Qwen2.5-7B-Instruct, ALFWorld: GRPO 77.6 %, GiGPO 90.8, SkillRL 89.9, SLEA-RL 93.5. WebShop success: 66.1, 72.8, 72.7, 76.3. Read once per task: WebShop 72.0; without the step-level advantage: ALFWorld 87.8, WebShop 70.8.",
		Pitfalls: []string{
			"Observations that differ in one word can be different phases: with a low bound of likeness a cluster mixes what calls for different hints.",
			"Most returns are equal, so the order of entries is decided by the rule for ties, which the paper does not state.",
			"Where more than half of a batch succeed, the median is the best return and nobody is above it.",
			"The augmented prompt must stand in the ratio: what was read when the action was drawn, not what would be read now.",
			"Held-out tasks open clusters of their own: an examination must not change the library that it examines.",
		},
		Basis:     "Full text of the first version with its appendices, and the authors' repository (retrieval, library, evolution), through a checked digest.",
		Form:      "tokens",
		Function:  "experiential",
		Control:   "rule",
		Learns:    "model weights, by GRPO with step-level advantages; the library by summaries and replacement",
		World:     "HouseWorld, hidden rules",
		Rung:      "1, this computer; 2, an endpoint (the library alone changes) or a training service",
		Notebook:  "slea-rl.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{}
}
