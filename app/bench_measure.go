package app

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// measure is one number that a bench found: the median of its rounds.
type measure struct {
	Type    string    `json:"type"` // "measure"
	Bench   string    `json:"bench"`
	Name    string    `json:"name"`
	Value   float64   `json:"value"` // median of the rounds
	Unit    string    `json:"unit"`
	Rounds  []float64 `json:"rounds"`
	Limit   *limit    `json:"limit"` // null where nothing is demanded
	Met     *bool     `json:"met"`
	Kernel  string    `json:"kernel"`
	Threads int       `json:"threads"`
	Machine string    `json:"machine"`
	Others  *float64  `json:"others"`          // share of the cores that other programs took meanwhile; null where the system does not tell
	Note    string    `json:"note,omitempty"`  // what a reader must know: peer and version, form, what a share refers to
	Curve   []float64 `json:"curve,omitempty"` // of the last round: one number an update; with CurveSteps the mean of all rounds

	CurveSteps   []int     `json:"curve_steps,omitempty"`   // environment steps until the end of each update of Curve
	CurveSeconds []float64 `json:"curve_seconds,omitempty"` // and the median of the seconds until then
}

// limit is what is demanded of a measure.
type limit struct {
	Median float64  `json:"median"`
	AtMost bool     `json:"at_most"`         // false: at least
	Every  *float64 `json:"every,omitempty"` // demanded of every round
}

func atLeast(median float64) *limit { return &limit{Median: median} }
func atMost(median float64) *limit  { return &limit{Median: median, AtMost: true} }

// inEvery adds what every single round must reach.
func (l *limit) inEvery(v float64) *limit {
	l.Every = &v
	return l
}

func (l *limit) metBy(rounds []float64) bool {
	within := func(v, bound float64) bool { return v >= bound }
	if l.AtMost {
		within = func(v, bound float64) bool { return v <= bound }
	}
	if l.Every != nil && slices.ContainsFunc(rounds, func(v float64) bool { return !within(v, *l.Every) }) {
		return false
	}
	return within(median(rounds), l.Median)
}

func (l *limit) String() string {
	if l == nil {
		return ""
	}
	sign := ">= "
	if l.AtMost {
		sign = "<= "
	}
	text := sign + number(l.Median)
	if l.Every != nil {
		text += ", every round " + sign + number(*l.Every)
	}
	return text
}

// judge fills in median and verdict.
func (m *measure) judge() {
	m.Value = median(m.Rounds)
	if m.Limit != nil {
		met := m.Limit.metBy(m.Rounds)
		m.Met = &met
	}
}

// missed tells whether a limit is missed.
func missed(all []measure) bool {
	return slices.ContainsFunc(all, func(m measure) bool { return m.Met != nil && !*m.Met })
}

// median of at least one number; the mean of the middle two where their count is even. NaN where any is NaN.
func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if math.IsNaN(s[0]) { // sorted first
		return s[0]
	}
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// quantile returns the smallest number of sorted x [N], N >= 1, that at least the share q of them does not exceed.
func quantile[E any](sorted []E, q float64) E {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// ratios divides round by round.
func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}

// number writes a value with three or four digits that count, and large ones with thousands apart.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "none"
	case v == math.Trunc(v) && a < 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 1000:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append(parts, digits[len(digits)-3:])
		digits = digits[:len(digits)-3]
	}
	parts = append(parts, digits)
	slices.Reverse(parts)
	return sign + strings.Join(parts, ",")
}

// writeMeasures prints a table for people.
func writeMeasures(w io.Writer, all []measure) {
	if len(all) == 0 {
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"bench", "what", "median", "unit", "rounds", "threads", "limit", "met"})
	for i, m := range all {
		name := m.Bench
		if i > 0 && all[i-1].Bench == m.Bench {
			name = ""
		} else if i > 0 {
			t.AppendSeparator()
		}
		t.AppendRow(table.Row{name, m.Name, number(m.Value), m.Unit, spreadOf(m.Rounds), m.Threads, m.Limit.String(), verdict(m.Met)})
	}
	t.SetCaption("kernel %s; %s", all[0].Kernel, all[0].Machine)
	t.Render()
	writeCurves(w, all)
	writeNotes(w, all)
}

// busy is the share of the cores from which on other programs spoil a measure.
const busy = 0.05

// writeNotes prints each note once, below the table, and which benches were disturbed.
func writeNotes(w io.Writer, all []measure) {
	var seen []string
	for i, m := range all {
		if m.Others != nil && *m.Others > busy && (i == 0 || all[i-1].Bench != m.Bench) {
			fmt.Fprintf(w, "%s: other programs took %.0f %% of the cores meanwhile: measure again on a quiet computer\n", m.Bench, 100**m.Others)
		}
		if m.Note != "" && !slices.Contains(seen, m.Note) {
			seen = append(seen, m.Note)
			fmt.Fprintf(w, "%s: %s\n", m.Bench, m.Note)
		}
	}
}

// spreadOf shows the rounds: each where they are few, the range where they are many.
func spreadOf(rounds []float64) string {
	if len(rounds) == 1 {
		return ""
	}
	return number(slices.Min(rounds)) + " .. " + number(slices.Max(rounds))
}

func verdict(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "yes"
	}
	return "NO"
}
