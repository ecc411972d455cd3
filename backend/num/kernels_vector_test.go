package num

import (
	"fmt"
	"math"
	"testing"
)

var oddSizes = []int{0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 130, 257}

func f64(x float32) float64 { return float64(x) }

// vectorCase is an element-wise kernel: old, a and b are the elements of the destination and of two sources.
type vectorCase struct {
	name string
	run  func(k Kernels, dst, a, b []float32)
	want func(old, a, b float64) float64
	tol  float64 // relative to 1 + |old| + |want|
}

func vectorCases() []vectorCase {
	silu := func(x float64) float64 { return x * sigmoid64(x) }
	return []vectorCase{
		{"exp", func(k Kernels, d, a, _ []float32) { k.Exp(d, a) }, func(_, a, _ float64) float64 { return math.Exp(a) }, 3e-7},
		{"tanh", func(k Kernels, d, a, _ []float32) { k.Tanh(d, a) }, func(_, a, _ float64) float64 { return math.Tanh(a) }, 3e-7},
		{"sigmoid", func(k Kernels, d, a, _ []float32) { k.Sigmoid(d, a) }, func(_, a, _ float64) float64 { return sigmoid64(a) }, 3e-7},
		{"relu", func(k Kernels, d, a, _ []float32) { k.ReLU(d, a) }, func(_, a, _ float64) float64 { return max(a, 0) }, 0},
		{"silu", func(k Kernels, d, a, _ []float32) { k.SiLU(d, a) }, func(_, a, _ float64) float64 { return silu(a) }, 3e-7},
		{"add", func(k Kernels, d, a, b []float32) { k.Add(d, a, b) }, func(_, a, b float64) float64 { return a + b }, 1e-7},
		{"mul", func(k Kernels, d, a, b []float32) { k.Mul(d, a, b) }, func(_, a, b float64) float64 { return a * b }, 1e-7},
		{"muladd", func(k Kernels, d, a, b []float32) { k.MulAdd(d, a, b) }, func(o, a, b float64) float64 { return o + a*b }, 3e-7},
		{"axpy", func(k Kernels, d, a, _ []float32) { k.Axpy(d, -0.75, a) }, func(o, a, _ float64) float64 { return o - 0.75*a }, 3e-7},
		{"scale", func(k Kernels, d, _, _ []float32) { k.Scale(d, 1.5) }, func(o, _, _ float64) float64 { return 1.5 * o }, 1e-7},
		{"relu gradient", func(k Kernels, d, a, b []float32) { k.ReLUGrad(d, a, b) }, func(o, a, b float64) float64 {
			if b > 0 {
				return o + a
			}
			return o
		}, 3e-7},
		{"tanh gradient", func(k Kernels, d, a, b []float32) { k.TanhGrad(d, a, b) }, func(o, a, b float64) float64 { return o + a*(1-b*b) }, 2e-6},
		{"sigmoid gradient", func(k Kernels, d, a, b []float32) { k.SigmoidGrad(d, a, b) }, func(o, a, b float64) float64 { return o + a*b*(1-b) }, 2e-6},
		{"silu gradient", func(k Kernels, d, a, b []float32) { k.SiLUGrad(d, a, b) }, func(o, a, b float64) float64 {
			s := sigmoid64(b)
			return o + a*s*(1+b*(1-s))
		}, 2e-6},
	}
}

func TestVectorKernelsMatchTheirFormulasAndStayInside(t *testing.T) {
	for _, c := range vectorCases() {
		t.Run(c.name, func(t *testing.T) {
			eachFamily(t, func(t *testing.T, k Kernels) {
				r := newRand(7)
				for _, n := range append([]int{block16 + 3}, oddSizes...) {
					d, a, b := newGuarded(r, n), newGuarded(r, n), newGuarded(r, n)
					old := append([]float32(nil), d.x...)
					c.run(k, d.x, a.x, b.x)
					for i := range old {
						want := c.want(f64(old[i]), f64(a.x[i]), f64(b.x[i]))
						if got := f64(d.x[i]); !(math.Abs(got-want) <= c.tol*(1+math.Abs(f64(old[i]))+math.Abs(want))) {
							t.Fatalf("n %d: element %d is %v, want %v", n, i, got, want)
						}
					}
					for _, g := range []guarded{d, a, b} {
						g.check(t, fmt.Sprintf("n %d", n))
					}
				}
			})
		})
	}
}

