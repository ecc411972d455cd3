package mem1

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "MEM1",
		Title:   "MEM1: Learning to Synergize Memory and Reasoning for Efficient Long-Horizon Agents",
		Source:  "arXiv 2506.15841, ICLR 2026, Zhou, Qu, Wu et al. (SMART, NUS, MIT)",
		Idea:    "Rewrite a small internal state at every turn, delete everything else, and learn from the reward of the task alone what to keep.",
		Problem: "An agent that appends every thought, query and search result has a context without bound, whose cost rises and in which it does worse beyond the lengths of training. Summarisers from outside are trained apart from the policy that needs what they keep.",
		Mechanism: "At turn t the model sees the questions, its last state and query, and what the search brought; it writes a new state and the next query, or the answers. Then everything of the turn before is deleted. " +
			"The reward is the number of right answers; deletion alone forces the state to be of use. The tokens of a turn are trained under the very context that they were drawn under.",
		Reported: "Trained on 2 questions at once, tested on 16: exact matches 1.97 with at most 10.4 hundred tokens in sight, where Qwen2.5-14B-Instruct has 0.567 with 38.4. On 8: 1.87 with 8.0 against 1.55 with 44.7; on 2: 0.709 with 6.4 against 0.732 with 15.6.",
		Pitfalls: []string{
			"Probabilities must be taken under the context that existed when a token was drawn; under the whole history the ratio is wrong before the first step.",
			"A baseline that collapses has a small context because it stops early: look at the context and at the score together.",
			"Right answers are summed over questions and can exceed 1: report them per question too.",
			"In the released mask the next state sees the query and the result of the turn before but not its thoughts, while the rollout keeps the whole answer.",
			"Without the hint of how many turns are left agents stop too early or never: it is part of the method.",
			"With a short search result the context is no flatter than the questions themselves: the part that does not grow must be large.",
		},
		Basis:     "The authors' repository (rollout, mask, data, reward, scripts), the abstract and three digests of the full text.",
		Form:      "tokens",
		Function:  "working",
		Control:   "learned",
		Learns:    "model weights, by GRPO with a reward for right answers alone",
		World:     "HopWorld",
		Rung:      "1, this computer; 2, an endpoint (nothing learns) or a training service",
		Notebook:  "mem1.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model of some 46 thousand numbers, trained from nothing on the oracle's traces, stands in for Qwen2.5-7B (our sheet has 0.8 million), and HopWorld, whose facts are made anew for every episode, for open questions over Wikipedia and for WebShop.",
		"D2: 20 entities and 3 relations where our sheet has 40 and 6; questions have one hop and answers one token; a search brings the fact and two leads (18 tokens with the hint) where our sheet has three (24). So the part of the context that does not grow with the number of questions is small, and claim 1 asks for a growth of 2.2 at most against 3.8 at least, where our sheet has 1.8 against 3.",
		"D3: an episode of N questions has N + 1 turns, as many as it needs, where our sheet has 3N + 2; the hint says how many are left, three at most, so that no number of it is new in longer episodes.",
		"D4: reinforcement has 2 to 4 questions an episode where the paper has 2 alone, and the tests 2, 4 and 8. The warm start has 1 to 4, and after two fifths of it 1 to 8 in half of its episodes (agent.warm_from, agent.warm_long): one of 1 to 4 alone selected and copied well up to the fourth question and not beyond, as a model of this size has no other way to know the distances, and one of 1 to 8 from the start did not begin to look anything up.",
		"D5: the warm start forgets systematically: in 60 % of its traces (agent.forget) the state keeps the newest answer alone, a question mark for each older one; our sheet drops each needed item with probability 0.25. Greedy decoding averages random slips away, and nothing would be left to learn.",
		"D6: searches of the warm start bring no lead to four (agent.warm_vary), so that no word stands at the same few positions only.",
		"D7: all seeds and both templates share one warm start (agent.warm_seed), some of whose rows are single turns with their pruned context and the others whole episodes (agent.warm_whole), so intervals over seeds say nothing about how warm starts differ.",
		"D8: the whole-context agent writes the same states and queries as the pruned one: only what it has in sight differs.",
		"D9: group-relative policy optimisation in the place of PPO with a critic: the attempt's reward, centred and scaled in its group, is the advantage of every token; no divergence term.",
		"D10: one row for each turn in the place of one stitched sequence with a two-dimensional attention mask: the same probabilities up to positions.",
		"D11: the external memory (A-MEM) and the larger instruct models of the paper's tables are left out; the warm start under the pruned template is its truncation without training, and a control spends the updates on more supervised steps.",
		"D12: questions are numbered, beginning anywhere, and state and answers name the numbers (state #5 bob #6 find boss ana): slots that a small model can align. The last answer has no state beside it.",
		"D13: a pruned context keeps the questions without the hint that stood behind them at the first turn.",
		"D14: on an endpoint nothing is trained: it shows what a model does with the template.",
	}
}
