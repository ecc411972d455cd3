package rng

import (
	"math"
	"testing"
)

func TestStreamsOfOneSeedAreIndependentOfTheOrderTheyAreMade(t *testing.T) {
	a, b := New(7, "world"), New(7, "policy")
	b2, a2 := New(7, "policy"), New(7, "world")
	for range 100 {
		if a.Uint64() != a2.Uint64() || b.Uint64() != b2.Uint64() {
			t.Fatal("same seed and name gave different numbers")
		}
	}
	if New(7, "world").Uint64() == New(8, "world").Uint64() || New(7, "world").Uint64() == New(7, "worle").Uint64() {
		t.Fatal("another seed or name gave the same number")
	}
}

func TestASavedStreamContinuesWhereItWas(t *testing.T) {
	s := New(1, "x")
	s.Normal()
	kept, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var r Stream
	if err := r.UnmarshalBinary(kept); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if s.Uint64() != r.Uint64() {
			t.Fatal("restored stream differs")
		}
	}
}

func TestMomentsAreThoseOfTheDistributions(t *testing.T) {
	const n = 200_000
	s := New(3, "moments")
	var u, z, zz float64
	counts := [3]int{}
	for range n {
		u += s.Float64()
		v := s.Normal()
		z += v
		zz += v * v
		counts[s.Categorical([]float32{0.2, 0.3, 0.5})]++
	}
	// Five standard errors: 5*sqrt(1/12/n) = 0.0032, 5/sqrt(n) = 0.011, 5*sqrt(2/n) = 0.016, 5*sqrt(.25/n) = 0.0056.
	if math.Abs(u/n-0.5) > 0.0033 || math.Abs(z/n) > 0.0112 || math.Abs(zz/n-1) > 0.016 {
		t.Fatalf("uniform mean %v, normal mean %v, normal variance %v", u/n, z/n, zz/n)
	}
	for a, want := range []float64{0.2, 0.3, 0.5} {
		if got := float64(counts[a]) / n; math.Abs(got-want) > 0.0057 {
			t.Errorf("category %d came with share %v, want %v", a, got, want)
		}
	}
}

func TestPermIsAPermutation(t *testing.T) {
	p := make([]int, 50)
	New(4, "perm").Perm(p)
	seen := make([]bool, len(p))
	for _, i := range p {
		if seen[i] {
			t.Fatalf("%d twice", i)
		}
		seen[i] = true
	}
}
