package memalpha

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Mem-alpha",
		Title:   "Mem-α: Learning Memory Construction via Reinforcement Learning",
		Source:  "arXiv 2509.25911, 2025, Wang, Takanobu, Liang et al.",
		Idea:    "Let a model that reads a long text piece by piece learn what to write into which of three stores, paid by how well questions are answered from the stores alone.",
		Problem: "Models that get memory tools by prompt alone keep too little, in the wrong store, or the same thing twice. Nobody can label the right write: whether a memory is good shows only when questions over the whole history are answered from it.",
		Mechanism: "The memory is a core text of limited length, a semantic list (facts) and an episodic list (events with their time). For each chunk the policy sees the core, the newest entries and the chunk, and answers once with calls: insert, update, delete. " +
			"Behind the last chunk a frozen reader answers questions from the core and what BM25 recalls of the lists. A step earns r1 + r2 + β r3 + γ r4: the answers, the share of its calls that could be executed, how much shorter the memory is than the text, and the share of its calls that a judge finds valid. " +
			"Rewards of several rollouts of the same text are normalised (GRPO), and each step is a training row of its own.",
		Reported: "Mean over the validation sets, score / memory tokens: long context (32B) .588 / 10.8K, BM25 top 2 chunks .567 / 11.3K, Mem-α (4B) .642 / 7.9K, the same model untrained .389, gpt-4.1-mini .517. " +
			"γ 0 .543; β 0.4 .509 with 3.6K tokens. On MemoryAgentBench, 13 times as long as in training, .592.",
		Pitfalls: []string{
			"A step without any call has r2 = 0: with the paper's weight of 1 it is dearer to leave noise out than to keep it.",
			"r1 and r3 belong to the whole rollout, r2 and r4 to the step. Normalised over chunks of different kinds, the difference between kinds drowns what the writer could have done otherwise.",
			"The paper drops the divergence term, its script has a small one; the paper's group of sampled actions can be read in two ways.",
			"The writer sees the newest entries alone: old ones can be neither updated nor deleted, by design.",
			"Whatever is told has about the same price a word, whatever is asked about the same worth: a price on memory can only teach to leave out what is asked for more seldom than it is told.",
		},
		Basis:     "Full text of the paper with its appendices, and the authors' repository (memory classes, rewards, training script, server), through a checked digest.",
		Form:      "token",
		Function:  "factual and experiential",
		Control:   "learned",
		Learns:    "model weights, by GRPO: the policy that writes",
		World:     "ChatWorld, in chunks",
		Rung:      "1, this computer; 2, a training service; an endpoint writes untrained",
		Notebook:  "mem-alpha.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a language model of some 130 thousand numbers, trained from nothing, stands in for Qwen3-4B, and generated chunks of 12 to 24 words (facts, dated events, labelled samples, noise) for the paper's eight data sets.",
		"D2: the warm start imitates a weak writer: it copies the first half of a chunk (60 %), puts everything into the semantic store (70 %), never writes the core (75 %), and 30 % of its calls cannot be executed. The habits are drawn independently, so that learning can sample each remedy.",
		"D3: all seeds of a notebook share one warm start (agent.warm_seed), so intervals over seeds say nothing about how warm starts differ.",
		"D4: the frozen reader is a rule that reads facts out of lines, not a model of 32 billion numbers, and knows nothing else. BM25 recalls three entries of each list; the authors' server shows the whole memory while it is short and recalls 15.",
		"D5: the judge is a rule for each store, not a model: the core needs two words with a meaning, a semantic entry a subject and no day, an episodic one a day and what happened.",
		"D6: the core holds 12 words instead of 512 tokens, the writer sees two entries of each list instead of 20, a response has at most four calls and 40 tokens.",
		"D7: entries are named by their place in sight (s1, e2) instead of four hexadecimal digits.",
		"D8: rewards are normalised over the rollouts at the same chunk by default; over all steps of an instance is the other reading (rl.statistics).",
		"D9: no divergence term, as the paper says; its script has one of 0.001. Constant learning rate 0.0005 of Adam, groups of 8 as in the script, 16 instances an update, each met once.",
		"D10: the gist question, for the topic that the protagonist brings up most, is answered from the core alone; of other memories, which have no core, from all that they recall.",
		"D11: labels are told oftener than they are asked for (35 % of the chunks, 5 % of the questions besides the gist), so that a price on memory has something to leave out. An instance has 12 questions.",
		"D12: long context, the newest chunks and BM25 over whole chunks are the memories of all notebooks with the same reader; MemAgent and MEM1 have notebooks of their own and are not compared here.",
		"D13: a call beyond the fourth is counted and fails. Deleting an entry that is in sight is always valid for the judge.",
		"D14: a group whose rewards are all the same gives no training row.",
	}
}
