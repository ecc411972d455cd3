package house

import (
	"strings"
)

// result is what came of the last action, as the next observation tells it.
type result uint8

const (
	worked  result = iota
	refused        // nothing happens
	dead           // no power
)

// view is one observation: all that the agent is told at a turn.
type view struct {
	task  Task // what is left of it
	at    int  // place
	room  int
	shut  bool
	held  thing
	holds bool
	lies  [2]int
	sees  []thing
	on    int // switch, none
	said  result
}

// text puts the observation into words: a few short lines, at most 45 words and line ends for up to ten things in sight.
func (l *lexicon) text(v *view) string {
	var b strings.Builder
	b.Grow(160)
	b.WriteString("task ")
	b.WriteString(v.task.Sentence)
	b.WriteString("\nat ")
	b.WriteString(l.places[v.at])
	b.WriteString(" in ")
	b.WriteString(l.rooms[v.room])
	if l.placeKinds[v.at] == aReceptacle {
		b.WriteString([]string{" open", " shut"}[btoi(v.shut)])
	}
	b.WriteString("\nhold ")
	l.writeHeld(&b, v)
	for i, spot := range v.lies {
		if spot != none {
			b.WriteString("\n" + l.name(v.task.things[i]) + " lies on " + l.places[spot])
		}
	}
	for i, t := range v.sees {
		b.WriteString([]string{"\nsee ", " "}[min(i, 1)] + l.name(t))
	}
	if v.on != none {
		b.WriteString("\n" + l.switches[v.on] + " on")
	}
	b.WriteString([]string{"", "\nnothing happens", "\nno power"}[v.said])
	return b.String()
}

func (l *lexicon) writeHeld(b *strings.Builder, v *view) {
	if !v.holds {
		b.WriteString("nothing")
		return
	}
	if v.task.Family.state() != raw {
		b.WriteString("raw ")
	}
	b.WriteString(l.name(v.held))
}

// parse reads an observation; ok is false where it is none.
func (l *lexicon) parse(text string) (v view, ok bool) {
	v = view{at: none, on: none, lies: [2]int{none, none}}
	for line := range strings.SplitSeq(text, "\n") {
		if !l.parseLine(&v, strings.Fields(line)) {
			return v, false
		}
	}
	return v, v.at != none && v.task.Sentence != ""
}

func (l *lexicon) parseLine(v *view, words []string) bool {
	switch n := len(words); {
	case n >= 3 && words[0] == "task":
		v.task, _ = l.parseTask(words[1:])
		return v.task.Sentence != ""
	case n >= 4 && words[0] == "at":
		place, room := l.terms[words[1]], l.terms[words[3]]
		v.at, v.room, v.shut = place.at, room.at, words[n-1] == "shut"
		return place.sort == isPlace && room.sort == isRoom
	case n >= 2 && words[0] == "hold":
		return words[1] == "nothing" || l.parseHeld(v, words[1:])
	case n >= 2 && words[0] == "see":
		return l.parseSeen(v, words[1:])
	case n == 5 && words[2] == "lies":
		t, ok := l.parseThing(words[:2])
		for i := range v.lies {
			if ok && v.task.things[i] == t {
				v.lies[i] = l.terms[words[4]].at
				return l.terms[words[4]].sort == isPlace
			}
		}
		return false
	case n == 2 && words[1] == "on":
		v.on = l.terms[words[0]].at
		return l.terms[words[0]].sort == isSwitch
	case n == 2 && words[0] == "nothing":
		v.said = refused
		return true
	case n == 2 && words[0] == "no":
		v.said = dead
		return true
	}
	return false
}

func (l *lexicon) parseHeld(v *view, words []string) (ok bool) {
	if words[0] == "raw" {
		words = words[1:]
	}
	v.held, v.holds = thing{}, true
	v.held, ok = l.parseThing(words)
	return ok
}

func (l *lexicon) parseSeen(v *view, words []string) bool {
	for len(words) > 0 {
		n := 2
		if l.terms[words[0]].sort == isItem {
			n = 1
		}
		if len(words) < n {
			return false
		}
		t, ok := l.parseThing(words[:n])
		if !ok {
			return false
		}
		v.sees, words = append(v.sees, t), words[n:]
	}
	return true
}

// parseThing reads clay mug, mug 7 or tea.
func (l *lexicon) parseThing(words []string) (thing, bool) {
	switch a := l.term(words, 0); a.sort {
	case isItem:
		return thing{a.at, none}, len(words) == 1
	case isMaterial:
		b := l.term(words, 1)
		return thing{b.at, a.at}, b.sort == isNoun && len(words) == 2
	case isNoun:
		b := l.term(words, 1)
		return thing{a.at, numbered + b.at}, b.sort == isNumber && len(words) == 2
	}
	return thing{none, none}, false
}

func (l *lexicon) term(words []string, i int) term {
	if i >= len(words) {
		return term{}
	}
	return l.terms[words[i]]
}

// parseTask reads a sentence and makes the task of it, without its split. It is what sentence wrote, word for word, or none.
func (l *lexicon) parseTask(words []string) (t Task, ok bool) {
	t = Task{place: none, things: [2]thing{{none, none}, {none, none}}}
	verbs := map[string]Family{"wash": Clean, "heat": Heat, "cool": Cool, "look": Look}
	n := 0
	for i := 0; i < len(words); i++ {
		switch a := l.terms[words[i]]; a.sort {
		case isPerson:
			t.Family, t.person = Serve, a.at
		case isNeed:
			t.need = a.at
		case isPlace:
			t.place = a.at
		case isNoun, isMaterial:
			if n == 2 {
				return Task{}, false
			}
			if t.things[n], ok = l.parseThing(words[i:min(i+2, len(words))]); !ok {
				return Task{}, false
			}
			n, i = n+1, i+1
		case isOther:
			if f, ok := verbs[words[i]]; ok {
				t.Family = f
			}
		}
	}
	switch {
	case t.place != none:
		t.Family = Bring + Family(max(n-1, 0))
	case n == 2:
		t.Family = Two
	}
	t.Sentence = strings.Join(words, " ")
	if t.Family != Serve && n == 0 || l.sentence(&t) != t.Sentence {
		return Task{}, false
	}
	return t, true
}
