package memact

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "MemAct",
		Title:   "Memory as Action: Autonomous Context Curation for Long-Horizon Agentic Tasks",
		Source:  "arXiv 2510.12635, 2025, Zhang, Shu, Ma et al.",
		Idea:    "Make editing the context an action of the agent like any other, and learn it together with the task from the outcome alone.",
		Problem: "What stays in an agent's context is usually decided by a rule outside of it: a window, a summary every so often. Such a rule does not know what the agent is about. Where the agent edits its context itself, the history is no growing prefix any more, and what was written before an edit belongs to a context that is gone.",
		Mechanism: "The context is a list of records, each a call with its output, whose outputs carry random ids. prune_context(memory text, ids) removes the named records in place; the call with its text stays, and may be pruned later. " +
			"An answer that is right in all parts earns 1, a context beyond the limit or an answer that cannot be read costs 0.1. " +
			"DCPO: each trajectory is cut at its memory actions into segments with the context that they began with; its advantage is normalised over the trajectories of the prompt, each counted once; segments are drawn in turn from the trajectories and what was written in them is trained.",
		Reported: "Multi-objective questions (2 to 8): MemAct-14B 59.1 % with 3,447 input tokens a round, Search-R1-14B less with 8,625. Five multi-hop sets, Qwen2.5-14B: .567 (supervised alone .555), Search-R1 .572, window .411, window with summary .455. Rollouts of the 7B model take about 40 % less time.",
		Pitfalls: []string{
			"Train only what was written since the last edit: the authors' loop trains everything visible in the last segment.",
			"A trajectory counts once in the mean and the deviation of its group, or those with many edits dominate their own baseline.",
			"A group with a single trajectory has no baseline: it is left out.",
			"A record goes whole: the call with its output.",
			"A wrong answer is 0 and an overflow costs: answering early beats overflowing. Watch that the policy does not learn to give up.",
			"Drawing segments changes how much a long trajectory weighs: count how many each gave.",
			"The tokens of memory actions are a cost of the method and are counted.",
		},
		Basis:     "Full text (v1) and the authors' repository, through a checked digest.",
		Form:      "tokens",
		Function:  "working",
		Control:   "learned",
		Learns:    "model weights, by GRPO over segments (DCPO)",
		World:     "HopWorld",
		Rung:      "1, this computer; 2, a training service; an endpoint acts untrained",
		Notebook:  "memact.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a language model of some 107 thousand numbers, trained from nothing, stands in for Qwen2.5-7B and 14B, and HopWorld for question answering over Wikipedia: facts about 40 entities, made anew for every episode.",
		"D2: a question is one relation of one entity (world.hops 1), where our sheet has 1 or 2: chained look-ups are not what is studied, and would take most of the warm start.",
		"D3: questions stand behind letters, a search names the letter of its question, and its result begins with the identifier, the letter and the value; the useless facts behind it are told as the world tells them. Memory texts and answers use the same letters, so that a tiny model can copy what it has to keep.",
		"D4: the limit is 96 tokens of context instead of 20,000 (our sheet: 200): three searches of 25 tokens each, call and result, fit beside the questions, four do not.",
		"D5: training has 3 to 6 questions, where our sheet has 2 to 3: at 96 tokens a memory action is needed from 4 questions on, and what is not met in training is not learned. The warm start has 1 to 6.",
		"D6: the teacher of the warm start is a rule with systematic faults, not a prompted model: it leaves out 15 % of the memory actions that are due, in 65 % its text keeps the newest fact alone, and in 10 % it leaves a useless record standing. It never notices what it forgot and names any entity for it at the end. Our sheet has one fact forgotten at random in 20 %, which greedy decoding would average away.",
		"D7: one warm start serves all arms and all seeds (agent.warm_seed): in 30 % of its traces the instruction names no memory action, which is how the arms without one are warmed up. Intervals over seeds say nothing about how warm starts differ. Rows are fresh in every step, each one segment of one trace, drawn by chance, where the paper trains on 3,000 segments for 6 epochs.",
		"D8: a memory action is due when two results of finished questions stand in the context and a question is left (agent.due), where the paper suggests it from 8,000 and enforces it from 16,000 tokens.",
		"D9: a segment ends at an edit: a memory action that fails removes nothing and ends none.",
		"D10: every trained token of an update weighs the same: the plain mean over the tokens of the drawn segments. The paper's formula averages over trajectories, segments and tokens and leaves open in which order.",
		"D11: no divergence term (the authors' configuration has 0.001), constant learning rate, temperature 1, at which the log-probabilities are those of the policy (the paper draws at 0.7, top-p 0.95). 6 prompts of 8 trajectories an update, 40 updates.",
		"D12: the judge is exact equality.",
		"D13: the sliding window drops whole records, the oldest first, and never the instruction. Window with summary is left out.",
		"D14: a group whose rewards are all the same gives no training row.",
		"D15: a row of the naive arm ends where the model has no room for more (256 tokens): what was deleted counts there.",
		"D16: the memory action is offered in all episodes of training (rl.hide 0); the authors' script hides it in half of them.",
	}
}
