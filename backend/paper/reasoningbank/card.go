package reasoningbank

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "ReasoningBank",
		Title:   "ReasoningBank: Scaling Agent Self-Evolving with Reasoning Memory",
		Source:  "arXiv 2509.25140, 2025, Ouyang et al., ICLR 2026",
		Idea:    "Keep short reasons, of successes and of failures as the agent itself judges them, and put those of the nearest past query into the prompt.",
		Problem: "Agents on a stream of tasks repeat their mistakes. Whole trajectories are long and noisy, workflows of successes forget why things fail, and at test time nobody hands out labels.",
		Mechanism: "An item is a title, when to use it, and one to three sentences. The agent reads the items of the nearest past query, acts, judges itself, and writes at most three items: why a success worked, what would have " +
			"prevented a failure. Entries are appended and nothing is pruned. MaTTS spends more rollouts on a task and distils one contrast of all of them, or re-examines one rollout some times.",
		Reported: "WebArena with Gemini-2.5-flash: 40.5 % without memory, 42.1 Synapse, 44.1 AWM, 48.8 ReasoningBank. Shopping: winners only 46.5, with failures 49.7; entries read 0 to 4: 39.0, 49.7, 46.0, 45.5, 44.4. " +
			"Five parallel rollouts: 55.1, vanilla scaling 52.4; sequential 54.5.",
		Pitfalls: []string{
			"No ground truth may touch the bank: the true outcome stands in the metrics alone.",
			"An item never competes alone: what is compared are queries, and an entry comes with all its items.",
			"Best-of-N picks by the same judge: the pick of a judge without errors is logged beside it.",
			"k means two things: the entries that are read, and the rollouts of a task.",
			"Nothing is ever pruned, so that on long streams the noise of retrieval grows.",
		},
		Basis:     "Full text with appendix and the authors' repository, through a checked digest.",
		Form:      "tokens",
		Function:  "experiential",
		Control:   "heuristic",
		Learns:    "a growing list of strategy items; the model is frozen",
		World:     "ShopWorld",
		Rung:      "1, this computer; 2, a model endpoint",
		Notebook:  "reasoningbank.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model, trained from nothing on steps of a shopper who knows the habits of other sites and then frozen, stands in for Gemini and Claude, and ShopWorld for WebArena; all seeds of a notebook share one actor (agent.warm_seed), so intervals over seeds say nothing about how actors differ.",
		"D2: an item is a line of six words, when to use it and what to do, out of 36 advices (two for each of three stages of six classes of goals); our sheet has a vocabulary of 40.",
		"D3: the judge is the true outcome, flipped with rates that are set; in the paper the model judges.",
		"D4: the writer is a rule: of a judged success the advices whose pattern the visit has, of a judged failure those that it lacks where a later page noted the wrong choice, and an advice at random with probability rl.noise.",
		"D5: an answer names the choice that the page is about and what it takes, and then the action: the paper's instruction to say at each step whether an item is used. The actor sees memory and the present page, and no earlier step.",
		"D6: visits take three to six turns, the horizon of a visit is the shortest way and one turn; our sheet has 15, the paper 30. Rows are clicked by their colour or month, or as first or last, in place of an id.",
		"D7: queries are compared by a hashed bag of words in 128 dimensions instead of gemini-embedding-001; of equally near queries the newest is read.",
		"D8: a contrast scores an advice by the share of judged winners that have it less the share of judged losers; in the paper the model compares the rollouts.",
		"D9: a re-examination of sequential scaling is the same task done again, with what the writer says of the rollout before as a note behind the memory; the last one is answered with.",
		"D10: Best-of-N takes the first rollout that the judge takes for a success; in the paper the model picks.",
		"D11: every task is rolled out some more times for the metrics alone (rl.shadows): success_last and pass_1 average over them, and nothing else sees them.",
		"D12: a workflow (AWM) is the choices of one judged winner in a line; in the paper a model induces it from several.",
		"D13: a model endpoint acts through the same loop; answers beyond the shop's words are cut, and no log-probabilities are known.",
	}
}
