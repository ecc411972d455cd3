package num

import (
	"math"
	"testing"
)

// everyFloat32 returns one in step of all float32 bit patterns that f accepts, so that each exponent is met equally often.
func everyFloat32(step uint32, accept func(x float64) bool) []float32 {
	var xs []float32
	for bits := uint64(0); bits < 1<<32; bits += uint64(step) {
		if x := math.Float32frombits(uint32(bits)); accept(float64(x)) {
			xs = append(xs, x)
		}
	}
	return xs
}

// ulps is the distance in units in the last place of want as a float32; below the normal numbers that unit is 2^-149.
func ulps(got float32, want float64) float64 {
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e-24, -149))
}

func sigmoid64(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func TestApproximationsStayWithinTheirStatedErrors(t *testing.T) {
	finite := func(limit float64) func(float64) bool {
		return func(x float64) bool { return math.Abs(x) <= limit }
	}
	tests := []struct {
		name   string
		f      func(k Kernels, dst, src []float32)
		want   func(x float64) float64
		accept func(x float64) bool
		bound  float64 // ulp
		floor  float64 // below it results may be zero
	}{
		{"exp", func(k Kernels, dst, src []float32) { k.Exp(dst, src) }, math.Exp, func(x float64) bool { return x < 88.72 && x > -104 }, 2, 0},
		{"tanh", func(k Kernels, dst, src []float32) { k.Tanh(dst, src) }, math.Tanh, finite(1e30), 3, 0},
		{"sigmoid", func(k Kernels, dst, src []float32) { k.Sigmoid(dst, src) }, sigmoid64, finite(1e30), 3, 0x1p-126},
		{"silu", func(k Kernels, dst, src []float32) { k.SiLU(dst, src) }, func(x float64) float64 { return x * sigmoid64(x) }, finite(80), 4, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := everyFloat32(7919, test.accept)
			dst := make([]float32, len(src))
			eachFamily(t, func(t *testing.T, k Kernels) {
				test.f(k, dst, src)
				worst, where := 0.0, float32(0)
				for i, x := range src {
					want := test.want(float64(x))
					if math.Abs(want) < test.floor && math.Abs(float64(dst[i])) <= test.floor {
						continue
					}
					if e := ulps(dst[i], want); !(e <= worst) {
						worst, where = e, x
					}
				}
				t.Logf("worst error %.2f ulp at %v of %d arguments", worst, where, len(src))
				if !(worst <= test.bound) {
					t.Errorf("error %.2f ulp at %v, want at most %v", worst, where, test.bound)
				}
			})
		})
	}
}

func TestApproximationsAtTheirEnds(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	src := []float32{inf, -inf, nan, 0, 89, -105, 88, -88, 1e-40, 40, -40}
	eachFamily(t, func(t *testing.T, k Kernels) {
		exp, tanh, sigmoid := make([]float32, len(src)), make([]float32, len(src)), make([]float32, len(src))
		k.Exp(exp, src)
		k.Tanh(tanh, src)
		k.Sigmoid(sigmoid, src)
		for _, test := range []struct {
			name      string
			got, want float32
		}{
			{"exp(inf)", exp[0], inf}, {"exp(-inf)", exp[1], 0}, {"exp(nan)", exp[2], nan}, {"exp(0)", exp[3], 1},
			{"exp(89)", exp[4], inf}, {"exp(-105)", exp[5], 0}, {"exp(1e-40)", exp[8], 1},
			{"tanh(inf)", tanh[0], 1}, {"tanh(-inf)", tanh[1], -1}, {"tanh(nan)", tanh[2], nan}, {"tanh(0)", tanh[3], 0},
			{"tanh(40)", tanh[9], 1}, {"tanh(-40)", tanh[10], -1},
			{"sigmoid(inf)", sigmoid[0], 1}, {"sigmoid(-inf)", sigmoid[1], 0}, {"sigmoid(nan)", sigmoid[2], nan},
			{"sigmoid(0)", sigmoid[3], 0.5}, {"sigmoid(40)", sigmoid[9], 1},
		} {
			if test.got != test.want && !(test.got != test.got && test.want != test.want) {
				t.Errorf("%s is %v, want %v", test.name, test.got, test.want)
			}
		}
	})
}

func TestMaxSumAndSoftmaxLetNaNAndInfinityThrough(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachFamily(t, func(t *testing.T, k Kernels) {
		for _, n := range []int{1, 7, 8, 16, 17, 40, 100} {
			for at := 0; at < n; at += 1 + n/5 {
				x, y := make([]float32, n), make([]float32, n)
				for i := range x {
					x[i] = -float32(i) - 1
				}
				x[at] = inf
				if got := k.Max(x); got != inf {
					t.Errorf("n %d: the maximum with infinity at %d is %v", n, at, got)
				}
				x[at] = nan
				if got := k.Max(x); got == got {
					t.Errorf("n %d: the maximum with NaN at %d is %v", n, at, got)
				}
				if got := k.Sum(x); got == got {
					t.Errorf("n %d: the sum with NaN at %d is %v", n, at, got)
				}
				k.Softmax(y, x, 1, n)
				if y[0] == y[0] || y[n-1] == y[n-1] {
					t.Errorf("n %d: the softmax with NaN at %d is %v", n, at, y)
				}
				if x[at] = -inf; n > 1 {
					k.Softmax(y, x, 1, n)
					if y[at] != 0 || math.Abs(float64(k.Sum(y))-1) > 1e-5 {
						t.Errorf("n %d: a softmax with a masked place %d is %v", n, at, y)
					}
				}
			}
		}
	})
}
