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
		"D1: a language model of some 380 thousand numbers, trained from nothing on traces that rules write, stands in for instruction-tuned models of 7 and 8 billion, and generated dialogues of two speakers and 16 turns for LoCoMo. Both roles begin from one warm start, as both begin from one model in the paper, and all seeds of a notebook share it (agent.warm_seed).",
		"D2: the warm start is given the fault that prompted managers have: half of its decisions delete what a new fact completes and add the fact alone (agent.habit), a tenth are random (agent.noise), the rest is the oracle's. What they write is right in all of them. The answer agent's traces have a fault of their own: most of them answer from the newest entry about the same attribute, whoever's it is (agent.distracted), and a tenth from any entry (agent.wrong_pick).",
		"D3: the extractor is the world's own parser, not a prompted model; chatter gives no fact, so the manager never meets it.",
		"D4: related entries are found by words in common, the latest first of equal ones, not by embeddings; the manager sees 4 of them (memory.shown), the answer agent 12 (rl.candidates) in the place of 60.",
		"D5: the manager reads entries with the best next to the new fact; in the order of time a small model does not learn to look facts up. The answer agent's order is a knob (agent.order).",
		"D6: half of a decision's reward comes from the question about the fact itself, half from questions about all other facts known so far (rl.linked); the paper has the linked question alone, under which dropping other facts costs nothing.",
		"D7: decisions are met in banks that the policy wrote itself, 48 conversations that go on from update to update by one of the sampled decisions each (rl.own_banks); the paper's banks are written by GPT-4o-mini from the preceding turns. With the other value they are the oracle's, with wrong operations among them (rl.wrong_banks).",
		"D8: a bank holds 10 entries (memory.capacity); behind it the one goes that was touched longest ago. Without a bound adding everything is the best policy of a single decision.",
		"D9: while the manager learns, a rule answers that trusts the newest entry of what is asked alone (world.trust, rl.reader); the paper's reader is the frozen answer agent, here the other value.",
		"D10: one output may hold two operations, so that deleting and adding is one decision; an operation that cannot be understood, or names an entry that is not shown, changes nothing.",
		"D11: the answer agent's candidates hold entries of other conversations (rl.distractors): a bank of 10 alone would leave little to select from. Its questions come from banks written once by the frozen manager.",
		"D12: no divergence from a reference model in the loss, no bonus for entropy, constant learning rates, one optimiser step an update, groups of 8, groups of equal rewards left out.",
		"D13: the critic of PPO is a linear value head on the answer agent itself, trained with it, with one reward at the end, nothing discounted and lambda 1; advantages are scaled over the batch. It needs a model that is trained in this process. The manager learns by GRPO alone.",
		"D14: questions are those for current values and for whole lists; days, personas named by other facts and what nobody has told are left to other papers of this world. Answers are compared as sets of words; BLEU and a judge are left out.",
		"D15: on an endpoint nothing learns: both roles are prompted (prompts/) and examined.",
	}
}
