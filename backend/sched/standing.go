package sched

import (
	"cmp"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/stats"
)

// How a point of a sweep stands.
const (
	Whole      = "complete"   // all its runs are done
	Dropped    = "dropped"    // others went on in its place
	Waiting    = "waiting"    // its rung, or the next one in which it is, goes on
	Incomplete = "incomplete" // runs are missing
	Broken     = "failed"     // a run of it failed, or ended without a number
)

// Tried is one point of a sweep on one arm, with what is known of it in the last rung that it reached.
type Tried struct {
	Arm      string
	Point    int   // place among the sweep's points, from 0
	Values   []any // of the axes
	Rung     int   // from 0
	Resource float64
	Score    stats.Interval // over seeds, of the mean of last values over the cases; only of whole seeds
	Seeds    []float64      // [S] the same, one by one; NaN is missing
	Done     int            // runs
	Runs     int
	State    string
	Rank     int  // among the points of its arm, 1 is the best; 0 where it cannot be ranked
	Best     bool // of its arm, in the last rung that any of its points ended
}

// Standings is what a sweep has found so far.
type Standings struct {
	*Sweeping
	Seeds []uint64
	Tried []Tried // by arm in the order of the plan, then by rank, then in the order of the points
}

// Stand ranks the points of a plan's sweep, those of each arm for themselves: who reached a later rung stands before who did not, then the better
// mean comes first, and of equal ones the point that was drawn first. ok is false where the plan runs no sweep.
func Stand(plan Plan, src stats.Source) (s Standings, ok bool) {
	if plan.Sweep == nil {
		return Standings{}, false
	}
	s = Standings{Sweeping: plan.Sweep, Seeds: seedsOf(plan)}
	open := openRungs(plan)
	for _, group := range byPoint(plan.Runs) {
		t := s.tried(group, src)
		if t.State == Whole && t.Rung < len(s.Rungs())-1 {
			if t.State = Dropped; open[t.Arm] == t.Rung {
				t.State = Waiting
			}
		}
		i := slices.IndexFunc(s.Tried, func(had Tried) bool { return had.Arm == t.Arm && had.Point == t.Point })
		switch {
		case i < 0:
			s.Tried = append(s.Tried, t)
		case t.State == Incomplete: // until its next rung is done it stands by the one before
			s.Tried[i].State = Waiting
		default:
			s.Tried[i] = t // rungs come in their order
		}
	}
	s.rank()
	return s, true
}

// openRungs are the last rungs that the plan has of each arm. A point that ended there waits for the others; where nothing is ahead of the
// plan, the sweep is over.
func openRungs(plan Plan) map[string]int {
	open := map[string]int{}
	for _, r := range plan.Runs {
		open[r.Trial.Arm] = max(open[r.Trial.Arm], r.Trial.Rung)
	}
	return open
}

// tried sums up the runs of one point in one rung.
func (s Standings) tried(runs []RunInfo, src stats.Source) Tried {
	first := runs[0].Trial
	t := Tried{Arm: first.Arm, Point: first.Point, Values: first.Values, Rung: first.Rung, Resource: first.Resource, Runs: len(runs)}
	failed := false
	sums, counts := make([]float64, len(s.Seeds)), make([]float64, len(s.Seeds))
	for _, r := range runs {
		i := slices.Index(s.Seeds, r.Seed)
		counts[i]++
		v := math.NaN()
		if r.State == Done {
			t.Done++
			if _, ys, ok := src.Values(s.Judge.Name, r.Arm, r.Case, r.Seed); ok {
				v = ys[len(ys)-1]
			}
			failed = failed || s.Judged && math.IsNaN(v)
		}
		failed = failed || r.State == Failed
		sums[i] += v
	}
	for i := range sums {
		t.Seeds = append(t.Seeds, sums[i]/counts[i])
	}
	t.Score = stats.Student(t.Seeds, 0.05)
	switch {
	case failed:
		t.State = Broken
	case t.Done < t.Runs:
		t.State = Incomplete
	default:
		t.State = Whole
	}
	return t
}

// rank orders the points of every arm and marks the best of each.
func (s *Standings) rank() {
	var arms []string
	for _, t := range s.Tried {
		if !slices.Contains(arms, t.Arm) {
			arms = append(arms, t.Arm)
		}
	}
	ranked := func(t Tried) bool { return s.Judged && t.State != Broken && t.State != Incomplete }
	slices.SortStableFunc(s.Tried, func(a, b Tried) int {
		if c := cmp.Compare(slices.Index(arms, a.Arm), slices.Index(arms, b.Arm)); c != 0 {
			return c
		}
		if x, y := ranked(a), ranked(b); x != y {
			return map[bool]int{true: -1, false: 1}[x]
		} else if !x {
			return cmp.Compare(a.Point, b.Point)
		}
		higher := s.Judge.Better != "lower"
		return cmp.Or(cmp.Compare(b.Rung, a.Rung), cmp.Compare(upward(float64(b.Score.Mean), higher), upward(float64(a.Score.Mean), higher)), cmp.Compare(a.Point, b.Point))
	})
	place := map[string]int{}
	for i := range s.Tried {
		if t := &s.Tried[i]; ranked(*t) {
			place[t.Arm]++
			t.Rank, t.Best = place[t.Arm], place[t.Arm] == 1
		}
	}
}
