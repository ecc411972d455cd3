// Package arcade is a set of small symbolic games on one grid: Collect, Avoid, Paddle and Push, whose rules and whose planes of the
// observation have nothing in common, and four levels of Collect, which share both. All have the same observation width, actions and
// horizon, so that one agent can be given one after another.
package arcade

import (
	"github.com/loci-lab/loci/backend/lab"
)

// Games.
const (
	Collect = "collect" // walk to dot after dot
	Avoid   = "avoid"   // get out of the way of falling stones
	Paddle  = "paddle"  // catch a ball that bounces between two walls
	Push    = "push"    // push a box onto its target
)

// Games lists them in the order of a suite. Push is the hardest to learn and stands before the last.
func Games() []string { return []string{Collect, Avoid, Push, Paddle} }

// Levels of Collect: they differ in walls and in the number of dots.
const Levels = 4

// Horizon is the length of an episode, in steps.
const Horizon = 30

// Knobs choose one game.
type Knobs struct {
	Game  string
	Level int // 1 to Levels; only Collect has more than one
}

// Validate checks both.
func (k Knobs) Validate() error {
	switch k.Game {
	case Collect, Avoid, Paddle, Push:
	default:
		return lab.Errorf(lab.Invalid, "arcade: game %q is unknown, want one of %q", k.Game, Games()).WithHint("choose one of %q", Games())
	}
	most := 1
	if k.Game == Collect {
		most = Levels
	}
	if k.Level < 1 || k.Level > most {
		return lab.Errorf(lab.Invalid, "arcade: level %d of %s, want 1 to %d", k.Level, k.Game, most).WithHint("choose a level from 1 to %d", most)
	}
	return nil
}
