package oer

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "OER",
		Title:   "OER: Offline Experience Replay for Continual Offline Reinforcement Learning",
		Source:  "arXiv 2305.13804, ECAI 2023, Gai, Wang and He",
		Idea:    "Keep the few old transitions that the learned policy would itself have met, and let a second actor do the cloning.",
		Problem: "Tasks arrive one after another as fixed data sets, and only a small buffer may be kept of each. What lies in a random buffer was done by those who wrote the data, not by the policy that was learned from it; and cloning it with the actor that learns the next task disturbs that learning.",
		Mechanism: "Two actors (DBC): one learns the new task by offline RL, the other clones it and the buffers. The buffer (MBES) follows rollouts of a learned transition model under the learned policy: " +
			"at every step the nearest real transition is kept, and the rollout goes on from that real state.",
		Reported: "It outperforms continual-learning baselines on sequences of MuJoCo tasks; no number was readable.",
		Pitfalls: []string{
			"Choose with the policy as it is at the end of a task: during training it would be data for a policy that is no more.",
			"Take no transition twice, or the real buffer is tiny.",
			"Measure distances in units of the data's spread, or velocity or place decides alone.",
			"Cloning an old task may move the trunk and that task's head, no other.",
			"Two actors have two optimisers: give every arm the same number of steps on the actor that is examined.",
			"A full buffer is no upper bound: it clones the bad controllers, too.",
		},
		Basis:    "Abstract and a short digest that tells how MBES and DBC work; the equations are our reconstruction, the tables were not readable.",
		Form:     "tokens",
		Function: "experiential",
		Control:  "rule",
		Learns:   "for each task critics, an actor (TD3+BC) and a transition model; one continual actor with a head a task (cloning)",
		World:    "point mass with goals",
		Rung:     "1, this computer",
		Minutes:  0,
		Notebook: "oer.md",
		Deviation: []string{
			"D1: the paper's body was not readable; learner (TD3+BC), heads, model and distance are our reconstruction.",
			"D2: the tasks are five goals of a point mass instead of MuJoCo sequences; the suite of pendulum angles is left out.",
			"D3: the action enters the distance of the buffer's rule with weight κ (knob agent.kappa); 0 gives states alone.",
			"D4: the multi-task bound has critics of its own for each task and one actor; its updates go round over the tasks and are as many as all tasks have in the other arms.",
			"D5: EWC treats the actor as the mean of a Gaussian of spread 1 and measures J^T J on 256 states of the task's data.",
			"D6: evaluation starts from the same places for every arm of a seed, and returns are scaled by uniform actions (0) and the scripted controller (1) on them.",
			"D7: the discount is 0.95 and targets follow by 0.01, for episodes of 40 steps and thousands, not a million, of updates.",
			"D8: the shift is measured in both directions: from the policy's states to the buffer (coverage, the claim of our summary) and from the buffer to the policy's states (ours).",
		},
		Metrics: Metrics(),
	}
}
