package textmemory

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Memories side by side",
		Title:   "Memories side by side: one loop, one reader, any memory in any text world",
		Source:  "Loci's own comparison; LoCoMo is arXiv 2402.17753, ACL 2024, Maharana et al.",
		Idea:    "Change nothing but the memory: the same world, the same reader, the same questions.",
		Problem: "Systems with memories differ in their models, prompts, worlds and memories at once. What a memory alone is worth cannot be read off their tables.",
		Mechanism: "One loop: what bears on the turn is read from the memory, a reader answers out of what was read, what came of it is written, and the memory manages what it holds behind each step, session and episode. " +
			"The reader is the world's own rule, equal for every memory, or a model behind an endpoint that is shown the same lines. In worlds that tell where an answer stands, recall is measured without any answer.",
		Reported: "Nothing: no paper ran this comparison. Of LoCoMo, its authors report that retrieval of observations beats retrieval of turns, and that adversarial questions get worse the more is retrieved.",
		Pitfalls: []string{
			"A rule that reads gains from a memory only what its lines say literally: a memory that rewrites well for a model may look bad here.",
			"Memories differ in how much they read. Compare them at equal read, or with the tokens they read beside them.",
			"Recall of evidence counts turns, not answers: a neighbouring turn may hold the answer as well.",
			"Retrieval is deterministic: over seeds only the order of the questions changes, and with it memories that learn from feedback alone.",
		},
		Basis:     "The surveys' loop of write, manage and read (arXiv 2512.13564, arXiv 2603.07670); the evaluation script and the released data of LoCoMo.",
		Form:      "tokens",
		Function:  "factual, experiential",
		Control:   "rule",
		Learns:    "nothing, or the values of memories",
		World:     "every text world, and imported data",
		Rung:      "1, this computer; 3, a model endpoint",
		Notebook:  "memories.md",
		Deviation: deviations(),
		Metrics:   metrics(),
		Extra:     map[string]any{"categories": Categories()},
	}
}

// deviations are those of doc.md, number by number: from LoCoMo's evaluation.
func deviations() []string {
	return []string{
		"D1: recall leaves out questions whose evidence is empty or names no turn and counts them, where the benchmark's script counts such questions as wholly recalled.",
		"D2: a text of several ids of turns is several pieces of evidence, where the script looks for the whole text among the ids and never finds it.",
		"D3: embeddings are of speaker, text and caption of a turn; searches by words look at that and at the line with its date as well, so that words of the date are found and those said count twice.",
		"D4: adversarial questions are asked like others and must be refused, where the script offers two answers to choose from.",
		"D5: questions are asked one by one, each with a reading of its own, where the script may ask several at once.",
		"D6: stems are those of the algorithm that Porter published; the library that the script uses treats some irregular words apart.",
		"D7: BLEU-1 is not part of the script; it is computed on the same normalised words, without smoothing.",
		"D8: with agent.feedback the memory is told which recalled entries held evidence, which no test of LoCoMo does: it stands for a reader who marks what helped.",
	}
}
