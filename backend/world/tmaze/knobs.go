// Package tmaze is the passive T-Maze: a corridor through which the agent is carried, a cue in its first cell, and one decision at its
// end. Nothing but the memory decides, and there is nothing to explore: one reward, one action, a delay that can be made long.
package tmaze

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name of the world, as in a notebook.
const Name = "passive-t-maze"

// Knobs of the passive T-Maze.
type Knobs struct {
	Corridor int `json:"corridor" doc:"steps from the cue to the junction" symbol:"C" unit:"steps" default:"64" min:"1" max:"4096" main:"true" group:"world"`
	Nuisance int `json:"nuisance" doc:"bits of each observation that are drawn anew at every step and mean nothing" unit:"bits" default:"4" min:"0" max:"16" group:"world" pitfall:"without them every blank step looks alike and there is nothing to leave out"`
}

// Kind is the world for a notebook's section.
func Kind() schema.Kind {
	return schema.Kind{Name: Name, Doc: "A long corridor, a cue at its start, forced motion and one decision at its end.", New: func() any { return new(Knobs) }}
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	if k.Corridor < 1 || k.Corridor > 4096 {
		return lab.Errorf(lab.Invalid, "%s: knob corridor is %d, want 1 to 4096", Name, k.Corridor).WithHint("choose world.corridor between 1 and 4096")
	}
	if k.Nuisance < 0 || k.Nuisance > maxNuisance {
		return lab.Errorf(lab.Invalid, "%s: knob nuisance is %d, want 0 to %d", Name, k.Nuisance, maxNuisance).
			WithHint("choose world.nuisance between 0 and %d", maxNuisance)
	}
	return nil
}
