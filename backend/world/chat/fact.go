package chat

import (
	"slices"
	"strconv"
	"strings"
)

// Op is what a fact does to what was known of its persona and attribute.
type Op string

// The operations of facts.
const (
	Set    Op = "set"    // these values and no others
	Add    Op = "add"    // these values, too: every sentence about a list, the first one also
	Remove Op = "remove" // these values no longer
)

// Fact is what a sentence says of a persona, or an entry of a memory.
type Fact struct {
	Persona   string   // of a sample: its name
	Attribute string   // city, job, car, food, drink, instrument (one value), pets, hobbies, languages, allergies (lists); place, topic, label
	Op        Op       // what it does to what was known
	Values    []string // of the attribute's pool
	Day       int      // on which it was said or happened; 0 where the text has none
	Until     int      // last day on which it holds; 0 for ever
}

// FactText writes a fact in the words in which a bank keeps it: "anna city oslo", "anna pets dog cat" (Set), "anna pets also cat" (Add),
// "anna pets not dog" (Remove), before it "day 12" and behind it "until day 20" where the fact has them. ParseEntry reads it back.
func FactText(f Fact) string {
	var b strings.Builder
	if f.Day > 0 {
		b.WriteString(dayWord + " ")
		b.WriteString(strconv.Itoa(f.Day))
		b.WriteByte(' ')
	}
	b.WriteString(f.Persona)
	b.WriteByte(' ')
	b.WriteString(f.Attribute)
	switch f.Op {
	case Add:
		b.WriteString(" " + alsoWord)
	case Remove:
		b.WriteString(" " + noWord)
	}
	for _, v := range f.Values {
		b.WriteByte(' ')
		b.WriteString(v)
	}
	if f.Until > 0 {
		b.WriteString(" " + untilBy + " " + dayWord + " ")
		b.WriteString(strconv.Itoa(f.Until))
	}
	return b.String()
}

// Apply is what is known after a fact, where values was known before: a list without doubles in the order of telling. It changes nothing
// that values points to.
func (f Fact) Apply(values []string) []string {
	var known []string
	switch f.Op {
	case Set:
	case Remove:
		return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(f.Values, v) })
	default:
		known = slices.Clone(values)
	}
	for _, v := range f.Values {
		if !slices.Contains(known, v) {
			known = append(known, v)
		}
	}
	return known
}

// ParseEntry reads the words that FactText writes: a fact about a persona or a sample with at least one value of the attribute's pool and
// nothing beside it. Anything else is no entry.
func (w *World) ParseEntry(text string) (Fact, bool) {
	return w.lex.entry(strings.Fields(text))
}

func (l *lexicon) entry(words []string) (f Fact, ok bool) {
	if words, f.Day, ok = dated(words); !ok || len(words) < 3 {
		return Fact{}, false
	}
	attr, known := l.noun[words[1]]
	_, person := l.name[words[0]]
	_, thing := l.sampleAt[words[0]]
	if !known || attr == label && !thing || attr != label && !person {
		return Fact{}, false
	}
	f.Persona, f.Attribute, f.Op = words[0], words[1], Set
	words = words[2:]
	switch words[0] {
	case alsoWord:
		f.Op, words = Add, words[1:]
	case noWord:
		f.Op, words = Remove, words[1:]
	}
	if words, f.Until, ok = expiring(words); !ok {
		return Fact{}, false
	}
	f.Values, ok = l.values(attr, words, false)
	return f, ok
}

// dated takes "day 12" off the front; ok is false where the day is no day.
func dated(words []string) (rest []string, day int, ok bool) {
	if len(words) == 0 || words[0] != dayWord {
		return words, 0, true
	}
	if len(words) < 2 {
		return nil, 0, false
	}
	day, ok = number(words[1])
	return words[2:], day, ok
}

// expiring takes "until day 20" off the end.
func expiring(words []string) (rest []string, until int, ok bool) {
	n := len(words)
	if n < 3 || words[n-3] != untilBy || words[n-2] != dayWord {
		return words, 0, true
	}
	until, ok = number(words[n-1])
	return words[:n-3], until, ok
}

// values reads values of an attribute and nothing else; with joined, an "and" may stand between two of them.
func (l *lexicon) values(attr int, words []string, joined bool) ([]string, bool) {
	list := make([]string, 0, len(words))
	for i, w := range words {
		if joined && w == "and" && i > 0 && i+1 < len(words) {
			continue
		}
		if !l.has(attr, w) || slices.Contains(list, w) {
			return nil, false
		}
		list = append(list, w)
	}
	return list, len(list) > 0
}

func (l *lexicon) has(attr int, value string) bool {
	if attr == label {
		n, ok := number(value)
		return ok && n <= labels
	}
	a, ok := l.of[value]
	return ok && a == attr
}
