// Package ballet holds Ballet-lite, the symbolic form of the Ballet environment of arXiv 2105.14039 (Lampinen et al., NeurIPS 2021) and of
// the Room Ballets of arXiv 2402.15160 (Cho et al., ICLR 2024): dances are watched, then one question about one of them is answered. What
// must be recalled is an event of many steps, and the order of its moves decides.
package ballet

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Names of the worlds, as in a notebook.
const (
	Ballet = "ballet"
	Rooms  = "ballet-rooms"
	Visits = "ballet-visits"
)

// BalletKnobs: dancers dance one after another with a delay behind each; then a dance is named, and its dancer must be found.
type BalletKnobs struct {
	Dancers int    `json:"dancers" doc:"dancers, one after another" symbol:"D" default:"4" min:"2" max:"6" main:"true" group:"world"`
	Moves   int    `json:"moves" doc:"moves of a dance, 8 or 16" unit:"steps" default:"8" min:"8" max:"16" paper:"16" group:"world" pitfall:"only lengths at which mirror pairs keep equal counts of moves; else a bag of moves solves the task"`
	Delay   int    `json:"delay" doc:"blank steps behind each dance" unit:"steps" default:"16" min:"0" max:"64" paper:"16" main:"true" group:"world"`
	Among   string `json:"among" doc:"any: dances are drawn from all; pair: two dancers dance a mirror pair, so that only the order of moves tells them apart" default:"any" enum:"any,pair" group:"world"`
}

// RoomsKnobs: the short stay. A walk through rooms whose dancers dance in a loop; then one room's dancer is shown, and its dance asked.
type RoomsKnobs struct {
	Side  int     `json:"side" doc:"rooms in a row and in a column" unit:"rooms" default:"3" min:"2" max:"4" paper:"5" main:"true" group:"world"`
	Steps int     `json:"steps" doc:"steps of the walk" unit:"steps" default:"144" min:"24" max:"2000" paper:"1280" main:"true" group:"world"`
	Still int     `json:"still" doc:"steps of each loop in which all dancers stand, before the 8 moves" unit:"steps" default:"16" min:"0" max:"24" paper:"16" group:"world"`
	Noise float64 `json:"noise" doc:"share of steps at which a wrong room is told" unit:"share" default:"0" min:"0" max:"1" paper:"0" group:"world"`
}

// VisitsKnobs: more visits than a memory holds. Each visit is a whole dance by a dancer of its own; which visit is asked about depends on the
// task.
type VisitsKnobs struct {
	Visits int    `json:"visits" doc:"visits of 8 steps each" unit:"visits" default:"18" min:"6" max:"24" paper:"18" group:"world"`
	Rooms  int    `json:"rooms" doc:"rooms that are visited" unit:"rooms" default:"8" min:"2" max:"8" paper:"8" group:"world"`
	Half   int    `json:"half" doc:"visits that count as the first and as the last ones, and what a memory must hold for one rule to be right" unit:"visits" default:"9" min:"3" max:"12" paper:"9" group:"world"`
	Task   string `json:"task" doc:"which visit is asked about; all draws one of the four for each episode" default:"all" enum:"all,last,first,most-visited,latest-of-room" main:"true" group:"world"`
}

// Tasks are the questions of the visits world, in the order of its observation.
func Tasks() []string { return []string{"last", "first", "most-visited", "latest-of-room"} }

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: Ballet, Doc: "Dancers dance one after another, long delays between; then: who danced this dance?", New: func() any { return new(BalletKnobs) }},
		{Name: Rooms, Doc: "A walk through rooms with a looping dancer in each, crumbs of every dance; then: what did this one dance?", New: func() any { return new(RoomsKnobs) }},
		{Name: Visits, Doc: "More visits to dancers than a memory holds, and four tasks that ask about different ones.", New: func() any { return new(VisitsKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds), with batch environments.
func New(knobs any, batch int) (*Stage, error) {
	switch k := knobs.(type) {
	case *BalletKnobs:
		return NewBallet(*k, batch)
	case *RoomsKnobs:
		return NewRooms(*k, batch)
	case *VisitsKnobs:
		return NewVisits(*k, batch)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no ballet", knobs)
}

// Validate checks what a single bound cannot say.
func (k *BalletKnobs) Validate() error {
	if k.Moves != 8 && k.Moves != 16 {
		return lab.Errorf(lab.Invalid, "%s: knob moves is %d, want 8 or 16", Ballet, k.Moves).WithHint("set world.moves to 8 or to 16")
	}
	if k.Dancers < 2 || k.Dancers > DanceCount || k.Delay < 0 || k.Delay > 64 {
		return lab.Errorf(lab.Invalid, "%s: dancers is %d and delay %d, want 2 to %d and 0 to 64", Ballet, k.Dancers, k.Delay, DanceCount)
	}
	if k.Among != "any" && k.Among != "pair" {
		return lab.Errorf(lab.Invalid, "%s: knob among is %q, want any or pair", Ballet, k.Among)
	}
	if k.Among == "pair" && k.Dancers != 2 {
		return lab.Errorf(lab.Invalid, "%s: among is pair with %d dancers, want 2", Ballet, k.Dancers).WithHint("set world.dancers to 2")
	}
	return nil
}

// Validate checks the bounds, for callers that build knobs in Go.
func (k *RoomsKnobs) Validate() error {
	if k.Side < 2 || k.Side > 4 || k.Steps < 24 || k.Steps > 2000 || k.Still < 0 || k.Still > 24 || !(k.Noise >= 0 && k.Noise <= 1) {
		return lab.Errorf(lab.Invalid, "%s: %+v, want side 2 to 4, steps 24 to 2000, still 0 to 24, noise 0 to 1", Rooms, *k)
	}
	return nil
}

// Validate checks what a single bound cannot say.
func (k *VisitsKnobs) Validate() error {
	if k.Visits < 6 || k.Visits > maxLooks || k.Rooms < 2 || k.Rooms > compass || k.Half < 3 || k.Half > k.Visits {
		return lab.Errorf(lab.Invalid, "%s: %+v, want visits 6 to %d, rooms 2 to %d, half 3 to visits", Visits, *k, maxLooks, compass)
	}
	if k.Task != "all" && !slices.Contains(Tasks(), k.Task) {
		return lab.Errorf(lab.Invalid, "%s: knob task is %q, want all or one of %q", Visits, k.Task, Tasks())
	}
	return nil
}

// Loop is the number of steps after which the dancers of the rooms begin again.
func (k *RoomsKnobs) Loop() int { return k.Still + roomMoves }

var _ world.Tensor = (*Stage)(nil)
