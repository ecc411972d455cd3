package slearl

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-4 }

// By hand: rewards 0, 0, 1 with gamma 0.5: 1, then 0 + 0.5*1 = 0.5, then 0 + 0.5*0.5 = 0.25.
func TestReturnsAreDiscountedSums(t *testing.T) {
	for i, want := range []float64{0.25, 0.5, 1} {
		if got := returns([]float64{0, 0, 1}, 0.5)[i]; got != want {
			t.Errorf("Rhat of step %d is %v, want %v", i, got, want)
		}
	}
}

func TestLikenessIsTheShareOfCommonWords(t *testing.T) {
	v := newVocabulary([]string{"a", "b", "c", "d", "e"})
	for _, c := range []struct {
		a, b string
		want float64
	}{{"a b c", "a b d", 0.5}, {"a a b", "b a", 1}, {"a", "b", 0}, {"", "", 1}, {"a stranger", "a", 1}, {"a b c d", "a b c d e", 0.8}} {
		if got := like(v.set(c.a), v.set(c.b)); got != c.want {
			t.Errorf("likeness of %q and %q is %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// By hand, delta 0.75 and gamma 1. Attempt 0 sees X, Y and earns 1 at the end; attempt 1 sees X, Z and earns 0; attempt 2 sees X' (like X)
// and earns 1. X and X' are a cluster with returns 1, 0, 1: mean 2/3, standard deviation sqrt(2)/3 = 0.4714, so 0.7071, -1.4142, 0.7071.
// Y and Z are alone and have 0. The episodes' own advantages are the same three numbers here.
func TestStepAdvantagesAreCentredInTheirCluster(t *testing.T) {
	v := newVocabulary([]string{"a", "b", "c", "d", "y", "z"})
	group := []attemptSteps{
		{saw: []wordSet{v.set("a b c"), v.set("y")}, earned: returns([]float64{0, 1}, 1)},
		{saw: []wordSet{v.set("a b c"), v.set("z")}, earned: returns([]float64{0, 0}, 1)},
		{saw: []wordSet{v.set("a b c d")}, earned: returns([]float64{1}, 1)},
	}
	want := [][]float64{{0.70711, 0}, {-1.41421, 0}, {0.70711}}
	for i, row := range stepAdvantages(group, 0.75, false) {
		for s, a := range row {
			if !near(a, want[i][s]) {
				t.Errorf("A_step(%d,%d) is %v, want %v", i, s, a, want[i][s])
			}
		}
	}
	for i, row := range stepAdvantages(group, 0.75, true) {
		if m := []float64{1. / 3, -2. / 3, 1. / 3}[i]; !near(row[0], m) {
			t.Errorf("without division A_step(%d,0) is %v, want %v", i, row[0], m)
		}
	}
	apart := stepAdvantages(group, 0.76, false) // a b c and a b c d are not alike enough any more
	if apart[2][0] != 0 || !near(apart[0][0], 1) || !near(apart[1][0], -1) {
		t.Errorf("in clusters of their own the steps have %v", apart)
	}
	k := &RLKnobs{StepWeight: 2, StepDelta: 0.75}
	both := advantages(k, group, []float64{1, 0, 1})
	if !near(both[0][0], 3*0.70711) || !near(both[0][1], 0.70711) || !near(both[1][1], -1.41421) {
		t.Errorf("A is %v, want A_ep + 2 A_step", both)
	}
}

func TestAdvantagesDoNotHangOnTheOrderOfAttempts(t *testing.T) {
	v := newVocabulary([]string{"a", "b", "c"})
	a := attemptSteps{saw: []wordSet{v.set("a"), v.set("b")}, earned: []float64{0.9, 1}}
	b := attemptSteps{saw: []wordSet{v.set("a"), v.set("c")}, earned: []float64{0, 0}}
	k := &RLKnobs{StepWeight: 1, StepDelta: 1}
	one, two := advantages(k, []attemptSteps{a, b}, []float64{1, 0}), advantages(k, []attemptSteps{b, a}, []float64{0, 1})
	for s := range 2 {
		if !near(one[0][s], two[1][s]) || !near(one[1][s], two[0][s]) {
			t.Errorf("step %d: %v and %v", s, one, two)
		}
	}
	flat := advantages(k, []attemptSteps{b, b}, []float64{0, 0})
	for _, row := range flat {
		for _, x := range row {
			if x != 0 {
				t.Errorf("a group without differences has advantages %v", flat)
			}
		}
	}
}
