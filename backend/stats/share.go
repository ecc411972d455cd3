package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/loci-lab/loci/backend/lab"
)

// Wilson returns the score interval of a share: hits of n independent trials of one seed (Wilson, JASA 22, 1927). SD is that of one
// trial. With no trial everything is NaN.
func Wilson(hits, n int, alpha float64) Interval {
	if n == 0 {
		nan := lab.Float(math.NaN())
		return Interval{Mean: nan, Low: nan, High: nan, SD: nan}
	}
	z := distuv.UnitNormal.Quantile(1 - alpha/2)
	p, trials := float64(hits)/float64(n), float64(n)
	centre := p + z*z/(2*trials)
	half := z * math.Sqrt(p*(1-p)/trials+z*z/(4*trials*trials))
	scale := 1 + z*z/trials
	return Interval{
		Mean: lab.Float(p), SD: lab.Float(math.Sqrt(p * (1 - p))), N: n,
		Low: lab.Float(max(0, (centre-half)/scale)), High: lab.Float(min(1, (centre+half)/scale)),
	}
}

// Holm returns the p-values corrected for being several (Holm, Scandinavian Journal of Statistics 6, 1979): the i-th smallest of m is
// multiplied by m - i + 1, kept from falling and from passing one. A NaN stays NaN and does not count.
func Holm(ps []float64) []float64 {
	out := slices.Clone(ps)
	var order []int
	for i, p := range ps {
		if !math.IsNaN(p) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(ps[a], ps[b]) })
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, ps[i]*float64(len(order)-rank)))
		out[i] = least
	}
	return out
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
