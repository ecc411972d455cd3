package rl

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

func TestGAEByHand(t *testing.T) {
	// One environment, gamma 0.5, lambda 0.5. r = 1 0 2, V = 0.5 1 1.5, step 1 ended an episode, V after the rollout 4.
	// t=2: delta = 2 + 0.5*4 - 1.5 = 2.5, A = 2.5.  t=1: done, delta = 0 - 1 = -1, A = -1.
	// t=0: delta = 1 + 0.5*1 - 0.5 = 1, A = 1 + 0.25*(-1) = 0.75.  Returns A + V = 1.25, 0, 4.
	a, r := make([]float32, 3), make([]float32, 3)
	GAE([]float32{1, 0, 2}, []float32{0.5, 1, 1.5}, []bool{false, true, false}, []float32{4}, 0.5, 0.5, a, r)
	if !slices.Equal(a, []float32{0.75, -1, 2.5}) || !slices.Equal(r, []float32{1.25, 0, 4}) {
		t.Errorf("advantages %v, returns %v", a, r)
	}
}

// trajectory is random rewards and values of T steps of B environments.
func trajectory(steps, b int) (reward, value []float32, done []bool, last []float32) {
	s := rng.New(1, "trajectory")
	reward, value, done, last = make([]float32, steps*b), make([]float32, steps*b), make([]bool, steps*b), make([]float32, b)
	for i := range reward {
		reward[i], value[i], done[i] = float32(s.Normal()), float32(s.Normal()), s.Bool(0.2)
	}
	for i := range last {
		last[i] = float32(s.Normal())
	}
	return reward, value, done, last
}

func TestGAEWithLambdaOneIsTheDiscountedReturn(t *testing.T) {
	const steps, b, gamma = 9, 3, 0.9
	reward, value, done, last := trajectory(steps, b)
	adv, ret := make([]float32, steps*b), make([]float32, steps*b)
	GAE(reward, value, done, last, gamma, 1, adv, ret)
	for e := range b {
		g := float64(last[e])
		for i := steps - 1; i >= 0; i-- {
			if done[i*b+e] {
				g = 0
			}
			g = float64(reward[i*b+e]) + gamma*g
			near(t, "return", float64(ret[i*b+e]), g, 1e-5)
		}
	}
}

func TestShiftedRewardsAndValuesLeaveAdvantagesAlone(t *testing.T) {
	// Without ends, r+c and V+c/(1-gamma) everywhere: every delta stays.
	const steps, b, gamma, c = 9, 3, 0.9, 0.7
	reward, value, done, last := trajectory(steps, b)
	clear(done)
	adv, moved, ret := make([]float32, steps*b), make([]float32, steps*b), make([]float32, steps*b)
	GAE(reward, value, done, last, gamma, 0.95, adv, ret)
	for i := range reward {
		reward[i] += c
		value[i] += c / (1 - gamma)
	}
	for i := range last {
		last[i] += c / (1 - gamma)
	}
	GAE(reward, value, done, last, gamma, 0.95, moved, ret)
	for i := range adv {
		near(t, "advantage", float64(moved[i]), float64(adv[i]), 1e-4)
	}
}

func TestNormalise(t *testing.T) {
	x := []float32{1, 3, 5, 7} // mean 4, deviations -3 -1 1 3, variance 20/4 = 5
	mean, std := Normalise(x)
	near(t, "mean", mean, 4, 0)
	near(t, "standard deviation", std, math.Sqrt(5), 1e-12)
	near(t, "first", float64(x[0]), -3/math.Sqrt(5), 1e-6)
	same := []float32{2, 2}
	Normalise(same)
	if !slices.Equal(same, []float32{0, 0}) {
		t.Errorf("equal numbers become %v", same)
	}
}

func TestExplainedVariance(t *testing.T) {
	r := []float32{1, 2, 3, 6}
	near(t, "of a perfect value", ExplainedVariance(r, r), 1, 1e-12)
	near(t, "of a constant", ExplainedVariance([]float32{5, 5, 5, 5}, r), 0, 1e-12)
}

func TestProbabilitiesAndEntropyByHand(t *testing.T) {
	// logits 0 and ln 3: p = 1/4, 3/4; lse = ln 4; H = ln4/4 + 3/4*ln(4/3) = 0.3465736 + 0.2157615 = 0.5623351.
	z, p := []float32{0, float32(math.Log(3))}, make([]float32, 2)
	lse := Probabilities(z, p)
	near(t, "lse", lse, math.Log(4), 1e-7)
	near(t, "p0", float64(p[0]), 0.25, 1e-7)
	near(t, "entropy", Entropy(z, p, lse), 0.5623351, 1e-6)
	big := []float32{1e4, -1e4} // no overflow
	Probabilities(big, p)
	if !slices.Equal(p, []float32{1, 0}) {
		t.Errorf("probabilities of %v are %v", big, p)
	}
}

// sample returns a minibatch of one sample.
func sample(logProb, value, adv, ret float32) *Minibatch {
	return &Minibatch{Action: []int32{0}, LogProb: []float32{logProb}, Value: []float32{value}, Advantage: []float32{adv}, Return: []float32{ret}}
}

