package series

import (
	"math"
	"slices"
	"testing"
)

// By hand: five points to four. The buckets between the ends are {1} and {2, 3}. Of the second, with (1, 1) chosen before it and the end
// at (4, 0): the triangle with (2, 5) has twice the area |(1-4)(5-1) - (1-2)(0-1)| = 13, that with (3, 2) |(-3)(1) - (-2)(-1)| = 5.
func TestAnOutlineKeepsTheLargestTriangles(t *testing.T) {
	s, err := Of([]int64{0, 1, 2, 3, 4}, []float64{0, 1, 5, 2, 0})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Outline(4); !slices.Equal(got, []float64{0, 0, 1, 1, 2, 5, 4, 0}) {
		t.Errorf("got %v", got)
	}
}

func TestAnOutlineHasItsSizeItsEndsAndNoGaps(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 10, 47, 48, 49, 50, 95, 1000, 4097} {
		s := noise(t, n, 0)
		got := s.Outline(48)
		if len(got) != 2*min(n, 48) {
			t.Fatalf("%d points give %d", n, len(got)/2)
		}
		if n > 0 && (got[1] != s.ys[0] || got[len(got)-1] != s.ys[n-1]) {
			t.Errorf("%d points: the ends are gone", n)
		}
		for i := 2; i < len(got); i += 2 {
			if got[i] < got[i-2] {
				t.Errorf("%d points: x falls", n)
			}
		}
	}
	for _, y := range noise(t, 500, 3).Outline(48) {
		if math.IsNaN(y) {
			t.Error("a gap was drawn")
		}
	}
}
