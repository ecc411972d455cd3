package shop

import (
	"slices"

	"github.com/loci-lab/loci/backend/world"
)

// Visit is an episode with what a judge or a writer may see of it.
type Visit interface {
	world.Recalling
	// Script is the line of all that was done: the goal, the actions that were understood, and at the end how it ended.
	Script() string
	// Chosen are the options of the visit in the order of Stages: those that it left the stage with, "" where it did not come so far.
	Chosen() []string
	// Noted tells of each stage whether a page behind it noted that its choice was not what the goal wants.
	Noted() []bool
}

// Chosen implements Visit.
func (e *episode) Chosen() []string {
	all := slices.Clone(e.chosen[:])
	for at := range all {
		if stage(at) > e.page || stage(at) == e.page && !e.finish {
			all[at] = ""
		}
	}
	return all
}

// Noted implements Visit.
func (e *episode) Noted() []bool { return slices.Clone(e.noted[:]) }

// At is the place in Stages that a visit stands at, and whether its choice is still open there: the option of the page can be pressed. A
// dialogue of another package stands nowhere, at -1.
func At(d world.Dialogue) (at int, open bool) {
	e, ok := d.(*episode)
	if !ok {
		return none, false
	}
	return int(e.page), e.page == enter || len(e.view().see) > 0
}

// Follow is the next action of somebody who has settled the choices of all stages, in the order of Stages; "" for a dialogue of another
// package.
func Follow(d world.Dialogue, chosen []string) string {
	e, ok := d.(*episode)
	if !ok {
		return ""
	}
	return e.w.lex.say(e.w.plan(e.view(), settled(chosen)))
}

// settled are options by stage.
type settled []string

func (s settled) settle(_ string, at stage, choices []string) string {
	if int(at) < len(s) && slices.Contains(choices, s[at]) {
		return s[at]
	}
	return choices[0]
}
