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
	rectify(f, x)
	first := f[0]
	for i := range f[1:] {
		f[i] *= f[i+1]
	}
	f[len(f)-1] *= first
}

// rectify writes relu([x, -x]) into r [2d].
func rectify(r, x []float32) {
	d := len(x)
	for i, v := range x {
		r[i], r[d+i] = max(v, 0), max(-v, 0)
	}
}

// grad adds to dx [d] what the gradient df of the features f passes to x; room [2F] is working memory.
func (m Map) grad(dx, df, f, x, room []float32) {
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
	d, n := len(x), 2*len(x)
	r, dr := room[:n], room[n:2*n]
	rectify(r, x)
	before := df[n-1] * r[n-1] // what the feature of the neighbour before passes to this one
	for i := range n - 1 {
		dr[i] = before + float32(df[i]*r[i+1])
		before = df[i] * r[i]
	}
	dr[n-1] = before + float32(df[n-1]*r[0])
	for i, v := range x {
		if v > 0 {
			dx[i] += dr[i]
		} else if v < 0 {
			dx[i] -= dr[d+i]
		}
	}
}

// normalise divides features by their sum (arXiv 2102.11174v3, sec. 4.2) and returns what it divided by.
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
