package stats

import (
	"fmt"
	"math"
	"slices"
)

// eval takes the mean over the cases that the call stands for; a case without data makes the seed missing.
func (n metricCall) eval(src Source, seeds []uint64) column {
	var threshold column
	if n.threshold != nil {
		threshold = n.threshold.eval(src, seeds)
	}
	perCase := make([]column, len(n.cases))
	for k, kase := range n.cases {
		perCase[k] = newColumn(len(seeds))
		for i, seed := range seeds {
			limit := math.NaN()
			if n.threshold != nil {
				if limit = threshold.values[i]; math.IsNaN(limit) {
					perCase[k].miss(i, "%s", threshold.notes[i])
					continue
				}
			}
			n.read(src, kase, seed, limit, perCase[k], i)
		}
	}
	return combine(len(seeds), perCase, "", mean)
}

// read works the call out for one run and puts the value or the reason why there is none into the column.
func (n metricCall) read(src Source, kase string, seed uint64, limit float64, into column, i int) {
	place := n.arm
	if kase != "" {
		place += ", " + kase
	}
	xs, ys, ok := src.Values(n.metrics[0], n.arm, kase, seed)
	if !ok || len(xs) == 0 {
		into.miss(i, "no %s of %s", n.metrics[0], place)
		return
	}
	if len(n.metrics) == 2 {
		n.correlate(src, kase, seed, xs, ys, into, i)
		return
	}
	value, note := n.reduce(xs, ys, limit)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		into.miss(i, "%s of %s: %s", n.metrics[0], place, note)
		return
	}
	into.values[i] = value
	if note != "" {
		into.notes[i] = fmt.Sprintf("%s of %s: %s", n.metrics[0], place, note)
	}
}

// reduce turns the points of one run into one number; NaN comes with the reason.
func (n metricCall) reduce(xs []int64, ys []float64, limit float64) (value float64, note string) {
	switch n.fn {
	case "last":
		return valueOr(ys[len(ys)-1], "the last value is not a number")
	case "first":
		return valueOr(ys[0], "the first value is not a number")
	case "at":
		return valueAt(xs, ys, n.nums[0])
	case "steps-to":
		return n.stepsTo(xs, ys, limit)
	}
	xs, ys = within(xs, ys, n.nums)
	here := present(ys)
	if len(here) == 0 {
		return math.NaN(), "nothing recorded in the range"
	}
	switch n.fn {
	case "highest":
		return slices.Max(here), ""
	case "lowest":
		return slices.Min(here), ""
	case "slope":
		return Slope(floats(xs), ys), "a slope needs two points"
	}
	return mean(here), "the mean is too large"
}

// valueAt is the value at the last x recorded up to the given one.
func valueAt(xs []int64, ys []float64, x float64) (float64, string) {
	last := -1
	for i, at := range xs {
		if float64(at) <= x {
			last = i
		}
	}
	switch {
	case last < 0:
		return math.NaN(), fmt.Sprintf("nothing recorded up to x = %s", formatNumber(x))
	case float64(xs[len(xs)-1]) < x:
		return math.NaN(), fmt.Sprintf("recorded up to x = %d only, want %s", xs[len(xs)-1], formatNumber(x))
	}
	return valueOr(ys[last], "the value there is not a number")
}

func (n metricCall) stepsTo(xs []int64, ys []float64, limit float64) (float64, string) {
	if len(present(ys)) == 0 {
		return math.NaN(), "nothing but gaps"
	}
	x, reached := StepsTo(xs, ys, limit, n.falling)
	if reached {
		return float64(x), ""
	}
	return float64(x), fmt.Sprintf("%.4g was not reached by x = %d, which stands for the number", limit, x)
}

// within keeps the points with from <= x <= to; all without a range.
func within(xs []int64, ys []float64, nums []float64) ([]int64, []float64) {
	if len(nums) < 2 {
		return xs, ys
	}
	var px []int64
	var py []float64
	for i, x := range xs {
		if nums[0] <= float64(x) && float64(x) <= nums[1] {
			px, py = append(px, x), append(py, ys[i])
		}
	}
	return px, py
}

func floats(xs []int64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}

// correlate reads the second metric too and relates the two where both are recorded at the same x.
func (n metricCall) correlate(src Source, kase string, seed uint64, xs []int64, ys []float64, into column, i int) {
	xs2, ys2, ok := src.Values(n.metrics[1], n.arm, kase, seed)
	if !ok || len(xs2) == 0 {
		into.miss(i, "no %s of %s %s", n.metrics[1], n.arm, kase)
		return
	}
	xs, ys = within(xs, ys, n.nums)
	second := make(map[int64]float64, len(xs2))
	for k, x := range xs2 {
		second[x] = ys2[k]
	}
	var a, b []float64
	for k, x := range xs {
		if y, ok := second[x]; ok {
			a, b = append(a, ys[k]), append(b, y)
		}
	}
	if into.values[i] = relate(n.fn, a, b); math.IsNaN(into.values[i]) {
		into.miss(i, "%s and %s of %s %s vary at fewer than two common points", n.metrics[0], n.metrics[1], n.arm, kase)
	}
}

// valueOr returns a value, with the note only where it is not a number.
func valueOr(y float64, note string) (float64, string) {
	if math.IsNaN(y) {
		return y, note
	}
	return y, ""
}
