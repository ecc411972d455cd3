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
	return []string{
		"D1: a language model of some 100 thousand numbers, trained from nothing on the written answers of the world's oracle, stands in for instruction-tuned models of 1.5 and 7 billion, and HouseWorld for ALFWorld, WebShop and search questions.",
		"D2: the warm start sees rules that are drawn anew for every row, and hints of which 70 % are right (agent.hints_right); all seeds of a notebook share it, so intervals over seeds say nothing about how warm starts differ.",
		"D3: two observations are as alike as the share of their words that both have (Jaccard); the authors' code compares the first 500 characters by a sequence ratio, inside buckets of task type. The bound is 0.7 instead of 0.85.",
		"D4: templates write strategies and warnings, no language model: one line for each step that changed the state of the task, of a loser one for its last action without effect. Two examples that agree add a pattern (their class) or a principle (their material).",
		"D5: what is linked to a cluster, and what is read where a cluster has no entries, goes by a bound of its own (memory.reach), since held-out rooms are never 0.85 alike; and an entry is read only where the observation has the words of its subject (memory.suits), a class standing for its things.",
		"D6: ties, on which the paper is silent and which decide nearly everything here, where most scores are 1: a reading goes by score, then suiting words, then likeness, then the younger entry; of entries with the same action one is read; a full level keeps what it has; among equal episodes one of each task comes before a second of any.",
		"D7: where the median of a batch is its best return, those that reach it are winners. By the letter of the rule a batch of which more than half succeed has none, and the library would stop growing when it begins to work.",
		"D8: the clusters of the step-level advantage are made anew for each group, with a bound of their own (rl.step_delta): those of the library mix places, and arms without a library must give the same credit.",
		"D9: the divergence from the warm start is taken off the advantage, log pi - log ref at each token, with weight 0.05; the paper has it in the loss with 0.01.",
		"D10: reading begins after 3 updates and 10 entries instead of 5 epochs; a batch of 64 attempts proposes at most 16 strategies of 8 winners and 8 warnings of 8 losers; the paper has 10 of 5 and 5 of 5, of 128 attempts.",
		"D11: 60 updates of 8 tasks and 8 attempts, at most 14 steps; constant learning rate; every token of an update weighs the same. The paper has 150 epochs of 16 tasks, 8 attempts and at most 50 steps.",
		"D12: the model sees the present observation and the hints, and no history.",
		"D13: flats have 4 kinds of receptacles, 2 switches, 2 turns of slack, and 3 of 4 materials of each noun in training: with the world's own numbers too few attempts at a long task succeed at first.",
		"D14: another memory of the catalog is offered what the first attempt at each task brought, and its lines stand in the same three slots, cut to eight words each.",
		"D15: on an endpoint the library alone changes: there is nothing to train.",
	}
}