func TestPPOLossByHand(t *testing.T) {
	ln := func(x float64) float32 { return float32(math.Log(x)) }
	knobs := PPOKnobs{Clip: 0.2, ValueClip: 0.5, Value: 0.5, Entropy: 0.1}
	for _, c := range []struct {
		name          string
		m             *Minibatch
		policy, value float64
		dlogit, dv    float64 // by the logit of the action and by the value
	}{
		// Logits 0 0: p = 1/2, H = ln 2, whose gradient at the uniform policy is 0. Old probability 1/2: ratio 1, L = -A = -2,
		// d/dz0 = -A*ratio*(1-p) = -1. Value 1, old 1, return 3: (1-3)^2/2 = 2, dv = 0.5*(-2) = -1.
		{"an unmoved policy has the plain policy gradient", sample(ln(0.5), 1, 2, 3), -2, 2, -1, -1},
		// Old probability 1/4: ratio 2 > 1.2. A = 2 > 0: bounded, L = -1.2*2 = -2.4, no gradient.
		{"a good action that moved far gets no push", sample(ln(0.25), 1, 2, 3), -2.4, 2, 0, -1},
		// A = -2: max(4, 2.4) = 4, gradient d/dz0 = 2*2*(1-p) = 2.
		{"a bad action that moved far is pushed back", sample(ln(0.25), 1, -2, 3), 4, 2, 2, -1},
		// Old probability 1: ratio 0.5 < 0.8. A = -2: max(1, 1.6) = 1.6, no gradient.
		{"a bad action that is rare by now gets no push", sample(0, 1, -2, 3), 1.6, 2, 0, -1},
		// Old value 2, return 2, value 1: plain (1-2)^2 = 1, bounded value 1.5: 0.25 < 1; plain counts, dv = 0.5*(-1).
		{"a value moved away from its return comes back", sample(ln(0.5), 2, 2, 2), -2, 0.5, -1, -0.5},
		// Old value 0, return 1.2, value 1: plain 0.04, bounded value 0.5: 0.49; the bound counts, no gradient.
		{"a value moved beyond its bound stays", sample(ln(0.5), 0, 2, 1.2), -2, 0.245, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			core := num.NewCore(num.Go(), 1)
			defer core.Close()
			tape, out, loss := num.NewTape(core), num.NewParam("out", 1, 3), PPOLoss{Knobs: knobs}
			out.Data[2] = 1
			l, s := loss.Record(tape, out, c.m)
			tape.Backward(l)
			near(t, "policy", s.Policy, c.policy, 1e-6)
			near(t, "value", s.Value, c.value, 1e-6)
			near(t, "entropy", s.Entropy, math.Ln2, 1e-6)
			near(t, "loss", s.Loss, c.policy+0.5*c.value-0.1*math.Ln2, 1e-6)
			near(t, "gradient of the logit", float64(out.Grad[0]), c.dlogit, 1e-6)
			near(t, "gradient of the other logit", float64(out.Grad[1]), -c.dlogit, 1e-6)
			near(t, "gradient of the value", float64(out.Grad[2]), c.dv, 1e-6)
		})
	}
}

// randomBatch is n samples over acts actions, with old probabilities on both sides of every bound.
func randomBatch(s *rng.Stream, n, acts int) (*num.Tensor, *Minibatch) {
	out := num.NewParam("out", n, 1, acts+1)
	m := &Minibatch{Action: make([]int32, n), LogProb: make([]float32, n), Value: make([]float32, n), Advantage: make([]float32, n), Return: make([]float32, n)}
	for i := range out.Data {
		out.Data[i] = float32(s.Normal())
	}
	for i := range n {
		m.Action[i] = int32(s.IntN(acts))
		m.LogProb[i] = float32(-math.Log(float64(acts)) + 0.5*s.Normal())
		m.Value[i], m.Advantage[i], m.Return[i] = float32(s.Normal()), float32(s.Normal()), float32(s.Normal())
	}
	return out, m
}

func TestPPOLossGradientAgreesWithFiniteDifferences(t *testing.T) {
	core := num.NewCore(num.Go(), 1)
	defer core.Close()
	for _, valueClip := range []float64{0, 0.3} {
		t.Run(fmt.Sprintf("value clip %g", valueClip), func(t *testing.T) {
			out, m := randomBatch(rng.New(3, "loss"), 37, 5)
			tape, loss := num.NewTape(core), PPOLoss{Knobs: PPOKnobs{Clip: 0.2, ValueClip: valueClip, Value: 0.5, Entropy: 0.03}}
			value := func() float64 { tape.Reset(); _, s := loss.Record(tape, out, m); return s.Loss }
			l, _ := loss.Record(tape, out, m)
			tape.Backward(l)
			for i, old := range out.Data {
				const h = 1.0 / 1024 // a power of two, so that x+h is exact
				at := func(d float32) float64 { out.Data[i] = old + d; return value() }
				up, down := at(h), at(-h)
				out.Data[i] = old
				near(t, fmt.Sprintf("gradient %d", i), float64(out.Grad[i]), (up-down)/(2*h), 2e-5)
			}
		})
	}
}

func TestPermutedSamplesGiveTheSameLoss(t *testing.T) {
	core := num.NewCore(num.Go(), 1)
	defer core.Close()
	const n, acts = 40, 3
	out, m := randomBatch(rng.New(4, "loss"), n, acts)
	loss := PPOLoss{Knobs: toyKnobs()}
	_, want := loss.Record(num.NewTape(core), out, m)
	p := make([]int, n)
	rng.New(5, "permutation").Perm(p)
	out2, m2 := randomBatch(rng.New(4, "loss"), n, acts)
	for i, j := range p {
		copy(out2.Data[i*(acts+1):(i+1)*(acts+1)], out.Data[j*(acts+1):])
		m2.Action[i], m2.LogProb[i], m2.Value[i] = m.Action[j], m.LogProb[j], m.Value[j]
		m2.Advantage[i], m2.Return[i] = m.Advantage[j], m.Return[j]
	}
	_, got := loss.Record(num.NewTape(core), out2, m2)
	near(t, "loss", got.Loss, want.Loss, 1e-12)
	near(t, "share clipped", got.Clipped, want.Clipped, 1e-12)
}
