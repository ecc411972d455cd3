package rarl

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "RA-DQN",
		Title:   "Retrieval-Augmented Reinforcement Learning",
		Source:  "arXiv 2202.08417, ICML 2022, Goyal and others",
		Idea:    "Let the value function look things up in stored trajectories at every decision, by queries that are learned end to end.",
		Problem: "Deep RL pours experience into weights: it takes many updates, the weights hold only so much, and tasks interfere. Replay shows old experience to the learner, never to the one who acts.",
		Mechanism: "A second recurrent process with slots of its own asks the store: keys are summaries of what led to a state, values are summaries of what came after it. Each query keeps a few trajectories and " +
			"a few states in them, pays for every nat that it brings in, and the agent's state attends over the result.",
		Reported: "Atari, 2 billion steps: RA-R2D2 above R2D2 by 11.32 +- 1.2 % in mean human-normalised score. BabyAI, 40 levels offline, 50K a task: 55 % with a multi-task store, 48 % with a single-task one, 47 % without bottleneck, 32 % without retrieval. Gridroboman: equal at 10 tasks, clearly above DQN at 20 and 30 (curves).",
		Pitfalls: []string{
			"Encode the retrieval batch anew with the present weights at every update: keys that were kept go stale.",
			"Keys from the past, values from the future: exchanged, the look-ahead is gone.",
			"The choice of the largest carries no gradient; it flows through the softmax over what is kept.",
			"A query's own episode must not be in its retrieval batch: it contains the answer.",
			"The prior of the bottleneck is learned: against a fixed one, any activity of a slot is punished.",
			"Examine with many retrieval batches: one lucky one changes an episode a lot.",
		},
		Basis:    "Full text of the earlier ICLR submission (body, algorithm 1, appendix with hyper-parameters) and the ICML abstract; no code was found.",
		Form:     "latent",
		Function: "experiential",
		Control:  "learned",
		Learns:   "encoder, retrieval process and head, by gradient; the store is not learned",
		World:    "GridRobo",
		Rung:     "1, this computer",
		Minutes:  0,
		Notebook: "ra-rl.md",
		Deviation: []string{
			"D1: the world is a board of 4 instead of 7 with 24 tasks in episodes of 20 steps; data are 300 episodes a task of a scripted solver with 40 % random actions instead of 100,000 episodes of a learning DQN.",
			"D2: the slots start from learned ones at every decision and run for agent.rounds steps of the process in it, instead of being carried from decision to decision: recorded transitions are drawn singly, as DQN draws them.",
			"D3: an update draws its transitions from rl.groups tasks and one retrieval batch for each task, of which the episodes asked about are excluded; with a mixed store one batch of the same total size serves all.",
			"D4: the encoder is wider than the summaries, so that h + s adds a projection of s; encoder 2 x 64, summaries and slots 32.",
			"D5: the bottleneck's gradient reaches the encoder, too; the paper stops it there. Examinations read the mean of the code instead of a draw.",
			"D6: the discount is 0.9 and the slow network follows by 0.01, for episodes of 20 steps and thousands, not millions, of updates. Episodes end by time alone, so that all targets are bootstrapped.",
			"D7: queries keep trajectories by score by default; the paper's shortcut for gridroboman, the highest return, is the knob agent.choose.",
			"D8: gates start half open instead of nearly closed, because training is short.",
			"D9: no BERT-style masking of observations, which the paper adds to its summaries on Atari.",
			"D10: the encoder reads columns and rows one-hot instead of as numbers, in every arm: with numbers, none learns within thousands of updates.",
			"D11: all arms have a conservative term with weight rl.cql: without it, values of actions that were never recorded grow beyond the largest return there can be.",
			"D12: what the two networks of a target look up in the states that followed passes the bottleneck with the same noise.",
		},
		Metrics: Metrics(),
	}
}
