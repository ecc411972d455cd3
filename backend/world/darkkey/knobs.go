// Package darkkey is Dark-Key-To-Door: a dark room in which a key and then a door are found by walking over them, several episodes in
// a row with the same two places. What one episode found is worth something in the next, so memory must outlive episodes.
package darkkey

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name of the world, as in a notebook.
const Name = "dark-key-to-door"

// Knobs of Dark-Key-To-Door.
type Knobs struct {
	Grid    int `json:"grid" doc:"rows and columns of the room" symbol:"G" unit:"cells" default:"5" min:"3" max:"9" main:"true" group:"world"`
	Episode int `json:"episode" doc:"steps after which an episode ends at the latest; it ends at once at the door" unit:"steps" default:"20" min:"4" max:"200" main:"true" group:"world" pitfall:"the oracle needs up to 3(G-1) steps; with fewer it cannot always succeed"`
	Trial   int `json:"trial" doc:"steps of a trial, all its episodes together" unit:"steps" default:"120" min:"8" max:"4096" main:"true" group:"world"`
}

// Kind is the world for a notebook's section.
func Kind() schema.Kind {
	return schema.Kind{Name: Name, Doc: "A dark room with a hidden key and a hidden door, the same ones for all episodes of a trial.", New: func() any { return new(Knobs) }}
}

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	for _, c := range []struct {
		name         string
		value, least int
		most         int
	}{{"grid", k.Grid, 3, 9}, {"episode", k.Episode, 4, 200}, {"trial", k.Trial, 8, 4096}} {
		if c.value < c.least || c.value > c.most {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Name, c.name, c.value, c.least, c.most).
				WithHint("choose world.%s between %d and %d", c.name, c.least, c.most)
		}
	}
	if k.Trial < 3*k.Episode {
		return lab.Errorf(lab.Invalid, "%s: trial is %d steps with episodes of %d, want three episodes at least", Name, k.Trial, k.Episode).
			WithHint("set world.trial to %d or more", 3*k.Episode)
	}
	if need := 3 * (k.Grid - 1); k.Episode < need {
		return lab.Errorf(lab.Invalid, "%s: episode is %d steps on a grid of %d, want %d or more", Name, k.Episode, k.Grid, need).
			WithHint("set world.episode to %d or more", need)
	}
	return nil
}
