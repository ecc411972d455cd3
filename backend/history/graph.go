package history

import (
	"cmp"
	"math"
	"slices"
)

// Graph is a part of a bank as a picture of nodes and lines, laid out in the unit square.
type Graph struct {
	Nodes []Node
	Lines []Line
	Left  int // entries that stand and are not shown
}

// Node is an entry in the picture.
type Node struct {
	Standing
	Gone bool // it was merged into another or deleted, and stands here as a source
	X, Y float64
}

// The kinds of lines.
const (
	LineSource   = "source"   // From was made of To
	LineMerge    = "merge"    // To was merged into From
	LineTogether = "together" // both were read at once
)

// Line joins two nodes by their places in the list.
type Line struct {
	From, To int
	Kind     string
	Weight   int // times that both were read at once; 1 for the others
}

// mostLines bounds the lines of entries that were read together.
const mostLines = 600

// Graph takes the entries that belong together round a focus, or, without one, those of the list, the most used first, and lays them out.
// The layout hangs on nothing but the record and the moment.
func (b *Bank) Graph(all []Standing, focus *Standing, moment, most int) Graph {
	chosen := b.chosen(all, focus, moment, most)
	at := map[int32]int{}
	g := Graph{}
	for _, s := range chosen {
		at[s.slot] = len(g.Nodes)
		g.Nodes = append(g.Nodes, Node{Standing: s, Gone: b.slots[s.slot].at(clamp(moment)) < 0})
	}
	g.Lines = b.lines(chosen, at, moment)
	for _, s := range all {
		if _, ok := at[s.slot]; !ok {
			g.Left++
		}
	}
	g.layout()
	return g
}

func (b *Bank) chosen(all []Standing, focus *Standing, moment, most int) []Standing {
	if focus == nil {
		all = slices.Clone(all)
		uses := make(map[int32]int, len(all))
		for _, s := range all {
			uses[s.slot], _ = b.slots[s.slot].readCounts(moment)
		}
		slices.SortStableFunc(all, func(x, y Standing) int {
			return cmp.Or(cmp.Compare(uses[y.slot], uses[x.slot]), cmp.Compare(y.slot, x.slot))
		})
		return all[:min(len(all), most)]
	}
	seen, out := map[int32]bool{focus.slot: true}, []Standing{*focus}
	for i := 0; i < len(out) && len(out) < most; i++ {
		for _, s := range b.neighbours(out[i], moment, i == 0) {
			if !seen[s.slot] && len(out) < most {
				seen[s.slot] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// neighbours are parents, children and merged entries, and for the focus those that were read together with it: with theirs, everything
// would hang together.
func (b *Bank) neighbours(s Standing, moment int, focus bool) []Standing {
	parents, children, absorbed := b.Family(s, moment)
	out := slices.Concat(parents, children, absorbed)
	for slot := range b.together(s.slot, moment) {
		if !focus {
			break
		}
		if v := b.slots[slot].at(clamp(moment)); v >= 0 {
			out = append(out, Standing{slot, v})
		}
	}
	slices.SortFunc(out, func(x, y Standing) int { return cmp.Compare(x.slot, y.slot) })
	return out
}

// together counts with which entries one was read at once.
func (b *Bank) together(slot int32, moment int) map[int32]int {
	out := map[int32]int{}
	for _, r := range b.slots[slot].before(moment) {
		if !r.used {
			continue
		}
		for _, h := range b.run.events[r.event].hits {
			if h.used && h.slot >= 0 && h.slot != slot {
				out[h.slot]++
			}
		}
	}
	return out
}

func (b *Bank) lines(chosen []Standing, at map[int32]int, moment int) []Line {
	out, near := []Line{}, []Line{}
	for i, s := range chosen {
		for _, id := range b.slots[s.slot].versions[s.version].sources {
			if p, _, err := b.Find(id, moment); err == nil && p.slot != s.slot {
				if k, ok := at[p.slot]; ok {
					out = append(out, Line{i, k, LineSource, 1})
				}
			}
		}
		if into := b.slots[s.slot].into; into >= 0 {
			if k, ok := at[into]; ok {
				out = append(out, Line{k, i, LineMerge, 1})
			}
		}
		for slot, n := range b.together(s.slot, moment) {
			if k, ok := at[slot]; ok && k > i {
				near = append(near, Line{i, k, LineTogether, n})
			}
		}
	}
	slices.SortFunc(near, func(x, y Line) int {
		return cmp.Or(cmp.Compare(y.Weight, x.Weight), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	return append(out, near[:min(len(near), mostLines)]...)
}

// rounds of the layout: nodes push each other off and lines pull, less and less.
const rounds = 120

// layout places the nodes: springs after Fruchterman and Reingold (doi 10.1002/spe.4380211102), from a sunflower of their order, so that the
// same graph looks the same each time.
//
//	push(d) = k^2 / d between all nodes, pull(d) = d^2 / k along lines, k = sqrt(1/n); a step is at most the temperature, which falls to 0
func (g *Graph) layout() {
	n := len(g.Nodes)
	if n == 0 {
		return
	}
	xs, ys := make([]float64, n), make([]float64, n)
	for i := range n {
		r, a := math.Sqrt((float64(i)+0.5)/float64(n))/2, float64(i)*math.Pi*(3-math.Sqrt(5))
		xs[i], ys[i] = r*math.Cos(a), r*math.Sin(a)
	}
	k, ties := math.Sqrt(1/float64(n)), make([]float64, n)
	for _, l := range g.Lines {
		ties[l.From]++
		ties[l.To]++
	}
	for round := range rounds {
		g.relax(xs, ys, ties, k, 0.1*(1-float64(round)/rounds))
	}
	fit(xs)
	fit(ys)
	for i := range n {
		g.Nodes[i].X, g.Nodes[i].Y = xs[i], ys[i]
	}
}

func (g *Graph) relax(xs, ys, ties []float64, k, heat float64) {
	n := len(xs)
	dx, dy := make([]float64, n), make([]float64, n)
	for i := range n {
		dx[i], dy[i] = -xs[i]*2*k, -ys[i]*2*k // everything is drawn to the middle a little, so that parts do not drift away
		for j := range n {
			if i == j {
				continue
			}
			x, y := xs[i]-xs[j], ys[i]-ys[j]
			d2 := max(x*x+y*y, 1e-6)
			dx[i] += x * k * k / d2
			dy[i] += y * k * k / d2
		}
	}
	for _, l := range g.Lines {
		x, y := xs[l.From]-xs[l.To], ys[l.From]-ys[l.To]
		pull := math.Hypot(x, y) / k
		if l.Kind == LineTogether { // who was read with everybody is not at the centre of all for that
			pull *= 0.6 / max(ties[l.From], ties[l.To])
		}
		dx[l.From], dy[l.From] = dx[l.From]-x*pull, dy[l.From]-y*pull
		dx[l.To], dy[l.To] = dx[l.To]+x*pull, dy[l.To]+y*pull
	}
	for i := range n {
		d := math.Hypot(dx[i], dy[i])
		if d > 0 {
			step := min(d, heat) / d
			xs[i], ys[i] = xs[i]+dx[i]*step, ys[i]+dy[i]*step
		}
	}
}

// fit stretches numbers over [0,1]; equal ones lie in the middle.
func fit(xs []float64) {
	low, high := slices.Min(xs), slices.Max(xs)
	for i := range xs {
		if high > low {
			xs[i] = (xs[i] - low) / (high - low)
		} else {
			xs[i] = 0.5
		}
	}
}
