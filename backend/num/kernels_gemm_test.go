package num

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const canary = float32(-7.25e33)

// guarded is a random slice of n elements, off elements into its array and between two canaries.
type guarded struct {
	all, x []float32
	off    int
}

func newGuarded(r *rand.Rand, n int) guarded {
	off := 1 + r.IntN(17)
	g := guarded{all: make([]float32, off+n+33), off: off}
	for i := range g.all {
		g.all[i] = canary
	}
	g.x = g.all[off : off+n : off+n]
	for i := range g.x {
		g.x[i] = float32(r.NormFloat64())
	}
	return g
}

func (g guarded) check(t *testing.T, what string) {
	t.Helper()
	for i, v := range g.all {
		if (i < g.off || i >= g.off+len(g.x)) && v != canary {
			t.Fatalf("%s: element %d outside the slice was overwritten with %v", what, i-g.off, v)
		}
	}
}

func eachFamily(t *testing.T, f func(t *testing.T, k Kernels)) {
	for _, name := range Families() {
		k, err := Family(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { f(t, k) })
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 20260111)) }

// product is one matrix product with its operands.
type product struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    float32
	a, b, c        guarded
	lda, ldb, ldc  int
}

func newProduct(r *rand.Rand, transA, transB bool, m, n, k, pad int) *product {
	p := &product{transA: transA, transB: transB, m: m, n: n, k: k, alpha: 1, ldc: n + pad}
	ar, ac, br, bc := m, k, k, n
	if transA {
		ar, ac = k, m
	}
	if transB {
		br, bc = n, k
	}
	p.lda, p.ldb = ac+pad, bc+2*pad
	p.a, p.b, p.c = newGuarded(r, ar*p.lda), newGuarded(r, br*p.ldb), newGuarded(r, m*p.ldc)
	return p
}

func (p *product) run(k Kernels, c []float32) {
	k.Gemm(p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a.x, p.lda, p.b.x, p.ldb, p.beta, c, p.ldc)
}

// doubles returns op(A) [m][k] and the transpose [n][k] of op(B) in double precision.
func (p *product) doubles() (a, b []float64) {
	for i := range p.m {
		for q := range p.k {
			if p.transA {
				a = append(a, f64(p.a.x[q*p.lda+i]))
			} else {
				a = append(a, f64(p.a.x[i*p.lda+q]))
			}
		}
	}
	for j := range p.n {
		for q := range p.k {
			if p.transB {
				b = append(b, f64(p.b.x[j*p.ldb+q]))
			} else {
				b = append(b, f64(p.b.x[q*p.ldb+j]))
			}
		}
	}
	return a, b
}

// check runs the product and compares with sums in float64: the error of a sum of k products is below (k+3) roundings of the sum of
// their absolute values, whatever the order.
func (p *product) check(t *testing.T, k Kernels) {
	t.Helper()
	what := fmt.Sprintf("transA %v transB %v m %d n %d k %d alpha %v beta %v", p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.beta)
	before := append([]float32(nil), p.c.x...)
	p.run(k, p.c.x)
	for _, g := range []guarded{p.a, p.b, p.c} {
		g.check(t, what)
	}
	a, b := p.doubles()
	for i := range p.m {
		for j := range p.ldc {
			old := float64(before[i*p.ldc+j])
			got := float64(p.c.x[i*p.ldc+j])
			if j >= p.n {
				if got != old {
					t.Fatalf("%s: wrote between the rows at (%d, %d)", what, i, j)
				}
				continue
			}
			sum, size := 0.0, 0.0
			column := b[j*p.k : (j+1)*p.k]
			for q, x := range a[i*p.k : (i+1)*p.k] {
				product := x * column[q]
				sum, size = sum+product, size+math.Abs(product)
			}
			want := float64(p.alpha) * sum
			size *= math.Abs(float64(p.alpha))
			if p.beta != 0 {
				want, size = want+float64(p.beta)*old, size+math.Abs(float64(p.beta)*old)
			}
			if math.IsNaN(got) || math.Abs(got-want) > size*float64(p.k+3)*0x1p-24+1e-37 {
				t.Fatalf("%s: element (%d, %d) is %v, want %v", what, i, j, got, want)
			}
		}
	}
}

func TestGemmMatchesSumsInDoublePrecision(t *testing.T) {
	sizes := []int{1, 2, 3, 5, 6, 7, 8, 11, 12, 13, 16, 17, 24, 31, 33, 47, 65}
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(1)
		for _, m := range sizes {
			for _, n := range sizes {
				p := newProduct(r, r.IntN(2) == 0, r.IntN(2) == 0, m, n, 1+r.IntN(70), r.IntN(4))
				p.alpha, p.beta = []float32{1, 0.5, -2}[r.IntN(3)], []float32{0, 1, 0.25}[r.IntN(3)]
				p.check(t, k)
			}
		}
		for _, long := range [][3]int{{3, 40, 1030}, {64, 96, 300}, {130, 70, 257}, {13, 33, 513}} {
			for form := range 4 {
				newProduct(r, form&1 != 0, form&2 != 0, long[0], long[1], long[2], form).check(t, k)
			}
		}
	})
}

func TestGemmOfNothingScalesOrClears(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		c := []float32{1, 2, 3, 4}
		k.Gemm(false, false, 2, 2, 0, 1, nil, 1, nil, 2, 0.5, c, 2)
		if c[0] != 0.5 || c[3] != 2 {
			t.Errorf("k = 0 with beta 0.5 gave %v", c)
		}
		k.Gemm(false, false, 0, 2, 3, 1, nil, 3, nil, 2, 0, nil, 2)
		c[1] = float32(math.NaN())
		k.Gemm(false, false, 2, 2, 0, 1, nil, 1, nil, 2, 0, c, 2)
		if c[1] != 0 {
			t.Errorf("beta = 0 read c: %v", c)
		}
	})
}

