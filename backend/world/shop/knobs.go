package shop

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the name of the world, as in a notebook.
const Name = "shop"

// Variants of the world.
const (
	Quirks      = "quirks"      // six classes of goals, each with three habits of the site that no page tells
	Preferences = "preferences" // presents for persons who like a colour and want it wrapped or not
)

// Knobs are the knobs of the world.
type Knobs struct {
	Variant string  `json:"variant" doc:"quirks: which way in, which view of a list and which option of an item a class of goals wants is told nowhere; preferences: persons like a colour and want it wrapped or not" default:"quirks" enum:"quirks,preferences" main:"true" group:"world"`
	Horizon int     `json:"horizon" doc:"turns of an episode at most" unit:"turns" default:"15" min:"5" max:"100" group:"world"`
	Slack   int     `json:"slack" doc:"turns that an episode grants beyond the shortest way, within the horizon" unit:"turns" default:"1" min:"0" max:"90" main:"true" group:"world" pitfall:"with 2 and more a wrong choice whose note is seen in time can be made good, and success without memory rises"`
	Notes   float64 `json:"notes" doc:"share of wrong choices that the next page tells by a note: too late for this episode, in time for the next" default:"1" min:"0" max:"1" group:"world" pitfall:"at 0 nothing tells which of the choices of a failed episode was wrong"`
}

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "A web shop with pages, buttons and habits of its own that only earlier visits tell.", New: func() any { return new(Knobs) }}}
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	if variants := []string{Quirks, Preferences}; !slices.Contains(variants, k.Variant) {
		return lab.Errorf(lab.Invalid, "%s: knob variant is %q, want one of %q", Name, k.Variant, variants).WithHint("set world.variant to one of %q", variants)
	}
	for _, n := range []struct {
		name          string
		value, lo, hi float64
	}{{"horizon", float64(k.Horizon), 5, 100}, {"slack", float64(k.Slack), 0, 90}, {"notes", k.Notes, 0, 1}} {
		if !(n.value >= n.lo && n.value <= n.hi) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", Name, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %v and %v", n.name, n.lo, n.hi)
		}
	}
	return nil
}
