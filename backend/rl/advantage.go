package rl

import (
	"fmt"
	"math"
)

// GAE writes advantages and returns of a rollout of T steps of B environments.
//
// arXiv 1506.02438v6, eq. 16, with the sum cut where an episode ends and closed by the value of the observation after the rollout:
//
//	delta_t = r_t + gamma * V_{t+1} * (1-done_t) - V_t        A_t = delta_t + gamma * lambda * (1-done_t) * A_{t+1}
//	A_T = 0, V_T = last; returns are A_t + V_t
//
// reward, value, advantage, returns [T][B]; done [T][B] marks steps that ended an episode; last [B]. An episode that ran out of time
// counts as ended: a world starts the next one at once, so the observation whose value would stand there is never seen.
func GAE(reward, value []float32, done []bool, last []float32, gamma, lambda float64, advantage, returns []float32) {
	b := len(last)
	if b == 0 || len(reward)%b != 0 || len(value) != len(reward) || len(done) != len(reward) || len(advantage) != len(reward) || len(returns) != len(reward) {
		panic(fmt.Sprintf("rl: gae of %d rewards, %d values, %d ends, %d last values, %d advantages, %d returns: want [T][B] and last [B]",
			len(reward), len(value), len(done), b, len(advantage), len(returns)))
	}
	for e := range b {
		next, a := float64(last[e]), 0.0
		for i := len(reward) - b + e; i >= 0; i -= b {
			if done[i] {
				next, a = 0, 0
			}
			v := float64(value[i])
			a = float64(reward[i]) + gamma*next - v + gamma*lambda*a
			advantage[i], returns[i] = float32(a), float32(a+v)
			next = v
		}
	}
}

// Normalise shifts and scales x to mean 0 and standard deviation 1 (of the population, plus 1e-8), and returns what they were.
func Normalise(x []float32) (mean, std float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		std += d * d
	}
	std = math.Sqrt(std / float64(len(x)))
	for i, v := range x {
		x[i] = float32((float64(v) - mean) / (std + 1e-8))
	}
	return mean, std
}

// ExplainedVariance is 1 - Var(returns - value) / Var(returns): 1 for a perfect value function, 0 for a constant one. NaN where the
// returns do not vary.
func ExplainedVariance(value, returns []float32) float64 {
	var mr, md float64
	n := float64(len(returns))
	for i, r := range returns {
		mr += float64(r) / n
		md += float64(r-value[i]) / n
	}
	var vr, vd float64
	for i, r := range returns {
		vr += (float64(r) - mr) * (float64(r) - mr)
		vd += (float64(r-value[i]) - md) * (float64(r-value[i]) - md)
	}
	return 1 - vd/vr
}