func TestGemmBitsDoNotDependOnHowRowsAndColumnsAreSplit(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(2)
		for _, size := range [][3]int{{64, 96, 128}, {37, 65, 300}, {5, 130, 64}, {100, 33, 40}, {2, 40, 513}} {
			for form := range 4 {
				p := newProduct(r, form&1 != 0, form&2 != 0, size[0], size[1], size[2], 1)
				p.alpha, p.beta = 0.75, 0.5
				whole := append([]float32(nil), p.c.x...)
				p.run(k, whole)
				for _, parts := range []int{2, 3, 5} {
					split := append([]float32(nil), p.c.x...)
					p.runSplit(k, split, parts)
					equalBits(t, fmt.Sprintf("%v form %d in %d parts", size, form, parts), split, whole)
				}
			}
		}
	})
}

// runSplit cuts rows and columns into so many parts and computes each block by its own call.
func (p *product) runSplit(k Kernels, c []float32, parts int) {
	for x := range parts {
		i0, i1 := p.m*x/parts, p.m*(x+1)/parts
		for y := range parts {
			j0, j1 := p.n*y/parts, p.n*(y+1)/parts
			if i0 == i1 || j0 == j1 {
				continue
			}
			ai, bi := i0*p.lda, j0
			if p.transA {
				ai = i0
			}
			if p.transB {
				bi = j0 * p.ldb
			}
			a, b := p.a.x[ai:], p.b.x[bi:]
			k.Gemm(p.transA, p.transB, i1-i0, j1-j0, p.k, p.alpha, a, p.lda, b, p.ldb, p.beta, c[i0*p.ldc+j0:], p.ldc)
		}
	}
}

func equalBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d is %v, want the same bits as %v", what, i, got[i], want[i])
		}
	}
}

func TestGemmLetsNaNAndInfinityThroughOnlyWhereTheyBelong(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		p := newProduct(newRand(3), false, false, 13, 35, 20, 0)
		p.a.x[4*p.lda+3] = float32(math.NaN())
		p.b.x[7*p.ldb+34] = float32(math.Inf(1))
		p.run(k, p.c.x)
		for i := range p.m {
			for j := range p.n {
				v := float64(p.c.x[i*p.ldc+j])
				if special := i == 4 || j == 34; special == (!math.IsNaN(v) && !math.IsInf(v, 0)) {
					t.Errorf("element (%d, %d) is %v", i, j, v)
				}
			}
		}
	})
}

func TestGemmRefusesShapesThatDoNotFit(t *testing.T) {
	x := make([]float32, 16)
	eachFamily(t, func(t *testing.T, k Kernels) {
		for name, call := range map[string]func(){
			"a too short":      func() { k.Gemm(false, false, 4, 4, 4, 1, x[:15], 4, x, 4, 0, x, 4) },
			"b too short":      func() { k.Gemm(false, true, 4, 4, 4, 1, x, 4, x[:15], 4, 0, x, 4) },
			"c too short":      func() { k.Gemm(true, false, 4, 4, 4, 1, x, 4, x, 4, 0, x[:15], 4) },
			"stride too small": func() { k.Gemm(false, false, 4, 4, 4, 1, x, 3, x, 4, 0, x, 4) },
			"negative size":    func() { k.Gemm(false, false, -1, 4, 4, 1, x, 4, x, 4, 0, x, 4) },
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

func TestGemmAllocatesNothing(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		for form := range 4 {
			p := newProduct(newRand(4), form&1 != 0, form&2 != 0, 30, 70, 300, 0)
			if got := testing.AllocsPerRun(20, func() { p.run(k, p.c.x) }); got != 0 {
				t.Errorf("form %d: %v allocations a call", form, got)
			}
		}
	})
}

func FuzzGemmShapes(f *testing.F) {
	f.Add(uint64(1), uint8(12), uint8(32), uint16(256), uint8(0))
	f.Add(uint64(2), uint8(13), uint8(33), uint16(257), uint8(3))
	f.Add(uint64(3), uint8(64), uint8(1), uint16(1), uint8(6))
	f.Fuzz(func(t *testing.T, seed uint64, m, n uint8, k uint16, form uint8) {
		for _, name := range Families() {
			family, err := Family(name)
			if err != nil {
				t.Fatal(err)
			}
			p := newProduct(newRand(seed), form&1 != 0, form&2 != 0, int(m%80)+1, int(n%100)+1, int(k%600)+1, int(form>>4&3))
			p.beta = float32(form>>2&3) / 2
			p.check(t, family)
		}
	})
}

func TestGemmFromSeveralGoroutinesGivesTheBitsOfOne(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		p := newProduct(newRand(5), false, true, 90, 70, 300, 1)
		whole := make([]float32, len(p.c.x))
		p.run(k, whole)
		for _, size := range []int{2, 3, 5} {
			w := NewWorkers(size)
			split := make([]float32, len(p.c.x))
			w.Do(p.m, func(i0, i1 int) {
				k.Gemm(false, true, i1-i0, p.n, p.k, 1, p.a.x[i0*p.lda:], p.lda, p.b.x, p.ldb, 0, split[i0*p.ldc:], p.ldc)
			})
			w.Close()
			equalBits(t, fmt.Sprint(size, " workers"), split, whole)
		}
	})
}
