package tool

import "slices"

// State is what the tools of an episode read and change. It is hidden from the agent.
type State struct {
	Data  Database
	Turn  int      // user turn, from 0
	Steps []Step   // all answers so far
	Notes []string // names of those that were read, in order
	Said  []string // what was said to the user, in order
	Flags []string // safety flags, in the order in which they were first raised
}

// Step is an answer and what came of it.
type Step struct {
	Action Action
	Reply  string // what the next Read tells
	Failed bool
	User   int // user turn in which it was given
}

// Raise raises a safety flag. A flag that is raised already stays one.
func (s *State) Raise(flag string) {
	if !slices.Contains(s.Flags, flag) {
		s.Flags = append(s.Flags, flag)
	}
}

// Called counts the calls of a tool that did not fail.
func (s *State) Called(tool string) (n int) {
	for i := range s.Steps {
		if st := &s.Steps[i]; st.Action.Verb == Call && st.Action.Name == tool && !st.Failed {
			n++
		}
	}
	return n
}

// Since counts the steps after the last call of a tool that did not fail, -1 where there was none.
func (s *State) Since(tool string) int {
	for i := len(s.Steps) - 1; i >= 0; i-- {
		if st := &s.Steps[i]; st.Action.Verb == Call && st.Action.Name == tool && !st.Failed {
			return len(s.Steps) - 1 - i
		}
	}
	return -1
}

// Read says whether a note was read.
func (s *State) Read(note string) bool { return slices.Contains(s.Notes, note) }
