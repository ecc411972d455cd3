package reme

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "ReMe",
		Title:   "Remember Me, Refine Me: A Dynamic Procedural Memory Framework for Experience-Driven Agent Evolution",
		Source:  "arXiv 2512.10696v1, 2025, Cao et al.",
		Idea:    "Keep small lessons instead of whole runs, find them by when to use them, add only what has helped, and delete what no longer does.",
		Problem: "A pile of past runs is too coarse to transfer, is pasted as it stands, and keeps what is wrong or outdated for ever.",
		Mechanism: "Entries (when to use, lesson) with the counts f (read) and u (read, and the task succeeded). An initial pool comes from eight attempts at each of some tasks: patterns of successes, triggers of failures, comparisons of both, checked by a judge. " +
			"A task reads the K entries whose when-to-use is most like it, once. Behind it a success adds its patterns; a failure is tried again with a lesson from it, which is added only if the retry succeeds; and every few tasks what has f >= alpha and u/f <= beta is deleted.",
		Reported: "Qwen3-8B, Avg@4 / Pass@4: BFCL-V3 40.33 / 59.55 without memory, 44.50 / 65.77 with the initial pool alone, 45.17 / 68.00 refined; AppWorld 14.97 / 32.85, 17.06 / 36.31, 24.70 / 42.06. " +
			"Ablation on BFCL-V3: full addition 40.83 / 62.00, selective 44.33 / 64.66, with reflection 45.00 / 64.66, with deletion 45.17 / 68.00.",
		Pitfalls: []string{
			"u/f is a ratio over readings and hangs on how hard the tasks are: an entry that is read for hard tasks alone is deleted unjustly.",
			"The text deletes at u/f <= beta, the code at u/f < beta; with beta 0.5 and f 6 this matters.",
			"Memory is asked once, at turn 0: later user turns do not ask again.",
			"A lesson from a failure goes straight to the retry; only a retry that succeeds writes it.",
			"The mean of four attempts and the best of four are different things: memory can raise one and not the other.",
			"Counts have no window: an entry that was right for long stays long after it became wrong.",
			"A threshold for duplicates that suits dense embeddings calls two rules that differ in a word the same.",
		},
		Basis:     "Full text of v1 and the repository of December 2025 (extraction, duplicates, validation, deletion, loop), through a checked digest.",
		Form:      "tokens",
		Function:  "experiential",
		Control:   "heuristic",
		Learns:    "the pool: what is added, and what is deleted by its counts; the model is frozen",
		World:     "ToolWorld, services",
		Rung:      "1, this computer; 2, a model endpoint",
		Notebook:  "reme.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model, trained from nothing on steps of the world's oracle in services with other rules and then frozen, stands in for Qwen3, and the services of ToolWorld for BFCL-V3 and AppWorld.",
		"D2: the roles that write are rules that see what was called and replied: the success extractor reads off what each goal wanted, the failure extractor takes it from the error and blames another source with chance rl.p_err, the comparer takes the first request in which winner and loser part. In the paper the model writes.",
		"D3: the validator knows the rules of the world and is right with chance rl.judge; in the paper it is a model that scores, and 0.5 is enough.",
		"D4: all seeds of a notebook share one actor (agent.warm_seed), so intervals over seeds say nothing about how actors differ; rules, tasks and draws differ by seed.",
		"D5: a goal hides one thing, the source that it wants (world.arguments one), and always takes the number that this source replied: with the argument hidden as well an actor of this size did 0.4 of the tasks with right lessons in place of all.",
		"D6: the actor sees lessons, the present request and the last reply, and leaves out the word CALL, which the loop puts in; it does not see its earlier steps.",
		"D7: keys are compared by a hashed bag of words in 128 dimensions, and only entries that share something with the task are read (memory.delta 0); in the paper a dense embedding fills K whatever the similarity.",
		"D8: duplicates are dropped above a cosine of memory.dedup 0.95 instead of the repository's 0.5, which would call two rules of one goal the same.",
		"D9: the four attempts at a task of the stream stand side by side, all with one reading, and the memory learns from the first; in the paper four runs are averaged.",
		"D10: what was handed to a retry is one lesson for each goal, the newest; confidence, keywords and the list of tools of an entry are left out, as are the reranker and the segmenter.",
		"D11: an entry of a trajectory is the rules of all its goals in one line, which an actor reads as well as single lines; raw courses of calls would be harder to read.",
		"D12: a model endpoint acts through the same loop; answers beyond the world's words are cut, and no log-probabilities are known.",
	}
}
