package seq

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// Map is how keys and queries become features that are not negative.
type Map string

// The maps.
const (
	ELU  Map = "elu"  // phi(k) = elu(k) + 1 (arXiv 2006.16236v3, eq. 7): as many features as numbers
	DPFP Map = "dpfp" // deterministic parameter-free projection (arXiv 2102.11174v3, sec. 5.3): twice as many, more nearly orthogonal
)

// features is how many features d numbers have.
func (m Map) features(d int) int {
	if m == DPFP {
		return 2 * d
	}
	return d
}

// apply writes the features of x [d]:
//
//	elu:  f_i = x_i + 1 where x_i > 0, else e^x_i
//	dpfp: f_i = r_i r_{i+1}, r = relu([x, -x]), the last one's neighbour being the first (nu = 1)
func (m Map) apply(k *num.Kernels, f, x []float32) {
	if m == ELU {
		k.Exp(f, x)
		for i, v := range x {
			if v > 0 {
				f[i] = v + 1
			}
		}
		return
	}
	d := len(x)
	for i := range f {
		f[i] = rectified(x, i) * rectified(x, (i+1)%(2*d))
	}
}

// rectified is element i of relu([x, -x]).
func rectified(x []float32, i int) float32 {
	if i < len(x) {
		return max(x[i], 0)
	}
	return max(-x[i-len(x)], 0)
}

// grad adds to dx [d] what the gradient df of the features f passes to x.
func (m Map) grad(dx, df, f, x []float32) {
	if m == ELU {
		for i, v := range x {
			if v > 0 {
				dx[i] += df[i]
			} else {
				dx[i] += float32(df[i] * f[i])
			}
		}
		return
	}
	n := 2 * len(x)
	for i := range n {
		next := (i + 1) % n
		a, b := rectified(x, i), rectified(x, next)
		rectifiedGrad(dx, x, i, float32(df[i]*b))
		rectifiedGrad(dx, x, next, float32(df[i]*a))
	}
}

func rectifiedGrad(dx, x []float32, i int, d float32) {
	switch j := i - len(x); {
	case j < 0 && x[i] > 0:
		dx[i] += d
	case j >= 0 && x[j] < 0:
		dx[j] -= d
	}
}

// normalise divides features by their sum (arXiv 2102.11174v3, sec. 4.3) and returns what it divided by.
func normalise(k *num.Kernels, f []float32) (sum float32) {
	sum = k.Sum(f) + tiny
	k.Scale(f, 1/sum)
	return sum
}

// normaliseGrad turns the gradient of f = raw/sum(raw) into that of raw.
func normaliseGrad(k *num.Kernels, df, f []float32, sum float32) {
	along := k.Dot(df, f)
	for i := range df {
		df[i] = (df[i] - along) / sum
	}
}

// tiny keeps a division by a sum of features away from zero.
const tiny = 1e-5

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
