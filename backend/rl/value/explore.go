package value

import (
	"math"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// EpsilonGreedy returns a uniform action with probability epsilon, the best one by q [A] otherwise. It draws two numbers in either case,
// so that what others draw from the stream does not depend on the values.
func EpsilonGreedy(s *rng.Stream, q []float32, epsilon float64) int {
	by, any := s.Bool(epsilon), int(s.Float64()*float64(len(q)))
	if by {
		return any
	}
	return rl.Best(q)
}

// Softmax draws an action with probability in proportion to exp(q/temperature), and writes the probabilities into p [A].
func Softmax(s *rng.Stream, q []float32, temperature float64, p []float32) int {
	for a, v := range q {
		p[a] = float32(float64(v) / temperature)
	}
	rl.Probabilities(p, p)
	return s.Categorical(p)
}

// Anneal is a straight line from one number to another over that many steps, flat after.
func Anneal(from, to float64, steps, step int) float64 {
	if step >= steps {
		return to
	}
	return from + (to-from)*float64(step)/float64(steps)
}

// Ladder writes epsilons that differ between environments, so that some explore and some follow what was learned: arXiv 1803.00933v1,
// sec. 4.1.
//
//	eps_b = base^(1 + slope b/(B-1))
func Ladder(base, slope float64, epsilon []float64) {
	for b := range epsilon {
		share := 0.0
		if len(epsilon) > 1 {
			share = float64(b) / float64(len(epsilon)-1)
		}
		epsilon[b] = math.Pow(base, 1+slope*share)
	}
}
