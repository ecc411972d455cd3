package stats

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// Resamples of a bootstrap: while one looks, and when a picture is exported.
const (
	LiveResamples   = 2_000
	ExportResamples = 50_000
)

// IQM is the interquartile mean: the mean of what is left after floor(n/4) values are cut from either end, as in arXiv 2108.13264
// (section 4.3) and its published code. NaN are left out; of nothing it is NaN.
func IQM(xs []float64) float64 {
	xs = present(xs)
	if len(xs) == 0 {
		return math.NaN()
	}
	slices.Sort(xs)
	return middle(xs)
}

// middle is the IQM of sorted values.
func middle(sorted []float64) float64 {
	cut := len(sorted) / 4
	return mean(sorted[cut : len(sorted)-cut])
}

// IQMInterval returns the IQM over scores [tasks][seeds] with the percentile interval of a stratified bootstrap: every resample draws,
// task by task, as many seeds with replacement as the task has (arXiv 2108.13264, section 4.2 and appendix A.3). NaN are left out.
// N is the number of scores. With fewer than two scores in every task there is no interval.
func IQMInterval(scores [][]float64, alpha float64, resamples int, stream *rng.Stream) Interval {
	var tasks [][]float64
	var all []float64
	most := 0
	for _, task := range scores {
		task = present(task)
		if len(task) > 0 {
			tasks = append(tasks, task)
		}
		all = append(all, task...)
		most = max(most, len(task))
	}
	nan := lab.Float(math.NaN())
	out := Interval{Mean: lab.Float(IQM(all)), Low: nan, High: nan, SD: nan, N: len(all)}
	if most < 2 {
		return out
	}
	values := make([]float64, resamples)
	for r := range values {
		values[r] = resampled(tasks, all, stream)
	}
	slices.Sort(values)
	out.SD = lab.Float(deviation(values, mean(values)))
	out.Low, out.High = lab.Float(quantile(values, alpha/2)), lab.Float(quantile(values, 1-alpha/2))
	return out
}

// resampled draws every task anew into buf, which holds as many numbers as the tasks, and returns the IQM.
func resampled(tasks [][]float64, buf []float64, stream *rng.Stream) float64 {
	at := 0
	for _, task := range tasks {
		for range task {
			buf[at] = task[stream.IntN(len(task))]
			at++
		}
	}
	slices.Sort(buf)
	return middle(buf)
}

// quantile of sorted values by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
