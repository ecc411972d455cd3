// Package maze holds the memory-rewriting mazes of arXiv 2601.15086 (Shchendrigin et al., AAMAS 2026): T-Maze (retention), Endless
// T-Maze (every corridor's cue makes the former one worthless) and Color-Cubes (a map in memory that must be kept up to date).
//
// Our basis is a summary of that paper, not its code. What the summary leaves open is marked "inference" at the place in question.
package maze

import (
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Names of the worlds, as in a notebook.
const (
	TMaze        = "t-maze"
	EndlessTMaze = "endless-t-maze"
	ColorCubes   = "color-cubes"
)

// Regimes of corridor lengths.
const (
	Fixed   = "fixed"   // every corridor has length l
	Uniform = "uniform" // each corridor's length is drawn from 1..l
)

// TMazeKnobs are the knobs of the classic T-Maze: one corridor, one cue, one turn.
type TMazeKnobs struct {
	Length          int     `json:"length" doc:"cells of the corridor before the junction; the cue stands in the first" symbol:"l" unit:"cells" default:"5" min:"1" max:"1000" main:"true" group:"world"`
	Alphabet        int     `json:"alphabet" doc:"different cues, each with its own turn" default:"2" min:"2" max:"4" paper:"2" group:"world" pitfall:"chance is one in the alphabet: compare success only at the same alphabet"`
	Nuisance        float64 `json:"nuisance" doc:"share of blank cells that show a symbol without meaning" unit:"share" default:"0" min:"0" max:"1" paper:"0" group:"world"`
	NuisanceSymbols int     `json:"nuisance_symbols" doc:"different symbols without meaning; each adds one number to the observation, shown or not" unit:"symbols" default:"0" min:"0" max:"4" paper:"0" group:"world" pitfall:"two worlds share an agent only if this is the same in both"`
	Delay           float64 `json:"delay" doc:"cost of an action that does nothing: a turn inside a corridor, forward at a junction" default:"0.01" min:"0" max:"0.1" group:"world" pitfall:"the delay penalty must be small against 1, or the agent learns to turn at once and guess"`
}

// EndlessKnobs are the knobs of the Endless T-Maze.
type EndlessKnobs struct {
	Corridors       int     `json:"corridors" doc:"corridors in a row; each shows a new cue that makes the former one worthless" symbol:"n" unit:"corridors" default:"5" min:"1" max:"100" main:"true" group:"world" pitfall:"success over n corridors is a product: 0.9 a turn is 0.35 at n=10, so read the accuracy per junction too"`
	Length          int     `json:"length" doc:"cells of a corridor before its junction (at most, in regime uniform); the cue stands in the first" symbol:"l" unit:"cells" default:"5" min:"1" max:"1000" main:"true" group:"world"`
	Regime          string  `json:"regime" doc:"fixed: every corridor has length l; uniform: each length is drawn from 1 to l" default:"fixed" enum:"fixed,uniform" main:"true" group:"world" pitfall:"uniform lengths change the horizon: compare per corridor, not per step"`
	Alphabet        int     `json:"alphabet" doc:"different cues, each with its own turn" default:"2" min:"2" max:"4" paper:"2" group:"world" pitfall:"chance is one in the alphabet to the power of corridors: compare success only at the same alphabet"`
	Nuisance        float64 `json:"nuisance" doc:"share of blank cells that show a symbol without meaning" unit:"share" default:"0" min:"0" max:"1" paper:"0" group:"world"`
	NuisanceSymbols int     `json:"nuisance_symbols" doc:"different symbols without meaning; each adds one number to the observation, shown or not" unit:"symbols" default:"0" min:"0" max:"4" paper:"0" group:"world" pitfall:"two worlds share an agent only if this is the same in both"`
	Delay           float64 `json:"delay" doc:"cost of an action that does nothing: a turn inside a corridor, forward at a junction" default:"0.01" min:"0" max:"0.1" group:"world" pitfall:"the delay penalty must be small against 1, or the agent learns to turn at once and guess"`
}

// Levels of Color-Cubes.
const (
	Trivial = "trivial" // one cube, one target: retention
	Medium  = "medium"  // updates show positions with colours
	Extreme = "extreme" // updates show positions without colours
)

// CubesKnobs are the knobs of Color-Cubes.
type CubesKnobs struct {
	Grid     int     `json:"grid" doc:"rows and columns of the grid" symbol:"G" unit:"cells" default:"4" min:"2" max:"8" main:"true" group:"world"`
	Cubes    int     `json:"cubes" doc:"cubes, each of its own colour" symbol:"N" unit:"cubes" default:"2" min:"1" max:"6" main:"true" group:"world"`
	Targets  int     `json:"targets" doc:"targets to be reached in turn" symbol:"K" unit:"targets" default:"3" min:"1" max:"20" main:"true" group:"world" pitfall:"success over K targets is a product: read the targets reached too"`
	Level    string  `json:"level" doc:"trivial: one cube, one target; medium: updates show positions with colours; extreme: updates show positions only" default:"medium" enum:"trivial,medium,extreme" main:"true" group:"world"`
	Teleport float64 `json:"teleport" doc:"probability that a cube other than the target teleports after a move" unit:"share" default:"0.1" min:"0" max:"1" group:"world" pitfall:"each teleport shows the map anew, so a high rate needs less memory, not more"`
	StepCost float64 `json:"step_cost" doc:"cost of a step that reaches no target" default:"0.01" min:"0" max:"0.1" group:"world" pitfall:"the step penalty must be small against 1, or giving up at once pays"`
}

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *CubesKnobs) Validate() error {
	for _, err := range []error{
		within(ColorCubes, "grid", k.Grid, 2, 8),
		within(ColorCubes, "cubes", k.Cubes, 1, maxCubes),
		within(ColorCubes, "targets", k.Targets, 1, 20),
		oneOf(ColorCubes, "level", k.Level, Trivial, Medium, Extreme),
		within(ColorCubes, "teleport", k.Teleport, 0, 1),
		within(ColorCubes, "step_cost", k.StepCost, 0, 0.1),
	} {
		if err != nil {
			return err
		}
	}
	if k.Level == Trivial && (k.Cubes != 1 || k.Targets != 1) {
		return lab.Errorf(lab.Invalid, "%s: level is %q with cubes %d and targets %d, want 1 and 1", ColorCubes, k.Level, k.Cubes, k.Targets).
			WithHint("set world.cubes and world.targets to 1, or world.level to medium or extreme")
	}
	if room := k.Grid*k.Grid - 2; k.Cubes > room { // the agent's cell and one to teleport to stay free
		return lab.Errorf(lab.Invalid, "%s: cubes is %d on a grid of %d, want 1 to %d", ColorCubes, k.Cubes, k.Grid, room).
			WithHint("set world.cubes to at most %d, or enlarge world.grid", room)
	}
	return nil
}

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: TMaze, Doc: "One corridor, one cue, one turn: pure retention.", New: func() any { return new(TMazeKnobs) }},
		{Name: EndlessTMaze, Doc: "A chain of corridors; each cue makes the former one worthless: rewriting.", New: func() any { return new(EndlessKnobs) }},
		{Name: ColorCubes, Doc: "A map of coloured cubes, seen for a moment and changed by events: rewriting a part, keeping the rest.", New: func() any { return new(CubesKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds), with batch environments.
func New(knobs any, batch int) (world.Tensor, error) {
	switch k := knobs.(type) {
	case *TMazeKnobs:
		return NewTMaze(*k, batch)
	case *EndlessKnobs:
		return NewEndless(*k, batch)
	case *CubesKnobs:
		return NewCubes(*k, batch)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no maze", knobs)
}

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *TMazeKnobs) Validate() error { return k.endless().validate(TMaze) }

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *EndlessKnobs) Validate() error { return k.validate(EndlessTMaze) }

// endless writes the T-Maze as the Endless T-Maze that it is: n = 1.
func (k *TMazeKnobs) endless() *EndlessKnobs {
	return &EndlessKnobs{Corridors: 1, Length: k.Length, Regime: Fixed, Alphabet: k.Alphabet,
		Nuisance: k.Nuisance, NuisanceSymbols: k.NuisanceSymbols, Delay: k.Delay}
}

func (k *EndlessKnobs) validate(name string) error {
	for _, err := range []error{
		within(name, "corridors", k.Corridors, 1, 100),
		within(name, "length", k.Length, 1, 1000),
		oneOf(name, "regime", k.Regime, Fixed, Uniform),
		within(name, "alphabet", k.Alphabet, 2, len(letters())),
		within(name, "nuisance", k.Nuisance, 0, 1),
		within(name, "nuisance_symbols", k.NuisanceSymbols, 0, 4),
		within(name, "delay", k.Delay, 0, 0.1),
	} {
		if err != nil {
			return err
		}
	}
	if k.Nuisance > 0 && k.NuisanceSymbols == 0 {
		return lab.Errorf(lab.Invalid, "%s: nuisance is %v but nuisance_symbols is 0, want 1 to 4", name, k.Nuisance).
			WithHint("set world.nuisance_symbols to 1 or more, or world.nuisance to 0")
	}
	return nil
}

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

func checkBatch(name string, batch int) error { return within(name, "batch", batch, 1, maxBatch) }

// within returns nil or an error that quotes the value; a NaN lies within nothing.
func within[T int | float64](name, knob string, v, lo, hi T) error {
	if v >= lo && v <= hi {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", name, knob, v, lo, hi).
		WithHint("choose %s between %v and %v", knob, lo, hi)
}

func oneOf(name, knob, v string, legal ...string) error {
	if slices.Contains(legal, v) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: knob %s is %q, want one of %q", name, knob, v, legal).
		WithHint("set %s to one of %q", knob, legal)
}

// checkStep panics on slices of the wrong size: a mistake of the caller, not of a user.
func checkStep(name string, size, width, actions, obs, reward, done int) {
	if actions != size || obs != size*width || reward != size || done != size {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			name, actions, obs, reward, done, size, size*width, size, size))
	}
}

func badAction(name string, b int, action int32, n int) {
	panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", name, action, b, n-1))
}
