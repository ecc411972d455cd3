package mathworld

import (
	"slices"
	"strings"
)

// Border says what somebody knows who goes on from the question and the tail of a work alone, its last words: what happens at the
// border of two chunks of thinking (arXiv 2510.06557).
type Border struct {
	Done    int  // operations behind the work
	Live    int  // variables whose value a later step reads, or that are asked
	Stated  int  // of these: the value can be read in the tail, or in the question because no operation has changed the variable
	Pointer bool // the tail names the step that was reached
	// Restated is how many words before the border the last restating line ended that lies in the tail as a whole; -1 without one.
	Restated int
}

// Sufficient says that the tail and the question are enough to go on: the step and every live variable can be read.
func (b Border) Sufficient() bool { return b.Pointer && b.Stated == b.Live }

// Sufficient says whether a tail is enough to go on from work that ends with it.
func (p *Problem) Sufficient(work, tail string) bool {
	return p.Border(work, len(strings.Fields(tail))).Sufficient()
}

// Border looks at the border behind a work of which the last tail words are kept. Stated values are the work's own: whether they are
// true is the business of Check.
func (p *Problem) Border(work string, tail int) Border {
	whole := p.reader(work)
	b := Border{Restated: -1}
	kept := max(0, len(whole.words)-max(0, tail))
	for whole.next() {
		begin := whole.pos - 2 - 2*len(p.Start)
		if whole.kind == stateLine && begin >= kept {
			b.Restated = len(whole.words) - whole.pos
		}
	}
	b.Done = whole.done
	readable, pointer := p.readable(whole.words[kept:])
	b.Pointer = pointer
	for v, live := range p.Live(b.Done) {
		if !live {
			continue
		}
		b.Live++
		if readable[v] || !p.changed(v, b.Done) {
			b.Stated++
		}
	}
	return b
}

// readable says which variables [L] have a value in the words, and whether the number of a step stands there.
func (p *Problem) readable(words []string) (values []bool, pointer bool) {
	r := &reader{problem: p, words: words, values: make([]int, len(p.Start))}
	values = make([]bool, len(p.Start))
	for ; r.pos < len(words); r.pos++ {
		if number, ok := r.number(0); ok && p.index(number) >= 0 {
			pointer = true
		}
		v, isName := r.variable(0)
		if _, isValue := r.whole(1); isName && isValue {
			values[v] = true
		}
	}
	return values, pointer
}

// changed says whether one of the first done operations writes the variable.
func (p *Problem) changed(v, done int) bool {
	return slices.ContainsFunc(p.Ops[:done], func(o Operation) bool { return o.Target == v })
}
