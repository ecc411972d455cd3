package mem

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func randomVector(s *rng.Stream, width int) []float32 {
	v := make([]float32, width)
	for i := range v {
		v[i] = float32(s.Normal())
	}
	return v
}

// slowVectors is the obvious search: every cosine in float64.
type slowVectors map[string][]float32

func (s slowVectors) cosine(q []float32, id string) float64 {
	var dot, qq, vv float64
	for d, a := range q {
		b := float64(s[id][d])
		dot, qq, vv = dot+float64(a)*b, qq+float64(a)*float64(a), vv+b*b
	}
	if qq == 0 || vv == 0 {
		return 0
	}
	return dot / math.Sqrt(qq*vv)
}

// check tells whether found are the k nearest of s: as many as there should be, in order, with their cosines up to rounding, and nothing
// that was left out is nearer.
func (s slowVectors) check(q []float32, k int, found []Match) error {
	const rounding = 1e-5
	if len(found) != min(k, len(s)) {
		return fmt.Errorf("%d found, want %d", len(found), min(k, len(s)))
	}
	in := map[string]bool{}
	for i, m := range found {
		if i > 0 && !found[i-1].better(m) {
			return fmt.Errorf("%v stands before %v", found[i-1], m)
		}
		if want := s.cosine(q, m.ID); math.Abs(m.Score-want) > rounding {
			return fmt.Errorf("%v, want a cosine of %v", m, want)
		}
		in[m.ID] = true
	}
	for id := range s {
		if !in[id] && k > 0 && s.cosine(q, id) > found[len(found)-1].Score+rounding {
			return fmt.Errorf("%s with %v was left out of %v", id, s.cosine(q, id), found)
		}
	}
	return nil
}

