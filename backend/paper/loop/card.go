package loop

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "LOOP",
		Title:   "Reinforcement Learning for Long-Horizon Interactive LLM Agents",
		Source:  "arXiv 2502.01600v3, Chen, Cusumano-Towner, Huval et al. (Apple), March 2025",
		Idea:    "Play several attempts at each task, hold each against the others, and learn from the same attempts more than once with a clipped ratio: no critic, no reference model.",
		Problem: "Agents act through stateful calls over dozens of turns and are paid at the end. A critic is a second model that is hard to fit, and updates that use every attempt once waste attempts that are dear.",
		Mechanism: "Each task is attempted K times; the advantage of an attempt is its reward less the mean of the others, and all of its tokens have it. The log-probabilities are computed anew by what trains. " +
			"Then come two passes of shuffled minibatches: the ratio of new to old probability of each token, clipped to [1/(1+eps), 1+eps], times the advantage, averaged over the tokens of the attempt. Attempts with tiny advantages are left out, and an iteration stops when the policy has moved too far.",
		Reported: "AppWorld test-normal, task goal completion, Qwen2.5-32B: base 39.2 %, rejection fine-tuning 47.9, PPO with critic 50.8, RLOO 57.2, GRPO 58.0, LOOP with a ratio per trajectory 53.3, per turn 64.1, per token 71.3, per token with division by the standard deviation 61.9. Documentation look-ups x 1.6, made-up values / 6.",
		Pitfalls: []string{
			"The mean over tokens is per attempt: a plain sum over tokens makes long attempts count more and is another method.",
			"The clip range is symmetric in the logarithm, [1/(1+eps), 1+eps].",
			"If sampler and trainer compute log-probabilities differently, the first ratio is not 1; the run shows it.",
			"Leave-one-out is mean-centring times K/(K-1): what differs from GRPO without division is a scale.",
			"The tests must ask that nothing else was changed, or blind calling pays; an attempt that does nothing passes that test, so the reward is above 0 at once and completion is what is to be looked at.",
		},
		Basis:     "Full text with its appendices, and the authors' repository, through a checked digest.",
		Form:      "tokens",
		Function:  "working",
		Control:   "none",
		Learns:    "model weights, by clipped policy gradients with leave-one-out advantages",
		World:     "ToolWorld, apps",
		Rung:      "1, this computer; 2, a training service, or an endpoint that plays without learning",
		Notebook:  "loop.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a language model of some 100 thousand numbers, trained from nothing, stands in for Qwen2.5-32B-Instruct, all of its numbers are trained instead of a LoRA, and ToolWorld's four apps stand in for AppWorld's nine with 457 calls; an answer is one call, not a cell of Python.",
		"D2: the warm start is made of 28,800 fresh traces instead of 2,000 fixed ones, and 75 % of its calls are guessed instead of 60 %, so that there is more to learn; all seeds of a notebook share it, so intervals over seeds say nothing about how warm starts differ.",
		"D3: fewer and smaller iterations than the paper's 40 tasks with 6 attempts each, and a larger learning rate, as a small model wants.",
		"D4: no straggler rule: attempts are played side by side, turn by turn, and none is waited for.",
		"D5: replies of the world have at most five words and are not cut.",
		"D6: the ratio of a turn or trajectory stands at each of its tokens inside the mean over tokens, so that with whole trajectories the objective is min(rho A, g(A)); the digest does not say how the paper weighs turns.",
		"D7: of the baselines, SFT imitates the oracle, which knows every form and looks nothing up, as the paper's ground-truth solutions do; expert iteration and the variants of DPO are left out.",
		"D8: the critic of PPO is a value head on the policy itself, with advantages R - V(s) at every token (lambda 1), in place of a second model.",
		"D9: GRPO and RLOO take one step on all attempts of an iteration, as strictly on-policy methods; GRPO divides by the standard deviation and has a divergence of weight 0.04 (estimator k3) in its loss.",
		"D10: the divergence that stops an iteration is the estimate k3 summed over the tokens of an attempt, in the mean over a minibatch.",
		"D11: the share of clipped tokens counts every trained token whose ratio is out of bounds, whatever the sign of its advantage.",
		"D12: an attempt at the limit of turns is ended and its tests are run, as the paper does at its limits.",
		"D13: on an endpoint nothing is trained: its model plays the tests as it is.",
	}
}
