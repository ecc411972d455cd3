package maze

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// viewCells bounds the width of a picture: of a longer corridor it shows the part round the agent.
const viewCells = 32

// Saw puts into words what the agent of environment b sees, and nothing else.
func (m *Endless) Saw(b int) string {
	e := &m.runs[b]
	switch m.cell(e) {
	case CellCue:
		return "cue " + letters()[e.Cue]
	case CellJunction:
		return "junction"
	case CellNuisance:
		return fmt.Sprintf("nuisance %d", int(e.Symbol)-m.junction())
	}
	return "blank"
}

// Scene draws the corridor of environment b from its cue (left) to its junction (right), row 1 of 3, with one exit for each cue. The
// cue is an arrow while the agent sees it and a ghost afterwards; the former corridor's cue is a ghost in row 0.
func (m *Endless) Scene(b int) lab.Scene {
	e := &m.runs[b]
	cells := min(int(e.Length)+1, viewCells)
	first := min(max(int(e.Position)-cells/2, 0), int(e.Length)+1-cells)
	s := lab.Scene{W: cells + 1, H: 3}
	for x := range cells {
		s.Marks = append(s.Marks, lab.Mark{X: x, Y: 1, Shape: "floor"})
	}
	s.Marks = append(s.Marks, m.cueMarks(e, first)...)
	if first+cells == int(e.Length)+1 {
		s.Marks = append(s.Marks, m.exits(e, cells-1)...)
	}
	return withAgent(s, int(e.Position)-first, e, m.knobs.Corridors)
}

func withAgent(s lab.Scene, x int, e *run, corridors int) lab.Scene {
	label := fmt.Sprintf("%d/%d", e.Corridor+1, corridors)
	s.Marks = append(s.Marks, lab.Mark{X: x, Y: 1, Shape: "agent", Label: label, Tone: 1})
	return s
}

// cueMarks draws this corridor's cue where it stands, or as a ghost at the left edge, and the former one above it.
func (m *Endless) cueMarks(e *run, first int) []lab.Mark {
	now := cueMark(int(e.Cue), e.Position == 0)
	now.X, now.Y = 0, 2
	marks := []lab.Mark{now}
	if first > 0 {
		marks[0].Label += fmt.Sprintf(", %d cells back", e.Position)
	}
	if e.Previous >= 0 {
		marks = append(marks, lab.Mark{X: 0, Y: 0, Shape: "ghost", Label: "before: " + letters()[e.Previous]})
	}
	if e.Symbol > int32(m.junction()) {
		x := int(e.Position) - first
		marks = append(marks, lab.Mark{X: x, Y: 0, Shape: "cue", Label: fmt.Sprintf("nuisance %d", int(e.Symbol)-m.junction())})
	}
	return marks
}

// cueMark is the picture of a cue: an arrow where there is one, always with its name.
func cueMark(cue int, visible bool) lab.Mark {
	mark := lab.Mark{Shape: "cue", Label: letters()[cue], Tone: cue + 2}
	switch {
	case !visible:
		mark.Shape = "ghost"
	case cue == 0:
		mark.Shape = "arrow-up"
	case cue == 1:
		mark.Shape = "arrow-down"
	}
	return mark
}

// exits draws the ways out of the junction at column x; the right one is the goal.
func (m *Endless) exits(e *run, x int) []lab.Mark {
	places := [4][2]int{{x, 0}, {x, 2}, {x + 1, 0}, {x + 1, 2}}
	marks := make([]lab.Mark, 0, m.knobs.Alphabet)
	for c := range m.knobs.Alphabet {
		shape := "floor"
		if c == int(e.Cue) {
			shape = "goal"
		}
		marks = append(marks, lab.Mark{X: places[c][0], Y: places[c][1], Shape: shape, Label: letters()[c]})
	}
	return marks
}
