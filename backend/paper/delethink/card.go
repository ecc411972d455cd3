package delethink

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Delethink",
		Title:   "The Markovian Thinker",
		Source:  "arXiv 2510.06557, ICLR 2026, Aghajohari, Chitsaz, Kazemnejad et al.",
		Idea:    "Think in chunks of fixed size, carry only the last tokens of each into the next, and learn by reinforcement to write there what is needed.",
		Problem: "In reinforcement learning of long chains of thought the state is the question plus all thoughts so far: without bound, and with attention that costs its square. If the environment fixes the size of the state, how long one thinks and how much one has in sight part ways.",
		Mechanism: "The first chunk begins with the question q and has at most C tokens. Every later one begins with q and the last m tokens of the chunk before, and has C - m new ones; after I chunks it is over. " +
			"A trace is rewarded as a whole; every chunk is a training row with its own prompt and the trace's advantage over the trace's length.",
		Reported: "R1-Distill-Qwen-1.5B, budget 24K tokens: accuracy matches thinking at length or is better; thinking at length limited to 8K is 5.5 % lower. " +
			"A step of reinforcement takes 215 s instead of 248.5 s. At 128K tokens, far beyond training, AIME25 is about 0.35, where thinking at length stays near 0.30 (read off a plot).",
		Pitfalls: []string{
			"Divide by the length of the whole trace, not of the chunk, or traces of many chunks weigh more.",
			"All chunks of a trace share one advantage and count once in the group.",
			"An answer may straddle a border: it is looked for in the whole trace.",
			"The carried tokens are prompt in the next chunk and are not trained a second time.",
			"The question stays visible, so which step was reached is part of the state that must be carried.",
			"A model with rotary positions has limits of its own beyond the lengths of training: they count against thinking at length in part.",
		},
		Basis:     "Full text and repository, through a checked digest.",
		Form:      "tokens",
		Function:  "working",
		Control:   "learned",
		Learns:    "model weights, by GRPO",
		World:     "MathWorld, running arithmetic",
		Rung:      "1, this computer; 2, a training service",
		Notebook:  "delethink.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model trained from nothing on the traces of the world's oracle stands in for R1-Distill-Qwen-1.5B, and running arithmetic for mathematics problems.",
		"D2: the rows of the warm start are fresh in every step, of questions of any length and of 1 to agent.warm_live variables, where our sheet has 2,000 traces of at most 8 operations: few traces are learned by heart.",
		"D3: more than half of the rows of the warm start (agent.cut) begin in the middle of the work, behind the question and a tail of any length, and a row has at most agent.warm_tokens tokens: the models of the paper cope with cut thinking before they are trained to; one that has never seen it goes on past the end of the question.",
		"D4: 5 % of the steps of the warm start are wrong (agent.wrong) where our sheet has 15 %: a question takes 8 to 20 steps, and reinforcement finds nothing where no attempt is right.",
		"D5: values are taken modulo 31 and numbers up to 5 are added, where our sheet has 97 and 9: the table of facts is not what is studied, and it would take most of the warm start.",
		"D6: a line of work names the value that it reads as well as the one that it writes (six tokens either way), which makes carried text sufficient somewhat more often.",
		"D7: all seeds of a notebook share one warm start (agent.warm_seed), so intervals over seeds say nothing about how warm starts differ.",
		"D8: sampler and trainer are the same engine, so importance sampling against their difference is left out; the largest difference is a metric.",
		"D9: learning rate, group size and number of updates are ours; one optimiser step an update (rl.minibatches) where the paper has two.",
		"D10: attempts are drawn at temperature 1, at which the log-probabilities are those of the policy; the paper draws at 0.6.",
		"D11: a group whose attempts all have the same reward gives no row.",
		"D12: positions are rotary, and beyond the lengths of the warm start a rotary model fails by itself: on long questions that counts against thinking at length in part.",
	}
}
