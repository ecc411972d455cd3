package wmar

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Two classes, logits 0 and log 3: softmax 1/4 and 3/4; with one percent uniform 0.2525 and 0.7475.
func TestLatentsHaveAShareOfTheUniformDistribution(t *testing.T) {
	s, p := make([]float32, 2), make([]float32, 2)
	mixed(&core(t).K, []float32{0, float32(math.Log(3))}, s, p, 2)
	near(t, "the softmax", float64(s[0]), 0.25, 1e-6)
	near(t, "the first class", float64(p[0]), 0.2525, 1e-6)
	near(t, "the second", float64(p[1]), 0.7475, 1e-6)
}

// q = (1/2, 1/2), p = (1/4, 3/4): KL = 1/2 log 2 + 1/2 log 2/3 = 0.143841.
func TestTheDivergenceByHandAndItsFreeNats(t *testing.T) {
	q, p := []float32{.5, .5}, []float32{.25, .75}
	dq, dp, scratch := make([]float32, 2), make([]float32, 2), make([]float32, 2)
	near(t, "KL", balance(q, p, q, p, 2, 1, 1, dq, dp, scratch), 0.143841, 1e-6)
	if dq[0] != 0 || dp[0] != 0 {
		t.Error("a divergence below the free nats has a gradient")
	}
	balance(q, p, q, p, 2, 0.1, 1, dq, dp, scratch)
	// prior: 0.5 * 0.99 * p_i (-q_i/p_i + 1) = 0.495 (p_i - q_i)
	near(t, "the prior's gradient", float64(dp[0]), 0.495*(0.25-0.5), 1e-6)
	// posterior: 0.1 * 0.99 * q_i (log q_i/p_i - KL) = 0.099 * 0.5 * (0.693147 - 0.143841)
	near(t, "the posterior's gradient", float64(dq[0]), 0.099*0.5*(0.693147-0.143841), 1e-6)
}

func TestSymlogSqueezesAndSymexpUndoesIt(t *testing.T) {
	near(t, "symlog(-(e-1))", symlog(1-math.E), -1, 1e-12)
	for _, x := range []float64{-3, -0.1, 0, 0.5, 20} {
		near(t, "back again", symexp(symlog(x)), x, 1e-12)
	}
}

func TestBernoulliByHand(t *testing.T) {
	g := make([]float32, 2)
	// p = 0.75 for logit log 3: -log 0.75 for the bit that is set, -log 0.25 for the one that is not
	near(t, "the loss", bernoulli([]float32{float32(math.Log(3)), float32(math.Log(3))}, []float32{1, 0}, g, 0.5), -math.Log(0.75)-math.Log(0.25), 1e-6)
	near(t, "the gradient of the first bit", float64(g[0]), -0.125, 1e-6)
	near(t, "the gradient of the second", float64(g[1]), 0.375, 1e-6)
	near(t, "the loss of a very wrong logit", bernoulli([]float32{-90}, []float32{1}, nil, 1), 90, 1e-6)
}

// gamma 0.5, lambda 0.5, two steps: R_1 = 2 + 0.5*1*(0.5*4 + 0.5*4) = 4; R_0 = 1 + 0.5*0.8*(0.5*3 + 0.5*4) = 2.4. Weights 1 and 0.5*0.8.
func TestLambdaReturnsByHand(t *testing.T) {
	returns, weight := make([]float32, 2), make([]float32, 2)
	lambdaReturns(1, 2, 0.5, 0.5, []float32{1, 2}, []float32{0.8, 1}, []float32{9, 3, 4}, returns, weight)
	near(t, "R_1", float64(returns[1]), 4, 1e-6)
	near(t, "R_0", float64(returns[0]), 2.4, 1e-6)
	near(t, "w_0", float64(weight[0]), 1, 0)
	near(t, "w_1", float64(weight[1]), 0.4, 1e-6)
}

func TestTheRangeOfReturnsIsNeverBelowOneAndRunsSlowly(t *testing.T) {
	r := make([]float32, 101)
	for i := range r {
		r[100-i] = float32(i) / 10
	}
	var s spread
	near(t, "the first range", s.take(r), 9, 1e-6) // 5th and 95th of 0, 0.1, .. 10
	near(t, "the next", s.take(make([]float32, 101)), 8.91, 1e-6)
	s = spread{}
	near(t, "a small range", s.take(make([]float32, 5)), 1, 0)
}