// block16 is longer than what one call of assembly takes.
const block16 = 1 << 14

func TestVectorKernelsGiveTheSameBitsWhereverTheSliceIsCut(t *testing.T) {
	for _, c := range vectorCases() {
		t.Run(c.name, func(t *testing.T) {
			eachFamily(t, func(t *testing.T, k Kernels) {
				r := newRand(8)
				const n = 203
				d, a, b := newGuarded(r, n), newGuarded(r, n), newGuarded(r, n)
				whole, cut := append([]float32(nil), d.x...), append([]float32(nil), d.x...)
				c.run(k, whole, a.x, b.x)
				for i, j := 0, 0; i < n; i = j {
					j = min(n, i+1+r.IntN(40))
					c.run(k, cut[i:j], a.x[i:j], b.x[i:j])
				}
				equalBits(t, "in pieces", cut, whole)
			})
		})
	}
}

func TestVectorKernelsPanicOnShortSlices(t *testing.T) {
	for _, c := range vectorCases() {
		if c.name == "scale" {
			continue // has one slice only
		}
		t.Run(c.name, func(t *testing.T) {
			eachFamily(t, func(t *testing.T, k Kernels) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				x := make([]float32, 8)
				c.run(k, x, x[:7:7], x[:7:7])
			})
		})
	}
}

func TestReductionsMatchSumsInDoublePrecision(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(9)
		for _, n := range append([]int{block16 + 5}, oddSizes...) {
			a, b := newGuarded(r, n), newGuarded(r, n)
			dot, sum, size, top := 0.0, 0.0, 0.0, math.Inf(-1)
			for i := range a.x {
				x, y := f64(a.x[i]), f64(b.x[i])
				dot, sum, size, top = dot+x*y, sum+x, size+math.Abs(x)+math.Abs(x*y), max(top, x)
			}
			tol := size * 1e-6
			if got := f64(k.Dot(a.x, b.x)); !(math.Abs(got-dot) <= tol) {
				t.Errorf("n %d: dot is %v, want %v", n, got, dot)
			}
			if got := f64(k.Sum(a.x)); !(math.Abs(got-sum) <= tol) {
				t.Errorf("n %d: sum is %v, want %v", n, got, sum)
			}
			if n > 0 {
				if got := f64(k.Max(a.x)); got != top {
					t.Errorf("n %d: maximum is %v, want %v", n, got, top)
				}
			}
		}
	})
}

func TestRowKernelsMatchTheirFormulasAndStayInside(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(10)
		for _, n := range oddSizes {
			for _, m := range []int{0, 1, 2, 5, 33} {
				ld := n + r.IntN(5)
				x, bias, dst := newGuarded(r, m*ld), newGuarded(r, n), newGuarded(r, n)
				before, sums := append([]float32(nil), x.x...), append([]float32(nil), dst.x...)
				k.AddRows(x.x, ld, m, n, bias.x)
				k.SumRows(dst.x, x.x, ld, m, n)
				for i := range m {
					for j := range ld {
						want := before[i*ld+j]
						if j < n {
							want += bias.x[j]
							sums[j] += want
						}
						if x.x[i*ld+j] != want {
							t.Fatalf("m %d n %d: element (%d, %d) is %v, want %v", m, n, i, j, x.x[i*ld+j], want)
						}
					}
				}
				equalBits(t, fmt.Sprintf("sums m %d n %d", m, n), dst.x, sums)
				for _, g := range []guarded{x, bias, dst} {
					g.check(t, fmt.Sprintf("m %d n %d", m, n))
				}
			}
		}
	})
}

