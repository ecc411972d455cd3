package slearl

import (
	"math"

	"github.com/loci-lab/loci/backend/rl"
)

const advantageEps = 1e-6 // keeps the division by a standard deviation finite

// returns are what the steps of an attempt earn from each of them on (sec. 4.3 of arXiv 2603.18079v1):
//
//	Rhat_t = sum over k >= t of gamma^(k-t) r_k
//
// reward [T] of one attempt.
func returns(reward []float64, gamma float64) []float64 {
	out := make([]float64, len(reward))
	sum := 0.0
	for t := len(reward) - 1; t >= 0; t-- {
		sum = reward[t] + gamma*sum
		out[t] = sum
	}
	return out
}

// attemptSteps are the steps of one attempt for its step-level advantages.
type attemptSteps struct {
	saw    []wordSet // [T] observations
	earned []float64 // [T] Rhat
}

// stepAdvantages returns, for each attempt of one group [G][T],
//
//	A_step(i,t) = (Rhat_t - mean S(c)) / (std S(c) + eps)
//
// with S(c) the steps of all attempts of the group whose observation falls into the cluster c of step t; meanOnly leaves the division out
// ("mean_norm"). A step that is alone in its cluster, or whose cluster has no spread, has 0. The clusters of a group are its own: an
// observation joins the first one whose prototype is at least delta like it.
func stepAdvantages(group []attemptSteps, delta float64, meanOnly bool) [][]float64 {
	type place struct{ attempt, t int }
	var prototypes []wordSet
	var members [][]place
	for i, a := range group {
		for t, words := range a.saw {
			at := 0
			for at < len(prototypes) && like(words, prototypes[at]) < delta {
				at++
			}
			if at == len(prototypes) {
				prototypes, members = append(prototypes, words), append(members, nil)
			}
			members[at] = append(members[at], place{i, t})
		}
	}
	out := make([][]float64, len(group))
	for i, a := range group {
		out[i] = make([]float64, len(a.saw))
	}
	for _, m := range members {
		earned := make([]float64, len(m))
		for n, p := range m {
			earned[n] = group[p.attempt].earned[p.t]
		}
		for n, v := range centred(earned, meanOnly) {
			out[m[n].attempt][m[n].t] = v
		}
	}
	return out
}

// centred are numbers less their mean, divided by their standard deviation (of the population) unless meanOnly.
func centred(x []float64, meanOnly bool) []float64 {
	out := make([]float64, len(x))
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	for i, v := range x {
		switch d := v - mean; {
		case math.Sqrt(square) <= 1e-9:
		case meanOnly:
			out[i] = d
		default:
			out[i] = d / (math.Sqrt(square) + advantageEps)
		}
	}
	return out
}

// advantages are A(i,t) = A_ep(i) + w A_step(i,t) of one group, [G][T]; A_ep is the return of the attempt less the mean of the group, divided
// by its standard deviation.
func advantages(k *RLKnobs, group []attemptSteps, total []float64) [][]float64 {
	whole := make([]float64, len(total))
	rl.GroupNormal.Advantages(total, whole)
	all := stepAdvantages(group, k.StepDelta, k.MeanNorm)
	for i := range all {
		for t := range all[i] {
			all[i][t] = whole[i] + k.StepWeight*all[i][t]
		}
	}
	return all
}