// Three tasks; rows after 0 to 3 tasks. Task 1 falls from 0.8 to 0.3, task 2 rises from 0.6 to 0.7.
func TestForgettingAndAverageByHand(t *testing.T) {
	p := [][]float64{{0, 0, 0}, {0.8, 0.1, 0}, {0.5, 0.6, 0.2}, {0.3, 0.7, 0.9}}
	near(t, "forgetting", forgetting(p, 3), (0.5+0)/2, 1e-12)
	near(t, "forgetting after two", forgetting(p, 2), 0.3, 1e-12)
	near(t, "the average", average(p, 3), (0.3+0.7+0.9)/3, 1e-12)
}

func rollout(steps int) *replay.Sequence {
	return &replay.Sequence{Steps: steps, Obs: make([]float32, steps+1), Fresh: make([]bool, steps+1), Action: make([]int32, steps),
		Reward: make([]float32, steps), Terminal: make([]bool, steps), Cut: make([]bool, steps)}
}

// Claim 5 of the summary: whatever the stream, LONG holds the tasks in the stream's shares. 200 streams of 40, 80, 20 and 60 rollouts of four
// tasks, 16 kept of each: chi-square with 3 degrees of freedom stays below 11.34 (p > 0.01). Kept rollouts are drawn without
// replacement, which makes the statistic smaller than it would be with it, by (200-16)/199.
func TestTheLongStoreHoldsTheTasksInTheSharesOfTheStream(t *testing.T) {
	stream := []int{40, 80, 20, 60}
	var seen [4]float64
	q := rollout(1)
	for seed := range uint64(200) {
		s := newStores(LearnerKnobs{Store: Mix, Rollouts: 32, Length: 1, LongShare: 0.5}, 1, 200, rng.New(seed, "keys"))
		for task, n := range stream {
			for range n {
				s.add(q, task, false)
			}
		}
		for task, share := range shares(s.book.Long, 4) {
			seen[task] += share * 16
		}
		if got := shares(s.book.Recent, 4); got[3] != 1 {
			t.Fatalf("the recent store holds %v, want the last task alone", got)
		}
	}
	chi := 0.0
	for task, n := range stream {
		want := 200 * 16 * float64(n) / 200
		chi += (seen[task] - want) * (seen[task] - want) / want
	}
	if chi /= 184.0 / 199; chi > 11.34 {
		t.Errorf("chi-square is %.2f for %v kept of tasks in shares %v", chi, seen, stream)
	}
}

func TestEveryRuleKeepsAsManyRolloutsAndSaysWhereBatchesComeFrom(t *testing.T) {
	for store, want := range map[string]struct {
		held         int
		recent, long bool
	}{Mix: {10, true, true}, FIFO: {10, true, false}, Long: {10, false, true}, Everything: {25, true, false}} {
		s := newStores(LearnerKnobs{Store: store, Rollouts: 10, Length: 1, LongShare: 0.5}, 1, 25, rng.New(1, "keys"))
		for range 25 {
			s.add(rollout(1), 0, true)
		}
		recent, long := s.uses()
		if s.held() != want.held || recent != want.recent || long != want.long {
			t.Errorf("%s holds %d rollouts, recent %v, long %v; want %+v", store, s.held(), recent, long, want)
		}
	}
}

// Rollouts of the two stores are told apart by their reward: half of the batches come from each.
func TestHalfOfTheBatchesComeFromEachStore(t *testing.T) {
	s := newStores(LearnerKnobs{Store: Mix, Rollouts: 8, Length: 2, LongShare: 0.5}, 1, 0, rng.New(1, "keys"))
	for range 50 {
		s.add(rollout(2), 0, false)
	}
	long, draws := 0, rng.New(3, "draws")
	var w replay.Windows
	for range 1000 {
		if s.dual.Sample(draws, 2, 2, &w) {
			long++
		}
	}
	if long < 440 || long > 560 {
		t.Errorf("%d of 1000 batches come from the long store, want about 500", long)
	}
}