func kernels(t testing.TB) []num.Kernels {
	var all []num.Kernels
	for _, name := range num.Families() {
		k, err := num.Family(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

func TestTheNearestVectorsAreThoseOfTheSlowSearch(t *testing.T) {
	for _, k := range kernels(t) {
		core := num.NewCore(k, 2)
		defer core.Close()
		for _, size := range [][2]int{{0, 3}, {1, 1}, {2, 5}, {31, 7}, {32, 16}, {33, 17}, {127, 33}, {129, 64}, {1025, 24}, {2049, 3}} {
			s, x, slow := rng.New(uint64(size[0]), "vectors"), NewVectors(core, size[1]), slowVectors{}
			for i := range size[0] {
				id := strconv.Itoa(i)
				slow[id] = randomVector(s, size[1])
				if err := x.Put(id, slow[id]); err != nil {
					t.Fatal(err)
				}
			}
			for _, top := range []int{0, 1, 10, 5000} {
				q := randomVector(s, size[1])
				found, err := x.Top(q, top)
				if err == nil {
					err = slow.check(q, top, found)
				}
				if err != nil {
					t.Fatalf("%s, %d x %d, top %d: %v", k.Name, size[0], size[1], top, err)
				}
			}
		}
	}
}

func TestWhatIsFoundDependsNeitherOnThreadsNorOnTheOrderOfWritingNorOnOtherQueries(t *testing.T) {
	const rows, width = 1500, 40
	for _, k := range kernels(t) {
		s := rng.New(3, "vectors")
		vectors := make([][]float32, rows)
		for i := range vectors {
			vectors[i] = randomVector(s, width)
			if i%3 == 1 {
				vectors[i] = vectors[i-1] // many ties
			}
		}
		queries := [][]float32{vectors[4], vectors[700], randomVector(s, width), make([]float32, width), vectors[3]}
		for range 70 {
			queries = append(queries, randomVector(s, width))
		}
		var want [][]Match
		for _, threads := range []int{1, 2, 3} {
			core := num.NewCore(k, threads)
			x, order := NewVectors(core, width), make([]int, rows)
			s.Perm(order)
			for _, i := range order {
				if err := x.Put(strconv.Itoa(i), vectors[i]); err != nil {
					t.Fatal(err)
				}
			}
			got, err := x.TopBatch(queries, 13)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			for i, q := range queries {
				alone, err := x.Top(q, 13)
				if err != nil || !reflect.DeepEqual(alone, got[i]) || !reflect.DeepEqual(got[i], want[i]) {
					t.Fatalf("%s, %d threads, query %d: alone %v, together %v, before %v; %v", k.Name, threads, i, alone, got[i], want[i], err)
				}
			}
			core.Close()
		}
		if first := want[0][:2]; first[0].ID != "3" || first[1].ID != "4" || first[0].Score != first[1].Score {
			t.Fatalf("equal vectors come as %v, want the lower id first", first)
		}
		if zero := want[3]; zero[0] != (Match{"0", 0}) || zero[12] != (Match{"12", 0}) {
			t.Fatalf("a query of zeros finds %v, want the lowest ids with 0", zero)
		}
	}
}

func TestAVectorOfUnitLengthIsKeptBitForBit(t *testing.T) {
	s, x := rng.New(1, "vectors"), NewVectors(nil, 384)
	for range 200 {
		if err := x.Put("a", randomVector(s, 384)); err != nil {
			t.Fatal(err)
		}
		once, _ := x.Get("a")
		if err := x.Put("a", Float32s(Floats(once))); err != nil {
			t.Fatal(err)
		}
		if twice, _ := x.Get("a"); !slices.Equal(once, twice) {
			t.Fatal("what Get returned, written again, is another vector")
		}
	}
}

func TestAVectorOfAnotherWidthOrWithoutFiniteNumbersIsRefused(t *testing.T) {
	x := NewVectors(nil, 2)
	for _, v := range [][]float32{nil, {1}, {1, 2, 3}, {1, float32(math.NaN())}, {float32(math.Inf(1)), 0}} {
		if err := x.Put("a", v); lab.CodeOf(err) != lab.Invalid || x.Len() != 0 {
			t.Errorf("vector %v: %v", v, err)
		}
		if _, err := x.Top(v, 1); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("query %v: %v", v, err)
		}
	}
}

func FuzzVectorsFindWhatWasWrittenAndNothingElse(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 130, 4, 5}, uint8(3))
	f.Add([]byte{1, 1, 129, 1, 129, 255}, uint8(1))
	f.Fuzz(func(t *testing.T, ops []byte, width uint8) {
		w := int(width%9) + 1
		s, x, slow := rng.New(7, "fuzz"), NewVectors(nil, w), slowVectors{}
		for _, op := range ops[:min(len(ops), 400)] {
			id := strconv.Itoa(int(op % 64))
			if op >= 128 {
				if _, there := slow[id]; x.Delete(id) != there {
					t.Fatalf("delete of %s, which is there: %v", id, there)
				}
				delete(slow, id)
			} else {
				slow[id] = randomVector(s, w)
				if err := x.Put(id, slow[id]); err != nil {
					t.Fatal(err)
				}
			}
			q := randomVector(s, w)
			found, err := x.Top(q, 5)
			if err == nil {
				err = slow.check(q, 5, found)
			}
			if err != nil || x.Len() != len(slow) {
				t.Fatalf("%d of %d vectors: %v", x.Len(), len(slow), err)
			}
		}
	})
}

func TestManyVectorsComeAndGo(t *testing.T) {
	s, x, slow := rng.New(5, "vectors"), NewVectors(nil, 3), slowVectors{}
	for i := range 9000 {
		id := strconv.Itoa(i)
		slow[id] = randomVector(s, 3)
		if err := x.Put(id, slow[id]); err != nil {
			t.Fatal(err)
		}
		if old := strconv.Itoa(i - 2500 + s.IntN(40)); i > 2500 && x.Delete(old) {
			delete(slow, old)
		}
	}
	for id := range slow {
		if s.Bool(0.9) {
			x.Delete(id)
			delete(slow, id)
		}
	}
	q := randomVector(s, 3)
	found, err := x.Top(q, 20)
	if err == nil {
		err = slow.check(q, 20, found)
	}
	if err != nil || len(x.chunks)*chunkRows > len(slow)+2*chunkRows {
		t.Fatalf("%d vectors in %d chunks: %v", len(slow), len(x.chunks), err)
	}
}
