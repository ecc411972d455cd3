package replay

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
)

func TestASumTreeFindsTheLeafThatALinearScanFinds(t *testing.T) {
	s := rng.New(3, "tree")
	for _, n := range []int{1, 2, 3, 7, 8, 100} {
		tree, leaf := NewSumTree(n), make([]float64, n)
		for range 300 {
			i := s.IntN(n)
			leaf[i] = float64(s.IntN(5)) // whole numbers: sums are exact
			tree.Set(i, leaf[i])
			total := sum(leaf)
			if tree.Total() != total {
				t.Fatalf("total %v, want %v", tree.Total(), total)
			}
			if total == 0 {
				continue
			}
			u := s.Float64() * total
			want, run := 0, 0.0
			for want = range leaf {
				if run += leaf[want]; run > u {
					break
				}
			}
			if got := tree.Find(u); got != want {
				t.Fatalf("n %d: leaf %d for %v of %v, want %d", n, got, u, leaf, want)
			}
		}
	}
}

func TestRoundingNeverFindsALeafOfZero(t *testing.T) {
	tree := NewSumTree(5)
	tree.Set(1, 0.1)
	tree.Set(3, 0.2)
	if got := tree.Find(tree.Total()); got != 3 { // beyond the last sum, as rounding may make it
		t.Errorf("found leaf %d", got)
	}
	if got := tree.Find(0); got != 1 {
		t.Errorf("found leaf %d for 0", got)
	}
}

func TestPrioritiesAndWeightsByHand(t *testing.T) {
	// alpha 1/2, errors 4, 1 and -9 (floor 0 in effect): p^alpha = 2, 1, 3, total 6; P = 1/3, 1/6, 1/2.
	// beta 1, N = 3: w = 1/(3P) = 1, 2, 2/3.
	p := NewPrioritised(4, PriorityKnobs{Alpha: 0.5, Beta: 1, Floor: 1e-12})
	for i := range 3 {
		p.Add(i)
	}
	p.Update([]int{0, 1, 2}, []float32{4, 1, -9})
	for i, want := range []float64{1. / 3, 1. / 6, 1. / 2, 0} {
		if math.Abs(p.Probability(i)-want) > 1e-9 {
			t.Errorf("probability of %d is %v, want %v", i, p.Probability(i), want)
		}
	}
	// Six rows drawn, one from each sixth of the total: slots 0 0 1 2 2 2 whatever the chance. The largest weight is 2.
	slots, weight := make([]int, 6), make([]float32, 6)
	p.Sample(rng.New(1, "draw"), slots, weight)
	if !slices.Equal(slots, []int{0, 0, 1, 2, 2, 2}) {
		t.Errorf("slots %v", slots)
	}
	for i, want := range []float64{0.5, 0.5, 1, 1. / 3, 1. / 3, 1. / 3} {
		if math.Abs(float64(weight[i])-want) > 1e-6 {
			t.Errorf("weight %d is %v, want %v", i, weight[i], want)
		}
	}
	// A newcomer has the largest priority so far: 9, so 3 of a total of 9.
	if p.Add(3); math.Abs(p.Probability(3)-1./3) > 1e-9 {
		t.Errorf("the newcomer has %v", p.Probability(3))
	}
}

func TestBetaZeroWeighsAllAlikeAndAlphaZeroDrawsAllAlike(t *testing.T) {
	p := NewPrioritised(3, PriorityKnobs{Alpha: 0, Beta: 0.5, Floor: 1e-6})
	for i := range 3 {
		p.Add(i)
	}
	p.Update([]int{0, 1, 2}, []float32{5, 0, 100})
	slots, weight := make([]int, 3), make([]float32, 3)
	p.Sample(rng.New(1, "draw"), slots, weight)
	if !slices.Equal(slots, []int{0, 1, 2}) || !slices.Equal(weight, []float32{1, 1, 1}) {
		t.Errorf("slots %v, weights %v", slots, weight)
	}
	p = NewPrioritised(3, PriorityKnobs{Alpha: 1, Beta: 0, Floor: 1e-6})
	for i := range 3 {
		p.Add(i)
	}
	p.Update([]int{0, 1, 2}, []float32{5, 1, 100})
	if p.Sample(rng.New(1, "draw"), slots, weight); !slices.Equal(weight, []float32{1, 1, 1}) {
		t.Errorf("weights %v", weight)
	}
}

func TestAReservoirKeepsTheLargestKeysOfAll(t *testing.T) {
	s := rng.New(9, "keys")
	v, all, held := NewReservoir(10), []float64{}, make([]float64, 10)
	for i := range 500 {
		key := s.Normal()
		all = append(all, key)
		if slot, keep := v.Offer(key); keep {
			held[slot] = key
		}
		if i < 9 {
			continue
		}
		want := slices.Sorted(slices.Values(all))[len(all)-10:]
		if got := slices.Sorted(slices.Values(held)); !slices.Equal(got, want) {
			t.Fatalf("after %d newcomers it holds %v, want %v", i+1, got, want)
		}
	}
	if v.Len() != 10 || v.Seen() != 500 {
		t.Errorf("%d held of %d", v.Len(), v.Seen())
	}
	if _, keep := NewReservoir(1).Offer(1); !keep {
		t.Error("an empty store refuses")
	}
}

func TestAReservoirIsAUniformSampleOfTheStream(t *testing.T) {
	// 200 streams of two tasks, 30 newcomers of the first and then 90 of the second; 12 are kept, so 3 and 9 are expected. Over all streams
	// 600 and 1,800 of 2,400: the chi-square of one degree of freedom is above 10.8 once in a thousand. (Draws without replacement vary less.)
	s, first := rng.New(4, "streams"), 0.0
	for range 200 {
		v, task := NewReservoir(12), make([]int, 12)
		for i := range 120 {
			if slot, keep := v.Draw(s); keep {
				task[slot] = i / 30
			}
		}
		for _, k := range task {
			if k == 0 {
				first++
			}
		}
	}
	if chi := (first-600)*(first-600)/600 + (first-600)*(first-600)/1800; chi > 10.8 {
		t.Errorf("%v of the first task, chi-square %.1f", first, chi)
	}
}

func TestADualStoreShowsEverythingToBoth(t *testing.T) {
	s := rng.New(6, "dual")
	d := NewDual(NewSequences(3, 2, 2, 1, 3), NewSequences(3, 2, 2, 1, 3), 0.25)
	kept := 0
	for i := range 40 {
		if _, keep := d.Add(s, sequence(i, 2)); keep {
			kept++
		}
	}
	if d.Recent.Len() != 3 || d.Long.Len() != 3 || kept < 4 || kept == 40 {
		t.Errorf("%d recent, %d long, %d were kept", d.Recent.Len(), d.Long.Len(), kept)
	}
	for i := range 3 { // the recent one holds 37 to 39
		if q := d.Recent.At(i); q.State[0] < 37 {
			t.Errorf("the recent store holds sequence %v", q.State[0])
		}
	}
	var w Windows
	long := 0
	for range 4000 {
		if d.Sample(s, 1, 2, &w) {
			long++
		}
	}
	if long < 850 || long > 1150 { // 1,000 +- 5 standard deviations of 27
		t.Errorf("%d of 4,000 batches were long", long)
	}
}
