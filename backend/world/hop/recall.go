package hop

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Query is what is to be recalled before this turn is answered: the facts that bear on the questions.
func (e *Episode) Query() string {
	if e.info.Why != "" {
		return ""
	}
	return strings.TrimPrefix(e.Task(), Ask+" ")
}

// Experiences are the facts of the last search result, one each (lab.OneStep; the key is what the fact answers), and at the end of the
// episode the questions with what they paid (lab.OneTask).
func (e *Episode) Experiences() (list []lab.Experience) {
	source := strconv.FormatUint(e.info.Seed, 10) + "/" + strconv.Itoa(e.info.Steps)
	when := int64(e.info.Seed)*int64(MostTurns+1) + int64(e.info.Steps)
	if n := len(e.outputs); n > 0 && e.outputs[n-1].Turn == e.info.Steps-1 {
		for i, f := range e.outputs[n-1].Facts {
			list = append(list, lab.Experience{Kind: lab.OneStep, Key: f.Key(), Text: f.String(), When: when, Source: source + "/" + strconv.Itoa(i)})
		}
	}
	if e.info.Why != "" {
		list = append(list, lab.Experience{Kind: lab.OneTask, Key: e.Task(), Text: e.Answers(append([]string{}, e.answers...)), When: when, Source: source, Scored: true,
			Reward: lab.Float(e.info.Return), Success: e.info.Success})
	}
	return list
}

// Reader returns the rule that answers by recalled facts: it remembers the questions and what it searched for, searches for a fact that no
// recalled line tells, once each, and answers when there is nothing left to search for. What a search result in sight says counts as recalled.
func (w *World) Reader(uint64) world.Reader { return &reader{w: w} }

type reader struct {
	w         *World
	questions []Question
	turn      int
}

// Begin tells it that an episode begins.
func (r *reader) Begin() { r.questions, r.turn = nil, 0 }

// Answer is what it does, given lines of memory.
func (r *reader) Answer(told string, recalled []string) string {
	questions, seen := Parse(told)
	if len(questions) > 0 {
		r.questions, r.turn = questions, 0
	}
	facts := map[string]string{}
	for _, line := range recalled {
		_, told := Parse(line + " " + And)
		for _, f := range told {
			facts[f.Key()] = f.Is
		}
	}
	for _, f := range seen {
		facts[f.Key()] = f.Is
	}
	left := r.w.knobs.Turns(len(r.questions)) - r.turn
	r.turn++
	return act(r.questions, facts, left)
}
