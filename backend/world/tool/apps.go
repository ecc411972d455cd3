package tool

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Apps is the name of the world whose suite is that of arXiv 2502.01600 in small: four apps behind 16 calls.
const Apps = "tool-apps"

// Challenge is the split of scenarios that training does not have.
const Challenge = "challenge"

// AppsKnobs are the knobs of that world.
type AppsKnobs struct {
	Horizon  int  `json:"horizon" doc:"turns of an episode at most" unit:"turns" default:"14" min:"4" max:"60" paper:"40" main:"true" group:"world" pitfall:"the longest task takes 9 turns with documentation: below that it must be guessed"`
	Forms    int  `json:"forms" doc:"forms that a call may have: one of two keywords, then also one of two orders; drawn for each episode and told by the documentation alone" unit:"forms" default:"4" min:"1" max:"4" main:"true" group:"world"`
	Silently bool `json:"silently" doc:"a call with its words in the wrong order is done all the same, to another record; else it fails" default:"true" group:"world" pitfall:"without it guessing again and again costs turns and nothing else"`
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *AppsKnobs) Validate() error {
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{{"horizon", k.Horizon, 4, 60}, {"forms", k.Forms, 1, 4}} {
		if n.value < n.lo || n.value > n.hi {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Apps, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %d and %d", n.name, n.lo, n.hi)
		}
	}
	return nil
}

// Suite returns the suite of those knobs.
func (k *AppsKnobs) Suite() Suite { return &apps{knobs: *k} }

// apps is the suite: the forms of all calls and the records are drawn for each episode, so nothing that was learned about a form holds in
// the next.
type apps struct{ knobs AppsKnobs }

func (a *apps) Name() string     { return Apps }
func (a *apps) Words() []string  { return appsWords() }
func (a *apps) Splits() []string { return []string{Train, Test, Challenge} }
func (a *apps) Horizon() int     { return a.knobs.Horizon }

// Draw draws the episode. Seeds 3i, 3i+1 and 3i+2 are the three variants of one scenario.
func (a *apps) Draw(s Seat) *Case {
	d := &dice{key: world.Draw(world.Draw(s.Seed, 1), uint64(splitAt(s.Split)))}
	scenario := world.Pick(world.Draw(s.Seed/3, 7), scenarios-1)
	if s.Split == Challenge {
		scenario = scenarios - 1
	}
	db, j := a.records(s.Split, d)
	parts := a.parts(scenario, int(s.Seed%3), j, d)
	c := &Case{Users: []string{sentence(parts)}, Start: db, Family: scenario*3 + int(s.Seed%3), Label: scenarioNames()[scenario]}
	forms := a.forms(d)
	for api := range apiCount {
		c.Tools = append(c.Tools, a.tool(api, forms[api]))
	}
	needs := needsOf(parts)
	c.Tests = testsOf(&db, parts, forms)
	c.Plan = func(s *State) string { return planned(s, needs, forms) }
	c.Numbers = map[string]float64{"scenario": float64(scenario), "variant": float64(s.Seed % 3), "needed": float64(len(needs))}
	return c
}

func splitAt(split string) int {
	switch split {
	case Train:
		return 0
	case Test:
		return 1
	}
	return 2
}

// dice are the draws of one key in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) below(n int) int {
	d.drawn++
	return world.Pick(world.Draw(d.key, d.drawn-1), n)
}

// some draws k different numbers below n.
func (d *dice) some(k, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	for i := range k {
		j := i + d.below(n-i)
		all[i], all[j] = all[j], all[i]
	}
	return all[:k]
}

// paired draws a number below n that may stand with entity in a split: training has the pairs of even sum, all others those of odd sum.
func (d *dice) paired(entity, n int, split string) int {
	return (entity+min(splitAt(split), 1))%2 + 2*d.below(n/2)
}
