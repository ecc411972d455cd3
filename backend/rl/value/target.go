// Package value learns action values: targets, losses fused on the tape, a network of a memory and a head, exploration, and two learners,
// of deep Q-networks (on transitions and on sequences) and of R2D2.
//
// Letters: B environments or columns, T steps, N = T*B samples, A actions, O numbers of an observation, S numbers carried by the memory.
package value

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/rl"
)

// Discounts writes what each step's next value counts: gamma, and 0 where the episode ended for good.
func Discounts(terminal []bool, gamma float64, discount []float32) {
	for i, end := range terminal {
		if discount[i] = float32(gamma); end {
			discount[i] = 0
		}
	}
}

// OneStep writes y = r + discount * next for N samples: the target of Q-learning (with next = Max) and of double Q-learning (Double).
// Discounts may differ from step to step, for example at the border between two episodes.
func OneStep(reward, discount, next, y []float32) {
	for i, r := range reward {
		y[i] = r + discount[i]*next[i]
	}
}

// Max writes the largest of the A values of each row of q [N][A].
func Max(q []float32, acts int, next []float32) {
	for i := range next {
		row := q[i*acts : i*acts+acts]
		next[i] = row[rl.Best(row)]
	}
}

// Double writes, for each row, the slow network's value of the action that the network itself thinks best: arXiv 1509.06461v3, eq. 4 with
// the slow copy in the place of the second network, as its section on double DQN says.
//
//	next = slow[argmax_a q[a]]        q, slow [N][A]
func Double(q, slow []float32, acts int, next []float32) {
	for i := range next {
		next[i] = slow[i*acts+rl.Best(q[i*acts:i*acts+acts])]
	}
}

// Steps are T steps of B columns as targets need them: all arrays [T][B]. Next is the value of the observation after the step. Terminal
// ends a sum without a value. Cut ends it with Next, for the episode ran out of time only; where that observation was never seen (Lost),
// the steps whose sum reaches it have no target. Mask, Cut and Lost may be nil: all lived, none cut, none lost.
type Steps struct {
	Reward, Next        []float32
	Terminal, Cut, Lost []bool
	Mask                []float32
}

// NStep writes the targets of n steps, and mask: 1 where a step has a target, 0 where it has none.
//
//	y_t = sum_{k<m} gamma^k r_{t+k} + gamma^m Next_{t+m-1}      m = min(n, steps to the end of the episode or of the column)
//
// Near the end of a column the sum is shorter. Padding (Mask 0) has no target and is reached by none.
func NStep(s Steps, columns, n int, gamma float64, y, mask []float32) {
	if columns < 1 || len(s.Reward)%columns != 0 || len(s.Next) != len(s.Reward) || len(y) != len(s.Reward) || len(mask) != len(y) || n < 1 {
		panic(fmt.Sprintf("value: %d-step targets of %d rewards, %d next values and %d targets in %d columns", n, len(s.Reward), len(s.Next), len(y), columns))
	}
	for i := range y {
		y[i], mask[i] = 0, 0
		if s.Mask != nil && s.Mask[i] == 0 {
			continue
		}
		y[i], mask[i] = s.nStep(i, columns, n, gamma)
	}
}

func (s *Steps) nStep(i, columns, n int, gamma float64) (y, mask float32) {
	sum, c := 0.0, 1.0
	for k := 0; ; k++ {
		sum += c * float64(s.Reward[i])
		c *= gamma
		if s.Terminal[i] {
			return float32(sum), 1
		}
		cut := s.Cut != nil && s.Cut[i]
		if cut && s.Lost != nil && s.Lost[i] {
			return 0, 0
		}
		next := i + columns
		if cut || k == n-1 || next >= len(s.Reward) || s.Mask != nil && s.Mask[next] == 0 {
			return float32(sum + c*float64(s.Next[i])), 1
		}
		i = next
	}
}

// rescaleEps keeps the inverse of Rescale from growing without bound.
const rescaleEps = 1e-3

// Rescale squashes a value so that one network can learn large and small ones: arXiv 1805.11593v1, prop. A.2, with the numbers of R2D2.
//
//	h(x) = sign(x) (sqrt(|x|+1) - 1) + eps x      eps = 0.001
func Rescale(x float64) float64 {
	return math.Copysign(math.Sqrt(math.Abs(x)+1)-1, x) + rescaleEps*x
}

// Unscale is the inverse of Rescale.
//
//	h^-1(x) = sign(x) ( ((sqrt(1 + 4 eps (|x| + 1 + eps)) - 1) / (2 eps))^2 - 1 )
func Unscale(x float64) float64 {
	r := (math.Sqrt(1+4*rescaleEps*(math.Abs(x)+1+rescaleEps)) - 1) / (2 * rescaleEps)
	return math.Copysign(r*r-1, x)
}
