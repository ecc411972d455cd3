package sched

import (
	"math"
	"testing"
)

// table is a source of one value for each arm, case and seed.
type table map[string][]float64 // "arm case": [seeds]

func (t table) Values(_, arm, kase string, seed uint64) ([]int64, []float64, bool) {
	ys, ok := t[arm+" "+kase]
	if !ok || math.IsNaN(ys[seed]) {
		return nil, nil, false
	}
	return []int64{0, 1}, []float64{0, ys[seed]}, true
}

// By hand: in case x seed 0 the values 3, 1, 1 give ranks 1, 2.5, 2.5, in seed 1 the values 1, 2, 3 give 3, 2, 1;
// in case y they are 5, 5, 0 and 0, 1, 2, which give 1.5, 1.5, 3 and 3, 2, 1.
func TestRankOfThreeArmsWorkedOutByHand(t *testing.T) {
	src := table{"a x": {3, 1}, "b x": {1, 2}, "c x": {1, 3}, "a y": {5, 0}, "b y": {5, 1}, "c y": {0, 2}}
	got := Rank(src, []string{"a", "b", "c"}, []string{"x", "y"}, []uint64{0, 1}, "m", true)
	want := map[string][2]float64{ // mean rank over seeds of the mean over cases; mean value
		"a": {((1+1.5)/2 + (3.0+3)/2) / 2, (3 + 5 + 1 + 0) / 4.0},
		"b": {((2.5+1.5)/2 + (2.0+2)/2) / 2, (1 + 5 + 2 + 1) / 4.0},
		"c": {((2.5+3)/2 + (1.0+1)/2) / 2, (1 + 0 + 3 + 2) / 4.0},
	}
	for _, r := range got {
		if w := want[r.Arm]; float64(r.Rank.Mean) != w[0] || float64(r.Mean.Mean) != w[1] || r.Rank.N != 2 {
			t.Errorf("%s has rank %v and mean %v, want %v", r.Arm, r.Rank.Mean, r.Mean.Mean, w)
		}
	}
	if got[0].Arm != "c" || got[1].Arm != "b" || got[2].Arm != "a" {
		t.Errorf("the order is %s %s %s, want c b a", got[0].Arm, got[1].Arm, got[2].Arm)
	}
	for _, r := range got {
		for _, c := range r.Cases {
			best := c.Case == "x" && r.Arm != "b" || c.Case == "y" && r.Arm == "b" // means 2, 1.5, 2 and 2.5, 3, 1
			if c.Best != best {
				t.Errorf("%s in %s: best is %v, want %v", r.Arm, c.Case, c.Best, best)
			}
		}
	}
}

func TestRankOfLowerValuesTurnsTheOrderRound(t *testing.T) {
	src := table{"a x": {3}, "b x": {1}}
	got := Rank(src, []string{"a", "b"}, []string{"x"}, []uint64{0}, "m", false)
	if got[0].Arm != "b" || !got[0].Cases[0].Best || got[1].Cases[0].Best {
		t.Errorf("%+v, want b first", got)
	}
}

func TestRankLeavesOutSeedsThatLackACase(t *testing.T) {
	src := table{"a x": {1, 1}, "b x": {2, math.NaN()}, "a y": {1, 1}, "b y": {2, 2}}
	for _, r := range Rank(src, []string{"a", "b"}, []string{"x", "y"}, []uint64{0, 1}, "m", true) {
		if want := map[string]int{"a": 2, "b": 1}[r.Arm]; r.Rank.N != want {
			t.Errorf("%s is ranked over %d seeds, want %d", r.Arm, r.Rank.N, want)
		}
	}
}
