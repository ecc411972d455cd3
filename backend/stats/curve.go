package stats

import (
	"math"
	"slices"
)

// Slope returns the slope of the least-squares line of ys on xs, in units of y for one unit of x. NaN for fewer than two points or
// without spread in x. Pairs with a NaN are left out. It panics when the lengths differ.
func Slope(xs, ys []float64) float64 {
	xx, xy, _ := moments(xs, ys)
	if xx == 0 {
		return math.NaN()
	}
	return xy / xx
}

// Corr returns Pearson's correlation, in [-1,1]. NaN for fewer than two points or where one side has no spread. Pairs with a NaN are
// left out. It panics when the lengths differ.
func Corr(xs, ys []float64) float64 {
	xx, xy, yy := moments(xs, ys)
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return max(-1, min(1, xy/math.Sqrt(xx*yy)))
}

// RankCorr returns Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank. NaN as for Corr.
func RankCorr(xs, ys []float64) float64 {
	xs, ys = pairs(xs, ys)
	return Corr(ranks(xs), ranks(ys))
}

// StepsTo returns the first x at which y reaches the threshold (from below, or from above where falling), and whether it ever does.
// Where it never does, x is the last one recorded: the run was cut there, so the true number is larger.
func StepsTo(xs []int64, ys []float64, threshold float64, falling bool) (x int64, reached bool) {
	for i, y := range ys {
		if y >= threshold && !falling || y <= threshold && falling {
			return xs[i], true
		}
	}
	if len(xs) == 0 {
		return 0, false
	}
	return xs[len(xs)-1], false
}

// pairs leaves out the pairs with a NaN.
func pairs(xs, ys []float64) (px, py []float64) {
	if len(xs) != len(ys) {
		panic("stats: pairs of unequal length")
	}
	for i := range xs {
		if !math.IsNaN(xs[i]) && !math.IsNaN(ys[i]) {
			px, py = append(px, xs[i]), append(py, ys[i])
		}
	}
	return px, py
}

// moments returns the sums of squares and products about the means.
func moments(xs, ys []float64) (xx, xy, yy float64) {
	xs, ys = pairs(xs, ys)
	if len(xs) == 0 {
		return 0, 0, 0
	}
	mx, my := mean(xs), mean(ys)
	for i := range xs {
		dx, dy := xs[i]-mx, ys[i]-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	return xx, xy, yy
}

// ranks from 1; ties share the mean of their ranks.
func ranks(xs []float64) []float64 {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compare(xs[a], xs[b]) })
	out := make([]float64, len(xs))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && xs[order[to]] == xs[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return out
}
