package modelbasedgeneralization

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/factored"
)

// The theorem of arXiv 2211.02222v3, sec. 4, in words: let D be transitions, M(D) the models of a class that agree with D. Every value
// function of a model in M(D) solves the Bellman equation on D; not every one that does belongs to such a model. So learning a model
// first can only shrink the set of candidates. Here both sets are bounded from D, on a flute without events, and the states are counted
// whose best action no candidate disputes.

// flute is a small flute as a table: the successor of state s under action a is next[s*n+a], a step from s pays reward[s].
type flute struct {
	n, states, bits int
	next            []int32
	reward          []float64
}

func newFlute(n int) (*flute, error) {
	w, err := factored.NewPanFlute(factored.PanFluteKnobs{Pipes: n, Horizon: 100}, 1)
	if err != nil {
		return nil, err
	}
	bits := w.Spec().Obs
	f := &flute{n: n, bits: bits, states: 1 << bits, next: make([]int32, n<<bits), reward: make([]float64, 1<<bits)}
	obs, next := make([]float32, bits), make([]float32, bits)
	for s := range f.states {
		unpack(s, obs)
		for a := range n {
			r, _ := w.Next(obs, int32(a), factored.Quiet, next)
			f.reward[s], f.next[s*n+a] = float64(r), int32(encode(next)[0])
		}
	}
	return f, nil
}

func unpack(s int, obs []float32) {
	for i := range obs {
		obs[i] = float32(s >> i & 1)
	}
}

// known marks the pairs [states*n] that data hold.
type known []bool

// bounds are the lowest and the largest value [states*n] that each pair has in any candidate.
type bounds struct{ low, high []float64 }

// possible says what a class of candidates allows for a pair: rewards from rLow to rHigh, and successors that agree with bits on mask.
type possible struct {
	rLow, rHigh float64
	bits, mask  int32 // a successor s' is possible where s'&mask == bits
}

// solve iterates the two bounds to their fixpoints:
//
//	L(s,a) = r_low + gamma min over possible s' of max_a' L(s',a')        U the same with r_high and max
//
// Both are monotone in what they start from, so that every candidate lies between them.
func (f *flute) solve(p []possible, gamma float64) bounds {
	return bounds{f.iterate(p, gamma, false), f.iterate(p, gamma, true)}
}

func (f *flute) iterate(p []possible, gamma float64, upper bool) []float64 {
	q, v := make([]float64, len(p)), make([]float64, f.states)
	for gap := 1.0; gap > 1e-12; {
		gap = 0
		for s := range f.states {
			best := math.Inf(-1)
			for i := s * f.n; i < (s+1)*f.n; i++ {
				r := p[i].rLow
				if upper {
					r = p[i].rHigh
				}
				q[i] = r + gamma*f.extreme(v, p[i], upper)
				best = max(best, q[i])
			}
			gap = max(gap, math.Abs(best-v[s]))
			v[s] = best
		}
	}
	return q
}

// extreme is the least or the largest v of the possible successors: it goes through all numbers that agree on the mask.
func (f *flute) extreme(v []float64, p possible, upper bool) float64 {
	free := int32(f.states-1) &^ p.mask
	out := v[p.bits]
	for sub := free; sub != 0; sub = (sub - 1) & free {
		if x := v[p.bits|sub]; upper && x > out || !upper && x < out {
			out = x
		}
	}
	return out
}

// settled counts the states with an action that no candidate within the bounds disputes: its lower bound reaches the upper bounds of
// all others.
func (f *flute) settled(b bounds) (count int) {
	for s := range f.states {
		for a := range f.n {
			rival := math.Inf(-1)
			for c := range f.n {
				if c != a {
					rival = max(rival, b.high[s*f.n+c])
				}
			}
			if b.low[s*f.n+a] >= rival-1e-9 {
				count++
				break
			}
		}
	}
	return count
}

// unknown is a pair of which nothing is known: any reward in [0, 1], any successor.
func unknown() possible { return possible{rHigh: 1} }

// table is what a free table of values allows: pairs of the data have their successor, others may have any value up to 1/(1-gamma),
// which is what any reward and any successor allow.
func (f *flute) table(has known) []possible {
	p := make([]possible, len(has))
	for i, ok := range has {
		p[i] = unknown()
		if ok {
			r := f.reward[i/f.n]
			p[i] = possible{rLow: r, rHigh: r, bits: f.next[i], mask: int32(f.states - 1)}
		}
	}
	return p
}

