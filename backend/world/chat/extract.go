package chat

import "strings"

// Extract reads the facts out of a text as the world tells it, sentence by sentence, and out of entries as a bank keeps them: it plays the
// frozen extractor. What cannot be read, chatter and cut sentences among it, holds no fact.
//
// A sentence about a list adds to it, since only who knows what was told before can tell a first value from a further one.
func (w *World) Extract(text string) (facts []Fact) {
	words := strings.Fields(text)
	for start := 0; start < len(words); {
		end := start
		for end < len(words) && words[end] != "." && words[end] != ";" {
			end++
		}
		if f, ok := w.lex.sentence(words[start:end]); ok {
			facts = append(facts, f)
		}
		start = end + 1
	}
	return facts
}

func (l *lexicon) sentence(words []string) (f Fact, ok bool) {
	if f, ok = l.entry(words); ok {
		return f, true
	}
	if words, f.Day, ok = dated(words); !ok || len(words) < 3 {
		return Fact{}, false
	}
	if words[0] == sample {
		return l.labelled(words, f.Day)
	}
	if _, ok = l.name[words[0]]; !ok {
		return Fact{}, false
	}
	f.Persona, words = words[0], words[1:]
	words, f.Op = turned(words)
	attr, n := l.verbAt(words)
	if n == 0 {
		return Fact{}, false
	}
	if words, f.Until, ok = expiring(words[n:]); !ok {
		return Fact{}, false
	}
	f.Attribute = l.attrs[attr].noun
	if f.Op == "" {
		if f.Op = Set; l.attrs[attr].list {
			f.Op = Add
		}
	}
	f.Values, ok = l.values(attr, words, true)
	return f, ok && (l.attrs[attr].list || len(f.Values) == 1)
}

// labelled reads "sample zib label 3".
func (l *lexicon) labelled(words []string, day int) (Fact, bool) {
	if len(words) != 4 || words[2] != "label" || !l.has(label, words[3]) {
		return Fact{}, false
	}
	_, ok := l.sampleAt[words[1]]
	return Fact{Persona: words[1], Attribute: "label", Op: Set, Values: words[3:4:4], Day: day}, ok
}

// turned takes the words off that stand before a verb: also, now, no longer.
func turned(words []string) ([]string, Op) {
	switch {
	case words[0] == alsoWord:
		return words[1:], Add
	case words[0] == "now":
		return words[1:], Set
	case len(words) > 1 && words[0] == "no" && words[1] == "longer":
		return words[2:], Remove
	}
	return words, ""
}

// verbAt finds the verb at the beginning; n is the number of its words, 0 without one.
func (l *lexicon) verbAt(words []string) (attr, n int) {
	if len(words) == 0 {
		return 0, 0
	}
	for _, v := range l.starts[words[0]] {
		if len(words) >= len(v.words) && equal(v.words, words[:len(v.words)]) {
			return v.attr, len(v.words)
		}
	}
	return 0, 0
}

func equal(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
