package rl

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// KL names an estimator of the divergence of a policy from a reference at a token that the policy drew.
type KL string

// The estimators, with x = log pi - log ref (J. Schulman, "Approximating KL divergence", 2020).
const (
	K1 KL = "k1" // x: unbiased
	K2 KL = "k2" // x^2 / 2: biased, never negative
	K3 KL = "k3" // exp(-x) - 1 + x: unbiased, never negative
)

// KLs are all estimators.
func KLs() []KL { return []KL{K1, K2, K3} }

// Check returns an error of code invalid for a name that is no estimator.
func (k KL) Check() error { return legal("estimator of the divergence", k, KLs()) }

// Of estimates the divergence, nats, from the log-probabilities of a token under policy and reference, and returns its derivative by
// that of the policy.
func (k KL) Of(policy, reference float64) (estimate, slope float64) {
	x := policy - reference
	switch k {
	case K2:
		return x * x / 2, x
	case K3:
		return math.Expm1(-x) + x, 1 - math.Exp(-x)
	}
	return x, 1
}

// Penalise takes beta times the estimate off the advantage of each trained token of the row, from the sampler's log-probabilities and
// those of the reference [N], and returns the mean estimate over these tokens: divergence as part of the reward.
func (k KL) Penalise(d *Datum, reference []float32, beta float64) (mean float64, err error) {
	if err := k.fits(d, reference, d.Logprobs); err != nil {
		return 0, err
	}
	n := 0
	for t := range d.Input {
		if d.weight(t) == 0 {
			continue
		}
		estimate, _ := k.Of(float64(d.Logprobs[t]), float64(reference[t]))
		d.Advantages[t] -= float32(beta * estimate)
		mean += estimate
		n++
	}
	return mean / float64(max(n, 1)), nil
}

// Term returns a row of cross entropy whose gradient is that of beta times the sum of the estimates over the row's trained tokens,
// given the log-probabilities [N] under the present weights: divergence as part of the loss. It is to be passed to a trainer before
// the next step.
func (k KL) Term(d *Datum, policy, reference []float32, beta float64) (Datum, error) {
	if err := k.fits(d, reference, policy); err != nil {
		return Datum{}, err
	}
	term := Datum{Input: d.Input, Targets: d.Targets, Weights: make([]float32, len(d.Input))}
	for t := range d.Input {
		if w := d.weight(t); w != 0 {
			_, slope := k.Of(float64(policy[t]), float64(reference[t]))
			term.Weights[t] = float32(-beta * w * slope)
		}
	}
	return term, nil
}

func (k KL) fits(d *Datum, reference, policy []float32) error {
	if n := len(d.Input); len(reference) != n || len(policy) != n {
		return lab.Errorf(lab.Invalid, "divergence of %d log-probabilities from %d of the reference, want %d of each", len(policy), len(reference), n)
	}
	return k.Check()
}

// SetGAE fills Advantages and Returns of a row from its Values and the rewards [N] of its positions: generalised advantages (GAE) over
// the tokens that are trained, one step each, the episode ending at the last of them. What the world wrote in between takes no time:
// a reward there belongs to the trained token before it.
func (d *Datum) SetGAE(reward []float32, gamma, lambda float64) error {
	n := len(d.Input)
	if len(reward) != n || len(d.Values) != n {
		return lab.Errorf(lab.Invalid, "row of %d tokens has %d rewards and %d values, want %d of each", n, len(reward), len(d.Values), n)
	}
	var at []int
	var r, v []float32
	for t := range d.Input {
		switch {
		case d.weight(t) != 0:
			at, r, v = append(at, t), append(r, reward[t]), append(v, d.Values[t])
		case len(r) > 0:
			r[len(r)-1] += reward[t]
		}
	}
	a, ret := make([]float32, len(at)), make([]float32, len(at))
	GAE(r, v, make([]bool, len(at)), []float32{0}, gamma, lambda, a, ret)
	d.Advantages, d.Returns = make([]float32, n), make([]float32, n)
	for i, t := range at {
		d.Advantages[t], d.Returns[t] = a[i], ret[i]
	}
	return nil
}
