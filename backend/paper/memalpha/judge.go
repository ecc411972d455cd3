package memalpha

import (
	"slices"
	"strings"
)

// judge plays the judge of the paper (appendix A of arXiv 2509.25911v1), which reads each call by a rubric of its store:
//
//	core      holds at least two words that mean something and is no placeholder
//	semantic  states a fact, a definition, a how-to: a persona or sample and what is said of it, and no day, which would make it an event
//	episodic  is an event with a time and what happened: "day N" and at least three words behind it
//
// A delete has nothing to be read and is valid where it was executed. A call that was not executed is not valid.
func (s *stores) judge(c *call) bool {
	if c.Fault != "" {
		return false
	}
	words := strings.Fields(c.Text)
	switch {
	case c.Op == remove:
		return true
	case c.Store == core:
		return meaning(words) >= 2
	case c.Store == episodic:
		at := slices.Index(words, "day")
		return at >= 0 && len(words) >= at+5 && isNumber(words[at+1])
	}
	return !slices.Contains(words, "day") && meaning(words) >= 3 && slices.ContainsFunc(words, s.subject)
}

// meaning is the number of words that are no marks and no names of a store.
func meaning(words []string) (n int) {
	for _, w := range words {
		if w != "." && w != core && w != "memory" && w != semantic && w != episodic {
			n++
		}
	}
	return n
}

func isNumber(word string) bool {
	for _, r := range word {
		if r < '0' || r > '9' {
			return false
		}
	}
	return word != ""
}
