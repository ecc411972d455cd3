package gridrobo

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what the robot of environment b sees, and nothing else.
func (w *World) Saw(b int) string {
	e := &w.envs[b]
	text := e.Board.words(int32(w.knobs.Grid))
	if w.knobs.Mode == ID {
		text = TaskName(int(e.task())) + ": " + text
	}
	if e.Reward > 0 {
		text += ", rewarded"
	}
	return text
}

// words tell a board as the robot sees it.
func (s *board) words(g int32) string {
	var all []string
	for i, colour := range Colours() {
		state := map[int32]string{-1: " below", 0: "", 1: " up"}[s.status(int32(i))]
		all = append(all, fmt.Sprintf("%s%s at %s", colour, state, spot(g, s.Cell[i])))
	}
	return strings.Join(append(all, "robot at "+spot(g, s.Cell[robot])), ", ")
}

func spot(g, cell int32) string { return fmt.Sprintf("%c%d", 'a'+cell%g, cell/g+1) }

// Words tell the board of an observation: the first BodyWidth numbers.
func Words(grid int, row []float32) string {
	s := read(int32(grid), row)
	return s.words(int32(grid))
}

// Scene draws environment b. The label of the robot says what is wanted, also where the robot is not told.
func (w *World) Scene(b int) lab.Scene {
	e, g := &w.envs[b], w.knobs.Grid
	s := lab.Scene{W: g, H: g}
	for cell := range g * g {
		s.Marks = append(s.Marks, lab.Mark{X: cell % g, Y: cell / g, Shape: "floor"})
	}
	for i, colour := range Colours() {
		label := colour
		if below := e.Board.On[i]; below != nothing {
			label += " on " + Colours()[below]
		}
		if e.Board.Held == int32(i) {
			label += ", held"
		}
		cell := int(e.Board.Cell[i])
		s.Marks = append(s.Marks, lab.Mark{X: cell % g, Y: cell / g, Shape: "cube", Label: label, Tone: i + 1})
	}
	cell := int(e.Board.Cell[robot])
	s.Marks = append(s.Marks, lab.Mark{X: cell % g, Y: cell / g, Shape: "agent", Label: "wants: " + TaskName(int(e.task())), Tone: 4})
	return s
}
