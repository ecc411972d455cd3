package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/world"
)

// maxNumbers is how many numbers an outcome may have.
const maxNumbers = 4

// shape is what a task looks like from outside.
type shape struct {
	space    []int    // sizes of the one-hots of an observation, one after the other; nil where it is Box
	box      int      // numbers of a Box observation
	obsNames []string // one for each number, [width]
	actSpace []int    // sizes of the one-hots of an action: one for Discrete, two for MultiDiscrete; nil where it is Box
	torques  []float32
	actions  []string
	horizon  int
	numbers  []string // names of what outcome returns
}

// width is how many numbers the task's own observation has.
func (s *shape) width() int {
	n := s.box
	for _, c := range s.space {
		n += c
	}
	return n
}

// spec writes the shape as other packages read it.
func (s *shape) spec(k Knobs) world.Spec {
	spec := world.Spec{Name: k.Task + "-" + k.Difficulty, Obs: s.width(), Actions: s.actions, Horizon: s.horizon, ObsNames: s.obsNames}
	if !k.PreviousAction {
		return spec
	}
	spec.ObsNames = append(spec.ObsNames[:len(spec.ObsNames):len(spec.ObsNames)], s.memoryNames()...)
	spec.Obs = len(spec.ObsNames)
	return spec
}

// memoryNames names what PreviousAction adds.
func (s *shape) memoryNames() (names []string) {
	switch len(s.actSpace) {
	case 0:
		names = []string{"torque before"}
	case 1:
		for _, a := range s.actions {
			names = append(names, "before: "+a)
		}
	default:
		for part, size := range s.actSpace {
			for i := range size {
				names = append(names, fmt.Sprintf("before: %s %d", []string{"row", "column"}[part], i+1))
			}
		}
	}
	return append(names, "not the first step", "first step")
}

// remember writes the previous action and whether this is the first observation, as the package's wrappers PreviousAction and Antialias
// do before Flatten: the action flattened (action 0 at the start), then a one-hot of the flag.
func (s *shape) remember(row []float32, action int32, first bool) {
	clear(row)
	switch len(s.actSpace) {
	case 0:
		if !first { // the null action of a Box is 0, which no index need stand for
			row[0] = s.torques[action]
		}
	case 1:
		row[action] = 1
	default:
		columns := int32(s.actSpace[1])
		row[action/columns] = 1
		row[s.actSpace[0]+int(action%columns)] = 1
	}
	if flag := row[len(row)-2:]; first {
		flag[1] = 1
	} else {
		flag[0] = 1
	}
}

// each names the values of a one-hot.
func each(what string, values []string) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = what + " " + v
	}
	return names
}

// cells names the cells of a board row by row: "row 1 column 2".
func cells(height, width int) []string {
	names := make([]string, 0, height*width)
	for i := range height * width {
		names = append(names, cellName(i, width))
	}
	return names
}

func cellName(cell, width int) string {
	return fmt.Sprintf("row %d column %d", cell/width+1, cell%width+1)
}

// oneIn is the place of the 1, -1 where there is none.
func oneIn(row []float32) int32 {
	for i, x := range row {
		if x == 1 {
			return int32(i)
		}
	}
	return -1
}

// hot writes a one-hot.
func hot(row []float32, at uint8) {
	clear(row)
	row[at] = 1
}
