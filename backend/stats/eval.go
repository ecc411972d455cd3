package stats

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Source gives the raw points of one metric of one run, x rising. ok is false when the run has none. NaN is a gap.
type Source interface {
	Values(metric, arm, kase string, seed uint64) (xs []int64, ys []float64, ok bool)
}

// SeedValue is what an expression comes to for one seed.
type SeedValue struct {
	Seed  uint64    `json:"seed"`
	Value lab.Float `json:"value"` // NaN where it cannot be evaluated
	Note  string    `json:"note"`  // why it cannot, or what the reader must know; else ""
}

// PerSeed holds one value a seed, in the order of the seeds.
type PerSeed []SeedValue

// Values returns the numbers alone, NaN where one is missing.
func (p PerSeed) Values() []float64 {
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = float64(v.Value)
	}
	return out
}

// Evaluate works the expression out for every seed. A seed without the data it needs is NaN with the reason in its note.
func Evaluate(expr Expr, src Source, seeds []uint64) PerSeed {
	out := make(PerSeed, len(seeds))
	col := expr.root.eval(src, seeds)
	for i, seed := range seeds {
		out[i] = SeedValue{Seed: seed, Value: lab.Float(col.values[i]), Note: col.notes[i]}
	}
	return out
}

// column is one value a seed; a missing one is NaN and its note says why. A value that is there may have a note too.
type column struct {
	values []float64
	notes  []string
}

func newColumn(n int) column { return column{values: make([]float64, n), notes: make([]string, n)} }

// miss marks a seed as missing.
func (c column) miss(i int, format string, args ...any) {
	c.values[i], c.notes[i] = math.NaN(), fmt.Sprintf(format, args...)
}

// combine applies f to the values of every seed. Where one of them is missing so is the result, with that one's note; else notes are
// collected. f returns NaN or an infinity for what has no value, which the reason explains.
func combine(seeds int, cols []column, reason string, f func(args []float64) float64) column {
	out := newColumn(seeds)
	args := make([]float64, len(cols))
	for i := range seeds {
		missing := -1
		for k, c := range cols {
			if args[k] = c.values[i]; math.IsNaN(args[k]) && missing < 0 {
				missing = k
			}
		}
		if missing >= 0 {
			out.miss(i, "%s", cols[missing].notes[i])
			continue
		}
		out.notes[i] = join(cols, i)
		if out.values[i] = f(args); math.IsNaN(out.values[i]) || math.IsInf(out.values[i], 0) {
			out.miss(i, "%s", reason)
		}
	}
	return out
}

// join puts the notes of a seed together, each once.
func join(cols []column, i int) string {
	var notes []string
	for _, c := range cols {
		if c.notes[i] != "" && !slices.Contains(notes, c.notes[i]) {
			notes = append(notes, c.notes[i])
		}
	}
	return strings.Join(notes, "; ")
}

func columns(nodes []node, src Source, seeds []uint64) []column {
	out := make([]column, len(nodes))
	for i, n := range nodes {
		out[i] = n.eval(src, seeds)
	}
	return out
}

func (n number) eval(_ Source, seeds []uint64) column {
	c := newColumn(len(seeds))
	for i := range c.values {
		c.values[i] = float64(n)
	}
	return c
}

func (n negation) eval(src Source, seeds []uint64) column {
	return combine(len(seeds), []column{n.x.eval(src, seeds)}, "", func(a []float64) float64 { return -a[0] })
}

func (n binary) eval(src Source, seeds []uint64) column {
	cols := columns([]node{n.a, n.b}, src, seeds)
	switch n.op {
	case "+":
		return combine(len(seeds), cols, "the sum is too large", func(a []float64) float64 { return a[0] + a[1] })
	case "-":
		return combine(len(seeds), cols, "the difference is too large", func(a []float64) float64 { return a[0] - a[1] })
	case "*":
		return combine(len(seeds), cols, "the product is too large", func(a []float64) float64 { return a[0] * a[1] })
	}
	return combine(len(seeds), cols, "divides by zero", func(a []float64) float64 { return a[0] / a[1] })
}

func (n condition) eval(src Source, seeds []uint64) column {
	return combine(len(seeds), columns([]node{n.a, n.b}, src, seeds), "", func(a []float64) float64 {
		if holds(n.op, a[0], a[1]) {
			return 1
		}
		return 0
	})
}

func holds(op string, a, b float64) bool {
	switch op {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return a == b
}

func (n scalarCall) eval(src Source, seeds []uint64) column {
	cols, many := columns(n.args, src, seeds), len(seeds)
	switch n.fn {
	case "min":
		return combine(many, cols, "", func(a []float64) float64 { return slices.Min(a) })
	case "max":
		return combine(many, cols, "", func(a []float64) float64 { return slices.Max(a) })
	case "mean":
		return combine(many, cols, "the mean is too large", mean)
	case "abs":
		return combine(many, cols, "", func(a []float64) float64 { return math.Abs(a[0]) })
	case "log":
		return combine(many, cols, "logarithm of a number that is not positive", func(a []float64) float64 { return math.Log(a[0]) })
	case "sqrt":
		return combine(many, cols, "root of a negative number", func(a []float64) float64 { return math.Sqrt(a[0]) })
	case "count":
		return combine(many, cols, "", sumOf)
	case "if":
		return choose(many, cols)
	}
	return spread(cols[0])
}

func sumOf(a []float64) float64 {
	sum := 0.0
	for _, v := range a {
		sum += v
	}
	return sum
}

// choose takes, seed by seed, the second column where the first is 1 and the third where it is 0; the other one may be missing.
func choose(many int, cols []column) column {
	out := newColumn(many)
	for i := range many {
		from := cols[0]
		switch from.values[i] {
		case 1:
			from = cols[1]
		case 0:
			from = cols[2]
		}
		out.values[i], out.notes[i] = from.values[i], from.notes[i]
	}
	return out
}

// spread is the distance of every value from the median of those that are there.
func spread(c column) column {
	sorted := present(c.values)
	slices.Sort(sorted)
	return combine(len(c.values), []column{c}, "", func(a []float64) float64 { return math.Abs(a[0] - quantile(sorted, 0.5)) })
}

func (n listCall) eval(src Source, seeds []uint64) column {
	cols := append(columns(n.xs, src, seeds), columns(n.ys, src, seeds)...)
	return combine(len(seeds), cols, "no spread in the list", func(a []float64) float64 {
		return relate(n.fn, a[:len(n.xs)], a[len(n.xs):])
	})
}

func relate(fn string, xs, ys []float64) float64 {
	switch fn {
	case "slope":
		return Slope(xs, ys)
	case "corr":
		return Corr(xs, ys)
	}
	return RankCorr(xs, ys)
}
