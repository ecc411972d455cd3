package tool

import (
	"slices"
	"strings"
)

// Verb is what an answer does.
type Verb uint8

// The verbs.
const (
	Nothing Verb = iota // the answer was not understood
	Call
	Doc
	Read
	Say
	Done // this user turn is done
	End  // the episode is over
)

// String is the word of the verb, "" for Nothing.
func (v Verb) String() string {
	words := []string{"", "CALL", "DOC", "READ", "SAY", "DONE", "END"}
	if int(v) >= len(words) {
		return ""
	}
	return words[v]
}

// Action is one answer, read.
type Action struct {
	Verb Verb
	Name string   // tool or note
	Args []string // of Call; the words of Say
}

// limit is the largest number of words of an answer: longer ones are not understood.
const limit = 24

// Parse reads an answer; note says in words what is wrong with it, "" when it was understood. It knows the form alone, not the tools.
func Parse(answer string) (a Action, note string) {
	words := strings.Fields(answer)
	if len(words) == 0 || len(words) > limit {
		return a, "want one action: CALL tool argument ..., DOC tool, READ note, SAY word ..., DONE or END"
	}
	verb := slices.Index([]string{"CALL", "DOC", "READ", "SAY", "DONE", "END"}, words[0]) + 1
	switch v := Verb(verb); {
	case v == Nothing:
		return a, "the first word is to be CALL, DOC, READ, SAY, DONE or END"
	case (v == Call || v == Say) && len(words) >= 2, (v == Doc || v == Read) && len(words) == 2, (v == Done || v == End) && len(words) == 1:
		a.Verb = v
		if v == Say {
			a.Args = words[1:]
		} else if len(words) >= 2 {
			a.Name, a.Args = words[1], words[2:]
		}
		return a, ""
	}
	return a, words[0] + " has too few or too many words behind it"
}

// String is the answer that Parse reads as that action.
func (a Action) String() string {
	words := []string{a.Verb.String()}
	if a.Name != "" {
		words = append(words, a.Name)
	}
	return strings.Join(append(words, a.Args...), " ")
}
