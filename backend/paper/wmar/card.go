package wmar

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "WMAR",
		Title:   "Augmenting Replay in World Models for Continual Reinforcement Learning",
		Source:  "arXiv 2401.16650, Yang, Kuhlmann and Kowadlo",
		Idea:    "Replay to the world model, not to the policy, from two stores: the latest rollouts, and a uniform sample of all rollouts ever.",
		Problem: "Games come one after another. A store of the latest experience forgets a game as soon as its rollouts have left; keeping all costs too much. What small set keeps a world model right about every game?",
		Mechanism: "DreamerV3 with two stores of equal size: FIFO, and a reservoir that keeps the rollouts with the largest random keys. Rollouts are spliced to one length, episodes cut and joined with reset flags. " +
			"Each batch comes from one of the two with probability 1/2, for the model and for the contexts from which the policy's imagination starts. No task is ever named.",
		Reported: "Substantially less forgetting on unlike Atari games at equal total size, slight benefits on alike Procgen levels, and a lower maximum on new tasks (abstracts of two versions; tables were not readable).",
		Pitfalls: []string{
			"Every rollout goes to both stores; sending only what leaves FIFO to LONG is another rule.",
			"Start imagination from contexts drawn like the model's windows, or the policy forgets although the model remembers.",
			"A reset inside a window must empty the recurrent state.",
			"Draw a rollout's key once, when it comes; a new draw favours what is recent.",
			"Games of unlike rewards in one reward head look like forgetting: scale them.",
		},
		Basis:    "A summary of the abstracts and of the published code; its own tables were not readable.",
		Form:     "tokens",
		Function: "experiential",
		Control:  "rule",
		Learns:   "world model by maximum likelihood on replayed windows; actor and critic inside imagined rollouts",
		World:    "small games on one grid",
		Rung:     "1, this computer",
		Minutes:  0,
		Notebook: "wmar.md",
		Deviation: []string{
			"D1: four symbolic games on a 6 x 6 grid (or four levels of one) instead of six Atari games or CoinRun variants; observations are 144 bits, dots come one at a time on six spots, stones every second step, the paddle is three cells wide, and the box starts one push from its only target.",
			"D2: encoder and decoder are networks of one hidden layer of 128 units with Bernoulli planes instead of squared image errors; recurrent state 64, 8 x 8 latents.",
			"D3: rollouts have 64 steps, 128 of them are kept in all, windows have 16 steps; a task has 8,192 steps, 1,500 updates of the model and 1,000 of the policy.",
			"D4: reward and continuation are predicted from the state after the action, before the next observation, which a spliced rollout does not hold at the end of an episode.",
			"D5: an episode that runs out of time is cut, not ended: the model learns that the game goes on.",
			"D6: the critic has one output and squared errors instead of 255 two-hot bins, and a slow copy values the ends of imagined rollouts; returns here are below 4.",
			"D7: the discount is 0.95, imagined rollouts have 10 steps, and the weights of entropy and of the reward's error are ours.",
			"D8: skill is scaled by random actions and a planner on the same episodes, not by single-task runs; that makes the margins of the claims stricter.",
			"D9: games pay about 3 for a perfect episode by their rules, in place of a factor for each game.",
			"D10: the model-free baseline (SAC) and replay to the policy are left out; LONG alone and a store without limit are ours.",
			"D11: the score of the model is a bound on the negative log-likelihood: planes given drawn latents, plus the divergence, plus continuation.",
			"D12: the first rollouts come from the untrained policy, which is nearly uniform, instead of a random one.",
		},
		Metrics: Metrics(),
	}
}
