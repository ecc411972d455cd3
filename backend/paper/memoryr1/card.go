package memoryr1

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Memory-R1",
		Title:   "Memory-R1: Enhancing Large Language Model Agents to Manage and Utilize Memories via Reinforcement Learning",
		Source:  "arXiv 2508.19828, ACL 2026, Yan, Yang, Huang et al.",
		Idea:    "Let the agent learn what to write, change and delete, paid by nothing but whether a later question is answered rightly.",
		Problem: "Agents that keep a bank of facts let a prompted model decide what becomes of it. It takes what completes a fact for what contradicts it: a second dog is told of, and the first one is deleted. And what is retrieved is full of noise. Nobody labels such decisions.",
		Mechanism: "A manager reads a new fact with the entries that are related to it and writes ADD, UPDATE, DELETE or NOOP; a frozen answer agent is asked about the turn, and the manager is paid by its exact match. Then the manager is frozen, and the answer agent learns by the same reward to name the entries that matter before it answers. " +
			"Both by group-relative policy optimisation, or by proximal policy optimisation with a critic.",
		Reported: "LoCoMo, 1307 test questions, LLaMA-3.1-8B, F1 / BLEU-1 / judge: Mem0 30.4 / 22.2 / 45.7, MemoryOS 35.0 / 28.0 / 48.2, imitation of GPT-5 42.8 / 33.0 / 58.8, PPO 41.1 / 32.9 / 57.5, GRPO 45.0 / 37.5 / 62.7. " +
			"Without the learned manager 37.5, without the learned answer agent 33.0, without the selection 41.0 F1.",
		Pitfalls: []string{
			"What is never sampled cannot be learned: before learning, look at how often a group of decisions holds the operation that is to be found (merge_groups).",
			"With one decision an item and banks that never overflow, adding everything is the best policy.",
			"A manager that is paid for the linked question alone may drop every other fact.",
			"Most groups have equal rewards and teach nothing: read flat_groups.",
			"The manager learns for its reader: a reader that joins all entries of a thing has no use for a merged one.",
		},
		Basis:     "Full text of the camera-ready version with its appendices, through a checked digest; no official code was found.",
		Form:      "tokens",
		Function:  "factual",
		Control:   "learned",
		Learns:    "model weights of two roles, by GRPO or PPO",
		World:     "ChatWorld, dialogues",
		Rung:      "1, this computer; 2, a training service; an endpoint without learning",
		Notebook:  "memory-r1.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: x",
	}
}
