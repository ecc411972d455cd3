package replay

import (
	"bytes"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// step is a transition whose every number tells which one it is.
func step(i int) Transition {
	f := float32(i)
	return Transition{Obs: []float32{f, -f}, Act: []float32{f / 2}, Action: int32(i), Reward: f * 10, Next: []float32{f + 1, -f - 1},
		Terminal: i%3 == 0, Cut: i%3 == 1}
}

func TestARingKeepsTheLastTransitionsAndDropsTheOldest(t *testing.T) {
	r := NewRing(4, 2, 1)
	for i := range 6 {
		if slot := r.Add(step(i)); slot != i%4 {
			t.Errorf("transition %d went to slot %d", i, slot)
		}
	}
	b := Batch{Index: []int{0, 1, 2, 3}}
	r.Gather(&b)
	if !slices.Equal(b.Action, []int32{4, 5, 2, 3}) || r.Len() != 4 {
		t.Fatalf("slots hold %v", b.Action)
	}
	for i, a := range b.Action {
		want, got := step(int(a)), r.At(i)
		if b.Reward[i] != want.Reward || b.Terminal[i] != want.Terminal || b.Cut[i] != want.Cut || b.Act.Data[i] != want.Act[0] ||
			!slices.Equal(b.Obs.Data[2*i:2*i+2], want.Obs) || !slices.Equal(b.Next.Data[2*i:2*i+2], want.Next) ||
			!slices.Equal(got.Obs, want.Obs) || !slices.Equal(got.Next, want.Next) || got.Reward != want.Reward {
			t.Errorf("row %d is not transition %d", i, a)
		}
	}
}

func TestUniformSamplingDrawsEverySlotAlike(t *testing.T) {
	r := NewRing(8, 2, 1)
	for i := range 5 {
		r.Add(step(i))
	}
	var b Batch
	s, count := rng.New(1, "sample"), make([]float64, 8)
	const draws = 400
	for range draws {
		r.Sample(s, 25, &b)
		for _, i := range b.Index {
			count[i]++
		}
	}
	// 5 slots share 10,000 draws: chi-square of 4 degrees of freedom is above 18.5 once in a thousand.
	chi := 0.0
	for _, c := range count[:5] {
		chi += (c - 2000) * (c - 2000) / 2000
	}
	if chi > 18.5 || count[5]+count[6]+count[7] != 0 {
		t.Errorf("counts %v", count)
	}
	if b.Weight[3] != 1 {
		t.Errorf("weight %v", b.Weight[3])
	}
}

func TestDrawingAllocatesNothing(t *testing.T) {
	r, q, p := NewRing(64, 2, 1), NewSequences(8, 5, 2, 1, 3), NewPrioritised(64, PriorityKnobs{0.6, 0.4, 1e-6})
	for i := range 64 {
		p.Add(r.Add(step(i)))
	}
	for i := range 8 {
		q.Add(sequence(i, 1+i%5))
	}
	s, slots, weight := rng.New(1, "sample"), make([]int, 16), make([]float32, 16)
	var b Batch
	var w Windows
	once := func() {
		r.Sample(s, 16, &b)
		q.Sample(s, 4, 3, &w)
		p.Sample(s, slots, weight)
		p.Update(slots, weight)
	}
	once()
	if n := testing.AllocsPerRun(20, once); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// both keeps a in bytes, restores b from them and returns what b keeps then.
func both(t *testing.T, a, b lab.Snapshotter) (first, second []byte) {
	t.Helper()
	var kept, again bytes.Buffer
	if err := a.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	first = bytes.Clone(kept.Bytes())
	if err := b.Restore(io.MultiReader(&kept)); err != nil {
		t.Fatal(err)
	}
	if kept.Len() != 0 {
		t.Fatalf("%d bytes were left over", kept.Len())
	}
	if err := b.Snapshot(&again); err != nil {
		t.Fatal(err)
	}
	return first, again.Bytes()
}

func TestARestoredStoreIsTheSameAndGoesOnTheSame(t *testing.T) {
	s := rng.New(5, "fill")
	ring, seqs, prio, res := NewRing(7, 2, 1), NewSequences(5, 4, 2, 1, 3), NewPrioritised(7, PriorityKnobs{0.6, 0.4, 1e-6}), NewReservoir(3)
	dual := NewDual(NewSequences(2, 4, 2, 1, 3), NewSequences(3, 4, 2, 1, 3), 0.5)
	for i := range 9 {
		prio.Add(ring.Add(step(i)))
		seqs.Add(sequence(i, 1+i%4))
		res.Draw(s)
		dual.Add(s, sequence(i, 1+i%4))
	}
	prio.Update([]int{0, 3}, []float32{2, -7})
	prio.Knobs.Beta = 0.7
	for _, c := range []struct {
		name string
		a, b lab.Snapshotter
		next func(x lab.Snapshotter) // what shows that it goes on the same
	}{
		{"ring", ring, NewRing(7, 2, 1), func(x lab.Snapshotter) { x.(*Ring).Add(step(20)) }},
		{"sequences", seqs, NewSequences(5, 4, 2, 1, 3), func(x lab.Snapshotter) { x.(*Sequences).Add(sequence(20, 2)) }},
		{"priorities", prio, NewPrioritised(7, PriorityKnobs{0.6, 0.4, 1e-6}), func(x lab.Snapshotter) { x.(*Prioritised).Add(1) }},
		{"reservoir", res, NewReservoir(3), func(x lab.Snapshotter) { x.(*Reservoir).Draw(rng.New(1, "next")) }},
		{"dual", dual, NewDual(NewSequences(2, 4, 2, 1, 3), NewSequences(3, 4, 2, 1, 3), 0.5), func(x lab.Snapshotter) { x.(*Dual).Add(rng.New(2, "next"), sequence(8, 3)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := both(t, c.a, c.b)
			if !bytes.Equal(first, second) {
				t.Fatal("kept again, it differs")
			}
			c.next(c.a)
			c.next(c.b)
			first, second = both(t, c.a, c.b)
			if !bytes.Equal(first, second) {
				t.Fatal("after one more, it differs")
			}
		})
	}
	if x := prio.tree; math.Abs(x.Total()-sum(x.node[x.base:])) > 1e-12 {
		t.Errorf("total %v", x.Total())
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func TestAStateOfAnotherSetUpIsRefused(t *testing.T) {
	var kept bytes.Buffer
	if err := NewRing(3, 2, 1).Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	err := NewRing(4, 2, 1).Restore(bytes.NewReader(kept.Bytes()))
	if lab.CodeOf(err) != lab.Invalid || err == nil || err.Error() != `kept state is of "ring of 3 slots, 2 observations, 1 action numbers", want "ring of 4 slots, 2 observations, 1 action numbers"` {
		t.Errorf("error %v", err)
	}
	if err := NewRing(3, 2, 1).Restore(bytes.NewReader(kept.Bytes()[:kept.Len()-5])); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a state cut short gives %v", err)
	}
}
