package shop

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// The picture is a page: what it says line by line on the left, and on the right, for the person who watches, what the goal wants at each
// stage and what was chosen.
const (
	sceneWidth  = 2
	sceneHeight = 8
)

// Scene draws the page with what is needed to judge the next action.
func (e *episode) Scene() lab.Scene {
	s := lab.Scene{W: sceneWidth, H: sceneHeight}
	for y, text := range strings.Split(e.Read(), "\n") {
		shape := "floor"
		if y == 0 {
			shape = "goal"
		}
		s.Marks = append(s.Marks, lab.Mark{X: 0, Y: min(y, sceneHeight-1), Shape: shape, Label: text})
	}
	s.Marks = append(s.Marks, lab.Mark{X: 0, Y: 1, Shape: "agent", Label: "turn " + strconv.Itoa(e.info.Steps+1) + " of " + strconv.Itoa(e.limit)})
	for at := range stages {
		s.Marks = append(s.Marks, lab.Mark{X: 1, Y: int(at) + 1, Shape: "cue", Label: e.stageLabel(at)})
	}
	return s
}

func (e *episode) stageLabel(at stage) string {
	label := at.String() + ": " + e.w.right(&e.goal, at) + " is right"
	if c := e.Chosen()[at]; c != "" {
		label += ", " + c + " was chosen"
	} else if e.chosen[at] != "" {
		label += ", " + e.chosen[at] + " so far"
	}
	return label
}
