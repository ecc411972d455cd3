package house

import "strings"

// verb is what an action does.
type verb uint8

const (
	goTo verb = iota
	openIt
	takeIt
	useIt
	putIt
)

// action is an understood answer.
type action struct {
	verb  verb
	place int   // of go, open, put, and of use for an appliance; none where a switch is used
	knob  int   // switch that is used, none
	what  thing // of take and put; its tag is unknown where the answer left it out
}

// unknown is the tag of a thing that was named by its noun alone.
const unknown = -2

// parseAction reads an answer: go X, open X, take O, use A, put O in R. What is wrong with it is said in note.
func (l *lexicon) parseAction(answer string) (a action, note string) {
	if len(answer) > 200 {
		return a, "an action has two to seven words"
	}
	words := strings.Fields(answer)
	if len(words) < 2 {
		return a, "an action has a verb and what it is done to: go X, open X, take O, use A, put O in R"
	}
	a = action{place: none, knob: none}
	switch words[0] {
	case "go", "open":
		if words[0] == "open" {
			a.verb = openIt
		}
		return a, l.aim(&a, words[1:])
	case "use":
		a.verb = useIt
		if t := l.terms[words[1]]; t.sort == isSwitch && len(words) == 2 {
			a.knob = t.at
			return a, ""
		}
		return a, l.aim(&a, words[1:])
	case "take":
		a.verb = takeIt
		return a, l.grasp(&a, words[1:])
	case "put":
		a.verb = putIt
		n := len(words)
		if n < 4 || words[n-2] != "in" {
			return a, "put wants: put O in R"
		}
		if note = l.aim(&a, words[n-1:]); note != "" {
			return a, note
		}
		return a, l.grasp(&a, words[1:n-2])
	}
	return a, "the verb is none of go, open, take, use, put"
}

// aim reads a place.
func (l *lexicon) aim(a *action, words []string) string {
	t := l.terms[words[0]]
	if t.sort != isPlace || len(words) != 1 {
		return "what follows the verb is no place of the house"
	}
	a.place = t.at
	return ""
}

// grasp reads a thing; its material may be left out.
func (l *lexicon) grasp(a *action, words []string) string {
	if t, ok := l.parseThing(words); ok {
		a.what = t
		return ""
	}
	if t := l.terms[words[0]]; t.sort == isNoun && len(words) == 1 {
		a.what = thing{t.at, unknown}
		return ""
	}
	return "what follows the verb is no thing of the house"
}

// means says whether an action's thing is that thing.
func (t thing) means(other thing) bool { return t == other || t.noun == other.noun && t.tag == unknown }

// say puts an action into words.
func (l *lexicon) say(a action) string {
	switch a.verb {
	case goTo:
		return "go " + l.places[a.place]
	case openIt:
		return "open " + l.places[a.place]
	case takeIt:
		return "take " + l.handle(a.what)
	case useIt:
		if a.knob != none {
			return "use " + l.switches[a.knob]
		}
		return "use " + l.places[a.place]
	}
	return "put " + l.handle(a.what) + " in " + l.places[a.place]
}
