package loop

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
)

// row is two turns of two tokens each: the world speaks at 0, 3 and behind the end.
func row() rl.Datum {
	return rl.Datum{
		Input:    []int32{1, 2, 3, 4, 5, 6},
		Targets:  []int32{2, 3, 4, 5, 6, 7},
		Weights:  []float32{0, 1, 1, 0, 1, 1},
		Logprobs: []float32{0, -1, -1, 0, -1, -1},
	}
}

// now are new log-probabilities: log ratios 0.05, 0.02 in the first turn, -0.04, -0.2 in the second.
func now() []float32 { return []float32{-9, -0.95, -0.98, -9, -1.04, -1.2} }

func TestUnitsAreTokensTurnsOrTheWholeAttempt(t *testing.T) {
	d := row()
	for by, want := range map[string][][]span{
		ByToken:      {{{1, 2}}, {{2, 3}}, {{4, 5}}, {{5, 6}}},
		ByTurn:       {{{1, 3}}, {{4, 6}}},
		ByTrajectory: {{{1, 3}, {4, 6}}},
	} {
		got := units(&d, by)
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", by, got, want)
		}
		for i := range want {
			for j := range want[i] {
				if got[i][j] != want[i][j] {
					t.Errorf("%s: unit %d is %v, want %v", by, i, got[i], want[i])
				}
			}
		}
	}
}

// By hand with eps 0.1, so bounds 0.909 and 1.1, A = 2 and |a| = 4:
//
//	token       ratios e^.05 = 1.0513, e^.02 = 1.0202, e^-.04 = 0.9608, e^-.2 = 0.8187: all below 1.1, slopes 2/4 times these
//	turn        e^.07 = 1.0725 and e^-.24 = 0.7866: slopes 2 * 2/4 times these
//	trajectory  e^-.17 = 0.8437: slopes 2 times this
//
// With A = -2 a ratio of at most 0.909 is clipped and its slope is 0: the last token, the second turn, the whole.
func TestSlopesAreThoseWorkedOutByHand(t *testing.T) {
	low, high := 1/1.1, 1.1
	for _, c := range []struct {
		by        string
		advantage float64
		want      [4]float64 // of the tokens at 1, 2, 4, 5
	}{
		{ByToken, 2, [4]float64{0.52564, 0.51010, 0.48039, 0.40937}},
		{ByToken, -2, [4]float64{-0.52564, -0.51010, -0.48039, 0}},
		{ByTurn, 2, [4]float64{1.07251, 1.07251, 0.78663, 0.78663}},
		{ByTurn, -2, [4]float64{-1.07251, -1.07251, 0, 0}},
		{ByTrajectory, 2, [4]float64{1.68733, 1.68733, 1.68733, 1.68733}},
		{ByTrajectory, -2, [4]float64{}},
	} {
		a := attempt{row: row(), advantage: c.advantage, tokens: 4}
		slope := make([]float32, 6)
		slopes(&a, c.by, now(), low, high, slope)
		for i, at := range []int{1, 2, 4, 5} {
			if math.Abs(float64(slope[at])-c.want[i]) > 1e-4 {
				t.Errorf("%s with advantage %v: slope at %d is %v, want %v", c.by, c.advantage, at, slope[at], c.want[i])
			}
		}
		if slope[0] != 0 || slope[3] != 0 {
			t.Errorf("%s: what the world said has slopes %v and %v", c.by, slope[0], slope[3])
		}
	}
}

// The slow way: the objective written down, and moved a little.
func objective(a *attempt, by string, now []float32, low, high float64) (sum float64) {
	for _, unit := range units(&a.row, by) {
		logarithm, n := logRatio(unit, now, a.row.Logprobs)
		rho := math.Exp(logarithm)
		sum += float64(n) / float64(a.tokens) * min(rho*a.advantage, max(low, min(rho, high))*a.advantage)
	}
	return sum
}

func TestSlopesAreTheDerivativesOfTheObjective(t *testing.T) {
	const h = 1e-3
	for _, by := range []string{ByToken, ByTurn, ByTrajectory} {
		for _, advantage := range []float64{0.7, -1.3} {
			a := attempt{row: row(), advantage: advantage, tokens: 4}
			slope := make([]float32, 6)
			slopes(&a, by, now(), 1/1.1, 1.1, slope)
			for at := range slope {
				up, down := now(), now()
				up[at] += h
				down[at] -= h
				want := (objective(&a, by, up, 1/1.1, 1.1) - objective(&a, by, down, 1/1.1, 1.1)) / (2 * h)
				if a.row.Weights[at] != 0 && math.Abs(float64(slope[at])-want) > 2e-3 {
					t.Errorf("%s, advantage %v: slope at %d is %v, differences give %v", by, advantage, at, slope[at], want)
				}
			}
		}
	}
}

// The loss of the training protocol and our own slopes are the same method where the ratio is that of a token.
func TestTheLossOfTheProtocolHasTheSlopesOfATokenRatio(t *testing.T) {
	k := RLKnobs{Clip: 0.1}
	l := learner{k: &k}
	for _, advantage := range []float64{0.5, -0.5} {
		a := attempt{row: row(), advantage: advantage, tokens: 4}
		slope, grad := make([]float32, 6), make([]float32, 6)
		low, high := k.bounds()
		slopes(&a, ByToken, now(), low, high, slope)
		a.row.Advantages = everywhere(&a.row, advantage/4)
		if _, _, err := l.clipped().Eval(&a.row, now(), grad); err != nil {
			t.Fatal(err)
		}
		for at := range grad {
			if math.Abs(float64(grad[at]+slope[at])) > 1e-6 {
				t.Errorf("advantage %v: the loss has gradient %v at %d, want %v", advantage, grad[at], at, -slope[at])
			}
		}
	}
}

func TestTheClipRangeIsSymmetricInTheLogarithm(t *testing.T) {
	low, high := (&RLKnobs{Clip: 0.1}).bounds()
	if math.Abs(low-0.909090909) > 1e-9 || high != 1.1 || math.Abs(math.Log(low)+math.Log(high)) > 1e-12 {
		t.Errorf("bounds are %v and %v, want 1/1.1 and 1.1", low, high)
	}
}
