package rl

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// one is a row of one token with lp -1 in mind.
func one(advantage float32) Datum {
	return Datum{Input: []int32{1}, Targets: []int32{2}, Logprobs: []float32{-1.5}, Advantages: []float32{advantage}}
}

func TestGoldenCellsOfTheProtocolHold(t *testing.T) {
	for _, c := range []struct {
		name             string
		config           map[string]float64
		a                float32
		loss, slope, tol float64
	}{
		{ImportanceSampling, nil, 2, -3.2974425, -3.2974425, 1e-6},
		{ImportanceSampling, nil, -2, 3.2974425, 3.2974425, 1e-6},
		{PPO, nil, 2, -2.4, 0, 1e-6},
		{PPO, nil, -2, 3.2974425, 3.2974425, 1e-6},
		{CISPO, nil, 2, 3.2974425, -3.2974425, 1e-6},
		{CISPO, nil, -2, -3.2974425, 3.2974425, 1e-6},
		{CISPO, map[string]float64{ClipLow: 0.8, ClipHigh: 1.2}, 2, 2.4, -2.4, 1e-6},
		{CISPO, map[string]float64{ClipLow: 0.8, ClipHigh: 1.2}, -2, -2.4, 2.4, 1e-6},
		{DRO, map[string]float64{Beta: 0.5}, 2, 2.0625, -1.75, 1e-6},
		{DRO, map[string]float64{Beta: 0.5}, -2, -1.9375, 2.25, 1e-6},
		// One token is a sequence: as PPO.
		{GSPO, nil, 2, -2.4, 0, 1e-6},
		{GSPO, nil, -2, 3.2974425, 3.2974425, 1e-6},
		// e^-1 - e^-1.5 = 0.3678794 - 0.2231302 = 0.1447492, within 0.2 but not within 0.1.
		{DPPO, nil, 2, -3.2974425, -3.2974425, 1e-6},
		{DPPO, map[string]float64{DeltaHigh: 0.1}, 2, 0, 0, 0},
		{DPPO, map[string]float64{DeltaHigh: 0.1}, -2, 3.2974425, 3.2974425, 1e-6},
	} {
		d, grad := one(c.a), make([]float32, 1)
		sum, _, err := Loss{c.name, c.config}.Eval(&d, []float32{-1}, grad)
		if err != nil || math.Abs(sum-c.loss) > c.tol || math.Abs(float64(grad[0])-c.slope) > c.tol {
			t.Errorf("%s %v A=%v: %v slope %v, %v; want %v slope %v", c.name, c.config, c.a, sum, grad[0], err, c.loss, c.slope)
		}
	}
}

func TestCrossEntropyIsTheWeightedSumWithAnySignAndAnyNumberOfTargets(t *testing.T) {
	d := Datum{Input: []int32{1, 2}, Targets: []int32{3, 4, 5, 6}, K: 2, Weights: []float32{1, -0.5, 0, 2}}
	grad := make([]float32, 4)
	sum, each, err := Loss{Name: CrossEntropy}.Eval(&d, []float32{-1, -2, float32(math.NaN()), -3}, grad)
	// position 0: 1*1 - 0.5*2 = 0; position 1: 2*3 = 6, and the entry of weight 0 is not read
	if err != nil || sum != 6 || fmt.Sprint(each) != "[0 6]" || fmt.Sprint(grad) != "[-1 0.5 0 -2]" {
		t.Fatalf("sum %v each %v gradient %v: %v", sum, each, grad, err)
	}
}

func TestTheValueLossIsHalfTheMeanOfTheWorseSquare(t *testing.T) {
	d := Datum{Input: []int32{1, 2, 3}, Values: []float32{0, 0, 9}, Returns: []float32{1, 1, 9}, Weights: []float32{1, 1, 0}}
	grad := make([]float32, 3)
	// v 0.5: bounded value 0.2, (0.2-1)^2 = 0.64 > 0.25: loss 0.32, slope 0. v 0.1: inside, 0.81/2, slope -0.9. Mean of two.
	sum, _, err := Loss{Name: PPOCritic}.Eval(&d, []float32{0.5, 0.1, 4}, grad)
	if err != nil || math.Abs(sum-(0.32+0.405)/2) > 1e-6 || grad[0] != 0 || math.Abs(float64(grad[1])+0.45) > 1e-6 || grad[2] != 0 {
		t.Fatalf("loss %v gradient %v: %v", sum, grad, err)
	}
}

