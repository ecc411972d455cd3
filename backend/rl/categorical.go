package rl

import "math"

// Probabilities writes the softmax of logits [A] into p [A] and returns their log-sum-exp, so that the log-probability of action a is
// logits[a] minus it. Computed in float64: acting and learning must agree on it to the last bit whatever the kernel family.
func Probabilities(logits, p []float32) (lse float64) {
	top := float64(logits[0])
	for _, z := range logits[1:] {
		top = max(top, float64(z))
	}
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z) - top)
	}
	lse = top + math.Log(sum)
	for a, z := range logits {
		p[a] = float32(math.Exp(float64(z) - lse))
	}
	return lse
}

// Entropy is that of a categorical distribution with those logits, their probabilities and log-sum-exp, in nats.
func Entropy(logits, p []float32, lse float64) float64 {
	h := 0.0
	for a, pa := range p {
		h -= float64(pa) * (float64(logits[a]) - lse)
	}
	return h
}

// Best returns the index of the largest number; the first of equal ones.
func Best(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
