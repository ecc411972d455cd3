package memo

import "gonum.org/v1/gonum/mat"

// The linear probe: rows that it needs at least, and its ridge.
const (
	probeRows  = 64
	probeRidge = 1e-2
)

// readable returns the share of held-out rows whose label in {0, 1} ridge regression on the others tells. ok is false with fewer than
// 64 rows. w = (X'X + r n I)^-1 X'y with y in {-1, +1}, X [n][S+1] with a column of ones: the first half is fitted, the second scored.
func readable(rows [][]float32, labels []int) (share float64, ok bool) {
	if len(rows) < probeRows {
		return 0, false
	}
	half, width := len(rows)/2, len(rows[0])+1
	x, y := mat.NewDense(half, width, nil), mat.NewVecDense(half, nil)
	for i, row := range rows[:half] {
		for j, v := range row {
			x.Set(i, j, float64(v))
		}
		x.Set(i, width-1, 1)
		y.SetVec(i, float64(2*labels[i]-1))
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	for j := range width {
		gram.SetSym(j, j, gram.At(j, j)+probeRidge*float64(half))
	}
	var chol mat.Cholesky
	var right, weights mat.VecDense
	right.MulVec(x.T(), y)
	if !chol.Factorize(&gram) || chol.SolveVecTo(&weights, &right) != nil {
		return 0, false
	}
	return told(rows[half:], labels[half:], weights.RawVector().Data), true
}

// told is the share of rows on whose side of zero the weights put the label.
func told(rows [][]float32, labels []int, weights []float64) float64 {
	right := 0
	for i, row := range rows {
		sum := weights[len(weights)-1]
		for j, v := range row {
			sum += weights[j] * float64(v)
		}
		if (sum > 0) == (labels[i] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(rows))
}
