package stats

import (
	"math"
	"slices"
	"strings"
)

// metricCall reads metric[, metric], arm[, case] and the numbers that the function takes.
func (p *parser) metricCall(fn string) (node, error) {
	n := metricCall{fn: fn}
	wanted := 1
	if fn == "corr" || fn == "rank-corr" {
		wanted = 2
	}
	for range wanted {
		m, err := p.name("metric", p.known.Metrics)
		if err != nil {
			return nil, err
		}
		n.metrics = append(n.metrics, m)
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
	var err error
	if n.arm, err = p.name("arm", p.known.Arms); err != nil {
		return nil, err
	}
	if err = p.caseArgument(&n); err != nil {
		return nil, err
	}
	return p.numbersOf(n)
}

// name takes a name that must be among the legal ones.
func (p *parser) name(what string, legal []string) (string, error) {
	t := p.take()
	if t.kind != tokName {
		err := syntax(t.at, t.text, nil, "%s is unexpected, want %s: %s", t.shown(), what, strings.Join(legal, ", "))
		err.Err = &SyntaxError{Offset: t.at, Value: clip(t.text), Legal: legal}
		return "", err
	}
	if !slices.Contains(legal, t.text) {
		return "", unknownName(t, what, legal)
	}
	return t.text, nil
}

func unknownName(t token, what string, legal []string) error {
	if len(legal) == 0 {
		return syntax(t.at, t.text, nil, "the %s %q is unknown: this notebook has none", what, t.text)
	}
	return syntax(t.at, t.text, legal, "the %s %q is unknown", what, t.text)
}

// caseArgument takes the name of a case where one follows, and finds the cases it stands for.
func (p *parser) caseArgument(n *metricCall) error {
	n.cases = p.known.Cases
	if len(n.cases) == 0 {
		n.cases = []string{""}
	}
	if p.peek().text != "," || p.tokens[min(p.at+1, len(p.tokens)-1)].kind != tokName {
		return nil
	}
	if after := p.tokens[min(p.at+2, len(p.tokens)-1)]; n.fn == "steps-to" && after.kind == tokMark && after.text == "(" {
		return nil // the threshold begins with a function
	}
	p.take()
	t := p.take()
	n.caseName = t.text
	if n.cases = casesOf(t.text, p.known.Cases); len(n.cases) == 0 {
		return unknownName(t, "case", withParts(p.known.Cases))
	}
	return nil
}

// casesOf returns the case of that name or, where there is none, all cases that have every part of it.
func casesOf(name string, all []string) []string {
	if slices.Contains(all, name) {
		return []string{name}
	}
	var out []string
	for _, c := range all {
		has := strings.Split(c, "+")
		if !slices.ContainsFunc(strings.Split(name, "+"), func(part string) bool { return !slices.Contains(has, part) }) {
			out = append(out, c)
		}
	}
	return out
}

// withParts lists the cases and then their parts, where they have several.
func withParts(cases []string) []string {
	out := slices.Clone(cases)
	for _, c := range cases {
		for part := range strings.SplitSeq(c, "+") {
			if !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	return out
}

// numbersOf takes what the function wants after arm and case.
func (p *parser) numbersOf(n metricCall) (node, error) {
	switch n.fn {
	case "last", "first":
		return n, nil
	case "at":
		return p.numbers(n, 1)
	case "steps-to":
		return p.threshold(n)
	}
	if p.peek().text != "," { // mean, highest, lowest, slope, corr, rank-corr: the range may be left out
		return n, nil
	}
	from := p.tokens[min(p.at+1, len(p.tokens)-1)]
	call, err := p.numbers(n, 2)
	if err != nil {
		return nil, err
	}
	if m := call.(metricCall); m.nums[0] > m.nums[1] {
		return nil, syntax(from.at, from.text, nil, "the range begins at %v and ends at %v, want it to rise", m.nums[0], m.nums[1])
	}
	return call, nil
}

// numbers takes so many plain numbers.
func (p *parser) numbers(n metricCall, many int) (node, error) {
	for range many {
		if err := p.expect(","); err != nil {
			return nil, err
		}
		sign := 1.0
		if p.mark("-") != "" {
			sign = -1
		}
		t := p.take()
		if t.kind != tokNumber {
			return nil, unexpected(t, "a number")
		}
		n.nums = append(n.nums, math.Copysign(t.num, sign)+0) // + 0: minus zero prints as zero
	}
	return n, nil
}

func (p *parser) threshold(n metricCall) (node, error) {
	if err := p.expect(","); err != nil {
		return nil, err
	}
	n.falling = p.mark(">=", "<=") == "<="
	var err error
	n.threshold, err = p.sum()
	return n, err
}
