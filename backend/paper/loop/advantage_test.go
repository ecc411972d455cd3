package loop

import (
	"errors"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
)

// One success in six by hand: leave-one-out gives the winner 1 - 0 and every other 0 - 1/5. The mean is 1/6 and the population's deviation
// sqrt(1/6 * 5/6) = 0.37268, so normal gives 5/6 / 0.37268 = 2.23607 and -1/6 / 0.37268 = -0.44721.
func TestAdvantagesOfOneSuccessInSix(t *testing.T) {
	reward := []float64{1, 0, 0, 0, 0, 0}
	for how, want := range map[string][2]float64{LeaveOneOut: {1, -0.2}, Normal: {2.23607, -0.44721}} {
		a := advantages(how, reward)
		if math.Abs(a[0]-want[0]) > 1e-4 || math.Abs(a[5]-want[1]) > 1e-4 {
			t.Errorf("%s gives %v, want %v for the first and %v for the others", how, a, want[0], want[1])
		}
	}
}

// Leave-one-out is mean-centring times K/(K-1), and does not change when all rewards rise.
func TestLeaveOneOutIsTheCentredRewardTimesKOverKLessOne(t *testing.T) {
	reward := []float64{0.25, 1, 0.5, 0.75}
	mean := 0.625
	a, shifted := advantages(LeaveOneOut, reward), advantages(LeaveOneOut, []float64{5.25, 6, 5.5, 5.75})
	for i := range reward {
		if want := (reward[i] - mean) * 4 / 3; math.Abs(a[i]-want) > 1e-9 || math.Abs(shifted[i]-want) > 1e-9 {
			t.Errorf("advantage %d is %v and %v when shifted, want %v", i, a[i], shifted[i], want)
		}
	}
}

func trajectory(reward float64) rl.Trajectory {
	return rl.Trajectory{Reward: reward, Segments: []rl.Segment{
		{Context: []int32{1, 2}, Tokens: []int32{3, 4}, Logprobs: []float32{-1, -2}},
		{Context: []int32{1, 2, 3, 4, 5}, Tokens: []int32{6}, Logprobs: []float32{-3}},
	}}
}

func TestAnAttemptIsOneRowWithTheWordsOfTheWorldLeftOut(t *testing.T) {
	failed := trajectory(0)
	failed.Err = errors.New("broken")
	list, flat, err := attempts([]rl.Group{{Trajectories: []rl.Trajectory{trajectory(1), trajectory(0.5), failed}}, {Trajectories: []rl.Trajectory{trajectory(1), trajectory(1)}}}, LeaveOneOut)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 || flat != 1 || list[0].tokens != 3 || !list[0].passed || list[1].passed || list[0].advantage != 0.5 || list[1].advantage != -0.5 || list[2].advantage != 0 {
		t.Fatalf("attempts are %+v, %d groups flat", list, flat)
	}
	weights := list[0].row.Weights
	for i, want := range []float32{0, 1, 1, 0, 1} {
		if weights[i] != want {
			t.Errorf("weights are %v, want those of the model's words alone", weights)
			break
		}
	}
}

func TestWhatIsLearnedFrom(t *testing.T) {
	list := []attempt{{advantage: 0.5}, {advantage: -0.009}, {advantage: -0.3, passed: true}, {advantage: 0, passed: true}}
	for _, c := range []struct {
		name string
		k    RLKnobs
		want []int
	}{
		{"attempts of a tiny advantage are left out", RLKnobs{Learner: Policy, Least: 0.01}, []int{0, 2}},
		{"with a divergence, those without an advantage hold the policy too", RLKnobs{Learner: Policy, Least: 0.01, KL: 0.1}, []int{0, 2, 3}},
		{"rejection takes what passed", RLKnobs{Learner: Rejection, Least: 0.01}, []int{2, 3}},
		{"a critic takes all", RLKnobs{Learner: Critic, Least: 0.01}, []int{0, 1, 2, 3}},
	} {
		got := kept(&c.k, list)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// R = 1, two tokens, values 0.5 and 0.75, two attempts in the minibatch: advantages (1 - 0.5) / (2 * 2) = 0.125 and 0.0625, mean square
// error (0.25 + 0.0625) / 2 = 0.15625.
func TestAdvantagesOverAValueHead(t *testing.T) {
	r := rl.Datum{Input: []int32{1, 2, 3}, Weights: []float32{0, 1, 1}}
	c := rl.Datum{Input: r.Input, Weights: everywhere(&r, 1), Values: make([]float32, 3)}
	fault := overValues(&r, &c, []float32{9, 0.5, 0.75}, &attempt{reward: 1, tokens: 2}, 2, 0.5)
	if math.Abs(fault-0.15625) > 1e-6 || r.Advantages[0] != 0 || math.Abs(float64(r.Advantages[1])-0.125) > 1e-6 || math.Abs(float64(r.Advantages[2])-0.0625) > 1e-6 {
		t.Errorf("advantages are %v and the error %v", r.Advantages, fault)
	}
	if c.Values[1] != 0.5 || c.Weights[1] != 0.25 || c.Weights[0] != 0 {
		t.Errorf("the critic's row has values %v and weights %v", c.Values, c.Weights)
	}
}

// Ratios of 1.0513, 1.0202, 0.9608 and 0.8187: one token of four is out of [0.909, 1.1]; the turns have 1.0725 and 0.7866: two of four
// tokens; the whole has 0.8437: all four. With x = now - old, the estimate k3 of the divergence at a
// token that the old policy drew is e^x - 1 - x.
func TestTheTallyOfAStepCountsRatiosOutOfBounds(t *testing.T) {
	for by, clipped := range map[string]int{ByToken: 1, ByTurn: 2, ByTrajectory: 4} {
		k := RLKnobs{Clip: 0.1, Ratio: by}
		var ratios [2]histogram
		l := learned{ratios: &ratios}
		l.step(&k, []attempt{{row: row(), advantage: 1, tokens: 4}}, [][]float32{now()}, 1)
		if l.clipped.part != clipped || l.clipped.whole != 4 {
			t.Errorf("%s: %d of %d tokens are clipped, want %d of 4", by, l.clipped.part, l.clipped.whole, clipped)
		}
		moved := 0.0
		for _, x := range []float64{0.05, 0.02, -0.04, -0.2} {
			moved += math.Exp(x) - 1 - x
		}
		if math.Abs(l.moved-moved) > 1e-5 {
			t.Errorf("%s: moved by %v nats, want %v", by, l.moved, moved)
		}
		var n int64
		for _, c := range ratios[1] {
			n += c
		}
		if n != 4 || ratios[0] != (histogram{}) {
			t.Errorf("%s: the histogram of the later passes has %d tokens", by, n)
		}
	}
}
