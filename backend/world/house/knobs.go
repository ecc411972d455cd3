package house

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the name of the world, as in a notebook.
const Name = "house"

// Variants of the world.
const (
	HiddenRules = "hidden-rules" // which appliance, which switch, which receptacle: drawn once, told nowhere
	ExactIDs    = "exact-ids"    // tasks name one of many that look alike, and each has its home
	Habits      = "habits"       // persons have likings that drift
)

// Which families of hidden-rules are asked.
const (
	AllFamilies   = "all"
	ShortFamilies = "short" // put, look, clean
	LongFamilies  = "long"  // heat, cool, two: three phases
)

// Knobs are the knobs of the world.
type Knobs struct {
	Variant     string `json:"variant" doc:"hidden-rules: which appliance, switch and receptacle is right is told nowhere; exact-ids: tasks name one of many things that look alike; habits: persons have likings that drift" default:"hidden-rules" enum:"hidden-rules,exact-ids,habits" main:"true" group:"world"`
	Horizon     int    `json:"horizon" doc:"turns of an episode at most" unit:"turns" default:"14" min:"4" max:"100" group:"world" pitfall:"the longest tasks take 10 turns: below that they cannot be done"`
	Slack       int    `json:"slack" doc:"turns that an episode grants beyond the shortest way, within the horizon" unit:"turns" default:"1" min:"0" max:"90" main:"true" group:"world" pitfall:"with 3 and more a wrong guess can be made good, and success without memory rises"`
	Families    string `json:"families" doc:"families of tasks in hidden-rules: all six, short (put, look, clean) or long (heat, cool, two)" default:"all" enum:"all,short,long" group:"world"`
	Receptacles int    `json:"receptacles" doc:"kinds of receptacles in a flat" default:"6" min:"2" max:"6" group:"world" pitfall:"chance is one in these for every thing to be stored or found"`
	Appliances  int    `json:"appliances" doc:"appliances that might clean; as many might heat, cool and light" default:"3" min:"2" max:"4" group:"world"`
	Switches    int    `json:"switches" doc:"switches on the panel; what heats and cools needs one of them" default:"3" min:"2" max:"4" group:"world"`
	Familiar    int    `json:"familiar" doc:"materials of each noun that training has beyond half of them; the others are held out" default:"0" min:"0" max:"1" group:"world" pitfall:"with half of them held out a noun tells which materials it does not come with in training, and who learns that fails on the others"`
	Drift       int    `json:"drift" doc:"span of episodes in which each liking is drawn anew once; 0 for never; variant habits" unit:"episodes" default:"600" min:"0" max:"1000000000" group:"world" pitfall:"the seed of an episode is its number on the calendar: seeds in a random order make likings look like noise"`
}

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "Household tasks in a small flat whose rules only earlier episodes tell.", New: func() any { return new(Knobs) }}}
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	for _, n := range []struct {
		name        string
		value       string
		legalValues []string
	}{
		{"variant", k.Variant, []string{HiddenRules, ExactIDs, Habits}},
		{"families", k.Families, []string{AllFamilies, ShortFamilies, LongFamilies}},
	} {
		if !slices.Contains(n.legalValues, n.value) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %q, want one of %q", Name, n.name, n.value, n.legalValues).
				WithHint("set world.%s to one of %q", n.name, n.legalValues)
		}
	}
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{
		{"horizon", k.Horizon, 4, 100}, {"slack", k.Slack, 0, 90}, {"receptacles", k.Receptacles, 2, 6},
		{"appliances", k.Appliances, 2, 4}, {"switches", k.Switches, 2, 4}, {"familiar", k.Familiar, 0, 1}, {"drift", k.Drift, 0, 1e9},
	} {
		if n.value < n.lo || n.value > n.hi {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Name, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %d and %d", n.name, n.lo, n.hi)
		}
	}
	return nil
}

// families are those that are asked, in their order.
func (k *Knobs) families() []Family {
	switch {
	case k.Variant == ExactIDs:
		return []Family{Bring, BringBoth}
	case k.Variant == Habits:
		return []Family{Serve}
	case k.Families == ShortFamilies:
		return []Family{Put, Look, Clean}
	case k.Families == LongFamilies:
		return []Family{Heat, Cool, Two}
	}
	return []Family{Put, Look, Clean, Heat, Cool, Two}
}
