package memoryr1

import "slices"

// score is the reward of an answer to a question whose right values are known: sets, so order does not count.
//
//	em   1 if both sets are the same, else 0
//	f1   2 |common| / (|said| + |right|)
func score(reward string, said, right []string) float64 {
	said = slices.Clone(said)
	slices.Sort(said)
	said = slices.Compact(said)
	common := 0
	for _, v := range said {
		if slices.Contains(right, v) {
			common++
		}
	}
	if reward == Exact {
		if common == len(right) && len(said) == len(right) {
			return 1
		}
		return 0
	}
	if len(said)+len(right) == 0 {
		return 1
	}
	return 2 * float64(common) / float64(len(said)+len(right))
}

// worth is the reward of a decision: what the linked question earns, and the mean of all others (deviation D6). Where one of the two is
// missing, the other counts whole.
func worth(linked float64, hasLinked bool, others []float64, weight float64) float64 {
	sum := 0.0
	for _, r := range others {
		sum += r
	}
	switch {
	case !hasLinked && len(others) == 0:
		return 0
	case !hasLinked:
		return sum / float64(len(others))
	case len(others) == 0:
		return linked
	}
	return weight*linked + (1-weight)*sum/float64(len(others))
}
