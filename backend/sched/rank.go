package sched

import (
	"cmp"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/stats"
)

// Ranked is where an arm stands among the others by one metric.
type Ranked struct {
	Arm   string         `json:"arm"`
	Rank  stats.Interval `json:"rank"`  // over seeds, of the mean rank over the cases; 1 is the best
	Mean  stats.Interval `json:"mean"`  // over seeds, of the mean value over the cases
	Cases []CaseRank     `json:"cases"` // in the order that was asked for
}

// CaseRank is the same within one case.
type CaseRank struct {
	Case  string         `json:"case"`
	Rank  stats.Interval `json:"rank"`
	Value stats.Interval `json:"value"`
	Best  bool           `json:"best"` // no arm has a better mean there
}

// Rank orders arms by the last value of a metric. Within a case and a seed the best arm has rank 1 and equal arms share the mean of their ranks;
// a seed's rank of an arm is the mean over the cases. Seeds in which an arm has no value in some case are left out. The result is in the
// order of the ranks.
func Rank(src stats.Source, arms, cases []string, seeds []uint64, metric string, higher bool) []Ranked {
	out := make([]Ranked, len(arms))
	ranks := make([][]float64, len(arms)) // [arms][seeds] sums over cases
	sums := make([][]float64, len(arms))
	for i, a := range arms {
		out[i].Arm = a
		ranks[i], sums[i] = make([]float64, len(seeds)), make([]float64, len(seeds))
	}
	for _, kase := range cases {
		values := make([][]float64, len(arms)) // [arms][seeds]
		for i, a := range arms {
			values[i] = lasts(src, metric, Place{a, kase}, seeds)
		}
		places := placesOf(values, len(seeds), higher)
		best := math.Inf(-1)
		for i := range arms {
			c := CaseRank{Case: kase, Rank: stats.Student(places[i], 0.05), Value: stats.Student(values[i], 0.05)}
			out[i].Cases = append(out[i].Cases, c)
			best = max(best, upward(float64(c.Value.Mean), higher))
			for s := range seeds {
				ranks[i][s] += places[i][s] / float64(len(cases))
				sums[i][s] += values[i][s] / float64(len(cases))
			}
		}
		for i := range arms {
			c := &out[i].Cases[len(out[i].Cases)-1]
			c.Best = upward(float64(c.Value.Mean), higher) == best
		}
	}
	for i := range arms {
		out[i].Rank, out[i].Mean = stats.Student(ranks[i], 0.05), stats.Student(sums[i], 0.05)
	}
	slices.SortStableFunc(out, func(a, b Ranked) int { return cmp.Compare(float64(a.Rank.Mean), float64(b.Rank.Mean)) })
	return out
}

// upward makes the better value the greater one.
func upward(v float64, higher bool) float64 {
	if higher {
		return v
	}
	return -v
}

// placesOf ranks the arms within each seed: 1 is the best, equal values share the mean of their places, NaN have none.
func placesOf(values [][]float64, seeds int, higher bool) [][]float64 {
	out := make([][]float64, len(values))
	for i := range values {
		out[i] = make([]float64, seeds)
		for s := range seeds {
			mine := upward(values[i][s], higher)
			better, same := 0, 0
			for j := range values {
				switch other := upward(values[j][s], higher); {
				case other > mine:
					better++
				case other == mine:
					same++ // itself among them
				}
			}
			out[i][s] = float64(better) + float64(same+1)/2
			if math.IsNaN(mine) {
				out[i][s] = math.NaN()
			}
		}
	}
	return out
}
