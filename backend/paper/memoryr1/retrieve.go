package memoryr1

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// scored is a line with the parts of its score.
type scored struct {
	line
	overlap int     // words of the query that the line has, each counted once
	recency float64 // [0, 1): when it was touched last, for lines of equal overlap
}

func (s scored) score() float64 { return float64(s.overlap) + s.recency }

// rank orders lines by the words that they share with the query, the latest first of equal ones. Lines that share none are left out: they
// can have nothing to do with it.
func rank(lines []line, query string, now int) []scored {
	asked := strings.Fields(query)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	var all []scored
	for _, l := range lines {
		s := scored{line: l, recency: float64(l.When+1) / float64(max(now, l.When)+2)}
		has := strings.Fields(l.Text)
		for _, w := range asked {
			if slices.Contains(has, w) {
				s.overlap++
			}
		}
		if s.overlap > 0 {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		switch {
		case a.overlap != b.overlap:
			return b.overlap - a.overlap
		case a.When != b.When:
			return b.When - a.When
		}
		return b.Born - a.Born
	})
	return all
}

// top are the k lines that fit best, the best first.
func top(lines []line, query string, now, k int) []line {
	ranked := rank(lines, query, now)
	best := make([]line, min(k, len(ranked)))
	for i := range best {
		best[i] = ranked[i].line
	}
	return best
}

// nearMisses are so many candidates behind the ones that were used; a record shows them.
const nearMisses = 3

// hits reports a read: the lines used, and those that nearly were.
func hits(ranked []scored, k int) []lab.Hit {
	var all []lab.Hit
	for i, s := range ranked[:min(k+nearMisses, len(ranked))] {
		h := lab.Hit{Entry: s.ID, Rank: i + 1, Score: lab.Float(s.score()), Used: i < k,
			Parts: map[string]lab.Float{"overlap": lab.Float(s.overlap), "recency": lab.Float(s.recency)}}
		if !h.Used {
			h.Why = "rank"
		}
		all = append(all, h)
	}
	return all
}
