package darkroom

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

func (r *rules) cellName(cell int32) string {
	return fmt.Sprintf("row %d column %d", int(cell)/r.Grid+1, int(cell)%r.Grid+1)
}

// Saw puts into words what the agent of environment b sees.
func (w *Room) Saw(b int) string {
	e := &w.places[b]
	text := "at " + w.cellName(e.Agent)
	if e.Reading {
		text += ", the sign shows " + w.cellName(e.Goal)
	}
	if e.Action >= 0 {
		text += fmt.Sprintf("; went %s before, reward %.1f", names()[e.Action], e.Reward)
	}
	if e.Ended {
		text += ", and a new episode began"
	}
	return text
}

// Scene draws the room of environment b. The goal is a ghost while it is hidden; the agent carries the number of its episode.
func (w *Room) Scene(b int) lab.Scene {
	e, g := &w.places[b], w.rules.Grid
	s := lab.Scene{W: g, H: g}
	mark := func(cell int32, shape, label string) {
		s.Marks = append(s.Marks, lab.Mark{X: int(cell) % g, Y: int(cell) / g, Shape: shape, Label: label})
	}
	if w.doors() {
		for _, d := range w.doorCells() {
			if d != e.Goal {
				mark(d, "cue", "door")
			}
		}
		mark(w.signCell(), "cue", "sign")
	}
	if e.Reading {
		mark(e.Goal, "goal", "goal")
	} else {
		mark(e.Goal, "ghost", "goal")
	}
	mark(e.Agent, "agent", fmt.Sprintf("episode %d", e.Inner+1))
	return s
}
