package tool

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Query is what a memory is asked before a turn: what the suite says, or the present user turn and the last reply.
func (e *Episode) Query() string {
	if e.Over() {
		return ""
	}
	if a, ok := e.w.suite.(Asker); ok {
		return a.Query(e)
	}
	if len(e.s.Steps) == 0 || strings.HasPrefix(e.told, "user ") {
		return e.told
	}
	return "user " + e.User() + " ; " + e.told
}

// Experiences are what the last answer brought: lines that the step taught (lab.OneStep; the key is the user turn with the answer; of a note, what stands before the colon, and nobody has scored it) and, at
// the end, the script of the whole episode (lab.OneTask; the key is the first user turn).
func (e *Episode) Experiences() (list []lab.Experience) {
	source := strconv.FormatUint(e.info.Seed, 10) + "/" + strconv.Itoa(e.info.Steps)
	when := int64(e.w.number)*int64(e.w.spec.Horizon+1) + int64(e.info.Steps)
	if n := len(e.s.Steps); n > 0 && e.s.Steps[n-1].Action.Verb != Nothing {
		st := &e.s.Steps[n-1]
		for _, line := range e.lines(n - 1) {
			one := lab.Experience{Kind: lab.OneStep, Key: e.c.Users[st.User] + " ; " + st.Action.String(), Text: line, When: when,
				Source: source, Scored: true, Success: !st.Failed, Labels: []string{e.c.Label}}
			if st.Action.Verb == Read { // what a note tells, nobody has validated; it is about what stands before its colon
				one.Key, _, _ = strings.Cut(line, " : ")
				one.Scored, one.Success = false, false
			}
			list = append(list, one)
		}
	}
	if e.Over() {
		list = append(list, lab.Experience{Kind: lab.OneTask, Key: e.c.Users[0], Text: e.Script(), When: when, Source: source, Scored: true,
			Reward: lab.Float(e.info.Return), Success: e.info.Success, Labels: []string{e.c.Label}})
	}
	return list
}

// lines are what a step taught: what the suite says, or the answer and its reply.
func (e *Episode) lines(step int) []string {
	if t, ok := e.w.suite.(Teacher); ok {
		return t.Lines(e, step)
	}
	st := &e.s.Steps[step]
	return []string{st.Action.String() + " : " + st.Reply}
}

// Script is the line of all that was done: user turns, answers that were understood with their replies, and how it ended. Words that are
// not the world's are left out.
func (e *Episode) Script() string {
	var words []string
	user := -1
	for i := range e.s.Steps {
		st := &e.s.Steps[i]
		if st.User != user {
			user = st.User
			words = append(words, "user", e.c.Users[user])
		}
		if st.Action.Verb != Nothing {
			words = append(words, ";", st.Action.String())
		}
		if st.Action.Verb == Call || st.Action.Verb == Doc || st.Action.Verb == Read {
			words = append(words, ":", st.Reply)
		}
	}
	if e.Over() {
		words = append(words, ";", map[bool]string{true: "success", false: "failed"}[e.info.Success])
	}
	return e.w.known(strings.Join(words, " "))
}

// known leaves the words of the world.
func (w *World) known(text string) string {
	words := strings.Fields(text)
	kept := words[:0]
	for _, word := range words {
		if _, ok := w.terms[word]; ok {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}
