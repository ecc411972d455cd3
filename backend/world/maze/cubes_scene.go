package maze

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what the agent of environment b sees, and nothing else.
func (c *Cubes) Saw(b int) string {
	e := &c.boards[b]
	return fmt.Sprintf("at %s, target %s, %s", c.cellName(e.Agent), colours()[e.Target], c.mapWords(e))
}

func (c *Cubes) cellName(cell int32) string {
	g := int32(c.knobs.Grid)
	return fmt.Sprintf("row %d column %d", cell/g+1, cell%g+1)
}

func (c *Cubes) mapWords(e *board) string {
	var words []string
	switch Shown(e.Shown) {
	case MapHidden:
		return "map hidden"
	case MapColoured:
		for i := range c.knobs.Cubes {
			words = append(words, colours()[i]+" at "+c.cellName(e.Cubes[i]))
		}
	case MapColourless: // cell by cell, since the order of the cubes would tell their colours
		for cell := range int32(c.knobs.Grid * c.knobs.Grid) {
			if c.cubeAt(e, cell) >= 0 {
				words = append(words, "a cube at "+c.cellName(cell))
			}
		}
	}
	return "map: " + strings.Join(words, ", ")
}

// cubeAt returns the colour of the cube on a cell, -1 where there is none.
func (c *Cubes) cubeAt(e *board, cell int32) int {
	for i := range c.knobs.Cubes {
		if e.Cubes[i] == cell {
			return i
		}
	}
	return -1
}

// Scene draws the grid of environment b, with the target colour in a row below it. Cubes carry their colour's first letter; what the
// agent cannot see at this step is a ghost: every cube while the map is hidden, the colours where an update hides them.
func (c *Cubes) Scene(b int) lab.Scene {
	e, g := &c.boards[b], c.knobs.Grid
	s := lab.Scene{W: g, H: g + 1}
	for i := range c.knobs.Cubes {
		x, y := int(e.Cubes[i])%g, int(e.Cubes[i])/g
		if Shown(e.Shown) == MapColourless {
			s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "cube", Label: "?"})
		}
		s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: cubeShape(Shown(e.Shown)), Label: letterOf(i), Tone: i + 2})
	}
	label := fmt.Sprintf("%d/%d", e.Out.Targets, c.knobs.Targets)
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks,
		lab.Mark{X: 0, Y: g, Shape: "goal", Label: "target " + letterOf(int(e.Target)), Tone: int(e.Target) + 2},
		lab.Mark{X: int(e.Agent) % g, Y: int(e.Agent) / g, Shape: "agent", Label: label, Tone: 1})}
}

func cubeShape(s Shown) string {
	if s == MapColoured {
		return "cube"
	}
	return "ghost"
}

func letterOf(colour int) string { return strings.ToUpper(colours()[colour][:1]) }
