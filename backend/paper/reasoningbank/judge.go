package reasoningbank

import "github.com/loci-lab/loci/backend/world"

// judged is what the judge says of a rollout: the truth, now and then the other way round. It is all that memory and writer hear of how a
// rollout ended; u is a number of [0, 1) that belongs to this rollout.
//
//	P(success | failed) = false_positive,  P(failure | done) = false_negative
func (k *RunKnobs) judged(success bool, u float64) bool {
	if success {
		return u >= k.FN
	}
	return u < k.FP
}

// bestOf is the rollout that is answered with: the first that the judge takes for a success, or the first of all.
func bestOf(judged []bool) int {
	for i, won := range judged {
		if won {
			return i
		}
	}
	return 0
}

// chance is a number of [0, 1) for one use at one rollout of one task.
func chance(key uint64, task int64, rollout int) float64 {
	return world.Unit(world.Draw(world.Draw(key, uint64(task)), uint64(rollout)))
}
