// Package factored holds three small worlds whose observations are bits and whose next bits each depend on a few bits and the action,
// after arXiv 2211.02222v3 (Young et al., ICML 2023): PanFlute, ButtonGrid and ProcMaze. They have combinatorially many states and a
// small description, so that a model that generalises over bits knows far more than the transitions that it saw.
//
// Our basis is a summary of that paper and of its published environments. What it leaves open is marked "inference" at the place in
// question.
package factored

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Names of the worlds, as in a notebook.
const (
	PanFlute   = "pan-flute"
	ButtonGrid = "button-grid"
	ProcMaze   = "proc-maze"
)

// PanFluteKnobs are the knobs of PanFlute.
type PanFluteKnobs struct {
	Pipes       int     `json:"pipes" doc:"pipes, of lengths 1 to n; as many actions" symbol:"n" unit:"pipes" default:"4" min:"2" max:"8" main:"true" group:"world"`
	Horizon     int     `json:"horizon" doc:"steps after which the flute is emptied; the task goes on for ever, and a learner looks past this end" unit:"steps" default:"100" min:"20" max:"100000" group:"world"`
	Spontaneous float64 `json:"spontaneous" doc:"chance of a step that all last cells sound by themselves, in units of 1/n^2" default:"1" min:"0" max:"4" paper:"1" group:"world" pitfall:"these events pay a random agent too: compare scores above random, not raw rewards"`
}

// ButtonGridKnobs are the knobs of ButtonGrid.
type ButtonGridKnobs struct {
	Grid        int     `json:"grid" doc:"rows and columns" symbol:"g" unit:"cells" default:"4" min:"3" max:"6" main:"true" group:"world"`
	Buttons     int     `json:"buttons" doc:"buttons that must all be on" symbol:"b" unit:"buttons" default:"3" min:"1" max:"4" main:"true" group:"world"`
	Horizon     int     `json:"horizon" doc:"steps after which a new layout comes whatever was reached; a learner looks past this end" unit:"steps" default:"100" min:"60" max:"100000" group:"world"`
	Spontaneous float64 `json:"spontaneous" doc:"chance of a step that all buttons go on by themselves, in units of 1/(10 g^2)" default:"1" min:"0" max:"10" paper:"1" group:"world" pitfall:"these events pay a random agent too: compare scores above random, not raw rewards"`
}

// ProcMazeKnobs are the knobs of ProcMaze.
type ProcMazeKnobs struct {
	Grid        int     `json:"grid" doc:"rows and columns of the maze, which is new in every episode" symbol:"g" unit:"cells" default:"4" min:"2" max:"5" main:"true" group:"world"`
	Horizon     int     `json:"horizon" doc:"steps after which an episode is cut off; a learner looks past this end" unit:"steps" default:"100" min:"30" max:"100000" group:"world"`
	Spontaneous float64 `json:"spontaneous" doc:"chance of a step to be moved to the goal, in units of 1/(10 g^2)" default:"1" min:"0" max:"10" paper:"1" group:"world"`
}

// Worlds lists the worlds of this package.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: PanFlute, Doc: "Pipes of different lengths that must sound together: the long ones are to be blown first.", New: func() any { return new(PanFluteKnobs) }},
		{Name: ButtonGrid, Doc: "A grid whose buttons toggle when stepped on; all must be on.", New: func() any { return new(ButtonGridKnobs) }},
		{Name: ProcMaze, Doc: "A new small maze every episode.", New: func() any { return new(ProcMazeKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds), with batch environments.
func New(knobs any, batch int) (*World, error) {
	switch k := knobs.(type) {
	case *PanFluteKnobs:
		return NewPanFlute(*k, batch)
	case *ButtonGridKnobs:
		return NewButtonGrid(*k, batch)
	case *ProcMazeKnobs:
		return NewProcMaze(*k, batch)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no factored world", knobs)
}

// NewPanFlute makes a PanFlute with batch environments. Wrong knobs are lab.Invalid.
func NewPanFlute(k PanFluteKnobs, batch int) (*World, error) {
	if err := firstError(within(PanFlute, "pipes", k.Pipes, 2, 8), within(PanFlute, "horizon", k.Horizon, 20, 100000),
		within(PanFlute, "spontaneous", k.Spontaneous, 0, 4)); err != nil {
		return nil, err
	}
	return newWorld(&flute{n: k.Pipes, horizon: k.Horizon, chance: k.Spontaneous / float64(k.Pipes*k.Pipes)}, k, batch)
}

// NewButtonGrid makes a ButtonGrid with batch environments. Wrong knobs are lab.Invalid.
func NewButtonGrid(k ButtonGridKnobs, batch int) (*World, error) {
	if err := firstError(within(ButtonGrid, "grid", k.Grid, 3, 6), within(ButtonGrid, "buttons", k.Buttons, 1, 4),
		within(ButtonGrid, "horizon", k.Horizon, 60, 100000), within(ButtonGrid, "spontaneous", k.Spontaneous, 0, 10)); err != nil {
		return nil, err
	}
	return newWorld(&buttons{g: k.Grid, b: k.Buttons, horizon: k.Horizon, chance: k.Spontaneous / float64(10*k.Grid*k.Grid)}, k, batch)
}

// NewProcMaze makes a ProcMaze with batch environments. Wrong knobs are lab.Invalid.
func NewProcMaze(k ProcMazeKnobs, batch int) (*World, error) {
	if err := firstError(within(ProcMaze, "grid", k.Grid, 2, 5), within(ProcMaze, "horizon", k.Horizon, 30, 100000),
		within(ProcMaze, "spontaneous", k.Spontaneous, 0, 10)); err != nil {
		return nil, err
	}
	return newWorld(&carved{g: k.Grid, horizon: k.Horizon, chance: k.Spontaneous / float64(10*k.Grid*k.Grid)}, k, batch)
}

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

func within[T int | float64](name, knob string, v, lo, hi T) error {
	if v >= lo && v <= hi {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", name, knob, v, lo, hi).
		WithHint("choose %s between %v and %v", knob, lo, hi)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func unknownReference(name, reference string) error {
	return lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", name, reference, world.References()).
		WithHint("name one of %q", world.References())
}
