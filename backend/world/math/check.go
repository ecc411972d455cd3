package mathworld

import (
	"strconv"
	"strings"
)

// Check is what a written work came to. A work that goes over chunks is checked as a whole: lines and the answer may straddle borders.
type Check struct {
	Answered bool
	Answer   int  // what stands behind the first answer marker, 0 without one
	Correct  bool // Answer is the right one

	Tokens   int // words of the work, End not counted
	Steps    int // lines of a step that could be read
	Sound    int // of these: the next operation, copied rightly, done rightly on the value that its source had by the lines before
	Right    int // of these: the value is the true one after that operation
	Restates int // restating lines that could be read and name every variable
	Faithful int // of these: all values and the step agree with what the work stated before
	Junk     int // words that belong to no line, and all words behind the answer
}

// Check reads a work. It never fails: what cannot be read counts as junk.
func (p *Problem) Check(work string) Check {
	var c Check
	about := false // the answer is about the variable that was asked
	r := p.reader(work)
	truth := p.trueValues()
	c.Tokens = len(r.words)
	for r.next() {
		switch r.kind {
		case stepLine:
			c.Steps++
			if r.sound {
				c.Sound++
			}
			if r.at >= 0 && r.line == p.Ops[r.at] && r.value == truth[r.at] {
				c.Right++
			}
		case stateLine:
			c.Restates++
			if r.sound {
				c.Faithful++
			}
		case answerLine:
			c.Answered, c.Answer, about = true, r.value, r.sound
			c.Junk += len(r.words) - r.pos
			r.pos = len(r.words)
		case junk:
			c.Junk++
		}
	}
	c.Correct = about && c.Answer == p.Answer()
	return c
}

// trueValues returns the value [N] that each operation makes.
func (p *Problem) trueValues() []int {
	values, made := append([]int(nil), p.Start...), make([]int, len(p.Ops))
	for i, o := range p.Ops {
		values[o.Target] = o.apply(values[o.Source], p.Modulus)
		made[i] = values[o.Target]
	}
	return made
}

type lineKind int

const (
	junk lineKind = iota
	stepLine
	stateLine
	answerLine
)

// reader goes through a work line by line, whatever stands between the words, and keeps what the work has stated so far.
type reader struct {
	problem *Problem
	words   []string
	pos     int   // next word
	done    int   // operations behind the work, by the last step that it named
	values  []int // [L] as stated last, from the start values on

	kind  lineKind
	at    int       // operation that the line names, 0..N-1; -1 where the question has no such step
	line  Operation // of a step
	value int       // of a step or an answer
	sound bool
}

func (p *Problem) reader(work string) *reader {
	words := strings.Fields(work)
	for len(words) > 0 && words[len(words)-1] == End {
		words = words[:len(words)-1]
	}
	return &reader{problem: p, words: words, values: append([]int(nil), p.Start...)}
}

// next reads the next line; false at the end.
func (r *reader) next() bool {
	if r.pos >= len(r.words) {
		return false
	}
	switch {
	case r.step():
		r.kind = stepLine
	case r.state():
		r.kind = stateLine
	case r.answer():
		r.kind = answerLine
	default:
		r.kind = junk
		r.pos++
	}
	return true
}

// step reads "s4 y 28 +3 x 31".
func (r *reader) step() bool {
	number, ok := r.number(0)
	source, isSource := r.variable(1)
	read, isRead := r.whole(2)
	add, isAdd := parseOperation(r.word(3))
	target, isTarget := r.variable(4)
	value, isValue := r.whole(5)
	if !ok || !isSource || !isRead || !isAdd || !isTarget || !isValue {
		return false
	}
	r.at, r.line, r.value = r.problem.index(number), Operation{source, add, target}, value
	r.sound = r.at == r.done && r.at >= 0 && r.line == r.problem.Ops[r.at] && read == r.values[source] &&
		value == r.line.apply(read, r.problem.Modulus)
	r.values[target] = value
	if r.at >= 0 {
		r.done = r.at + 1
	}
	r.pos += 6
	return true
}

// state reads "state s4 x 31 y 28" with all variables in their order.
func (r *reader) state() bool {
	number, ok := r.number(1)
	if r.word(0) != stateWord || !ok {
		return false
	}
	stated := make([]int, len(r.values))
	for v := range stated {
		name, isName := r.variable(2 + 2*v)
		value, isValue := r.whole(3 + 2*v)
		if !isName || name != v || !isValue {
			return false
		}
		stated[v] = value
	}
	r.at = r.problem.index(number)
	r.sound = r.at+1 == r.done && r.at >= 0
	for v := range stated {
		r.sound = r.sound && stated[v] == r.values[v]
	}
	if r.at >= 0 {
		r.done = r.at + 1
	}
	r.values = stated
	r.pos += 2 + 2*len(stated)
	return true
}

// answer reads "answer x 31", or "answer 31", which names no variable. An answer about another variable than the one asked is not sound.
func (r *reader) answer() bool {
	at := 1
	v, named := r.variable(1)
	if named {
		at = 2
	}
	value, ok := r.whole(at)
	if r.word(0) != answerWord || !ok {
		return false
	}
	r.value, r.sound = value, !named || v == r.problem.Asked
	r.pos += at + 1
	return true
}

// word returns the word that many behind the next one, "" beyond the end.
func (r *reader) word(ahead int) string {
	if i := r.pos + ahead; i < len(r.words) {
		return r.words[i]
	}
	return ""
}

func (r *reader) variable(ahead int) (int, bool) {
	word := r.word(ahead)
	if len(word) != 1 {
		return 0, false
	}
	v := strings.IndexByte(variables[:len(r.values)], word[0])
	return v, v >= 0
}

// whole reads a value.
func (r *reader) whole(ahead int) (int, bool) {
	value, ok := wholeNumber(r.word(ahead))
	return value, ok && value < r.problem.Modulus
}

// number reads the number of a step.
func (r *reader) number(ahead int) (int, bool) { return stepNumber(r.word(ahead)) }

func stepNumber(word string) (int, bool) {
	digits, marked := strings.CutPrefix(word, "s")
	n, ok := wholeNumber(digits)
	return n, marked && ok && n >= 1 && n <= maxSteps
}

// wholeNumber reads a number as the worlds write it: digits without sign and leading zeros.
func wholeNumber(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == word
}

// index returns which operation has that number, -1 for none.
func (p *Problem) index(number int) int {
	if i := number - p.First; i >= 0 && i < len(p.Ops) {
		return i
	}
	return -1
}
