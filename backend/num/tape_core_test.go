package num

import (
	"slices"
	"testing"
)

func TestProductsOfTallTransposedMatricesAreSplitOverTheWorkers(t *testing.T) {
	for _, s := range []struct{ m, n, k int }{{384, 24, 64}, {384, 512, 1}, {64, 384, 24}, {130, 70, 33}} {
		for _, trans := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			a, b := make([]float32, s.m*s.k), make([]float32, s.k*s.n)
			for i := range a {
				a[i] = float32(i%7) - 3
			}
			for i := range b {
				b[i] = float32(i%5) - 2
			}
			lda, ldb := s.k, s.n
			if trans[0] {
				lda = s.m
			}
			if trans[1] {
				ldb = s.k
			}
			var want []float32
			for _, workers := range []int{1, 2, 4} {
				c := NewCore(Go(), workers)
				got := make([]float32, s.m*s.n)
				c.Gemm(trans[0], trans[1], s.m, s.n, s.k, 1, a, lda, b, ldb, 0, got, s.n)
				c.Close()
				if want == nil {
					want = got
				} else if !slices.Equal(got, want) {
					t.Errorf("%v, transposed %v: %d workers give other numbers than one", s, trans, workers)
				}
			}
		}
	}
}
