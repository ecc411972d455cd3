package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// Ends holds one value a seed of an arm: usually the last one recorded.
type Ends struct {
	Arm    Arm // its runs are not read
	Seeds  []uint64
	Values []float64 // [S]; NaN is missing
}

// sentence is for those who do not see the picture: "lstm ends at 0.61, 0.52 to 0.70, above gru in 5 of 5 seeds".
func sentence(spec lab.MetricSpec, arms []Ends) string {
	arms = slices.DeleteFunc(slices.Clone(arms), func(e Ends) bool { return math.IsNaN(stats.Mean(e.Values)) })
	if len(arms) == 0 {
		return "No value of " + spec.Name + " yet."
	}
	lower := spec.Better == "lower"
	slices.SortStableFunc(arms, func(a, b Ends) int {
		x, y := stats.Mean(a.Values), stats.Mean(b.Values)
		if lower {
			x, y = y, x
		}
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	lead := arms[0]
	i := stats.Student(lead.Values, alpha)
	text := fmt.Sprintf("%s ends at %s", lead.Arm.Label(), short(float64(i.Mean)))
	if i.N >= fewest {
		text += fmt.Sprintf(", %s to %s", short(float64(i.Low)), short(float64(i.High)))
	}
	if len(arms) == 1 {
		return text + ", over " + plural(i.N, "seed") + "."
	}
	return text + ", " + against(lead, arms[1], lower) + "."
}

// against counts the seeds that both have and in which the first stands beyond the second.
func against(lead, next Ends, lower bool) string {
	beyond, both := 0, 0
	for i, seed := range lead.Seeds {
		j := slices.Index(next.Seeds, seed)
		if j < 0 || math.IsNaN(lead.Values[i]) || math.IsNaN(next.Values[j]) {
			continue
		}
		both++
		if lead.Values[i] > next.Values[j] && !lower || lead.Values[i] < next.Values[j] && lower {
			beyond++
		}
	}
	side := "above"
	if lower {
		side = "below"
	}
	if both == 0 {
		return fmt.Sprintf("%s %s at %s, without a common seed", side, next.Arm.Label(), short(stats.Mean(next.Values)))
	}
	return fmt.Sprintf("%s %s in %d of %s", side, next.Arm.Label(), beyond, plural(both, "seed"))
}

// chosen sorts and returns at most so many of the numbers, evenly, the last among them.
func chosen(xs []float64, most int) []float64 {
	slices.Sort(xs)
	if len(xs) <= most {
		return xs
	}
	out := make([]float64, 0, most)
	for i := range most {
		out = append(out, xs[(i+1)*len(xs)/most-1])
	}
	return out
}
