package history

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// NeverRead counts the entries of a list that were not used before a moment.
func (b *Bank) NeverRead(all []Standing, moment int) int {
	n := 0
	for _, s := range all {
		if used, _ := b.slots[s.slot].readCounts(moment); used == 0 {
			n++
		}
	}
	return n
}

// Group is a part of a bank.
type Group struct {
	Name   string
	Filter string // that shows it
	Count  int
	Tokens int
}

// Groups divides entries by "type", "age", "use" or a number of theirs, in at most eight parts.
func (b *Bank) Groups(all []Standing, by string, moment int) ([]Group, error) {
	switch by {
	case "type":
		return b.byType(all), nil
	case "use":
		return b.bands(all, "used", []float64{0, 1, 3, 10, 30, 100}, func(s Standing) float64 { return b.countOf("used", s, moment) }), nil
	case "age":
		edges := []float64{0}
		for _, share := range []float64{0.05, 0.2, 0.5} {
			edges = append(edges, math.Round(share*float64(moment)))
		}
		return b.bands(all, "age", edges, func(s Standing) float64 { return b.countOf("age", s, moment) }), nil
	case "value":
		by = b.Main()
	}
	column, ok := b.column(strings.ToLower(by))
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "groups by %q are unknown, want one of type, age, use, value or %q", by, b.numbers).WithHint("choose one of them")
	}
	value := func(s Standing) float64 {
		x, ok := b.slots[s.slot].versions[s.version].number(column)
		if !ok {
			return math.NaN()
		}
		return x
	}
	return b.bands(all, b.numbers[column], b.quarters(all, value), value), nil
}

func (b *Bank) byType(all []Standing) []Group {
	at, out := map[string]int{}, []Group{}
	for _, s := range all {
		v := &b.slots[s.slot].versions[s.version]
		i, ok := at[v.kind]
		if !ok {
			i = len(out)
			at[v.kind] = i
			out = append(out, Group{Name: v.kind, Filter: "type:" + v.kind})
		}
		out[i].Count++
		out[i].Tokens += int(v.tokens)
	}
	slices.SortStableFunc(out, func(x, y Group) int { return cmp.Compare(y.Count, x.Count) })
	return out[:min(len(out), 8)]
}

// quarters are edges that divide the values into four parts of about the same size.
func (b *Bank) quarters(all []Standing, value func(Standing) float64) []float64 {
	xs := []float64{}
	for _, s := range all {
		if x := value(s); x == x && !math.IsInf(x, 0) {
			xs = append(xs, x)
		}
	}
	slices.Sort(xs)
	edges := []float64{}
	for i := range 4 {
		if len(xs) > 0 {
			edges = append(edges, xs[i*len(xs)/4])
		}
	}
	return slices.Compact(edges)
}

// bands are the parts between edges; the last one is open. The edges are legal in a filter as they stand.
func (b *Bank) bands(all []Standing, field string, edges []float64, value func(Standing) float64) []Group {
	out := []Group{}
	edges = slices.Compact(edges)
	for i, low := range edges {
		g := Group{Name: fmt.Sprintf("%s %.4g and more", field, low), Filter: fmt.Sprintf("%s>=%v", field, low)}
		high := math.Inf(1)
		if i+1 < len(edges) {
			high = edges[i+1]
			g.Name = fmt.Sprintf("%s %.4g to under %.4g", field, low, high)
			g.Filter += fmt.Sprintf(" %s<%v", field, high)
		}
		for _, s := range all {
			if x := value(s); x >= low && x < high {
				g.Count++
				g.Tokens += int(b.slots[s.slot].versions[s.version].tokens)
			}
		}
		if g.Count > 0 {
			out = append(out, g)
		}
	}
	return out
}
