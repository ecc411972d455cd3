package stats

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// Comparison is one arm against the base arm, from pairs of runs of the same seed and task.
type Comparison struct {
	Interval            // of the mean difference, arm - base
	Above     int       `json:"above"`     // pairs in which the arm has the larger value
	Below     int       `json:"below"`     // pairs in which it has the smaller one
	P         lab.Float `json:"p"`         // two-sided sign-flip test of no difference
	Holm      lab.Float `json:"holm"`      // p, corrected for all comparisons made together
	Floor     lab.Float `json:"floor"`     // smallest p that so many pairs can give, before correction
	Exact     bool      `json:"exact"`     // all arrangements of signs were counted
	Corrected int       `json:"corrected"` // comparisons that the correction counts
}

// Versus compares arms with a base: differences holds, for each arm, one value a pair (NaN where one of the two is missing). Intervals
// are Student's, each by itself at level 1 - alpha; p-values are corrected by Holm over the comparisons that have a pair, since looking at
// many and naming the best is wrong more often than alpha.
func Versus(differences [][]float64, alpha float64) []Comparison {
	out := make([]Comparison, len(differences))
	ps, counted := make([]float64, len(differences)), 0
	for i, d := range differences {
		flip := SignFlip(d, flipStream(d))
		out[i] = Comparison{Interval: Student(d, alpha), P: flip.P, Floor: flip.Floor, Exact: flip.Exact}
		for _, v := range d {
			if v > 0 {
				out[i].Above++
			} else if v < 0 {
				out[i].Below++
			}
		}
		if ps[i] = float64(flip.P); !math.IsNaN(ps[i]) {
			counted++
		}
	}
	for i, p := range Holm(ps) {
		out[i].Holm, out[i].Corrected = lab.Float(p), counted
	}
	return out
}
