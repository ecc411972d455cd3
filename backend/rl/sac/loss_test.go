package sac

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

func core(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

func TestASquashedDrawByHand(t *testing.T) {
	// Mean 0.5, standard deviation 2, noise 0.25: u = 1, a = tanh 1 = 0.761594. log N = -0.03125 - ln 2 - 0.918939 = -1.643336;
	// log(1 - a^2) = ln 0.419974 = -0.867562; log pi = -0.775774.
	tape, s, out := num.NewTape(core(t, 1)), Squash{}, num.NewParam("out", 1, 2)
	out.Data[0], out.Data[1] = 0.5, float32(math.Ln2)
	s.Record(tape, out, []float32{0.25})
	near(t, "action", float64(s.Action.Data[0]), 0.761594, 1e-6)
	near(t, "log-probability", float64(s.LogProb.Data[0]), -0.775774, 1e-5)
}

func TestProbabilitiesOfSquashedDrawsIntegrateToOne(t *testing.T) {
	// The density of a in (-1, 1): the noise that gives a is (atanh a - mean)/std.
	const n, mean, logstd = 4000, 0.3, -0.4
	total := 0.0
	for i := range n {
		a := (float64(i)+0.5)/n*2 - 1
		noise := float32((math.Atanh(a) - mean) / math.Exp(logstd))
		total += math.Exp(draw([]float32{mean, logstd}, []float32{noise}, make([]float32, 1))) * 2 / n
	}
	near(t, "integral", total, 1, 1e-3)
}

func TestDrawsAtTheRimStayFinite(t *testing.T) {
	action := make([]float32, 2)
	lp := draw([]float32{300, -300, 5, -50}, []float32{3, 3}, action)
	if math.IsNaN(lp) || math.IsInf(lp, 0) || action[0] != 1 || action[1] != -1 {
		t.Errorf("log-probability %v, actions %v", lp, action)
	}
}

// differences compares the gradient of x, filled by one backward pass, with finite differences of the loss.
func differences(t *testing.T, x *num.Tensor, loss func(tape *num.Tape) *num.Tensor, tol float64) {
	t.Helper()
	tape := num.NewTape(core(t, 1))
	tape.Backward(loss(tape))
	for i, old := range x.Data {
		const h = 1.0 / 128
		at := func(d float32) float64 {
			x.Data[i] = old + d
			tape.Reset()
			return float64(loss(tape).Data[0])
		}
		up, down := at(h), at(-h)
		x.Data[i] = old
		near(t, fmt.Sprintf("gradient %d of %s", i, x), float64(x.Grad[i]), (up-down)/(2*h), tol)
	}
}

func TestGradientsThroughADrawAgreeWithFiniteDifferences(t *testing.T) {
	// Actions go through a critic that is not linear; its own gradient is not wanted.
	s := rng.New(4, "draw")
	const n, acts = 5, 2
	out, obs, noise, mask := num.NewParam("out", n, 2*acts), num.New("obs", n, 3), make([]float32, n*acts), []float32{1, 0.5, 0, 1, 1}
	for i := range out.Data {
		out.Data[i] = float32(0.4 * s.Normal())
	}
	for i := range obs.Data {
		obs.Data[i] = float32(s.Normal())
	}
	out.Data[2] = 3 // beyond the bound: no gradient, and the draw does not move
	Normals(s, noise)
	q1, q2 := NewCritic(s, "q1", nil, 3, acts, []int{8}).Frozen(), NewCritic(s, "q2", nil, 3, acts, []int{8}).Frozen()
	for _, c := range []*Critic{q1, q2} {
		c.Head.Layers[0].Act = num.Tanh // smooth, for differences
	}
	var d Squash
	var l ActorLoss
	differences(t, out, func(tape *num.Tape) *num.Tensor {
		d.Record(tape, out, noise)
		loss, _ := l.Record(tape, q1.Value(tape, obs, d.Action), q2.Value(tape, obs, d.Action), d.LogProb, 0.7, mask)
		return loss
	}, 4e-4)
}

func TestTheActorLossByHand(t *testing.T) {
	// alpha 1/2, log pi 2 and -4, smaller values 3 and 5: (1 - 3) + 3 (-2 - 5) over M = 4, with weights 1 and 3: -23/4.
	q1, q2, lp := num.NewParam("q1", 2, 1), num.NewParam("q2", 2, 1), num.NewParam("lp", 2)
	copy(q1.Data, []float32{3, 9})
	copy(q2.Data, []float32{4, 5})
	copy(lp.Data, []float32{2, -4})
	var l ActorLoss
	tape := num.NewTape(core(t, 1))
	loss, value := l.Record(tape, q1, q2, lp, 0.5, []float32{1, 3})
	tape.Backward(loss)
	near(t, "loss", float64(loss.Data[0]), -23./4, 1e-6)
	near(t, "value", value, 18./4, 1e-6)
	if !slices.Equal(q1.Grad, []float32{-0.25, 0}) || !slices.Equal(q2.Grad, []float32{0, -0.75}) || !slices.Equal(lp.Grad, []float32{0.125, 0.375}) {
		t.Errorf("gradients %v %v %v", q1.Grad, q2.Grad, lp.Grad)
	}
}

func TestSoftTargetsByHand(t *testing.T) {
	// 1 + 0.5 (min(4, 2) - 0.25 * -8) = 3; the second one ended: 7.
	y := make([]float32, 2)
	if SoftTargets([]float32{1, 7}, []float32{0.5, 0}, []float32{4, 9}, []float32{2, 9}, []float32{-8, 3}, 0.25, y); !slices.Equal(y, []float32{3, 7}) {
		t.Errorf("targets %v", y)
	}
}

func TestDiscreteSoftValuesByHand(t *testing.T) {
	// pi = 1/4, 3/4; smaller values 2 and 4; alpha 1: 1/4 (2 + ln 4) + 3/4 (4 + ln(4/3)) = 3.5 + H.
	z, p, v := []float32{0, float32(math.Log(3))}, make([]float32, 2), make([]float32, 1)
	DiscreteValues(z, []float32{2, 5}, []float32{3, 4}, 1, p, v)
	h := math.Log(4)/4 + 3./4*math.Log(4./3)
	near(t, "soft value", float64(v[0]), 3.5+h, 1e-6)
	// The loss of the same row is minus that; where the policy is softmax(q / alpha) its gradient is zero.
	tape, out := num.NewTape(core(t, 1)), num.NewParam("z", 1, 2)
	copy(out.Data, z)
	var l DiscreteActorLoss
	loss := l.Record(tape, out, []float32{2, 5}, []float32{3, 4}, 1, nil)
	near(t, "loss", float64(loss.Data[0]), -3.5-h, 1e-6)
	near(t, "entropy", float64(l.Entropy[0]), h, 1e-6)
	best := []float32{1, 1 + 2*float32(math.Log(3))}
	tape.Reset()
	tape.Backward(l.Record(tape, out, best, best, 2, nil))
	if math.Abs(float64(out.Grad[0])) > 1e-6 || math.Abs(float64(out.Grad[1])) > 1e-6 {
		t.Errorf("gradient %v at the optimum", out.Grad)
	}
}

func TestTheDiscreteActorLossGradientAgreesWithFiniteDifferences(t *testing.T) {
	s := rng.New(6, "loss")
	const n, acts = 6, 4
	z, q1, q2 := num.NewParam("z", 2, 3, acts), make([]float32, n*acts), make([]float32, n*acts)
	for i := range z.Data {
		z.Data[i], q1[i], q2[i] = float32(s.Normal()), float32(s.Normal()), float32(s.Normal())
	}
	var l DiscreteActorLoss
	mask := []float32{1, 1, 0, 1, 0.5, 1}
	differences(t, z, func(tape *num.Tape) *num.Tensor { return l.Record(tape, z, q1, q2, 0.3, mask) }, 3e-5)
}

func TestTheTemperatureMovesTowardsItsEntropy(t *testing.T) {
	k := num.Go()
	// Entropy 2 (mean log pi -2) above the target of 1: less weight. Below it: more. J's slope by log alpha is -alpha (log pi + target).
	for _, c := range []struct {
		logp float64
		up   bool
	}{{-2, false}, {-0.5, true}} {
		x := NewTemperature(0.5, 1, 0.1)
		x.Step(&k, c.logp)
		if (x.Alpha() > 0.5) != c.up {
			t.Errorf("mean log pi %v moves alpha to %v", c.logp, x.Alpha())
		}
	}
	fixed := NewTemperature(0.5, 1, 0)
	fixed.Step(&k, 9)
	near(t, "alpha kept", fixed.Alpha(), 0.5, 1e-7)
}

func TestActionsStretchIntoTheBoundsOfAWorld(t *testing.T) {
	x := []float32{-1, 0, 0.5, 1}
	Stretch(x, []float32{-2, 0}, []float32{2, 10}, x)
	if !slices.Equal(x, []float32{-2, 5, 1, 10}) {
		t.Errorf("played %v", x)
	}
}
