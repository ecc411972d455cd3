package stats

import (
	"hash/fnv"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// Profile returns, for every threshold, the share of scores [tasks][seeds] above it, each task counting alike however many seeds it has,
// with the percentile interval of a stratified bootstrap (the run-score distribution of arXiv 2108.13264, section 4.3):
//
//	F(tau) = mean over tasks m of  #{n : score[m][n] > tau} / N[m]
//
// Every resample draws as many seeds with replacement, task by task, as the task has. NaN are left out. The intervals hold threshold by
// threshold, not for the whole line. With fewer than two scores in every task there are none.
func Profile(scores [][]float64, thresholds []float64, alpha float64, resamples int, stream *rng.Stream) []Interval {
	tasks, n, most := strata(scores)
	nan := lab.Float(math.NaN())
	out := make([]Interval, len(thresholds))
	line := shares(tasks, thresholds, make([]float64, len(thresholds)))
	for i := range out {
		out[i] = Interval{Mean: nan, Low: nan, High: nan, SD: nan, N: n}
		if n > 0 {
			out[i].Mean = lab.Float(line[i])
		}
	}
	if most < 2 {
		return out
	}
	drawn := make([][]float64, len(thresholds)) // [thresholds][resamples]
	for i := range drawn {
		drawn[i] = make([]float64, resamples)
	}
	buf := make([][]float64, len(tasks))
	for t, task := range tasks {
		buf[t] = make([]float64, len(task))
	}
	for r := range resamples {
		redraw(tasks, buf, stream)
		for i, share := range shares(buf, thresholds, line) {
			drawn[i][r] = share
		}
	}
	for i, values := range drawn {
		slices.Sort(values)
		out[i].SD = lab.Float(deviation(values, mean(values)))
		out[i].Low, out[i].High = lab.Float(quantile(values, alpha/2)), lab.Float(quantile(values, 1-alpha/2))
	}
	return out
}

// strata leaves out what is missing and empty tasks; n counts the scores, most those of the largest task.
func strata(scores [][]float64) (tasks [][]float64, n, most int) {
	for _, task := range scores {
		if task = present(task); len(task) > 0 {
			tasks = append(tasks, task)
		}
		n, most = n+len(task), max(most, len(task))
	}
	return tasks, n, most
}

// redraw fills buf, which has the shape of the tasks, with draws from each task.
func redraw(tasks, buf [][]float64, stream *rng.Stream) {
	for t, task := range tasks {
		for i := range task {
			buf[t][i] = task[stream.IntN(len(task))]
		}
	}
}

// shares sets into[i] to the mean over tasks of the share of scores above thresholds[i]. Counts come first, so that all of them are exactly 1.
func shares(tasks [][]float64, thresholds, into []float64) []float64 {
	for i, tau := range thresholds {
		sum := 0.0
		for _, task := range tasks {
			above := 0
			for _, score := range task {
				if score > tau {
					above++
				}
			}
			sum += float64(above) / float64(len(task))
		}
		into[i] = sum / float64(max(len(tasks), 1))
	}
	return into
}

// BootstrapStream depends on a name alone, usually that of the metric: the same scores always give the same interval, and equal arms equal ones.
func BootstrapStream(name string) *rng.Stream {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return rng.New(h.Sum64(), "bootstrap over tasks")
}
