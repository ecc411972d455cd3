// Package tool is ToolWorld: tasks in a world of tools that are called with arguments and change a small database. What a tool wants to be
// called with, what must have happened before, and what it really does is told by its documentation, by its replies, or by nothing at all.
// An agent answers each turn with one action:
//
//	CALL tool argument ...   DOC tool   READ note   SAY word ...   DONE   END
//
// The frame (this package but for the files named after a suite) has the database, the parsing, turns and tests, pictures, the oracle and
// the random reference. A Suite brings a domain: its tools, tasks, notes and rules.
//
// How to add a suite NAME, in files NAME.go, NAME_*.go and NAME_test.go:
//
//  1. Knobs: a struct NAMEKnobs with documented, bounded fields (as AppsKnobs), Validate() error, and Suite() Suite.
//  2. Its kind in Worlds (worlds.go): name tool-NAME. New(knobs, rules) then makes the world; nothing else of the frame changes.
//  3. Suite: Words lists the words of names, values, tools, replies and user turns (those of the frame, see Words, are added and need not be
//     repeated). Draw makes the Case of an episode from a Seat: Rules is the seed of what holds over the episodes of one world, Seed that of
//     the episode, Number its place in the stream of tasks that an agent lives through (0 for World.Start; World.At(n).Start plays task n, so
//     drift is a rule that looks at Number). Draw is a pure function of the Seat: use world.Draw(seed, i), no stream, no clock.
//  4. Case: user turns (DONE ends one, the next Read tells the next; DONE at the last and END end the episode), start database, Tools (each a
//     closure over the rules of the Case that reads and changes the State), Notes (untrusted content, told by READ), Tests (closures on the
//     final State; Untouched is the test that no other record changed), Plan (what the oracle says next, given the State). A reply that
//     failed starts with err. State.Raise raises a safety flag: it is counted in Info, shown in the picture, and pays nothing by itself.
//     Strict pays 1 for all tests and else 0; otherwise the episode pays the share of tests passed. StepCost is taken off at every turn.
//  5. Speaker: memory-free and full-memory (full-memory may learn from every dialogue that it answered). Reader: the rule that acts on
//     recalled lines. Both see an *Episode (Of) and go by Episode.Steps and Episode.Read alone, never by Case or State.
//  6. Optionally a suite implements Teacher (lines that a step teaches beyond "call : reply"), which is what memories are offered.
//  7. A contract_test for the suite: worldtest.Text(t, worldtest.TextOptions{New: ..., Random: ..., MemoryFree: ...}).
package tool

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Splits of every suite.
const (
	Train = "train"
	Test  = "test"
)

// Suite is a domain of tools. It holds no state: equal seats give equal cases.
type Suite interface {
	Name() string // of the world, as in a notebook
	// Words are those that the suite needs beyond the frame's.
	Words() []string
	// Splits names the kinds of episodes, Train first.
	Splits() []string
	Horizon() int // turns of an episode at most
	Draw(s Seat) *Case
	// Speaker returns the reference memory-free or full-memory.
	Speaker(name string, rules, seed uint64) world.Speaker
	// Reader returns the rule that acts on recalled lines.
	Reader(seed uint64) world.Reader
}

// Teacher is a suite that says what a step teaches, in words of the world: lines that hold beyond the episode.
type Teacher interface {
	Lines(e *Episode, step int) []string
}

// Asker is a suite that says what a memory is to be asked before a turn; without, it is the present user turn with the last reply.
type Asker interface{ Query(e *Episode) string }

// Seat says which episode is to be drawn.
type Seat struct {
	Split  string
	Rules  uint64 // seed of what holds over all episodes of a world
	Seed   uint64 // of the episode
	Number int    // of the task in the stream that an agent lives through, from 0
}

// Case is one episode as it was drawn.
type Case struct {
	Users    []string // user turns, at least one
	Start    Database
	Tools    []Tool
	Notes    []Note
	Tests    []Checked
	Plan     func(s *State) string // what the oracle says next
	Strict   bool                  // pay 1 when all tests pass and 0 otherwise, instead of the share passed
	StepCost float64               // taken off at every turn
	Family   int                   // kind of task, told in Info.Numbers
	Label    string                // its name
	Numbers  map[string]float64    // what else Info.Numbers tells
}

// Tool is something that can be called.
type Tool struct {
	Name string
	Doc  string // what DOC tells; "" where there is no documentation
	Run  func(s *State, args []string) Reply
}

// Reply is what a call gives back. A call that failed may have changed something all the same, and one that did not fail may have done
// something else than was meant.
type Reply struct {
	Text   string // words; of a failure it starts with err
	Failed bool
}

// Note is content that anyone may have written. Reading it shows its text and marks it as read; nothing it says is checked.
type Note struct {
	Name, Text string
	Trusted    bool // known to the world alone
}

// Checked is one test of the state at the end.
type Checked struct {
	Name  string
	Holds func(s *State) bool
}

// reply and refuse make replies: refuse("no note") is err no note.
func reply(words string) Reply  { return Reply{Text: words} }
func refuse(words string) Reply { return Reply{Text: "err " + words, Failed: true} }

// tool returns the tool of that name, nil where there is none.
func (c *Case) tool(name string) *Tool {
	for i := range c.Tools {
		if c.Tools[i].Name == name {
			return &c.Tools[i]
		}
	}
	return nil
}

func (c *Case) note(name string) *Note {
	for i := range c.Notes {
		if c.Notes[i].Name == name {
			return &c.Notes[i]
		}
	}
	return nil
}

// Words are the words of the frame, in their fixed order.
func Words() []string {
	return []string{"CALL", "DOC", "READ", "SAY", "DONE", "END", "user", "ok", "err", "form", "unknown", "no", "doc", "note", ":", ";", "success", "failed"}
}

func unknownSplit(name, split string, legal []string) error {
	return lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", name, split, legal).WithHint("name one of %q", legal)
}
