package mathworld

import (
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// LargestValue bounds every number of a word problem and of its work, from 0 on: each is one token.
const LargestValue = 199

// ResponseTokens is the most words of a response that a model is allowed; the longest right one has 22.
const ResponseTokens = 32

// Equation is one step of the work: Left Sign Right = Value.
type Equation struct {
	Left  int
	Sign  byte // + - *
	Right int
	Value int
}

// result is what the left side comes to.
func (e Equation) result() int {
	switch e.Sign {
	case '+':
		return e.Left + e.Right
	case '-':
		return e.Left - e.Right
	}
	return e.Left * e.Right
}

// WordProblem is one story with its right work.
type WordProblem struct {
	Family    string
	Question  string
	Equations []Equation
	template  template
	numbers   [4]int
}

// Answer is the value of the last equation.
func (p *WordProblem) Answer() int { return p.Equations[len(p.Equations)-1].Value }

// Slips of word problems: what a corrupted step of a trace does.
const (
	SlipValue     = "value"     // the right operation, with a result that is off by 1 to 9
	SlipOperation = "operation" // another operation, done rightly: a wrong decision in correct words
)

// WordTraceKnobs are the mixture of written responses from which a model starts.
type WordTraceKnobs struct {
	Corrupt float64 // share of responses with one corrupted step; the format stays right and later equations go on from it
	Slip    string  // SlipValue or SlipOperation; "" takes either with equal chance
}

// WordMixture is the one of the sheet: a corrupted step in 30 % of all responses.
func WordMixture() WordTraceKnobs { return WordTraceKnobs{Corrupt: 0.3} }

// Validate checks the bounds.
func (k *WordTraceKnobs) Validate() error {
	if err := within(WordProblems, "corrupt", k.Corrupt, 0, 1); err != nil {
		return err
	}
	if legal := []string{"", SlipValue, SlipOperation}; !slices.Contains(legal, k.Slip) {
		return lab.Errorf(lab.Invalid, "%s: knob slip is %q, want one of %q", WordProblems, k.Slip, legal[1:]).
			WithHint("set slip to one of %q", legal[1:])
	}
	return nil
}

// WordTrace is a word problem with a written response of stated quality.
type WordTrace struct {
	*WordProblem
	Response  string
	Corrupted int  // step that was corrupted, from 0; -1 for none
	Right     bool // the answer is right, which it can be by luck after a corrupted step
}

// Trace writes a response; the seed decides whether and where it goes wrong. The knobs are taken as valid.
func (p *WordProblem) Trace(seed uint64, k WordTraceKnobs) WordTrace {
	d := dice{key: seed ^ workKey<<32}
	t := WordTrace{WordProblem: p, Corrupted: -1}
	equations := p.Equations
	if d.chance(k.Corrupt) {
		t.Corrupted = d.below(len(equations))
		equations = p.corrupt(&d, t.Corrupted, k.Slip)
	}
	t.Response = respond(equations)
	t.Right = equations[len(equations)-1].Value == p.Answer()
	return t
}

// corrupt returns the work with one wrong step, all of its values within bounds. It tries until it finds one, which it does: a value
// off by one is always among the choices of some try, and the other way of slipping is taken where one has no choice.
func (p *WordProblem) corrupt(d *dice, at int, slip string) []Equation {
	for try := 0; ; try++ {
		kind := slip
		if kind == "" || try >= 32 {
			kind = []string{SlipValue, SlipOperation}[d.below(2)]
		}
		if equations, ok := p.slip(d, at, kind); ok {
			return equations
		}
	}
}

// slip works the problem out with step at gone wrong; false where that leaves the bounds or is no mistake.
func (p *WordProblem) slip(d *dice, at int, kind string) ([]Equation, bool) {
	equations := make([]Equation, 0, len(p.template.steps))
	for i, step := range p.template.steps {
		e := Equation{Left: operand(step[0], p.numbers, equations), Sign: step[1], Right: operand(step[2], p.numbers, equations)}
		right := e.result()
		e.Value = right
		if i == at {
			e = e.wrong(d, kind)
		}
		if e.Value < 0 || e.Value > LargestValue || i == at && e.Value == right {
			return nil, false
		}
		equations = append(equations, e)
	}
	return equations, true
}

func (e Equation) wrong(d *dice, kind string) Equation {
	if kind == SlipOperation {
		const signs = "+-*"
		e.Sign = signs[d.other(len(signs), strings.IndexByte(signs, e.Sign))]
		e.Value = e.result()
		return e
	}
	e.Value += d.between(1, 9) * (2*d.below(2) - 1)
	return e
}

// Tags of a response.
const (
	openThink   = "<think>"
	closeThink  = "</think>"
	openAnswer  = "<answer>"
	closeAnswer = "</answer>"
	between     = ";" // equations
)

func respond(equations []Equation) string {
	var b strings.Builder
	b.Grow(96)
	b.WriteString(openThink)
	for i, e := range equations {
		if i > 0 {
			b.WriteString(" " + between)
		}
		b.WriteByte(' ')
		b.WriteString(numeral(e.Left))
		b.WriteByte(' ')
		b.WriteByte(e.Sign)
		b.WriteByte(' ')
		b.WriteString(numeral(e.Right))
		b.WriteString(" = ")
		b.WriteString(numeral(e.Value))
	}
	b.WriteString(" " + closeThink + " " + openAnswer + " ")
	b.WriteString(numeral(equations[len(equations)-1].Value))
	b.WriteString(" " + closeAnswer)
	return b.String()
}

func numeral(n int) string { return strconv.Itoa(n) }
