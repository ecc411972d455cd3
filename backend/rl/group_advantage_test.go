package rl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

func TestAdvantagesOfAGroupAreThoseWorkedOutByHand(t *testing.T) {
	// rewards 0 0 1 3: mean 1, deviations -1 -1 0 2, population std sqrt(6/4) = 1.2247449, leave-one-out factor 4/3
	for _, c := range []struct {
		b    Baseline
		want []float64
	}{
		{GroupNormal, []float64{-0.8164966, -0.8164966, 0, 1.6329932}},
		{GroupMean, []float64{-1, -1, 0, 2}},
		{LeaveOneOut, []float64{-4. / 3, -4. / 3, 0, 8. / 3}},
		{NoBaseline, []float64{0, 0, 1, 3}},
	} {
		got := make([]float64, 4)
		if !c.b.Advantages([]float64{0, 0, 1, 3}, got) {
			t.Errorf("%s teaches nothing", c.b)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 2e-6 {
				t.Errorf("%s: %v, want %v", c.b, got, c.want)
				break
			}
		}
	}
}

func TestLeaveOneOutIsTheRewardMinusTheMeanOfTheOthers(t *testing.T) {
	s := rng.New(1, "rloo")
	for g := 2; g < 9; g++ {
		r, a, total := make([]float64, g), make([]float64, g), 0.0
		for i := range r {
			r[i] = s.Normal()
			total += r[i]
		}
		LeaveOneOut.Advantages(r, a)
		for i := range r {
			if want := r[i] - (total-r[i])/float64(g-1); math.Abs(a[i]-want) > 1e-12 {
				t.Errorf("of %d: %v, want %v", g, a[i], want)
			}
		}
	}
}

func TestShiftingOrPermutingRewardsDoesNotMatter(t *testing.T) {
	r := []float64{0.3, 0.9, 0.1, 0.5}
	for _, b := range []Baseline{GroupNormal, GroupMean, LeaveOneOut} {
		x, y := make([]float64, 4), make([]float64, 4)
		b.Advantages(r, x)
		b.Advantages([]float64{5.5, 5.1, 5.9, 5.3}, y) // reversed, plus 5
		slices.Reverse(y)
		for i := range x {
			if math.Abs(x[i]-y[i]) > 1e-9 {
				t.Errorf("%s: %v and %v", b, x, y)
			}
		}
	}
}

func TestGroupsOfEqualRewardsTeachNothing(t *testing.T) {
	for _, r := range [][]float64{{}, {2}, {1, 1, 1}, {0.1 + 0.2, 0.3}} {
		for _, b := range []Baseline{GroupNormal, GroupMean, LeaveOneOut} {
			a := make([]float64, len(r))
			if b.Advantages(r, a) || spread(a) != 0 {
				t.Errorf("%s of %v: %v", b, r, a)
			}
		}
	}
	if !NoBaseline.Advantages([]float64{1, 1}, make([]float64, 2)) {
		t.Error("without baseline equal rewards still teach")
	}
}

func TestScalesTurnTheSumIntoTheMeanThatTheRuleNames(t *testing.T) {
	for _, c := range []struct {
		rule LengthRule
		want string
	}{
		{PerTrace, "[0.125 0.0625 0 0.25]"},    // 1/(4*2) 1/(4*4) - 1/(4*1)
		{PerConstant, "[0.025 0.025 0 0.025]"}, // 1/(4*10)
		{PerToken, "[0.14285714285714285 0.14285714285714285 0 0.14285714285714285]"},
		{NoLength, "[1 1 0 1]"},
	} {
		if got := fmt.Sprint(c.rule.Scales([]int{2, 4, 0, 1}, 10)); got != c.want {
			t.Errorf("%s: %v, want %v", c.rule, got, c.want)
		}
	}
}

// attempt writes n tokens after a prompt of two.
func attempt(reward float64, n int) Trajectory {
	s := Segment{Context: []int32{1, 2}}
	for i := range n {
		s.Tokens, s.Logprobs = append(s.Tokens, int32(3+i)), append(s.Logprobs, -0.5)
	}
	return Trajectory{Segments: []Segment{s}, Reward: reward}
}

