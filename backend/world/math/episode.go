package mathworld

import (
	"maps"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// verdict is what an answer is worth.
type verdict struct {
	reward  float64
	right   bool
	note    string
	numbers map[string]float64
}

// episode is the dialogue of both worlds: one question, one answer.
type episode struct {
	question string
	solution string // what the oracle says
	blind    string // what somebody says who cannot take a value from one step to the next
	judge    func(answer string) verdict
	marks    func() lab.Scene // without the answer given
	given    string           // as the picture shows it
	info     world.Info
}

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// Read returns the question; it stays as it is.
func (e *episode) Read() string { return e.question }

// Act grades the answer and ends the episode. Answering again changes nothing and says so.
func (e *episode) Act(answer string) world.Outcome {
	if e.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over: the question takes one answer"}
	}
	v := e.judge(answer)
	e.info.Steps, e.info.Why = 1, lab.EndTerminal
	e.info.Return, e.info.Success, e.info.Numbers = float32(v.reward), v.right, v.numbers
	e.given = "no answer"
	if n, ok := v.numbers["answer"]; ok {
		e.given = strconv.Itoa(int(n))
	}
	return world.Outcome{Reward: v.reward, Done: true, Note: v.note}
}

// Info sums the episode up; its numbers are there once the answer is.
func (e *episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}

// Scene writes the question and the right answer on a grid, and the answer given once there is one.
func (e *episode) Scene() lab.Scene {
	s := e.marks()
	if e.given != "" {
		tone := 2
		if e.info.Success {
			tone = 1
		}
		s.Marks = append(s.Marks, lab.Mark{X: 1, Y: s.H - 1, Shape: "agent", Label: "answer given: " + e.given, Tone: tone})
	}
	return s
}

// lines makes a picture of one text a row, with the right answer in the row below them.
func lines(shape string, answer int, rows ...string) lab.Scene {
	s := lab.Scene{W: 2, H: len(rows) + 1}
	for y, text := range rows {
		s.Marks = append(s.Marks, lab.Mark{Y: y, Shape: shape, Label: text})
	}
	s.Marks = append(s.Marks, lab.Mark{Y: len(rows), Shape: "goal", Label: "right answer: " + strconv.Itoa(answer)})
	return s
}

// speaker is a reference: it answers any dialogue of its world.
type speaker func(e *episode) string

// Answer returns the reference's answer; to a dialogue of another package it has none.
func (s speaker) Answer(d world.Dialogue) string {
	if e, ok := d.(*episode); ok {
		return s(e)
	}
	return ""
}
