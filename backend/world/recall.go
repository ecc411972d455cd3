package world

import "github.com/loci-lab/loci/backend/lab"

// Recalling is a dialogue that an agent with a memory can be put into without knowing the world.
type Recalling interface {
	Dialogue
	// Query is what a memory is to be asked before this turn is answered; "" where nothing is to be recalled.
	Query() string
	// Experiences are what the last Act brought, before the first Act what the beginning brought. A second call gives the same.
	Experiences() []lab.Experience
}

// Readable is a text world whose dialogues are Recalling and whose turns a fixed rule can answer out of recalled lines. The rule is the
// reader that is the same for every memory: it sees what Dialogue.Read said in this episode and the lines, and nothing else.
type Readable interface {
	Text
	// Reader returns a new rule; seed feeds the guesses that it makes where the lines do not tell.
	Reader(seed uint64) Reader
}

// Reader answers turns out of recalled lines.
type Reader interface {
	// Begin tells it that an episode begins.
	Begin()
	// Answer is what it says to a turn, given lines of memory in the order in which the memory presents them: the best last.
	Answer(told string, recalled []string) string
}