// undisputed counts the states with an action that is best under every one of some value tables that solve the Bellman equation on the
// data: all unknown pairs worth nothing, all worth the most, and each alone worth the most. No more states are settled than that, so
// that this flatters the free table.
func (f *flute) undisputed(has known, gamma float64) (count int) {
	most := 1 / (1 - gamma)
	open := make([]bool, len(has)) // action may still be best everywhere
	for i := range open {
		open[i] = true
	}
	free := make([]float64, len(has))
	try := func() {
		q := f.values(has, free, gamma)
		for s := range f.states {
			row := q[s*f.n : (s+1)*f.n]
			top := slices.Max(row)
			for a, x := range row {
				open[s*f.n+a] = open[s*f.n+a] && x >= top-1e-9
			}
		}
	}
	try()
	for i, ok := range has {
		if !ok {
			free[i] = most
			try()
			free[i] = 0
		}
	}
	for i := range free {
		free[i] = most
	}
	try()
	for s := range f.states {
		if slices.Contains(open[s*f.n:(s+1)*f.n], true) {
			count++
		}
	}
	return count
}

// values solves the Bellman equation on the data with the unknown pairs at the given values.
func (f *flute) values(has known, free []float64, gamma float64) []float64 {
	q, v := make([]float64, len(has)), make([]float64, f.states)
	for gap := 1.0; gap > 1e-11; {
		gap = 0
		for s := range f.states {
			best := math.Inf(-1)
			for i := s * f.n; i < (s+1)*f.n; i++ {
				q[i] = free[i]
				if has[i] {
					q[i] = f.reward[s] + gamma*v[f.next[i]]
				}
				best = max(best, q[i])
			}
			gap = max(gap, math.Abs(best-v[s]))
			v[s] = best
		}
	}
	return q
}

// rule is one way in which a bit may depend on the bits of a set of parents and, where actions > 1, on the action: rows says what the
// data show for each combination, -1 nothing.
type rule struct {
	parents []int
	actions int
	rows    []int8
}

// row is the number of the combination that a pair shows.
func (r *rule) row(s, a int) int {
	n := 0
	for i, p := range r.parents {
		n |= s >> p & 1 << i
	}
	return n*r.actions + a%r.actions
}

// sets lists all sets of up to size of the bits, each in rising order.
func sets(bits, size int) [][]int {
	all := [][]int{{}}
	for from, n := 0, 0; n < size; n++ {
		to := len(all)
		for _, s := range all[from:to] {
			first := 0
			if len(s) > 0 {
				first = s[len(s)-1] + 1
			}
			for b := first; b < bits; b++ {
				all = append(all, append(slices.Clone(s), b))
			}
		}
		from = to
	}
	return all
}

// agreeing returns the rules over those parents that do not contradict the data: value(i) is what pair i shows.
func (f *flute) agreeing(parents [][]int, actions int, has known, value func(i int) int8) (rules []rule) {
next:
	for _, set := range parents {
		r := rule{set, actions, make([]int8, actions<<len(set))}
		for i := range r.rows {
			r.rows[i] = -1
		}
		for i, ok := range has {
			if !ok {
				continue
			}
			at, x := r.row(i/f.n, i%f.n), value(i)
			if r.rows[at] >= 0 && r.rows[at] != x {
				continue next
			}
			r.rows[at] = x
		}
		rules = append(rules, r)
	}
	return rules
}

// says returns whether 0 and whether 1 is possible for a pair by any of the rules.
func says(rules []rule, s, a int) (zero, one bool) {
	for i := range rules {
		switch rules[i].rows[rules[i].row(s, a)] {
		case 0:
			zero = true
		case 1:
			one = true
		default:
			return true, true
		}
	}
	return zero, one
}

// models is what all factored models allow that agree with the data: each next bit depends on at most k bits and the action, the reward
// on at most n bits of the state.
func (f *flute) models(has known, k int) []possible {
	p := make([]possible, len(has))
	parents := sets(f.bits, k)
	for j := range f.bits {
		rules := f.agreeing(parents, f.n, has, func(i int) int8 { return int8(f.next[i] >> j & 1) })
		for i := range p {
			if zero, one := says(rules, i/f.n, i%f.n); zero != one {
				p[i].mask |= 1 << j
				if one {
					p[i].bits |= 1 << j
				}
			}
		}
	}
	rules := f.agreeing(sets(f.bits, f.n), 1, has, func(i int) int8 { return int8(f.reward[i/f.n]) })
	for i := range p {
		zero, one := says(rules, i/f.n, i%f.n)
		if !zero {
			p[i].rLow = 1
		}
		if one {
			p[i].rHigh = 1
		}
	}
	return p
}

// draw marks m pairs, drawn one after the other with replacement: evenly over states and actions.
func (f *flute) draw(s *rng.Stream, has known, m int) {
	for range m {
		has[s.IntN(len(has))] = true
	}
}