func TestFailedAttemptsCountNowhere(t *testing.T) {
	bad := attempt(100, 7)
	bad.Err = errors.New("lost")
	groups := []Group{
		{Trajectories: []Trajectory{attempt(0, 2), bad, attempt(1, 4)}},
		{Trajectories: []Trajectory{attempt(1, 3), attempt(1, 1)}},
		{Trajectories: []Trajectory{bad}},
	}
	rows, got, err := Credit{Baseline: GroupMean, Length: PerToken}.Rows(groups)
	if err != nil || got.Failed != 2 || got.Skipped != 2 || got.Reward != 0.75 || len(rows) != 2 {
		t.Fatalf("%+v, %d rows, %v", got, len(rows), err)
	}
	if fmt.Sprint(got.Advantages) != "[[-0.5 0 0.5] [0 0] [0]]" || fmt.Sprint(got.Scales) != "[[0.1 0 0.1] [0.1 0.1] [0]]" {
		t.Errorf("advantages %v, scales %v", got.Advantages, got.Scales)
	}
	if fmt.Sprint(rows[1].Advantages) != "[0 0.05 0.05 0.05 0.05]" {
		t.Errorf("second row has advantages %v", rows[1].Advantages)
	}
}

func TestMistakesInCreditSayWhatIsLegal(t *testing.T) {
	for _, c := range []Credit{{"mean", PerToken, 0}, {GroupMean, "sum", 0}, {GroupMean, PerConstant, 0}} {
		if _, err := c.Of(nil); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := (Credit{Baseline: "mean"}).Check(); err == nil || err.Error() != `baseline is "mean", want one of grpo, dr-grpo, rloo, none` {
		t.Error(err)
	}
}

func TestEstimatorsOfDivergenceAgreeInTheMeanAndWithTheirSlopes(t *testing.T) {
	// pi = (.5, .3, .2), ref = (.4, .4, .2): KL = .5 log 1.25 + .3 log .75 = 0.0252672
	pi, ref := []float64{0.5, 0.3, 0.2}, []float64{0.4, 0.4, 0.2}
	for _, k := range []KL{K1, K3} {
		mean := 0.0
		for i, p := range pi {
			x, _ := k.Of(math.Log(p), math.Log(ref[i]))
			mean += p * x
		}
		if math.Abs(mean-0.0252672) > 1e-6 {
			t.Errorf("%s has mean %v", k, mean)
		}
	}
	const h = 1e-5
	for _, k := range KLs() {
		lo, _ := k.Of(-1-h, -1.4)
		hi, _ := k.Of(-1+h, -1.4)
		if _, slope := k.Of(-1, -1.4); math.Abs(slope-(hi-lo)/(2*h)) > 1e-8 {
			t.Errorf("%s: slope %v, differences %v", k, slope, (hi-lo)/(2*h))
		}
	}
}

func TestDivergenceIsTakenOffAdvantagesOrAddedToTheLoss(t *testing.T) {
	d := Datum{Input: []int32{1, 2}, Targets: []int32{2, 3}, Weights: []float32{0, 1}, Logprobs: []float32{0, -1}, Advantages: []float32{0, 1}}
	mean, err := K2.Penalise(&d, []float32{0, -3}, 0.1) // (2^2)/2 = 2
	if err != nil || mean != 2 || fmt.Sprint(d.Advantages) != "[0 0.8]" {
		t.Fatalf("mean %v, advantages %v, %v", mean, d.Advantages, err)
	}
	term, err := K2.Term(&d, []float32{9, -1.5}, []float32{0, -3}, 0.1)
	if err != nil || term.Weights[0] != 0 || math.Abs(float64(term.Weights[1])+0.15) > 1e-7 {
		t.Fatalf("weights %v, %v", term.Weights, err)
	}
	grad := make([]float32, 2)
	if _, _, err := (Loss{Name: CrossEntropy}).Eval(&term, []float32{9, -1.5}, grad); err != nil || math.Abs(float64(grad[1])-0.15) > 1e-7 {
		t.Fatalf("gradient %v, %v", grad, err)
	}
	if _, err := K2.Penalise(&d, nil, 1); err == nil {
		t.Error("a reference of another length passed")
	}
}

func TestAdvantagesOverTokensSkipWhatTheWorldWrote(t *testing.T) {
	d := Datum{Input: []int32{1, 2, 3, 4}, Weights: []float32{0, 1, 0, 1}, Values: []float32{9, 0.5, 9, 0.25}}
	// trained: values .5 .25, rewards 1 (written by the world after the first) and 2. delta2 = 2-.25 = 1.75;
	// delta1 = 1 + .9*.25 - .5 = .725; A1 = .725 + .9*.5*1.75 = 1.5125
	if err := d.SetGAE([]float32{7, 0, 1, 2}, 0.9, 0.5); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(d.Advantages) != "[0 1.5125 0 1.75]" || fmt.Sprint(d.Returns) != "[0 2.0125 0 2]" {
		t.Errorf("advantages %v, returns %v", d.Advantages, d.Returns)
	}
}
