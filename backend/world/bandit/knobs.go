package bandit

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the world's name in a notebook.
const Name = "bandit"

// Limits of the knobs, which fix the size of a kept state.
const (
	maxArms  = 10
	maxPulls = 200
)

// Knobs are the knobs of the bandit.
type Knobs struct {
	Arms   int     `json:"arms" doc:"arms to choose from" symbol:"K" unit:"arms" default:"5" min:"2" max:"10" main:"true" group:"world"`
	Pulls  int     `json:"pulls" doc:"pulls of a block: one pull is one episode of the same bandit" symbol:"n" unit:"pulls" default:"20" min:"1" max:"200" main:"true" group:"world"`
	Recurs int     `json:"recurs" doc:"pulls after which the arms are drawn anew inside a block; 0: they stay for the whole block" unit:"pulls" default:"0" min:"0" max:"200" group:"world" pitfall:"at 1 nothing recurs, and nothing that was seen is worth remembering"`
	Noise  float64 `json:"noise" doc:"standard deviation of a reward around the mean of its arm" default:"0.5" min:"0.01" max:"10" group:"world"`
	Prior  float64 `json:"prior" doc:"standard deviation of the means of arms, which are drawn around 0" default:"1" min:"0.1" max:"10" group:"world"`
}

// Validate checks the bounds, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	switch {
	case k.Arms < 2 || k.Arms > maxArms:
		return lab.Errorf(lab.Invalid, "%s: arms is %d, want 2 to %d", Name, k.Arms, maxArms).WithHint("choose world.arms within these bounds")
	case k.Pulls < 1 || k.Pulls > maxPulls:
		return lab.Errorf(lab.Invalid, "%s: pulls is %d, want 1 to %d", Name, k.Pulls, maxPulls).WithHint("choose world.pulls within these bounds")
	case k.Recurs < 0 || k.Recurs > maxPulls:
		return lab.Errorf(lab.Invalid, "%s: recurs is %d, want 0 to %d", Name, k.Recurs, maxPulls).WithHint("choose world.recurs within these bounds")
	case !(k.Noise >= 0.01 && k.Noise <= 10):
		return lab.Errorf(lab.Invalid, "%s: noise is %v, want 0.01 to 10", Name, k.Noise).WithHint("choose world.noise within these bounds")
	case !(k.Prior >= 0.1 && k.Prior <= 10):
		return lab.Errorf(lab.Invalid, "%s: prior is %v, want 0.1 to 10", Name, k.Prior).WithHint("choose world.prior within these bounds")
	}
	return nil
}

// Worlds lists the worlds of this package.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "A bandit with Gaussian arms, pulled many times in a row: what the first pulls tell is worth something later.", New: func() any { return new(Knobs) }}}
}