func TestSoftmaxAndLogSumExpMatchTheirFormulas(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(11)
		for _, n := range append([]int{block16 + 7}, oddSizes[1:]...) {
			const m = 3
			src, dst, lse := newGuarded(r, m*n), newGuarded(r, m*n), newGuarded(r, m)
			k.Scale(src.x, 8)
			k.Softmax(dst.x, src.x, m, n)
			k.LogSumExp(lse.x, src.x, m, n)
			for i := range m {
				row, top, sum := src.x[i*n:(i+1)*n], math.Inf(-1), 0.0
				for _, x := range row {
					top = max(top, f64(x))
				}
				for _, x := range row {
					sum += math.Exp(f64(x) - top)
				}
				if want := top + math.Log(sum); math.Abs(f64(lse.x[i])-want) > 1e-6*(1+math.Abs(want)) {
					t.Fatalf("n %d: log-sum-exp is %v, want %v", n, lse.x[i], want)
				}
				for j, x := range row {
					if want := math.Exp(f64(x)-top) / sum; math.Abs(f64(dst.x[i*n+j])-want) > 1e-6*want+1e-12 {
						t.Fatalf("n %d: softmax (%d, %d) is %v, want %v", n, i, j, dst.x[i*n+j], want)
					}
				}
			}
			for _, g := range []guarded{src, dst, lse} {
				g.check(t, fmt.Sprintf("n %d", n))
			}
		}
	})
}

func TestAdamMatchesItsFormula(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(12)
		for _, n := range oddSizes {
			w, g, m, v := newGuarded(r, n), newGuarded(r, n), newGuarded(r, n), newGuarded(r, n)
			k.Mul(v.x, v.x, v.x)
			w0, m0, v0 := append([]float32(nil), w.x...), append([]float32(nil), m.x...), append([]float32(nil), v.x...)
			const lr, beta1, beta2, eps, decay, c1, c2 = 0.01, 0.9, 0.999, 1e-8, 0.1, 0.19, 0.002
			b1, b2 := f64(beta1), f64(beta2) // as the kernel gets them: 1 - beta2 differs from 0.001 in the fifth digit
			k.Adam(w.x, g.x, m.x, v.x, lr, beta1, beta2, eps, decay, c1, c2)
			for i := range w0 {
				grad := f64(g.x[i])
				mi, vi := b1*f64(m0[i])+(1-b1)*grad, b2*f64(v0[i])+(1-b2)*grad*grad
				wi := f64(w0[i]) - lr*((mi/c1)/(math.Sqrt(vi/c2)+eps)+decay*f64(w0[i]))
				for _, pair := range [][2]float64{{f64(m.x[i]), mi}, {f64(v.x[i]), vi}, {f64(w.x[i]), wi}} {
					if math.Abs(pair[0]-pair[1]) > 1e-6*(1+math.Abs(pair[1])) {
						t.Fatalf("n %d, element %d: %v, want %v", n, i, pair[0], pair[1])
					}
				}
			}
			for _, x := range []guarded{w, g, m, v} {
				x.check(t, fmt.Sprintf("n %d", n))
			}
		}
	})
}

func TestVectorKernelsAllocateNothing(t *testing.T) {
	r := newRand(13)
	x, y, z := newGuarded(r, 100).x, newGuarded(r, 100).x, newGuarded(r, 100).x
	eachFamily(t, func(t *testing.T, k Kernels) {
		got := testing.AllocsPerRun(20, func() {
			k.Exp(x, y)
			k.Add(x, y, z)
			k.Axpy(x, 0.5, y)
			k.Softmax(x, y, 4, 25)
			k.LogSumExp(z, y, 4, 25)
			k.AddRows(x, 25, 4, 25, y)
			k.SumRows(y, x, 25, 4, 25)
			k.LSTMCell(x[:80], y[:20], y[20:40], y[40:60], y[60:80], false)
			k.GRUCell(x[:60], z[:60], y[:20], y[20:40])
			k.Adam(x, y, z, z, 1, 1, 1, 1, 1, 1, 1)
			_ = k.Dot(x, y) + k.Sum(x) + k.Max(x)
		})
		if got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
}
