package tmaze

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// viewCells bounds the width of a picture: of a longer corridor it shows the part round the agent.
const viewCells = 32

// Saw puts into words what the agent of environment b sees, and nothing else.
func (m *Maze) Saw(b int) string {
	e := &m.Envs[b]
	text := m.Spec().ObsNames[m.place(e)]
	if m.knobs.Nuisance == 0 {
		return text
	}
	bits := make([]byte, m.knobs.Nuisance)
	for i := range bits {
		bits[i] = '0' + byte(m.bits(e)>>i&1)
	}
	return text + ", nuisance " + string(bits)
}

// Scene draws the corridor of environment b from its cue (left) to its junction (right), row 1 of 3. The cue is an arrow while the
// agent sees it and a ghost afterwards; of the two exits the right one is the goal.
func (m *Maze) Scene(b int) lab.Scene {
	e := &m.Envs[b]
	all := m.knobs.Corridor + 1
	cells := min(all, viewCells)
	first := min(max(int(e.Position)-cells/2, 0), all-cells)
	s := lab.Scene{W: cells + 1, H: 3}
	for x := range cells {
		s.Marks = append(s.Marks, lab.Mark{X: x, Y: 1, Shape: "floor"})
	}
	s.Marks = append(s.Marks, m.cueMark(e, first))
	if first+cells == all {
		s.Marks = append(s.Marks, exits(e, cells-1)...)
	}
	s.Marks = append(s.Marks, lab.Mark{X: int(e.Position) - first, Y: 1, Shape: "agent", Label: fmt.Sprintf("step %d of %d", e.Position, m.knobs.Corridor), Tone: 1})
	return s
}

func (m *Maze) cueMark(e *run, first int) lab.Mark {
	mark := lab.Mark{X: 0, Y: 2, Shape: "ghost", Label: names()[e.Cue], Tone: int(e.Cue) + 2}
	if first > 0 {
		mark.Label += fmt.Sprintf(", %d steps back", e.Position)
	}
	if e.Position == 0 {
		mark.Shape = [cues]string{"arrow-up", "arrow-down"}[e.Cue]
	}
	return mark
}

// exits draws the two ways out of the junction at column x.
func exits(e *run, x int) []lab.Mark {
	marks := make([]lab.Mark, cues)
	for c := range marks {
		marks[c] = lab.Mark{X: x, Y: 2 * c, Shape: "floor", Label: names()[c]}
	}
	marks[e.Cue].Shape = "goal"
	return marks
}
