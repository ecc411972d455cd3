package memo

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "Memo",
		Title:   "Memo: Training Memory-Efficient Embodied Agents with Reinforcement Learning",
		Source:  "arXiv 2510.19732v2, NeurIPS 2025, Gupta et al.",
		Idea:    "Sum up each segment of experience in a few learned vectors, keep them all, and let the policy read them as tokens.",
		Problem: "A transformer that keeps every step has a cache that grows without bound; a recurrent network must carry everything through every update. Between them lies a memory that grows slowly and is read directly.",
		Mechanism: "Experience is cut into segments. At the end of each, learned prompt tokens read it; what the last layer says at them is put behind the summaries so far. The summaries enter later segments as input tokens and are encoded anew. " +
			"Segment lengths vary in training, positions grow by the summaries only, and the gradient of the reinforcement learning loss passes through everything.",
		Reported: "Object navigation over 32k steps: Memo 7.5 points of success above the full-context transformer with 8 times fewer tokens, about 5 above the recurrent memory transformer. " +
			"Dark-Key-To-Door: as good as full context; passive T-Maze of 10k steps: the recurrent memory transformer needs 10 times longer to its first full reward.",
		Pitfalls: []string{
			"Summaries must be encoded anew as input tokens; using the layer states at the prompts as cache is the weak ablation.",
			"Positions of summaries start at 0 and grow by l_sum a segment; absolute time at the prompts brings the extrapolation problem back.",
			"The observations of the next segment see the summaries, not the prompts' own positions.",
			"Probabilities are collected with segments of exactly l_seg, the training pass has others: keep the collected ones for PPO's ratio.",
			"The recurrent memory transformer gets as many vectors as Memo ends with, so it is wider, not smaller.",
			"Truncated gradients may still solve a short T-Maze through random features of untrained summaries: look at the speed, not only at the end.",
		},
		Basis:    "Full text but for two tables of the appendix, and the published repository, read for facts; nothing here is a port of it.",
		Form:     "latent",
		Function: "experiential and working",
		Control:  "learned",
		Learns:   "all weights of the transformer and the summary-prompt embeddings, by PPO alone",
		World:    "passive T-Maze, Dark-Key-To-Door",
		Rung:     "1, this computer",
		Notebook: "memo.md",
		Deviation: []string{
			"D1: ExtObjNav needs a simulator of houses and a thousand GPU hours; the passive T-Maze and Dark-Key-To-Door, the paper's own " +
				"small tasks, stand for it here, much shortened.",
			"D2: the network has two layers of width 32 with RMS norms, rotary positions and ReLU layers in place of the LLaMA-style policy " +
				"of four layers and width 256; segments have 8 steps and one summary instead of 256 and 32.",
			"D3: both worlds are learned by PPO over whole trials; the paper takes DD-PPO with ReLIC for navigation and AMAGO's off-policy " +
				"learner for the two small tasks.",
			"D4: lengths of training passes are l_seg times a uniform number from 0.8 to 1.2, rounded to whole steps; with segments of 8 " +
				"that leaves the five lengths from 6 to 10.",
			"D5: the passive T-Maze has one decision in a trial; what is chosen before is neither drawn nor learned from.",
			"D6: with a gradient depth of d segments the trial is cut into blocks of d+1 segments counted from its end, and no gradient " +
				"crosses the border of two blocks; the arm starts from scratch, not from a policy trained on a short context.",
			"D7: summaries are the last layer's results after the last norm, and only a segment that another one follows is summed up in " +
				"training; in acting every full segment is.",
			"D8: with layer states as cache, keys keep the positions of their prompts behind the segment.",
			"D9: the sliding window is the streaming full-context transformer, trained with its window from the start; with two layers it " +
				"reaches back almost two windows.",
			"D10: in the dark room returns go on over the episodes of a trial, every episode starts in the middle, and an examination draws " +
				"its actions, since the most probable ones may walk in circles.",
			"D11: updates within a trial (rl.partial) learn from the steps since the last update with the whole trial so far as context; " +
				"the caches are then made anew (rl.refresh). Both defaults learn at the end of a trial, where no stale cache remains.",
		},
		Metrics: Metrics(),
	}
}
