// Package darkroom holds rooms in which the goal is hidden and stays where it is for a block of episodes: what one episode finds, the
// next ones can use.
package darkroom

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Names of the worlds, as in a notebook.
const (
	DarkRoom = "dark-room"
	Trap     = "trap"
)

// Limits of the knobs.
const (
	maxGrid     = 9
	maxEpisodes = 100
	maxSteps    = 200
)

// RoomKnobs are the knobs of the dark room.
type RoomKnobs struct {
	Grid     int `json:"grid" doc:"rows and columns of the room, odd; the agent starts in the middle" symbol:"G" unit:"cells" default:"5" min:"3" max:"9" main:"true" group:"world"`
	Episodes int `json:"episodes" doc:"episodes of a block, all with the same goal" symbol:"n" unit:"episodes" default:"6" min:"1" max:"100" main:"true" group:"world"`
	Steps    int `json:"steps" doc:"steps after which an episode ends at the latest" unit:"steps" default:"10" min:"2" max:"200" main:"true" group:"world"`
	Recurs   int `json:"recurs" doc:"episodes after which the goal is drawn anew inside a block; 0: it stays for the whole block" unit:"episodes" default:"0" min:"0" max:"100" group:"world" pitfall:"at 1 nothing recurs, and nothing that was found is worth remembering"`
}

// TrapKnobs are the knobs of the room with doors and a sign.
type TrapKnobs struct {
	Episodes int     `json:"episodes" doc:"episodes of a block, all with the same goal" symbol:"n" unit:"episodes" default:"6" min:"1" max:"100" main:"true" group:"world"`
	Steps    int     `json:"steps" doc:"steps after which an episode ends at the latest" unit:"steps" default:"6" min:"2" max:"200" group:"world"`
	Recurs   int     `json:"recurs" doc:"episodes after which the goal is drawn anew inside a block; 0: it stays for the whole block" unit:"episodes" default:"0" min:"0" max:"100" group:"world" pitfall:"at 1 nothing recurs, and nothing that was found is worth remembering"`
	Sign     float64 `json:"sign" doc:"cost of reading the sign, which shows the goal and ends the episode" default:"0.2" min:"0" max:"1" main:"true" group:"world" pitfall:"too dear against the episodes that are left, and reading it is wrong for everybody"`
	Decoy    float64 `json:"decoy" doc:"cost of a door that is not the goal" default:"0.5" min:"0" max:"1" group:"world" pitfall:"below 1/3 a blind guess among four doors pays, and nobody needs the sign"`
}

// Worlds lists the worlds of this package.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: DarkRoom, Doc: "A room with a hidden goal that stays for a block of episodes: search first, then go there.", New: func() any { return new(RoomKnobs) }},
		{Name: Trap, Doc: "Four doors, one of them the goal, and a sign that costs this episode and tells it: information that pays only later.", New: func() any { return new(TrapKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds), with batch environments.
func New(knobs any, batch int) (world.Tensor, error) {
	switch k := knobs.(type) {
	case *RoomKnobs:
		return NewRoom(*k, batch)
	case *TrapKnobs:
		return NewTrap(*k, batch)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no dark room", knobs)
}

// NewRoom makes a dark room with batch environments. Wrong knobs are lab.Invalid.
func NewRoom(k RoomKnobs, batch int) (*Room, error) {
	return newRoom(rules{Name: DarkRoom, Grid: k.Grid, Episodes: k.Episodes, Steps: k.Steps, Recurs: k.Recurs}, batch)
}

// NewTrap makes a room with doors and a sign. Wrong knobs are lab.Invalid.
func NewTrap(k TrapKnobs, batch int) (*Room, error) {
	return newRoom(rules{Name: Trap, Grid: 5, Episodes: k.Episodes, Steps: k.Steps, Recurs: k.Recurs, Sign: k.Sign, Decoy: k.Decoy}, batch)
}

// rules are what both worlds share.
type rules struct {
	Name                          string
	Grid, Episodes, Steps, Recurs int
	Sign, Decoy                   float64
}

// doors tells whether the goal is one of four doors.
func (r *rules) doors() bool { return r.Name == Trap }

func (r *rules) check(batch int) error {
	for _, b := range []struct {
		knob      string
		v, lo, hi float64
	}{
		{"grid", float64(r.Grid), 3, maxGrid}, {"episodes", float64(r.Episodes), 1, maxEpisodes}, {"steps", float64(r.Steps), 2, maxSteps},
		{"recurs", float64(r.Recurs), 0, maxEpisodes}, {"sign", r.Sign, 0, 1}, {"decoy", r.Decoy, 0, 1}, {"batch", float64(batch), 1, 1 << 16},
	} {
		if !(b.v >= b.lo && b.v <= b.hi) {
			return lab.Errorf(lab.Invalid, "%s: %s is %v, want %v to %v", r.Name, b.knob, b.v, b.lo, b.hi).WithHint("choose %s within these bounds", b.knob)
		}
	}
	if r.Grid%2 == 0 {
		return lab.Errorf(lab.Invalid, "%s: grid is %d, want an odd number", r.Name, r.Grid).WithHint("set world.grid to 3, 5, 7 or 9, so that the room has a middle")
	}
	return nil
}

// actions of both worlds.
const (
	up int32 = iota
	down
	left
	right
	actions int = iota
)

func names() []string { return []string{"up", "down", "left", "right"} }

// unknown is the error of a reference that there is not.
func (r *rules) unknown(name string) error {
	return lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", r.Name, name, world.References()).WithHint("set agent.policy to one of these")
}
