package stats

import (
	"slices"
	"strconv"
	"strings"
)

// Expr is a parsed expression over metrics of arms and cases. The language, in which a claim is written and a test holds this text:
//
//   - - * /  ( )  numbers                      as usual; a minus between operands may stand without spaces, since a bare name is no operand
//     last(metric, arm)                          value at the last recorded x
//     last(metric, arm, case)                    in one case; without it, the mean over all cases of the notebook
//     first highest lowest                       as last: first, greatest, least recorded value
//     at(metric, arm[, case], x)                 value at the last x recorded up to x; missing where the run ends before x
//     mean(metric, arm[, case][, from, to])      mean of the recorded values, of those with from <= x <= to
//     slope(metric, arm[, case][, from, to])     slope of the least-squares line, for one unit of x
//     corr(metric, metric, arm[, case][, from, to])       Pearson's correlation over the x at which both are recorded
//     rank-corr(...)                             Spearman's, written likewise
//     steps-to(metric, arm[, case], 0.9)         first x at which the metric is at least 0.9 (or "<= 0.1": at most); a run that never gets there
//     counts with its last x, a lower bound, and is noted. The threshold may be an expression
//     min(e, ...) max(e, ...) mean(e, ...)       of expressions;  abs(e) log(e) sqrt(e)
//     slope([x, ...], [y, ...]) corr rank-corr   of two lists of expressions
//     count(e < e, ...)                          how many of the conditions hold;  < <= > >= =
//     if(e < e, a, b)                            a where the condition holds, else b
//     spread(e)                                  distance of the seed's value from the median over seeds (Brown and Forsythe, JASA 69, 1974)
//
// A case is named as the notebook does. Cases of crossed groups are joined by "+" (n5+l10); a case argument that names only some of the
// groups (n5) takes the mean over the cases that have all its parts. Names are letters, digits and _ with . - + / inside; others stand
// in single quotes. Missing values, NaN and infinities make the whole expression missing for that seed, never zero.
type Expr struct{ root node }

// String prints the expression; it parses back to an equal one.
func (e Expr) String() string {
	if e.root == nil {
		return ""
	}
	var b strings.Builder
	e.root.print(&b)
	return b.String()
}

// Read names one series that an expression reads.
type Read struct {
	Metric string `json:"metric"`
	Arm    string `json:"arm"`
	Case   string `json:"case"` // "" where the notebook has no cases
}

// Reads lists what the expression reads, sorted, each once.
func (e Expr) Reads() []Read {
	var out []Read
	if e.root != nil {
		e.root.reads(func(r Read) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		})
	}
	slices.SortFunc(out, func(a, b Read) int {
		return strings.Compare(a.Metric+"\x00"+a.Arm+"\x00"+a.Case, b.Metric+"\x00"+b.Arm+"\x00"+b.Case)
	})
	return out
}

// node is one piece of an expression. eval gives one value a seed.
type node interface {
	print(b *strings.Builder)
	reads(visit func(Read))
	eval(src Source, seeds []uint64) column
}

type (
	number float64
	// negation is -x.
	negation struct{ x node }
	// binary is a op b, op one of + - * /.
	binary struct {
		op   string
		a, b node
	}
	// condition is a op b, op one of < <= > >= =. It is 1 or 0 a seed and stands only in count and if.
	condition struct {
		op   string
		a, b node
	}
	// scalarCall is a function of expressions.
	scalarCall struct {
		fn   string
		args []node
	}
	// listCall is a function of two lists of equal length.
	listCall struct {
		fn     string
		xs, ys []node
	}
	// metricCall is a function of a recorded metric.
	metricCall struct {
		fn        string
		metrics   []string // one, or two for correlations
		arm       string
		caseName  string   // as written, "" when left out
		cases     []string // what it stands for, at least one
		nums      []float64
		falling   bool // of steps-to
		threshold node // of steps-to, else nil
	}
)

func (n number) print(b *strings.Builder) { b.WriteString(formatNumber(float64(n))) }

func formatNumber(v float64) string {
	if v != 0 && (v < 1e-4 || v >= 1e15) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (n negation) print(b *strings.Builder) {
	b.WriteByte('-')
	printWithin(b, n.x, precedence(n.x) > 0)
}

func (n binary) print(b *strings.Builder) {
	own := precedence(n)
	left, right := precedence(n.a), precedence(n.b)
	printWithin(b, n.a, left > 0 && left < own)
	b.WriteString(" " + n.op + " ")
	printWithin(b, n.b, right > 0 && right <= own)
}

func (n condition) print(b *strings.Builder) {
	n.a.print(b)
	b.WriteString(" " + n.op + " ")
	n.b.print(b)
}

// precedence is 1 for sums, 2 for products, 0 for what never needs parentheses.
func precedence(n node) int {
	switch b, _ := n.(binary); b.op {
	case "+", "-":
		return 1
	case "*", "/":
		return 2
	}
	return 0
}

func printWithin(b *strings.Builder, n node, parentheses bool) {
	if !parentheses {
		n.print(b)
		return
	}
	b.WriteByte('(')
	n.print(b)
	b.WriteByte(')')
}

func (n scalarCall) print(b *strings.Builder) {
	b.WriteString(n.fn + "(")
	printAll(b, n.args)
	b.WriteByte(')')
}

func (n listCall) print(b *strings.Builder) {
	b.WriteString(n.fn + "([")
	printAll(b, n.xs)
	b.WriteString("], [")
	printAll(b, n.ys)
	b.WriteString("])")
}

func printAll(b *strings.Builder, args []node) {
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		a.print(b)
	}
}

func (n metricCall) print(b *strings.Builder) {
	b.WriteString(n.fn + "(")
	for _, m := range n.metrics {
		b.WriteString(quoteName(m) + ", ")
	}
	b.WriteString(quoteName(n.arm))
	if n.caseName != "" {
		b.WriteString(", " + quoteName(n.caseName))
	}
	for _, v := range n.nums {
		b.WriteString(", ")
		if v < 0 {
			b.WriteByte('-')
		}
		number(max(v, -v)).print(b)
	}
	if n.threshold != nil {
		b.WriteString(", ")
		if n.falling {
			b.WriteString("<= ")
		}
		n.threshold.print(b)
	}
	b.WriteByte(')')
}

func (number) reads(func(Read))            {}
func (n negation) reads(visit func(Read))  { n.x.reads(visit) }
func (n binary) reads(visit func(Read))    { n.a.reads(visit); n.b.reads(visit) }
func (n condition) reads(visit func(Read)) { n.a.reads(visit); n.b.reads(visit) }

func (n scalarCall) reads(visit func(Read)) {
	for _, a := range n.args {
		a.reads(visit)
	}
}

func (n listCall) reads(visit func(Read)) {
	for i := range n.xs {
		n.xs[i].reads(visit)
		n.ys[i].reads(visit)
	}
}

func (n metricCall) reads(visit func(Read)) {
	for _, m := range n.metrics {
		for _, c := range n.cases {
			visit(Read{Metric: m, Arm: n.arm, Case: c})
		}
	}
	if n.threshold != nil {
		n.threshold.reads(visit)
	}
}
