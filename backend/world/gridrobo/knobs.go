// Package gridrobo is a small board on which a robot moves, lifts and stacks three coloured objects, with up to 24 tasks that begin
// alike: what is wanted is told by the observation, or by rewards alone.
package gridrobo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name of the world, as in a notebook.
const Name = "gridrobo"

// Modes of the observation.
const (
	ID    = "id"    // the observation names the task
	Blind = "blind" // it does not
)

// MaxTasks is the number of tasks there are.
const MaxTasks = kinds * objects

// Knobs of GridRobo.
type Knobs struct {
	Grid    int    `json:"grid" doc:"rows and columns of the board" symbol:"G" unit:"cells" default:"4" min:"3" max:"9" group:"world"`
	Tasks   int    `json:"tasks" doc:"tasks in use: the first ones of 24, eight kinds for each of three colours" unit:"tasks" default:"24" fast:"4" min:"1" max:"24" main:"true" group:"world"`
	Mode    string `json:"mode" doc:"id: the observation names the task; blind: it does not, so that only rewards tell" default:"id" enum:"id,blind" main:"true" group:"world"`
	Horizon int    `json:"horizon" doc:"steps of an episode" unit:"steps" default:"20" min:"5" max:"200" group:"world" pitfall:"the scripted solver needs up to 18 steps on a board of 5"`
}

// Kind is the world for a notebook's section.
func Kind() schema.Kind {
	return schema.Kind{Name: Name, Doc: "A robot, three coloured objects and up to 24 tasks on a small board.", New: func() any { return new(Knobs) }}
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	for _, c := range []struct {
		name        string
		value       int
		least, most int
	}{{"grid", k.Grid, 3, 9}, {"tasks", k.Tasks, 1, MaxTasks}, {"horizon", k.Horizon, 5, 200}} {
		if c.value < c.least || c.value > c.most {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Name, c.name, c.value, c.least, c.most).
				WithHint("choose world.%s between %d and %d", c.name, c.least, c.most)
		}
	}
	if k.Mode != ID && k.Mode != Blind {
		return lab.Errorf(lab.Invalid, "%s: mode is %q, want %q or %q", Name, k.Mode, ID, Blind).WithHint("set world.mode to %q or %q", ID, Blind)
	}
	return nil
}
