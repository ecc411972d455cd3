package memoryrplus

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Memory-R+",
		Title:   "Reasoning Under 1 Billion: Memory-Augmented Reinforcement Learning for Large Language Models",
		Source:  "arXiv 2504.02273, TMLR 2025, Le, Do, Nguyen, Venkatesh",
		Idea:    "Where a small model rarely answers rightly, pay it for answers that resemble what worked before and differ from what failed.",
		Problem: "Group-relative policy optimisation of a small model often draws no right answer for a question. All rewards of the group are then the same, nothing is learned, and the model drifts to what is easy to be paid for: the form of an answer, or its length.",
		Mechanism: "Two stores hold embeddings of past answers, those that were right and those that were wrong, question by question. A new answer is paid for being near the centroid of the right answers to the nearest stored questions (exploit), " +
			"and for its distance from the nearest wrong one (explore). Both are scaled by the smallest and largest of their last w values and added to the rewards for the right answer and for its form. The memory shapes rewards alone: it is absent when the model is tested.",
		Reported: "Trained and tested on GSM8K, last checkpoint: Qwen2.5-0.5B-Instruct 27.8 % before, R1 27.5 (deviation 6.3), Memory-R 33.0, Memory-R+ 33.7 (2.5). " +
			"Falcon3-1B: R1 collapses to 10.9, Memory-R+ 34.0. Llama3.2-1B: R1 36.2, Memory-R+ 40.5. No run of Memory-R+ collapsed.",
		Pitfalls: []string{
			"Scaling goes by a window over all answers, not by the group: after the group is normalised only differences inside it matter.",
			"Written before it is scored, a failed answer finds itself among the failures and earns nothing for novelty, while a right one does: the term repeats the outcome in part.",
			"All empty answers have the same embedding: empty failures look known, and after one empty success emptiness would look perfect.",
			"A right answer in the wrong form counts as wrong in part. Early gains are often gains of form: read both.",
			"With more than one neighbour, the failures of another question may be right answers to this one.",
		},
		Basis:     "Full text of the first version, and the authors' repository (rewards, training script), through a checked digest.",
		Form:      "latent",
		Function:  "experiential",
		Control:   "rule",
		Learns:    "model weights, by GRPO",
		World:     "MathWorld, word problems",
		Rung:      "1, this computer; 2, a training service",
		Notebook:  "memory-r-plus.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a language model of some 360 thousand numbers, trained from nothing on the written answers of the world's oracle, stands in for instruction-tuned models of 0.5 to 1 billion, and templated word problems for GSM8K.",
		"D2: the warm start is stopped while most drawn answers are wrong (knob agent.warm_steps), so that groups without a right answer are common; 30 % of its traces have a wrong step.",
		"D3: all seeds of a notebook share one warm start (agent.warm_seed), so intervals over seeds say nothing about how warm starts differ.",
		"D4: a hashed bag of words and pairs of words in 128 dimensions is the encoder instead of a trained sentence encoder of 384; the mean hidden state of the warm start is the other choice (rl.encoder).",
		"D5: training meets a pool of templated questions again and again (rl.pool), as the paper does a data set; rl.pool 0 draws fresh ones for ever, of which a store holds the present group alone.",
		"D6: questions are compared by cosine with all stored ones, as the paper says, where its code asks an index by distance; embeddings have unit length, for which the order is the same.",
		"D7: the explore term starts after a number of updates (rl.warmup), as in the text; the code waits for 500 questions with failures.",
		"D8: every answer is scored with its own question, and the oldest question goes as a whole; the code reads the first question of a batch, and its removal of old questions does not work.",
		"D9: while no failure is stored, novelty counts nothing; the sources leave it open.",
		"D10: constant learning rate, bound 0.2 of the ratio, no weight decay, one optimiser step an update, groups of 8; the paper has a schedule, bound 0.1, decay 0.1 and groups of 16.",
		"D11: the baseline of rewards by length adds its reward to those for the right answer and for form; its bounds are 0.5 to 1 of right and -1 to -0.5 of wrong answers.",
		"D12: the fine for what stands behind the last tag is counted by the word, five times that of a character.",
		"D13: diversity is measured by the hashed encoder, on three drawn answers to a question; the paper has a lexical and a semantic measure.",
		"D14: a group whose answers all have the same reward gives no training row.",
	}
}