// row makes a row of n positions with mixed advantages, a mask and log-probabilities near the sampler's.
func row(s *rng.Stream, n int, constant bool) (Datum, []float32) {
	d, lp := Datum{}, make([]float32, n)
	for i := range lp {
		a := float32(s.Normal())
		if constant {
			a = 0.7
		}
		d.Input, d.Targets = append(d.Input, 1), append(d.Targets, 2)
		d.Logprobs = append(d.Logprobs, -0.3-2*s.Float32())
		d.Advantages, d.Weights = append(d.Advantages, a), append(d.Weights, float32(min(i%4, 1)))
		d.Values, d.Returns = append(d.Values, float32(s.Normal())), append(d.Returns, float32(s.Normal()))
		lp[i] = d.Logprobs[i] + float32(0.3*s.Normal())
	}
	return d, lp
}

var forEachLoss = []Loss{{Name: CrossEntropy}, {Name: ImportanceSampling}, {Name: PPO}, {Name: CISPO},
	{DRO, map[string]float64{Beta: 0.7}}, {Name: GSPO}, {DPPO, map[string]float64{DeltaLow: 0.05, DeltaHigh: 0.05}}, {Name: PPOCritic}}

func TestGradientsAreThoseOfFiniteDifferences(t *testing.T) {
	const h = 1.0 / 256
	for _, l := range forEachLoss {
		if l.Name == CISPO {
			continue // its clipped ratio is held constant: see the next test
		}
		s, checked := rng.New(1, l.Name), 0
		for range 40 {
			// A sequence's ratio has the token variant's gradient where the advantage is the same throughout.
			d, lp := row(s, 9, l.Name == GSPO)
			grad := make([]float32, len(lp))
			if _, _, err := l.Eval(&d, lp, grad); err != nil {
				t.Fatal(err)
			}
			for i := range lp {
				numeric, smooth := differences(t, l, &d, lp, i, h)
				if !smooth {
					continue
				}
				checked++
				if math.Abs(numeric-float64(grad[i])) > 2e-3*(1+math.Abs(numeric)) {
					t.Errorf("%s, position %d: gradient %v, differences %v", l.Name, i, grad[i], numeric)
				}
			}
		}
		if checked < 150 {
			t.Errorf("%s: only %d positions were away from kinks", l.Name, checked)
		}
	}
}

