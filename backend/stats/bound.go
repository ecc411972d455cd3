package stats

import (
	"math"
	"strconv"
	"strings"
)

// Bound is what a claim says of the mean of its expression: at least, at most, more than, less than, or within a range.
// The zero value is "= 0".
type Bound struct {
	Low, High             float64 // -Inf and +Inf where there is none
	LowStrict, HighStrict bool    // the bound itself does not count
	text                  string
}

// ParseBound reads ">= 0.10", "<= x", "> x", "< x", "a..b" (both ends count) or "= x". Errors are as those of ParseExpr.
func ParseBound(text string) (Bound, error) {
	body := strings.TrimSpace(text)
	b := Bound{Low: math.Inf(-1), High: math.Inf(1), text: body}
	if from, to, ok := strings.Cut(body, ".."); ok {
		var err error
		if b.Low, err = boundNumber(text, from); err == nil {
			b.High, err = boundNumber(text, to)
		}
		if err == nil && b.Low > b.High {
			err = syntax(0, body, nil, "the range %q begins above its end", clip(body))
		}
		return b, err
	}
	for _, op := range []string{">=", "<=", ">", "<", "="} {
		rest, ok := strings.CutPrefix(body, op)
		if !ok {
			continue
		}
		x, err := boundNumber(text, rest)
		b.LowStrict, b.HighStrict = op == ">", op == "<"
		if op[0] != '<' {
			b.Low = x
		}
		if op[0] != '>' {
			b.High = x
		}
		return b, err
	}
	legal := []string{`">= x"`, `"<= x"`, `"> x"`, `"< x"`, `"= x"`, `"a..b"`}
	err := syntax(0, body, nil, "the bound %q cannot be read, want one of %s", clip(body), strings.Join(legal, ", "))
	err.Err = &SyntaxError{Value: clip(body), Legal: legal}
	return Bound{}, err
}

func boundNumber(whole, part string) (float64, error) {
	trimmed := strings.TrimSpace(part)
	x, err := strconv.ParseFloat(trimmed, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || strings.ContainsAny(trimmed, "xXpP_") {
		return 0, syntax(max(0, strings.Index(whole, trimmed)), trimmed, nil, "%q is no number that can bound a claim", clip(trimmed)).
			WithHint(`write for example ">= 0.10" or "-0.05..0.05"`)
	}
	return x, nil
}

// String is the bound as it was written; one made by hand prints as ParseBound reads it.
func (b Bound) String() string {
	num := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	switch {
	case b.text != "":
		return b.text
	case b.Low == b.High:
		return "= " + num(b.Low)
	case math.IsInf(b.High, 1) && b.LowStrict:
		return "> " + num(b.Low)
	case math.IsInf(b.High, 1):
		return ">= " + num(b.Low)
	case math.IsInf(b.Low, -1) && b.HighStrict:
		return "< " + num(b.High)
	case math.IsInf(b.Low, -1):
		return "<= " + num(b.High)
	}
	return num(b.Low) + ".." + num(b.High)
}

// slack keeps the rounding of the arithmetic from deciding: 0.3 - 0.2 is at least 0.1.
func slack(x float64) float64 { return 1e-12 * max(1, math.Abs(x)) }

// above says whether x lies on the right side of the lower bound, below whether on that of the upper one.
func (b Bound) above(x float64) bool {
	if b.LowStrict {
		return x > b.Low+slack(b.Low)
	}
	return math.IsInf(b.Low, -1) || x >= b.Low-slack(b.Low)
}

func (b Bound) below(x float64) bool {
	if b.HighStrict {
		return x < b.High-slack(b.High)
	}
	return math.IsInf(b.High, 1) || x <= b.High+slack(b.High)
}

// Holds says whether a value satisfies the bound.
func (b Bound) Holds(x float64) bool { return b.above(x) && b.below(x) }

// edge returns the end of the bound that lies nearest to x.
func (b Bound) edge(x float64) float64 {
	if math.Abs(x-b.Low) <= math.Abs(x-b.High) {
		return b.Low
	}
	return b.High
}
