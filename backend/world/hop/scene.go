package hop

import (
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// Scene draws a row for each question: the question, the searches that answer it, each marked once it was found, and the right answer. In the
// last row stand the searches that were made.
func (e *Episode) Scene() lab.Scene {
	s := lab.Scene{W: 4 + e.corpus.w.knobs.Hops, H: len(e.questions) + 1}
	for y, q := range e.questions {
		s.Marks = append(s.Marks, lab.Mark{X: 0, Y: y, Shape: "goal", Label: q.String()})
		for i, f := range q.Steps {
			m := lab.Mark{X: 1 + i, Y: y, Shape: "floor", Label: "to be found: " + f.Key()}
			if o, ok := e.Found(f); ok {
				m.Shape, m.Label = "cue", f.String()+", turn "+strconv.Itoa(o.Turn)
			}
			s.Marks = append(s.Marks, m)
		}
		s.Marks = append(s.Marks, e.given(y, s.W-1))
	}
	label := "turn " + strconv.Itoa(e.info.Steps) + ", " + strconv.Itoa(e.TurnsLeft()) + " left"
	if n := len(e.outputs); n > 0 {
		label += "; searched last: " + e.outputs[n-1].Asked
	}
	s.Marks = append(s.Marks, lab.Mark{X: 0, Y: s.H - 1, Shape: "agent", Label: label})
	return s
}

// given marks the right answer of a question and, at the end, what was said instead.
func (e *Episode) given(question, x int) lab.Mark {
	right := e.questions[question].Answer()
	m := lab.Mark{X: x, Y: question, Shape: "floor", Label: "right answer: " + right}
	if question < len(e.answers) {
		if m.Label += ", answered " + e.answers[question]; e.answers[question] == right {
			m.Shape = "cube"
		}
	}
	return m
}
