package modelbasedgeneralization

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/factored"
)

func smallFlute(t *testing.T, n int) *flute {
	t.Helper()
	f, err := newFlute(n)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAllDataSettleEveryStateEitherWay(t *testing.T) {
	f := smallFlute(t, 3)
	has := make(known, len(f.next))
	for i := range has {
		has[i] = true
	}
	if n := f.undisputed(has, 0.9); n != 64 {
		t.Errorf("the table leaves %d of 64 states settled", n)
	}
	b := f.solve(f.models(has, 1), 0.9)
	if n := f.settled(b); n != 64 {
		t.Errorf("the models leave %d of 64 states settled", n)
	}
	w, err := factored.NewPanFlute(factored.PanFluteKnobs{Pipes: 3, Horizon: 100}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range factored.Optimal(w, 0.9) {
		if math.Abs(b.low[i]-q) > 1e-7 || math.Abs(b.high[i]-q) > 1e-7 {
			t.Fatalf("pair %d is worth %v to %v, want %v", i, b.low[i], b.high[i], q)
		}
	}
}

// Without data everything is possible: values from 0 to 1/(1-gamma) = 10.
func TestNoDataSettleNothing(t *testing.T) {
	f := smallFlute(t, 2)
	has := make(known, len(f.next))
	b := f.solve(f.models(has, 1), 0.9)
	if slices.Max(b.low) != 0 || math.Abs(slices.Min(b.high)-10) > 1e-9 || f.settled(b) != 0 || f.undisputed(has, 0.9) != 0 {
		t.Errorf("low %v, high %v, settled %d", b.low, b.high, f.settled(b))
	}
}

// The theorem: on every set of data the bounds over models lie within those of the free table, so that they settle at least what its
// bounds settle; and the true values lie within both.
func TestModelsShrinkTheSetOfValueFunctions(t *testing.T) {
	f := smallFlute(t, 3)
	all := make(known, len(f.next))
	for i := range all {
		all[i] = true
	}
	truth := f.solve(f.table(all), 0.9).low
	strictly := 0
	for d := range 12 {
		has := make(known, len(f.next))
		f.draw(rng.New(uint64(d), "data"), has, 10+20*d)
		free, models := f.solve(f.table(has), 0.9), f.solve(f.models(has, 1), 0.9)
		for i, q := range truth {
			if models.low[i] < free.low[i]-1e-9 || models.high[i] > free.high[i]+1e-9 {
				t.Fatalf("data %d, pair %d: models %v to %v, table %v to %v", d, i, models.low[i], models.high[i], free.low[i], free.high[i])
			}
			if q < models.low[i]-1e-9 || q > models.high[i]+1e-9 {
				t.Fatalf("data %d, pair %d: the truth %v lies outside %v to %v", d, i, q, models.low[i], models.high[i])
			}
		}
		if a, b := f.settled(free), f.undisputed(has, 0.9); a > b {
			t.Fatalf("data %d: the bounds settle %d states, the tables tried leave only %d undisputed", d, a, b)
		}
		if f.settled(models) > f.undisputed(has, 0.9) {
			strictly++
		}
	}
	if strictly < 4 {
		t.Errorf("the models settle more in %d of 12 sets of data, want at least 4", strictly)
	}
}

// One pair, of the empty flute of two pipes under "blow 2": cell 1 of pipe 2 follows from nothing but the action, for all states that
// agree on the parents of some rule.
func TestARuleSpeaksForAllStatesThatShareItsParents(t *testing.T) {
	f := smallFlute(t, 2)
	has := make(known, len(f.next))
	has[0*2+1] = true // state 000, action 1: next 010
	rules := f.agreeing(sets(3, 1), 2, has, func(i int) int8 { return int8(f.next[i] >> 1 & 1) })
	if len(rules) != 4 {
		t.Fatalf("%d rules agree, want all 4: no parent, or one of three", len(rules))
	}
	if zero, one := says(rules[:1], 7, 1); zero || !one {
		t.Error("the rule without parents does not speak for other states")
	}
	if zero, one := says(rules, 7, 1); !zero || !one {
		t.Error("rules with parents that were never seen set leave nothing open")
	}
	if zero, one := says(rules, 0, 1); zero || !one {
		t.Error("what was seen is not settled")
	}
}

func TestSetsAreListedOnce(t *testing.T) {
	all := sets(4, 2)
	if len(all) != 1+4+6 || !slices.Equal(all[10], []int{2, 3}) {
		t.Errorf("sets of up to 2 of 4: %v", all)
	}
	if n := len(sets(6, 3)); n != 1+6+15+20 {
		t.Errorf("%d sets of up to 3 of 6, want 42", n)
	}
}
