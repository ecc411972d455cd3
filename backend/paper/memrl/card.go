package memrl

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "MemRL",
		Title:   "MemRL: Self-Evolving Agents via Runtime Reinforcement Learning on Episodic Memory",
		Source:  "arXiv 2601.03192v1, 2026, Zhang et al.",
		Idea:    "Keep the model as it is, give every remembered episode a value, and let the rewards of later tasks decide what is read.",
		Problem: "Memory agents read what looks like the task at hand. Looking alike is not helping: an experience may be wrong, brittle or tied to one occasion. Training the model instead is dear and overwrites what it could do.",
		Mechanism: "A bank of (embedding of the intent, experience, Q). Phase A considers the entries of the k1 most similar intents above a gate delta; phase B reads the k2 with the largest (1 - lambda) z(similarity) + lambda z(Q). " +
			"After the task the Q of what was read, and of nothing else, moves by alpha (r - Q) with r = +1 or -1, and a script (of a success) or a reflection (of a failure) is added with Q = 0.",
		Reported: "v1, last epoch / solved at least once: ALFWorld with GPT-4o-mini 0.507 / 0.697, retrieval by similarity 0.370 / 0.415, no memory 0.278. Held out with the bank frozen: 0.479, 0.336 by similarity. " +
			"Forgetting on HLE 0.041, without z-score and gate 0.073. Q bins against success: Pearson 0.861.",
		Pitfalls: []string{
			"Q belongs to the memory and not to the pair of task and memory: gate and pool decide over which tasks it averages.",
			"Only what was injected is updated, never the whole pool; and Q is read before the update when it is compared with success.",
			"A pool without spread has standard scores of zero.",
			"New entries start at 0, between the rewards of success and failure, and go before what is known to be bad: without epsilon this is the only exploration.",
			"The training tasks are replayed: their last epoch measures what was learned by heart, so the held-out tasks stand beside it.",
			"The share solved at least once only grows, without any memory too.",
		},
		Basis:     "Full text of v1 and repository, through a checked digest; v2 by its abstract alone.",
		Form:      "tokens",
		Function:  "experiential",
		Control:   "learned",
		Learns:    "one number for each memory, by a constant-step Monte Carlo update; the model is frozen",
		World:     "HouseWorld, hidden rules",
		Rung:      "1, this computer; 2, a model endpoint",
		Notebook:  "memrl.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model, trained from nothing on steps of the world's oracle in houses with other rules and then frozen, stands in for GPT-4o-mini and its like, and HouseWorld for ALFWorld.",
		"D2: the writer is a rule: a script keeps the steps that hang on the rules, in one of three styles drawn at random, and a reflection names the last steps of a failure with what failed; in the paper the model writes both, beside the whole trajectory.",
		"D3: tasks are read for and done side by side in batches (rl.batch), and their rewards and experiences come in behind the batch, in order; in the paper tasks follow each other.",
		"D4: a literal script tells in which rooms this episode's things stood, and at which spot the thing of the task lay, in the place of what they are: both are drawn anew in every episode. Our sheet names the spot alone, which a reader that sees the room would not need.",
		"D5: keys are compared by a hashed bag of words in 128 dimensions instead of text-embedding-3-large, so the gate has a value of its own (memory.delta).",
		"D6: the mean and the spread of the similarity are those of the pool, as the paper writes; the repository has constants of a data set.",
		"D7: the pool counts keys, each with all entries that share it, as the repository does (memory.pool_of); the paper speaks of entries.",
		"D8: reader and prompt tell success from failure by the last word of a line, in the place of two sections.",
		"D9: a task is answered step by step from memory lines and the present observation alone; the reader does not see its earlier steps.",
		"D10: all seeds of a notebook share one reader (agent.warm_seed), so intervals over seeds say nothing about how readers differ; rules, tasks and flats differ by seed.",
		"D11: actions are drawn at agent.temperature while the memory learns, and are the most probable ones in tests.",
		"D12: two entries are read (memory.k), where the paper reads three: a reader of this size acts on the line next to the observation, and a third line would get its share of the reward without a part in it.",
		"D13: rules have fewer answers than the world's own default (world.receptacles, world.appliances, world.switches), so that something succeeds by chance before there is anything to choose from.",
		"D14: a model endpoint acts through the same loop; answers beyond the house's words are cut, and no log-probabilities are known.",
	}
}
