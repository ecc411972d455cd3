package sac

import "github.com/loci-lab/loci/backend/rl"

// Parts are what a checkpoint keeps of the entropy weight, for learners of other packages.
func (t *Temperature) Parts() []rl.Part {
	return []rl.Part{{Name: "temperature", State: rl.Weights(t.params, t.opt)}}
}
