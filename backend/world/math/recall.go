package mathworld

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

var _ world.Recalling = (*episode)(nil)

// Query is the question until it is answered.
func (e *episode) Query() string {
	if e.info.Why != "" {
		return ""
	}
	return e.question
}

// Experiences are, once the question was answered, the question with its right work and how the answer given did: one of lab.OneTask. No
// clock runs from question to question.
func (e *episode) Experiences() []lab.Experience {
	if e.info.Why == "" {
		return nil
	}
	return []lab.Experience{{Kind: lab.OneTask, Key: e.question, Text: e.question + "\n" + e.solution, Scored: true,
		Reward: lab.Float(e.info.Return), Success: e.info.Success}}
}

// Reader returns the rule of this world: it answers a question only where it was recalled.
func (a *Arithmetic) Reader(uint64) world.Reader { return recaller{} }

// Reader returns the rule of this world: it answers a question only where it was recalled.
func (w *Words) Reader(uint64) world.Reader { return recaller{} }

// recaller says the work that a line of memory holds for the very question, of several lines that of the last; else nothing. It cannot
// calculate: what it scores is what the memory kept and found.
type recaller struct{}

// Begin has nothing to forget.
func (recaller) Begin() {}

// Answer looks for the question among the lines.
func (recaller) Answer(told string, recalled []string) string {
	for i := len(recalled) - 1; i >= 0; i-- {
		if work, ok := strings.CutPrefix(recalled[i], told+"\n"); ok {
			return work
		}
	}
	return ""
}
