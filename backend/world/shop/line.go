package shop

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// The lines that memories may keep are made of the world's words:
//
//	for SUBJECT : STAGE OPTION [works|fails]      what a choice came to, or an advice
//	GOAL : ACTION [; ACTION]* ; success|failed    a whole visit
//
// A subject is a class of goals, or a person of variant preferences.

// lineOf tells of the choice at a stage without what came of it.
func (e *episode) lineOf(at stage) string {
	name := at.String()
	if e.goal.Class == Present && at == list {
		name = "colour"
	}
	return Advice(e.goal.subject(e.w.lex), name, e.chosen[at])
}

// lesson is the line of the last action, "" where it taught nothing.
func (e *episode) lesson() string {
	switch {
	case e.line == "":
		return ""
	case e.works:
		return e.line + " works"
	}
	return e.line + " fails"
}

// belief is the option of a subject at a stage.
type belief struct {
	subject string
	at      stage
}

// facts are what lines tell. What is told last counts: an option that works, or is advised, is taken; one that failed is avoided.
type facts struct {
	yes map[belief]string
	no  map[belief][]string
	key uint64 // of the guesses
}

func newFacts(key uint64) *facts {
	return &facts{yes: map[belief]string{}, no: map[belief][]string{}, key: key}
}

// learn takes a line in; one that cannot be read teaches nothing.
func (f *facts) learn(line string) {
	words := strings.Fields(line)
	n := len(words)
	if n < 5 || words[0] != "for" || words[2] != ":" {
		return
	}
	at := slices.Index(append(stageNames(), "colour"), words[3])
	if at < 0 || n > 6 {
		return
	}
	if at == int(stages) {
		at = int(list)
	}
	b := belief{words[1], stage(at)}
	if n == 6 && words[5] == "fails" {
		f.no[b] = append(f.no[b], words[4])
		if f.yes[b] == words[4] {
			delete(f.yes, b)
		}
		return
	}
	f.yes[b] = words[4]
	f.no[b] = slices.DeleteFunc(f.no[b], func(o string) bool { return o == words[4] })
}

// settle implements beliefs: it guesses among what has not failed.
func (f *facts) settle(subject string, at stage, choices []string) string {
	b := belief{subject, at}
	if o := f.yes[b]; slices.Contains(choices, o) {
		return o
	}
	var left []string
	for _, o := range choices {
		if !slices.Contains(f.no[b], o) {
			left = append(left, o)
		}
	}
	if len(left) == 0 {
		left = choices
	}
	return left[world.Pick(world.Draw(f.key, uint64(at)*64+uint64(len(f.no[b]))), len(left))]
}
