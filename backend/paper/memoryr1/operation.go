package memoryr1

import (
	"slices"
	"strconv"
	"strings"
)

// The operations of the manager (sec. 3.1 of arXiv 2508.19828v5, adapted there from Mem0).
const (
	Add    = "ADD"
	Update = "UPDATE"
	Delete = "DELETE"
	Noop   = "NOOP"
)

// operations are the words by which an operation begins.
func operations() []string { return []string{Add, Update, Delete, Noop} }

// A manager writes at most so many operations in one decision: deleting one entry and adding another takes two.
const mostOperations = 2

// operation is one decision about one entry. Slot is the place of an entry among those shown, 1 for the best; 0 where none is named.
type operation struct {
	Op   string
	Slot int
	Text string
}

func (o operation) String() string {
	parts := []string{o.Op}
	if o.Slot > 0 {
		parts = append(parts, slotWord(o.Slot))
	}
	if o.Text != "" {
		parts = append(parts, o.Text)
	}
	return strings.Join(parts, " ")
}

// script writes operations as a manager does.
func script(ops []operation) string {
	words := make([]string, len(ops))
	for i, o := range ops {
		words[i] = o.String()
	}
	return strings.Join(words, " ")
}

// slotWord names the entry at a place: [1] is the one that fits best.
func slotWord(slot int) string { return "[" + strconv.Itoa(slot) + "]" }

// parseSlot reads what slotWord writes, 0 for anything else.
func parseSlot(word string) int {
	for slot := 1; slot <= mostSlots; slot++ {
		if word == slotWord(slot) {
			return slot
		}
	}
	return 0
}

// parseOperations reads what a manager wrote. An operation that lacks what it needs is left out and counted as a fault, as is everything
// behind the most operations that one decision may have; what is left out changes nothing.
func parseOperations(text string) (ops []operation, faults int) {
	words := slices.DeleteFunc(strings.Fields(text), func(w string) bool { return w == "." }) // an endpoint likes to end a sentence
	for len(words) > 0 {
		if !slices.Contains(operations(), words[0]) {
			return ops, faults + 1
		}
		end := 1
		for end < len(words) && !slices.Contains(operations(), words[end]) {
			end++
		}
		if o, ok := parseOperation(words[0], words[1:end]); !ok || len(ops) == mostOperations {
			faults++
		} else {
			ops = append(ops, o)
		}
		words = words[end:]
	}
	if len(ops)+faults == 0 {
		faults = 1
	}
	return ops, faults
}

// parseOperation reads what stands behind the word of one operation.
func parseOperation(op string, rest []string) (operation, bool) {
	o := operation{Op: op}
	if len(rest) > 0 {
		if o.Slot = parseSlot(rest[0]); o.Slot > 0 {
			rest = rest[1:]
		}
	}
	o.Text = strings.Join(rest, " ")
	clean := !slices.ContainsFunc(rest, func(w string) bool { return parseSlot(w) > 0 })
	switch op {
	case Add:
		return o, o.Slot == 0 && o.Text != "" && clean
	case Update:
		return o, o.Slot > 0 && o.Text != "" && clean
	case Delete:
		return o, o.Slot > 0 && o.Text == ""
	}
	return o, o.Slot == 0 && o.Text == ""
}

// shape names what a decision does, whatever its words: the bars of the histogram over operations.
func shape(ops []operation) string {
	names := make([]string, 0, len(ops))
	for _, o := range ops {
		names = append(names, o.Op)
	}
	switch {
	case len(names) == 0:
		return Noop // nothing that can be understood changes nothing
	case len(names) == 2 && slices.Contains(names, Delete) && slices.Contains(names, Add):
		return Delete + "+" + Add
	case len(names) > 1 && slices.Contains(names, Noop):
		return shape(slices.DeleteFunc(slices.Clone(ops), func(o operation) bool { return o.Op == Noop }))
	}
	return names[0]
}

// line is an entry as retrieval, readers and rewards see it.
type line struct {
	ID   string
	Text string
	When int // turn at which it was written or changed last
	Born int // turn at which it was written
}

// shelf is a bank as a value: what a decision would make of it can be tried without touching it.
type shelf struct {
	Lines []line
	Next  int // number of the next line
}

// apply carries out operations on a copy: UPDATE keeps the place and the id, a slot that is not shown changes nothing, and behind the
// capacity the line goes that was touched longest ago. shown are the lines that the manager saw, the best first.
func (s shelf) apply(shown []line, ops []operation, now, capacity int) shelf {
	lines := slices.Clone(s.Lines)
	for _, o := range ops {
		at := -1
		if o.Slot > 0 && o.Slot <= len(shown) {
			at = slices.IndexFunc(lines, func(l line) bool { return l.ID == shown[o.Slot-1].ID })
		}
		switch {
		case o.Op == Add:
			lines = append(lines, line{ID: strconv.Itoa(s.Next), Text: o.Text, When: now, Born: now})
			s.Next++
			if len(lines) > capacity {
				at := stalest(lines)
				lines = slices.Delete(lines, at, at+1)
			}
		case at < 0:
		case o.Op == Update:
			lines[at].Text, lines[at].When = o.Text, now
		case o.Op == Delete:
			lines = slices.Delete(lines, at, at+1)
		}
	}
	s.Lines = lines
	return s
}

// print tells banks apart by what readers see of them.
func (s shelf) print() string {
	var b strings.Builder
	for _, l := range s.Lines {
		b.WriteString(strconv.Itoa(l.When) + " " + l.Text + "\n")
	}
	return b.String()
}

// stalest is the place of the line that was touched longest ago, the first of equal ones.
func stalest(lines []line) int {
	at := 0
	for i := range lines {
		if lines[i].When < lines[at].When {
			at = i
		}
	}
	return at
}