// differences are central ones; not smooth where those of both sides tell of a kink in between.
func differences(t *testing.T, l Loss, d *Datum, lp []float32, i int, h float32) (slope float64, smooth bool) {
	t.Helper()
	at := func(by float32) float64 {
		x := append([]float32(nil), lp...)
		x[i] += by
		sum, _, err := l.Eval(d, x, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	lo, mid, hi := at(-h), at(0), at(h)
	left, right := (mid-lo)/float64(h), (hi-mid)/float64(h)
	return (left + right) / 2, math.Abs(left-right) < 0.05*(0.1+math.Abs(left))
}

func TestTheRatioOfCISPOIsHeldConstant(t *testing.T) {
	d, lp := row(rng.New(2, "cispo"), 30, false)
	grad := make([]float32, len(lp))
	if _, _, err := (Loss{CISPO, map[string]float64{ClipLow: 0.9, ClipHigh: 1.1}}).Eval(&d, lp, grad); err != nil {
		t.Fatal(err)
	}
	for i := range lp {
		r := min(max(math.Exp(float64(lp[i])-float64(d.Logprobs[i])), 0.9), 1.1)
		if want := -r * float64(d.Advantages[i]) * float64(d.Weights[i]); math.Abs(want-float64(grad[i])) > 1e-6 {
			t.Errorf("position %d: gradient %v, want %v", i, grad[i], want)
		}
	}
}

func TestTheRatioOfASequenceIsCapped(t *testing.T) {
	d := one(-1)
	d.Logprobs[0] = -20
	grad := make([]float32, 1)
	sum, _, err := Loss{Name: GSPO}.Eval(&d, []float32{-1}, grad)
	if err != nil || math.Abs(sum-math.Exp(10)) > 1e-6 || grad[0] != 0 {
		t.Fatalf("loss %v slope %v, %v; want e^10 and 0", sum, grad[0], err)
	}
}

func TestLossesAreSumsOverPositions(t *testing.T) {
	for _, l := range forEachLoss {
		d, lp := row(rng.New(3, l.Name), 12, false)
		once, _, err := l.Eval(&d, lp, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Weights {
			d.Weights[i] *= 2
		}
		if twice, _, err := l.Eval(&d, lp, nil); err != nil || math.Abs(twice-2*once) > 1e-9*math.Abs(once) {
			t.Errorf("%s: twice the weights give %v of %v, %v", l.Name, twice, once, err)
		}
	}
}

func TestEntriesThatAreNotWantedAreNotRead(t *testing.T) {
	for _, l := range forEachLoss {
		d, lp := row(rng.New(4, l.Name), 16, false)
		d.Advantages[5], d.Advantages[6] = 0, 0
		want, _, err := l.Eval(&d, lp, nil)
		if err != nil {
			t.Fatal(err)
		}
		missing := 0
		for i, w := range l.Wanted(&d) {
			if !w {
				lp[i] = float32(math.NaN())
				missing++
			}
		}
		if got, _, err := l.Eval(&d, lp, nil); err != nil || got != want || missing < 4 {
			t.Errorf("%s without %d entries: %v, %v; want %v", l.Name, missing, got, err, want)
		}
	}
}

func TestARowWithoutAdvantageWantsNothing(t *testing.T) {
	d, _ := row(rng.New(5, "zero"), 8, false)
	clear(d.Advantages)
	for _, l := range []Loss{{Name: ImportanceSampling}, {Name: PPO}, {Name: GSPO}, {Name: DPPO}, {Name: CISPO}} {
		for i, w := range l.Wanted(&d) {
			if w {
				t.Errorf("%s wants position %d", l.Name, i)
			}
		}
	}
}

func TestBoundsOfARowGoBeforeThoseOfTheLoss(t *testing.T) {
	d := one(2)
	d.Low, d.High = []float32{0.5}, []float32{1.5}
	if sum, _, err := (Loss{Name: PPO}).Eval(&d, []float32{-1}, nil); err != nil || sum != -3 {
		t.Fatalf("loss %v, %v; want -1.5 * 2", sum, err)
	}
}

func TestMistakesInALossSayWhatIsLegal(t *testing.T) {
	for _, c := range []struct {
		loss Loss
		want string
	}{
		{Loss{Name: "ppo2"}, `loss is "ppo2", want one of cross_entropy, importance_sampling`},
		{Loss{PPO, map[string]float64{"eps": 1}}, `has "eps", want one of clip_low_threshold, clip_high_threshold`},
		{Loss{CrossEntropy, map[string]float64{"eps": 1}}, "takes no numbers"},
		{Loss{Name: DRO}, "loss dro has no beta"},
		{Loss{DRO, map[string]float64{Beta: math.Inf(1)}}, "beta of loss dro is +Inf"},
		{Loss{PPO, map[string]float64{ClipLow: math.NaN()}}, "clip_low_threshold of loss ppo is NaN"},
		{Loss{PPO, map[string]float64{ClipLow: 2}}, "above clip_high_threshold 1.2"},
	} {
		err := c.loss.Check()
		if !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.loss, err, c.want)
		}
	}
	for _, l := range forEachLoss {
		if err := l.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestMistakesInARowAreNamed(t *testing.T) {
	for _, c := range []struct {
		loss   Loss
		damage func(d *Datum)
		want   string
	}{
		{Loss{Name: PPO}, func(d *Datum) { d.Input = nil }, "input has 0 tokens, want 1 to 4"},
		{Loss{Name: PPO}, func(d *Datum) { d.Input = make([]int32, 5) }, "input has 5 tokens"},
		{Loss{Name: PPO}, func(d *Datum) { d.Targets = nil }, "row has 0 targets, want 1"},
		{Loss{Name: PPO}, func(d *Datum) { d.Input[0] = 7 }, "token 0 of input is 7, want 0 to 6"},
		{Loss{Name: PPO}, func(d *Datum) { d.Targets[0] = -1 }, "token 0 of targets is -1"},
		{Loss{Name: PPO}, func(d *Datum) { d.Logprobs = nil }, "row has 0 logprobs"},
		{Loss{Name: PPO}, func(d *Datum) { d.Advantages[0] = float32(math.NaN()) }, "entry 0 of advantages is NaN"},
		{Loss{Name: PPO}, func(d *Datum) { d.Low = []float32{3} }, "least ratio 3 is above the largest, 1.2"},
		{Loss{Name: ImportanceSampling}, func(d *Datum) { d.Low = []float32{0} }, "loss importance_sampling has none"},
		{Loss{Name: PPO}, func(d *Datum) { d.K = 2 }, "2 targets at a position"},
		{Loss{Name: CrossEntropy}, func(d *Datum) {}, "row has 0 weights"},
		{Loss{Name: PPOCritic}, func(d *Datum) {}, "row has 0 values"},
	} {
		d := one(1)
		c.damage(&d)
		err := c.loss.CheckDatum(&d, 7, 4)
		if !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.loss.Name, err, c.want)
		}
	}
	d := one(1)
	if err := (Loss{Name: PPO}).CheckDatum(&d, 7, 4); err != nil {
		t.Error(err)
	}
}

func TestALossThatIsNoNumberIsAnError(t *testing.T) {
	d := one(1)
	for _, lp := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
		if _, _, err := (Loss{DRO, map[string]float64{Beta: 1}}).Eval(&d, []float32{lp}, nil); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("log-probability %v: %v", lp, err)
		}
	}
	d.Logprobs[0] = -700 // the ratio fits a float64 and not the gradient
	if _, _, err := (Loss{Name: ImportanceSampling}).Eval(&d, []float32{-1}, make([]float32, 1)); err == nil {
		t.Error("a gradient beyond float32 passed")
	}
}
