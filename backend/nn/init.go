package nn

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Orthogonal fills columns from..to of w [in][out] with gain times a random matrix whose shorter side is orthonormal: Gauss draws,
// orthogonalised by the modified Gram-Schmidt process in float64 (arXiv 1312.6120v3, sec. 3.1).
func Orthogonal(s *rng.Stream, w *num.Tensor, from, to int, gain float64) {
	rows, cols, ld := w.Shape[0], to-from, w.Last()
	count, length := cols, rows // vectors to make orthonormal, and their length
	if rows < cols {
		count, length = rows, cols
	}
	v := make([][]float64, count)
	for i := range v {
		v[i] = make([]float64, length)
		for orthonormal := false; !orthonormal; {
			for j := range v[i] {
				v[i][j] = s.Normal()
			}
			orthonormal = orthonormalise(v[i], v[:i])
		}
	}
	for i := range rows {
		for j := range cols {
			x := 0.0
			if rows < cols {
				x = v[i][j]
			} else {
				x = v[j][i]
			}
			w.Data[i*ld+from+j] = float32(gain * x)
		}
	}
}

// orthonormalise takes the parts along the others out of x and scales it to length one; false when almost nothing is left of it.
func orthonormalise(x []float64, others [][]float64) bool {
	for range 2 { // twice is enough for full accuracy
		for _, o := range others {
			d := dot(x, o)
			for j := range x {
				x[j] -= d * o[j]
			}
		}
	}
	n := math.Sqrt(dot(x, x))
	if n < 1e-6 {
		return false
	}
	for j := range x {
		x[j] /= n
	}
	return true
}

func dot(a, b []float64) (d float64) {
	for i := range a {
		d += a[i] * b[i]
	}
	return d
}

// Xavier fills w [in][out] with numbers uniform in +-gain*sqrt(6/(in+out)) (Glorot and Bengio 2010, eq. 16).
func Xavier(s *rng.Stream, w *num.Tensor, gain float64) {
	Uniform(s, w, gain*math.Sqrt(6/float64(w.Shape[0]+w.Shape[1])))
}

// Uniform fills w with numbers uniform in +-limit.
func Uniform(s *rng.Stream, w *num.Tensor, limit float64) {
	for i := range w.Data {
		w.Data[i] = float32(limit * (2*s.Float64() - 1))
	}
}

// gates fills w [in][gates*h] with one orthogonal block for each gate.
func gates(s *rng.Stream, w *num.Tensor, h int) {
	for at := 0; at < w.Last(); at += h {
		Orthogonal(s, w, at, at+h, 1)
	}
}

func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}
