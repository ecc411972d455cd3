package lab

import (
	"fmt"
	"strings"
)

// Fork says how a run goes on from a place of its parent: from the stored state, with the same random numbers, and with something changed by
// hand. A fork is a run of its own; its parent's record stays as it is.
type Fork struct {
	Parent  string   `json:"parent"`  // run key
	Episode int64    `json:"episode"` // number of the episode in the parent's record
	T       int      `json:"t"`       // step of that episode, from 0: changes hold from here on
	Changes []Change `json:"changes,omitempty"`
	// Replay 0 has the recorded random numbers throughout. Replay k draws what comes at T and later in that episode from streams of its own,
	// which two forks of the same place share: they differ by their changes alone.
	Replay int  `json:"replay,omitempty"`
	Whole  bool `json:"whole,omitempty"` // goes on to the end of the run; else to the end of the unit of work that holds the episode

	taken bool // its place was reached
}

// ChangeKind is what a person may change at a step.
type ChangeKind string

// The kinds of changes.
const (
	ChangeDrop ChangeKind = "drop" // an entry of memory is taken away before anything is read or written at the step
	ChangeEdit ChangeKind = "edit" // the text of an entry becomes another
	ChangeAct  ChangeKind = "act"  // another action in the place of the agent's own
)

// ChangeKinds lists all kinds.
func ChangeKinds() []ChangeKind { return []ChangeKind{ChangeDrop, ChangeEdit, ChangeAct} }

// Change is one thing that a person changed.
type Change struct {
	Kind  ChangeKind `json:"kind"`
	Bank  string     `json:"bank,omitempty"`  // of the entry; "" where only one bank has an entry of that id
	Entry string     `json:"entry,omitempty"` // id
	Text  string     `json:"text,omitempty"`  // new text of the entry, or the action in words
}

// Forker is a method that can go on in another way than it did. Fork is called on a new or restored method, at most once, before the unit
// of work that holds the episode; a fork without changes then makes the very events of the parent. An error of code invalid says what
// cannot be changed.
type Forker interface {
	Fork(f Fork) error
	// Changes are the kinds that this method, as it is set up, can carry out.
	Changes() []ChangeKind
}

// Here tells whether a step of an episode is the place of the fork. A nil fork has none.
func (f *Fork) Here(episode int64, t int) bool { return f != nil && f.Episode == episode && f.T == t }

// Due hands out the changes of memory that fall due at a step, once: before the first operation at the place of the fork or behind it in
// the same episode.
func (f *Fork) Due(episode int64, t int) []Change {
	if f == nil || f.taken || f.Episode != episode || t < f.T {
		return nil
	}
	f.taken = true
	return f.Memory()
}

// Reached tells whether play came to the place of the fork.
func (f *Fork) Reached() bool { return f.taken }

// Memory are the changes of memory, whenever they fall due.
func (f *Fork) Memory() (all []Change) {
	for _, c := range f.Changes {
		if c.Kind != ChangeAct {
			all = append(all, c)
		}
	}
	return all
}

// Action is what the agent is made to do at a step.
func (f *Fork) Action(episode int64, t int) (string, bool) {
	if !f.Here(episode, t) {
		return "", false
	}
	for _, c := range f.Changes {
		if c.Kind == ChangeAct {
			return c.Text, true
		}
	}
	return "", false
}

// Chance is the number of the replay whose random numbers hold at a step, 0 for the recorded ones.
func (f *Fork) Chance(episode int64, t int) int {
	if f == nil || f.Episode != episode || t < f.T {
		return 0
	}
	return f.Replay
}

// Words says what is changed: "without 41", `41 reads "..."`, `does "..."`, "nothing changed".
func (f *Fork) Words() string {
	var all []string
	for _, c := range f.Changes {
		switch c.Kind {
		case ChangeDrop:
			all = append(all, "without "+c.Entry)
		case ChangeEdit:
			all = append(all, fmt.Sprintf("%s reads %q", c.Entry, shortened(c.Text)))
		case ChangeAct:
			all = append(all, fmt.Sprintf("does %q", shortened(c.Text)))
		}
	}
	if len(all) == 0 {
		return "nothing changed"
	}
	return strings.Join(all, ", ")
}

// Title names a fork after its parent.
func (f *Fork) Title(arm string, seed uint64) string {
	return fmt.Sprintf("fork of %s seed %d at episode %d, step %d: %s", arm, seed, f.Episode, f.T, f.Words())
}

func shortened(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// Check refuses a fork that no method could carry out. can are the kinds that the method can.
func (f *Fork) Check(can []ChangeKind) error {
	acts := 0
	for _, c := range f.Changes {
		legal := false
		for _, k := range can {
			legal = legal || k == c.Kind
		}
		if !legal {
			return Errorf(Invalid, "a fork of this run cannot %q, it can %q", c.Kind, can).WithHint("choose one of these changes, or none")
		}
		if c.Kind != ChangeAct && c.Entry == "" {
			return Errorf(Invalid, "change %q names no entry", c.Kind).WithHint("name an entry that was read at the step")
		}
		if c.Kind != ChangeDrop && strings.TrimSpace(c.Text) == "" {
			return Errorf(Invalid, "change %q has no text", c.Kind).WithHint("write what is to stand there; `drop` takes an entry away")
		}
		if c.Kind == ChangeAct {
			acts++
		}
	}
	if acts > 1 {
		return Errorf(Invalid, "a fork has %d actions for one step, want at most 1", acts).WithHint("leave one of them")
	}
	return nil
}
