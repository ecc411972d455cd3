package num

import (
	"fmt"
	"math"
	"testing"
)

func near(t *testing.T, what string, got float32, want, tol float64) {
	t.Helper()
	if !(math.Abs(f64(got)-want) <= tol*(1+math.Abs(want))) {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}

func TestRotateTurnsPairsAndBack(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(21)
		for _, half := range oddSizes {
			src, dst, turn := newGuarded(r, 2*half), newGuarded(r, 2*half), newGuarded(r, 2*half)
			for i := range half {
				angle := 20 * r.NormFloat64()
				turn.x[i], turn.x[half+i] = float32(math.Cos(angle)), float32(math.Sin(angle))
			}
			k.Rotate(dst.x, src.x, turn.x)
			for i := range half {
				a, b, c, s := f64(src.x[i]), f64(src.x[half+i]), f64(turn.x[i]), f64(turn.x[half+i])
				near(t, fmt.Sprintf("half %d, first %d", half, i), dst.x[i], a*c-b*s, 3e-7)
				near(t, fmt.Sprintf("half %d, second %d", half, i), dst.x[half+i], b*c+a*s, 3e-7)
			}
			k.RotateBack(dst.x, dst.x, turn.x) // in place
			for i, want := range src.x {
				near(t, fmt.Sprintf("half %d, turned back %d", half, i), dst.x[i], f64(want), 1e-6)
			}
			for _, g := range []guarded{src, dst, turn} {
				g.check(t, fmt.Sprintf("half %d", half))
			}
		}
	})
}

func TestSwiGLUAndItsGradientMatchTheirFormulas(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(22)
		for _, n := range append([]int{block16 + 3}, oddSizes...) {
			a, b, y, dy := newGuarded(r, n), newGuarded(r, n), newGuarded(r, n), newGuarded(r, n)
			da, db := newGuarded(r, n), newGuarded(r, n)
			k.SwiGLU(y.x, a.x, b.x)
			k.SwiGLUGrad(da.x, db.x, dy.x, a.x, b.x)
			for i := range n {
				x, up, d := f64(a.x[i]), f64(b.x[i]), f64(dy.x[i])
				s := sigmoid64(x)
				near(t, fmt.Sprintf("n %d, y %d", n, i), y.x[i], x*s*up, 1e-6)
				near(t, fmt.Sprintf("n %d, da %d", n, i), da.x[i], d*up*s*(1+x*(1-s)), 2e-6)
				near(t, fmt.Sprintf("n %d, db %d", n, i), db.x[i], d*x*s, 2e-6)
			}
			for _, g := range []guarded{a, b, y, dy, da, db} {
				g.check(t, fmt.Sprintf("n %d", n))
			}
			k.SwiGLUGrad(a.x, b.x, dy.x, a.x, b.x) // in place
			equalBits(t, "da in place", a.x, da.x)
			equalBits(t, "db in place", b.x, db.x)
		}
	})
}

func TestExpShiftAndSoftmaxGradMatchTheirFormulas(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(23)
		for _, n := range append([]int{block16 + 3}, oddSizes...) {
			src, p, ds := newGuarded(r, n), newGuarded(r, n), newGuarded(r, n)
			got, want := k.ExpShift(p.x, src.x, 0.5), 0.0
			for i := range n {
				e := math.Exp(f64(src.x[i]) - 0.5)
				want += e
				near(t, fmt.Sprintf("n %d, exponential %d", n, i), p.x[i], e, 3e-7)
			}
			near(t, fmt.Sprintf("n %d, sum", n), got, want, 2e-6)
			before := append([]float32(nil), ds.x...)
			k.SoftmaxGrad(ds.x, p.x, 0.25)
			for i := range n {
				near(t, fmt.Sprintf("n %d, gradient %d", n, i), ds.x[i], f64(p.x[i])*(f64(before[i])-0.25), 3e-7)
			}
			for _, g := range []guarded{src, p, ds} {
				g.check(t, fmt.Sprintf("n %d", n))
			}
		}
	})
}

func TestDecoderKernelsPanicOnShortSlices(t *testing.T) {
	long, short := make([]float32, 8), make([]float32, 7)
	eachFamily(t, func(t *testing.T, k Kernels) {
		for name, f := range map[string]func(){
			"rotate":           func() { k.Rotate(long, long, short) },
			"rotate back":      func() { k.RotateBack(long, short, long) },
			"swiglu":           func() { k.SwiGLU(long, long, short) },
			"swiglu gradient":  func() { k.SwiGLUGrad(long, long, short, long, long) },
			"exp shift":        func() { k.ExpShift(long, short, 0) },
			"softmax gradient": func() { k.SoftmaxGrad(long, short, 0) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				f()
			})
		}
	})
}
