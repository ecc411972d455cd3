package num

import (
	"fmt"
	"testing"
)

// compareRowProducts compares with one Gemm a row, bit for bit, and looks at the gaps between results and at what lies around them.
func compareRowProducts(t *testing.T, k Kernels, seed uint64, batch, n, depth, gap int, alpha, beta float32) {
	t.Helper()
	r := newRand(seed)
	as, ldb, cs := depth+gap, n+2*gap, n+gap
	bs := depth*ldb + gap
	a, b, c := newGuarded(r, batch*as), newGuarded(r, batch*bs), newGuarded(r, batch*cs)
	want := append([]float32(nil), c.x...)
	for i := range batch {
		k.Gemm(false, false, 1, n, depth, alpha, a.x[i*as:], depth, b.x[i*bs:], ldb, beta, want[i*cs:], n)
	}
	k.RowProducts(batch, n, depth, alpha, a.x, as, b.x, bs, ldb, beta, c.x, cs)
	what := fmt.Sprintf("%d products of %d x %d, gap %d, alpha %v, beta %v", batch, depth, n, gap, alpha, beta)
	equalBits(t, what, c.x, want)
	for _, g := range []guarded{a, b, c} {
		g.check(t, what)
	}
}

func TestRowProductsHaveTheBitsOfGemm(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		for _, s := range [][3]int{{1, 1, 1}, {3, 32, 7}, {4, 32, 32}, {4, 17, 64}, {4, 31, 255}, {5, 33, 256}, {8, 64, 257}, {9, 100, 20}, {12, 16, 600}} {
			for gap := range 2 {
				compareRowProducts(t, k, 31, s[0], s[1], s[2], gap, 1, 0)
				compareRowProducts(t, k, 32, s[0], s[1], s[2], gap, 0.3, 1)
				compareRowProducts(t, k, 33, s[0], s[1], s[2], gap, 1, -0.5)
			}
		}
	})
}

func TestRowProductsMayShareTheirOperands(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(34)
		a, b := newGuarded(r, 40), newGuarded(r, 40*33)
		got, want := make([]float32, 5*33), make([]float32, 5*33)
		k.RowProducts(5, 33, 40, 1, a.x, 0, b.x, 0, 33, 0, got, 33)
		for i := range 5 {
			k.Gemm(false, false, 1, 33, 40, 1, a.x, 40, b.x, 33, 0, want[i*33:], 33)
		}
		equalBits(t, "one row and one matrix five times", got, want)
	})
}

func TestRowProductsOfNothing(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		c := []float32{1, 2, 3, 4, 5, 6, 7, 8}
		k.RowProducts(4, 2, 0, 1, nil, 0, nil, 0, 2, 0.5, c, 2)
		equalBits(t, "sums over nothing", c, []float32{0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4})
		k.RowProducts(0, 2, 1, 1, nil, 0, nil, 0, 2, 0, nil, 2)
		k.RowProducts(4, 0, 1, 1, nil, 0, nil, 0, 2, 0, nil, 2)
	})
}

func TestRowProductsRefuseShapesThatDoNotFit(t *testing.T) {
	x := make([]float32, 64)
	eachFamily(t, func(t *testing.T, k Kernels) {
		for name, call := range map[string]func(){
			"a too short":      func() { k.RowProducts(4, 4, 4, 1, x[:15], 4, x, 16, 4, 0, x, 4) },
			"b too short":      func() { k.RowProducts(4, 4, 4, 1, x, 4, x[:63], 16, 4, 0, x, 4) },
			"b far too short":  func() { k.RowProducts(4, 4, 4, 1, x, 4, x, 64, 4, 0, x, 4) },
			"c too short":      func() { k.RowProducts(4, 4, 4, 1, x, 4, x, 16, 4, 0, x[:15], 4) },
			"results overlap":  func() { k.RowProducts(4, 4, 4, 1, x, 4, x, 16, 4, 0, x, 3) },
			"rows too short":   func() { k.RowProducts(4, 4, 4, 1, x, 4, x, 16, 3, 0, x, 4) },
			"negative stride":  func() { k.RowProducts(4, 4, 4, 1, x, -4, x, 16, 4, 0, x, 4) },
			"negative batch":   func() { k.RowProducts(-4, 4, 4, 1, x, 4, x, 16, 4, 0, x, 4) },
			"negative columns": func() { k.RowProducts(4, -4, 4, 1, x, 4, x, 16, 4, 0, x, 4) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			})
		}
	})
}

func TestRowProductsAllocateNothing(t *testing.T) {
	a, b, c := make([]float32, 6*300), make([]float32, 6*300*40), make([]float32, 6*40)
	eachFamily(t, func(t *testing.T, k Kernels) {
		if got := testing.AllocsPerRun(20, func() { k.RowProducts(6, 40, 300, 1, a, 300, b, 300*40, 40, 0, c, 40) }); got != 0 {
			t.Errorf("%v allocations a call", got)
		}
	})
}

func FuzzRowProducts(f *testing.F) {
	f.Add(uint64(1), uint8(4), uint8(32), uint16(64), uint8(0))
	f.Add(uint64(2), uint8(5), uint8(33), uint16(257), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, batch, n uint8, depth uint16, form uint8) {
		for _, name := range Families() {
			k, err := Family(name)
			if err != nil {
				t.Fatal(err)
			}
			compareRowProducts(t, k, seed, int(batch%13)+1, int(n%80)+1, int(depth%600)+1, int(form&3), 1, float32(form>>2&3)/2)
		}
	})
}
