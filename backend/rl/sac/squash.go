// Package sac holds soft actor-critic for continuous and for discrete actions. Policies and critics may have a memory. Losses are types of
// their own, for methods that put them together otherwise.
//
// Continuous actions lie between -1 and 1 everywhere in this package; Stretch brings them into the bounds of a world.
//
// Letters: T steps, n columns, N = T*n samples, A actions or numbers of an action, O numbers of an observation.
package sac

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Bounds of the logarithm of a standard deviation, as in the code published with arXiv 1812.05905.
const (
	logStdMin = -20
	logStdMax = 2
)

// Squash draws actions of a squashed Gaussian as one operation of a tape, so that gradients pass through the draw: arXiv 1812.05905v2,
// sec. 5 and appendix C, eq. 26.
//
//	u = mean + std eps      a = tanh(u)      log pi(a) = sum_j ( log N(u_j; mean_j, std_j) - log(1 - a_j^2) )
//
// with log(1 - tanh(u)^2) = 2 (log 2 - u - log(1 + e^-2u)), which stays finite where tanh(u) is 1 in floating point. Outside its bounds
// the logarithm of a standard deviation has no gradient.
type Squash struct {
	Action  *num.Tensor // [..][A]
	LogProb *num.Tensor // [N] nats

	out   *num.Tensor // [..][2A] means, then logarithms of standard deviations
	noise []float32   // [N][A] eps
	core  *num.Core
	rows  func(i0, i1 int)
	back  func(i0, i1 int)
}

// Record draws from out [..][2A] with standard normal noise [N][A] and puts the draw on the tape.
func (s *Squash) Record(t *num.Tape, out *num.Tensor, noise []float32) {
	n, acts := out.Rows(), out.Last()/2
	if out.Last()%2 != 0 || len(noise) != n*acts {
		panic(fmt.Sprintf("sac: draw from %v with %d numbers of noise: want [..][2A] and A for each row", out, len(noise)))
	}
	if s.rows == nil {
		s.rows, s.back = s.forward, s.backward
	}
	s.out, s.noise, s.LogProb = out, noise, t.Tensor("log-probability", n)
	if len(out.Shape) == 3 {
		s.Action = t.Tensor("action", out.Shape[0], out.Shape[1], acts)
	} else {
		s.Action = t.Tensor("action", n, acts)
	}
	t.Core.Do(n, n*acts*256, s.rows)
	s.core = t.Core
	t.Custom(s)
}

func (s *Squash) forward(i0, i1 int) {
	acts := s.Action.Last()
	for i := i0; i < i1; i++ {
		row := s.out.Data[2*acts*i : 2*acts*(i+1)]
		s.LogProb.Data[i] = float32(draw(row, s.noise[acts*i:acts*(i+1)], s.Action.Data[acts*i:acts*(i+1)]))
	}
}

// draw writes an action and returns its log-probability.
func draw(row, noise, action []float32) (logp float64) {
	acts := len(action)
	for j, e := range noise {
		std := math.Exp(logStd(row[acts+j]))
		u, eps := float64(row[j])+std*float64(e), float64(e)
		action[j] = float32(math.Tanh(u))
		logp += -eps*eps/2 - logStd(row[acts+j]) - math.Log(2*math.Pi)/2 - logSlope(u)
	}
	return logp
}

func logStd(x float32) float64 { return min(max(float64(x), logStdMin), logStdMax) }

// logSlope is log(1 - tanh(u)^2).
func logSlope(u float64) float64 {
	u = math.Abs(u) // the function is even, and e^-2u cannot overflow then
	return 2 * (math.Ln2 - u - math.Log1p(math.Exp(-2*u)))
}

// Backward implements num.Func. With g the gradient by u:
//
//	g_j = dL/da_j (1 - a_j^2) + dL/dlogp 2 a_j      dL/dmean_j = g_j      dL/dlogstd_j = g_j std_j eps_j - dL/dlogp
func (s *Squash) Backward() {
	if s.out.Gradient() == nil {
		return
	}
	s.Action.Gradient()
	s.LogProb.Gradient()
	s.core.Do(s.out.Rows(), s.out.Len()*64, s.back)
}

func (s *Squash) backward(i0, i1 int) {
	acts := s.Action.Last()
	for i := i0; i < i1; i++ {
		row, to := s.out.Data[2*acts*i:2*acts*(i+1)], s.out.Grad[2*acts*i:2*acts*(i+1)]
		dlp := float64(s.LogProb.Grad[i])
		for j := range acts {
			a, da := float64(s.Action.Data[acts*i+j]), float64(s.Action.Grad[acts*i+j])
			g := da*(1-a*a) + dlp*2*a
			to[j] += float32(g)
			if x := float64(row[acts+j]); x > logStdMin && x < logStdMax {
				to[acts+j] += float32(g*math.Exp(x)*float64(s.noise[acts*i+j]) - dlp)
			}
		}
	}
}

// Normals fills noise with standard normal numbers.
func Normals(s *rng.Stream, noise []float32) {
	for i := range noise {
		noise[i] = float32(s.Normal())
	}
}

// Stretch writes actions [..][A] from -1 to 1 into the bounds low and high [A] of a world.
func Stretch(action, low, high, played []float32) {
	for i, a := range action {
		j := i % len(low)
		played[i] = low[j] + (a+1)/2*(high[j]-low[j])
	}
}
