// Package desk is a table of nine cells under an arm: three tasks whose decisive frame is gone when the arm has to act. They reproduce, as
// vectors instead of pictures, the examples of MemoryVLA (sheet memoryvla): which cup hides the ball, which colour was shown, and which
// buttons, that look the same after pressing, were pressed already.
package desk

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the world's name in a notebook.
const Name = "desk"

// Tasks of an episode.
const (
	Shell  = iota // the ball is shown under one of three cups, then covered: touch that cup
	Colour        // a colour is shown, then gone: touch the patch of that colour
	Order         // press three of five buttons in the instructed order
	tasks
)

// TaskNames lists the tasks by their number.
func TaskNames() []string { return []string{"shell", "colour", "order"} }

// Knobs are those of the desk.
type Knobs struct {
	Task    string  `json:"task" doc:"all: each episode draws one of the three tasks; shell, colour, order: only that one" default:"all" enum:"all,shell,colour,order" main:"true" group:"world"`
	Colours int     `json:"colours" doc:"patches to choose among in the colour task" symbol:"k" unit:"colours" default:"3" min:"2" max:"9" main:"true" group:"world" pitfall:"chance is one in so many"`
	Shown   int     `json:"shown" doc:"steps during which ball or colour can be seen" unit:"steps" default:"2" min:"1" max:"20" group:"world"`
	Delay   int     `json:"delay" doc:"idle steps after them, with a drifting arm and a moving distractor; the action plays no part" unit:"steps" default:"20" min:"0" max:"200" main:"true" group:"world"`
	Spare   int     `json:"spare" doc:"steps to act in; the order task has all of the horizon" unit:"steps" default:"12" min:"8" max:"200" group:"world"`
	Drift   float64 `json:"drift" doc:"largest displacement of the arm in an idle step, on each axis" unit:"cells" default:"0.15" min:"0" max:"1" group:"world"`
	Speed   float64 `json:"speed" doc:"largest displacement of the distractor in a step, on each axis" unit:"cells" default:"0.4" min:"0" max:"3" group:"world"`
}

// Horizon is the number of steps after which an episode ends at the latest.
func (k Knobs) Horizon() int { return k.Shown + k.Delay + k.Spare }

// Kind is the desk as a notebook's world cell chooses it.
func Kind() schema.Kind {
	return schema.Kind{Name: Name, Doc: "an arm above nine cells; what decides was seen long ago", New: func() any { return new(Knobs) }}
}

func (k Knobs) validate() error {
	if k.Horizon() < 20 && (k.Task == "all" || k.Task == "order") {
		return lab.Errorf(lab.Invalid, "desk: shown, delay and spare make %d steps, want at least 20 for three buttons", k.Horizon()).
			WithHint("raise world.spare or choose world.task")
	}
	return nil
}
