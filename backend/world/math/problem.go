package mathworld

import (
	"strconv"
	"strings"
)

const (
	variables  = "xyzuvw"
	maxOperand = 9
	askWord    = "ask"
	answerWord = "answer"
	stateWord  = "state"
	double     = 0 // as Operation.Add
)

// Operation is one step of a question: variable Target becomes variable Source plus Add, or twice Source where Add is 0. A whole
// operation is four words, for example "s4 y +3 x" for x = y + 3. Its work is six, "s4 y 28 +3 x 31": the same with both values.
type Operation struct{ Source, Add, Target int }

// apply returns the value that the operation makes of its source's, modulo the modulus.
func (o Operation) apply(v, modulus int) int {
	if o.Add == double {
		return 2 * v % modulus
	}
	return ((v+o.Add)%modulus + modulus) % modulus
}

// word names what is done to the source: +1 to +9, -1 to -9, *2.
func (o Operation) word() string {
	switch {
	case o.Add == double:
		return "*2"
	case o.Add > 0:
		return "+" + strconv.Itoa(o.Add)
	}
	return strconv.Itoa(o.Add)
}

func parseOperation(word string) (add int, ok bool) {
	if word == "*2" {
		return double, true
	}
	if len(word) != 2 || word[0] != '+' && word[0] != '-' || word[1] < '1' || word[1] > '0'+maxOperand {
		return 0, false
	}
	add = int(word[1] - '0')
	if word[0] == '-' {
		add = -add
	}
	return add, true
}

// Problem is one question of running-arithmetic. N operations, L variables.
type Problem struct {
	Modulus int
	Start   []int       // [L] values at the start
	Ops     []Operation // [N]
	Asked   int         // variable whose value at the end is the answer
	// First is the number of the first step. It is drawn, so that a model has met all numbers when it meets a question longer than
	// those it was trained on; the step a work has reached must be carried along like any value.
	First int
}

// Question writes the problem: start values, then each operation behind its number, then what is asked. 2L + 4N + 2 words.
func (p *Problem) Question() string {
	var b strings.Builder
	b.Grow(8*len(p.Start) + 14*len(p.Ops) + 8)
	for v, value := range p.Start {
		if v > 0 {
			b.WriteByte(' ')
		}
		writeValue(&b, v, value)
	}
	b.WriteByte('\n')
	for i, o := range p.Ops {
		p.writeOperation(&b, i, o)
		b.WriteByte('\n')
	}
	b.WriteString(askWord + " ")
	b.WriteByte(variables[p.Asked])
	return b.String()
}

func writeValue(b *strings.Builder, v, value int) {
	b.WriteByte(variables[v])
	b.WriteByte(' ')
	b.WriteString(strconv.Itoa(value))
}

func (p *Problem) writeNumber(b *strings.Builder, i int) {
	b.WriteByte('s')
	b.WriteString(strconv.Itoa(p.First + i))
	b.WriteByte(' ')
}

func (p *Problem) writeOperation(b *strings.Builder, i int, o Operation) {
	p.writeNumber(b, i)
	b.WriteByte(variables[o.Source])
	b.WriteByte(' ')
	b.WriteString(o.word())
	b.WriteByte(' ')
	b.WriteByte(variables[o.Target])
}

// Values returns the true values [L] after the first done operations, 0 <= done <= N.
func (p *Problem) Values(done int) []int {
	values := append([]int(nil), p.Start...)
	for _, o := range p.Ops[:done] {
		values[o.Target] = o.apply(values[o.Source], p.Modulus)
	}
	return values
}

// Answer is the asked variable's value at the end.
func (p *Problem) Answer() int { return p.Values(len(p.Ops))[p.Asked] }

// Live says of each variable [L] whether its value after the first done operations is still needed by somebody who carries out every
// operation that is left: one of these reads it before any overwrites it, or it is asked. This is the liveness of compilers; an
// operation counts even if its own result is never used.
func (p *Problem) Live(done int) []bool {
	live := make([]bool, len(p.Start))
	live[p.Asked] = true
	for i := len(p.Ops) - 1; i >= done; i-- {
		live[p.Ops[i].Target] = false
		live[p.Ops[i].Source] = true
	}
	return live
}

// Peak is the largest number of variables that are live at once.
func (p *Problem) Peak() int {
	peak := 0
	for done := range len(p.Ops) + 1 {
		peak = max(peak, count(p.Live(done)))
	}
	return peak
}

func count(flags []bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

// item is what the problem asks, without the numbers of its steps, so that renumbering makes no new item.
func (p *Problem) item() []byte {
	item := make([]byte, 0, 2*len(p.Start)+3*len(p.Ops)+3)
	item = append(item, byte(len(p.Start)), byte(p.Modulus), byte(p.Modulus>>8))
	for _, v := range p.Start {
		item = append(item, byte(v), byte(v>>8))
	}
	for _, o := range p.Ops {
		item = append(item, byte(o.Source), byte(o.Add), byte(o.Target))
	}
	return append(item, byte(p.Asked))
}
