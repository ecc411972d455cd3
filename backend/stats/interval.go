// Package stats turns values per seed into intervals, tests and verdicts, and reads the language in which claims are written.
//
// The unit of evidence is the seed: episodes of one seed are not independent, so every interval over runs is taken over one value
// per seed. A value that is missing is NaN; it is left out and counted, never taken for zero.
package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/loci-lab/loci/backend/lab"
)

// Interval is a mean with the interval that holds the true mean with probability 1 - alpha. Without an interval (fewer than two
// values) Low and High are NaN.
type Interval struct {
	Mean lab.Float `json:"mean"`
	Low  lab.Float `json:"low"`
	High lab.Float `json:"high"`
	SD   lab.Float `json:"sd"` // standard deviation over seeds, n - 1 in the denominator
	N    int       `json:"n"`  // values that are no NaN
}

// Half returns half the width of the interval, NaN where there is none.
func (i Interval) Half() float64 { return float64(i.High-i.Low) / 2 }

// Student returns the mean and its Student t interval at level 1 - alpha, alpha in (0,1). NaN are left out.
//
//	mean +- t(1 - alpha/2, n-1) s / sqrt(n)            Student, Biometrika 6 (1908)
//
// Equal values have the point as their interval: they show no spread to judge by, and a bounded quantity at its bound has none.
func Student(xs []float64, alpha float64) Interval {
	xs = present(xs)
	n := len(xs)
	out := Interval{Mean: lab.Float(math.NaN()), Low: lab.Float(math.NaN()), High: lab.Float(math.NaN()), SD: lab.Float(math.NaN()), N: n}
	if n == 0 {
		return out
	}
	m := mean(xs)
	out.Mean = lab.Float(m)
	if n == 1 {
		return out
	}
	s := deviation(xs, m)
	half := tQuantile(1-alpha/2, n-1) * s / math.Sqrt(float64(n))
	out.SD, out.Low, out.High = lab.Float(s), lab.Float(m-half), lab.Float(m+half)
	return out
}

// Paired returns the interval of the mean difference a - b over pairs (same seed, same place in both). A pair that lacks one value is
// left out. It panics when the lengths differ.
func Paired(a, b []float64, alpha float64) Interval { return Student(Differences(a, b), alpha) }

// Differences returns a - b, pair by pair; NaN where one is missing. It panics when the lengths differ.
func Differences(a, b []float64) []float64 {
	if len(a) != len(b) {
		panic("stats: pairs of unequal length")
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

// Mean returns the mean of what is present, NaN of nothing.
func Mean(xs []float64) float64 {
	xs = present(xs)
	if len(xs) == 0 {
		return math.NaN()
	}
	return mean(xs)
}

// present returns the values that are no NaN.
func present(xs []float64) []float64 {
	out := make([]float64, 0, len(xs))
	for _, x := range xs {
		if !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	return out
}

// mean of at least one value. It sums distances from the first, so that equal values give that very value and a spread of zero.
func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x - xs[0]
	}
	return xs[0] + sum/float64(len(xs))
}

// deviation is the standard deviation of at least two values about their mean m.
func deviation(xs []float64, m float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(xs)-1))
}

// tQuantile is the quantile p of Student's t with df degrees of freedom.
func tQuantile(p float64, df int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)}.Quantile(p)
}

// SeedsNeeded estimates how many seeds it would take for an interval at level 1 - alpha to leave out a value at the given distance
// from the mean, four times in five, if the true distance and spread are the observed ones. It solves
//
//	distance >= (t(1 - alpha/2, n-1) + t(0.8, n-1)) sd / sqrt(n)      Cohen, Statistical Power Analysis (1988), chapter 2
//
// and returns 0 where no number up to 10,000 does.
func SeedsNeeded(distance, sd, alpha float64) int {
	const most = 10_000
	enough := func(n int) bool {
		t := tQuantile(1-alpha/2, n-1) + tQuantile(0.8, n-1)
		return distance >= t*sd/math.Sqrt(float64(n))
	}
	if !(distance > 0) || !(sd >= 0) || !enough(most) {
		return 0
	}
	lo, hi := 1, most // hi is enough, lo is not (or is one seed, which has no interval)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; enough(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
