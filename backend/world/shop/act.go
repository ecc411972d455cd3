package shop

import "strings"

// verb is what an action does.
type verb uint8

const (
	search verb = iota
	click
	next
	back
	answer
)

// action is an understood answer.
type action struct {
	verb verb
	word string // noun that is searched, row or button that is clicked, number that is answered
}

// parseAction reads an answer: search N, click X, next, back, answer V. What is wrong with it is said in note.
func (l *lexicon) parseAction(said string) (a action, note string) {
	if len(said) > 200 {
		return a, "an action has one or two words"
	}
	words := strings.Fields(said)
	if len(words) == 0 || len(words) > 2 {
		return a, "an action is one of search N, click X, next, back, answer V"
	}
	if len(words) == 1 {
		switch words[0] {
		case "next":
			return action{next, "next"}, ""
		case "back":
			return action{verb: back}, ""
		}
		return a, "the only actions of one word are next and back"
	}
	a.word = words[1]
	switch s := l.sortOf(a.word); words[0] {
	case "search":
		a.verb = search
		return a, unless(s == isNoun, "what is searched is no article of the shop")
	case "click":
		a.verb = click
		return a, unless(s == isColour || s == isMonth || s == isRow || s == isButton && a.word != "next", "what is clicked is no row and no button")
	case "answer":
		a.verb = answer
		return a, unless(s == isNumber, "what is answered is no number")
	}
	return a, "the verb is none of search, click, next, back, answer"
}

// unless is the note where something is not so.
func unless(ok bool, note string) string {
	if ok {
		return ""
	}
	return note
}

// say puts an action into words.
func (l *lexicon) say(a action) string {
	switch a.verb {
	case search:
		return "search " + a.word
	case next:
		return "next"
	case back:
		return "back"
	case answer:
		return "answer " + a.word
	}
	return "click " + a.word
}

// press is the action that chooses an option of a page.
func press(option string) action {
	if b := button(option); b == "next" {
		return action{next, b}
	}
	return action{click, option}
}
