package stats

import (
	"slices"
	"strings"
)

// Known holds the legal names of a notebook. Cases are the full names of the crossed cases, empty where there are none.
type Known struct {
	Metrics []string
	Arms    []string
	Cases   []string
}

// The legal functions, in the order in which an error lists them.
func functions() []string {
	return []string{"last", "first", "at", "mean", "highest", "lowest", "slope", "corr", "rank-corr", "steps-to",
		"min", "max", "abs", "log", "sqrt", "count", "if", "spread"}
}

// ParseExpr reads an expression. Errors are Invalid, say the byte, quote what stands there, list what may, and have a *SyntaxError as
// their cause.
func ParseExpr(text string, known Known) (Expr, error) {
	tokens, err := lex(text)
	if err != nil {
		return Expr{}, err
	}
	p := parser{tokens: tokens, known: known}
	root, err := p.sum()
	if err != nil {
		return Expr{}, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return Expr{}, unexpected(t, "+", "-", "*", "/", "the end")
	}
	return Expr{root: root}, nil
}

type parser struct {
	tokens []token
	at     int
	depth  int
	known  Known
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// mark takes the next token when it is one of the marks and says which; "" when it is none.
func (p *parser) mark(marks ...string) string {
	if t := p.peek(); t.kind == tokMark && slices.Contains(marks, t.text) {
		return p.take().text
	}
	return ""
}

func (p *parser) expect(mark string) error {
	if p.mark(mark) == "" {
		return unexpected(p.peek(), mark)
	}
	return nil
}

func unexpected(t token, legal ...string) error {
	err := syntax(t.at, t.text, nil, "%s is unexpected, want %s", t.shown(), strings.Join(legal, " or "))
	err.Err = &SyntaxError{Offset: t.at, Value: clip(t.text), Legal: legal}
	return err
}

// deeper keeps hostile nesting off the stack.
func (p *parser) deeper() error {
	if p.depth++; p.depth > deepest {
		return syntax(p.peek().at, p.peek().text, nil, "the expression is nested more than %d deep", deepest)
	}
	return nil
}

func (p *parser) sum() (node, error) { return p.chain(p.product, "+", "-") }

func (p *parser) product() (node, error) { return p.chain(p.factor, "*", "/") }

// chain reads operands joined by operators of one precedence, from the left.
func (p *parser) chain(operand func() (node, error), ops ...string) (node, error) {
	left, err := operand()
	for err == nil {
		op := p.mark(ops...)
		if op == "" {
			break
		}
		var right node
		if right, err = operand(); err == nil {
			left = binary{op: op, a: left, b: right}
		}
	}
	return left, err
}

func (p *parser) factor() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.kind == tokNumber:
		p.take()
		return number(t.num), nil
	case t.kind == tokName && !t.quoted:
		return p.call()
	case p.mark("-") != "":
		x, err := p.factor()
		return negation{x}, err
	case p.mark("(") != "":
		x, err := p.sum()
		if err == nil {
			err = p.expect(")")
		}
		return x, err
	default:
		return nil, unexpected(t, "a number", "a function", "(", "-")
	}
}

// call reads a function with its arguments. What begins with a bare name inside the parentheses speaks of a metric.
func (p *parser) call() (node, error) {
	name := p.take()
	if !slices.Contains(functions(), name.text) {
		return nil, p.unknownFunction(name)
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	n, err := p.arguments(name)
	if err != nil {
		return nil, err
	}
	return n, p.expect(")")
}

func (p *parser) unknownFunction(name token) error {
	if slices.Contains(p.known.Metrics, name.text) {
		return syntax(name.at, name.text, functions(), "the metric %q cannot stand alone", name.text).
			WithHint("write last(%s, ARM)", quoteName(name.text))
	}
	return syntax(name.at, name.text, functions(), "the function %q is unknown", name.text)
}

func (p *parser) arguments(name token) (node, error) {
	switch name.text {
	case "last", "first", "highest", "lowest", "at", "steps-to":
		return p.metricCall(name.text)
	case "abs", "log", "sqrt", "spread":
		x, err := p.sum()
		return scalarCall{fn: name.text, args: []node{x}}, err
	case "min", "max":
		return p.scalars(name.text)
	case "count":
		return p.count()
	case "if":
		return p.choice()
	}
	switch t, after := p.peek(), p.tokens[min(p.at+1, len(p.tokens)-1)]; { // mean, slope, corr, rank-corr
	case t.kind == tokName && (t.quoted || after.text != "(" || after.kind != tokMark):
		return p.metricCall(name.text)
	case name.text == "mean":
		return p.scalars("mean")
	case t.text == "[" && t.kind == tokMark:
		return p.lists(name)
	default:
		return nil, unexpected(t, "a metric", "[")
	}
}

func (p *parser) scalars(fn string) (node, error) {
	args, err := p.several(p.sum)
	return scalarCall{fn: fn, args: args}, err
}

func (p *parser) count() (node, error) {
	args, err := p.several(p.condition)
	return scalarCall{fn: "count", args: args}, err
}

// several reads one or more of a kind, joined by commas.
func (p *parser) several(one func() (node, error)) ([]node, error) {
	var out []node
	for {
		n, err := one()
		if err != nil {
			return nil, err
		}
		if out = append(out, n); p.mark(",") == "" {
			return out, nil
		}
	}
}

func (p *parser) condition() (node, error) {
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	op := p.mark("<", "<=", ">", ">=", "=")
	if op == "" {
		return nil, unexpected(p.peek(), "<", "<=", ">", ">=", "=")
	}
	b, err := p.sum()
	return condition{op: op, a: a, b: b}, err
}

func (p *parser) choice() (node, error) {
	test, err := p.condition()
	args := []node{test}
	for range 2 {
		if err == nil {
			err = p.expect(",")
		}
		if err == nil {
			var n node
			n, err = p.sum()
			args = append(args, n)
		}
	}
	return scalarCall{fn: "if", args: args}, err
}

func (p *parser) lists(name token) (node, error) {
	xs, err := p.list()
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	ys, err := p.list()
	if err == nil && (len(xs) != len(ys) || len(xs) < 2) {
		err = syntax(name.at, name.text, nil, "the lists of %s have %d and %d entries, want equally many, at least 2", name.text, len(xs), len(ys))
	}
	return listCall{fn: name.text, xs: xs, ys: ys}, err
}

func (p *parser) list() ([]node, error) {
	if err := p.expect("["); err != nil {
		return nil, err
	}
	out, err := p.several(p.sum)
	if err == nil {
		err = p.expect("]")
	}
	return out, err
}
