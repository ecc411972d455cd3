package num

import (
	"fmt"
	"math"
	"testing"
)

// within compares with a tolerance relative to 1 + |want|.
func within(t *testing.T, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(f64(got[i])-want[i]) <= tol*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = f64(x[i])
	}
	return y
}

// lstm64 is the cell in double precision; it returns activated gates, new state, its tanh and the output.
func lstm64(z, c0 []float64, keep bool) (gates, c, tc, h []float64) {
	w := len(c0)
	gates, c, tc, h = make([]float64, 4*w), make([]float64, w), make([]float64, w), make([]float64, w)
	for j := range w {
		i, f, g, o := sigmoid64(z[j]), sigmoid64(z[w+j]), math.Tanh(z[2*w+j]), sigmoid64(z[3*w+j])
		if keep {
			f = 1
		}
		gates[j], gates[w+j], gates[2*w+j], gates[3*w+j] = i, f, g, o
		c[j] = f*c0[j] + i*g
		tc[j] = math.Tanh(c[j])
		h[j] = o * tc[j]
	}
	return gates, c, tc, h
}

// gru64 is the other cell: activated gates and output.
func gru64(zx, zh, h0 []float64) (gates, h []float64) {
	w := len(h0)
	gates, h = make([]float64, 3*w), make([]float64, w)
	for j := range w {
		r, u := sigmoid64(zx[j]+zh[j]), sigmoid64(zx[w+j]+zh[w+j])
		n := math.Tanh(zx[2*w+j] + r*zh[2*w+j])
		gates[j], gates[w+j], gates[2*w+j] = r, u, n
		h[j] = (1-u)*n + u*h0[j]
	}
	return gates, h
}

// slope is the central difference of f with respect to x[i].
func slope(x []float64, i int, f func() float64) float64 {
	const step = 1e-6
	old := x[i]
	x[i] = old + step
	up := f()
	x[i] = old - step
	down := f()
	x[i] = old
	return (up - down) / (2 * step)
}

func dot64(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func TestLSTMCellMatchesItsFormulaAndItsGradientTheFiniteDifferences(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(20)
		for _, w := range []int{1, 3, 8, 16, 17, 33, 64, 70} {
			for _, keep := range []bool{false, true} {
				what := fmt.Sprintf("width %d keep %v", w, keep)
				z, c0, c, tc, h := newGuarded(r, 4*w), newGuarded(r, w), newGuarded(r, w), newGuarded(r, w), newGuarded(r, w)
				z64, c064 := widen(z.x), widen(c0.x)
				k.LSTMCell(z.x, c0.x, c.x, tc.x, h.x, keep)
				gates, cWant, tcWant, hWant := lstm64(z64, c064, keep)
				within(t, what+" gates", z.x, gates, 1e-6)
				within(t, what+" state", c.x, cWant, 1e-6)
				within(t, what+" tanh", tc.x, tcWant, 1e-6)
				within(t, what+" output", h.x, hWant, 1e-6)

				dz, dh, dc := newGuarded(r, 4*w), newGuarded(r, w), newGuarded(r, w)
				dh64, dc64 := widen(dh.x), widen(dc.x)
				k.LSTMCellGrad(dz.x, dh.x, dc.x, z.x, c0.x, tc.x, keep)
				loss := func() float64 {
					_, c, _, h := lstm64(z64, c064, keep)
					return dot64(h, dh64) + dot64(c, dc64)
				}
				dzWant, dcWant := make([]float64, 4*w), make([]float64, w)
				for i := range dzWant {
					dzWant[i] = slope(z64, i, loss)
				}
				for i := range dcWant {
					dcWant[i] = slope(c064, i, loss)
				}
				within(t, what+" gradient of gates", dz.x, dzWant, 3e-6)
				within(t, what+" gradient of state", dc.x, dcWant, 3e-6)
				for _, g := range []guarded{z, c0, c, tc, h, dz, dh, dc} {
					g.check(t, what)
				}
			}
		}
	})
}

func TestGRUCellMatchesItsFormulaAndItsGradientTheFiniteDifferences(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(21)
		for _, w := range []int{1, 3, 8, 16, 17, 33, 64, 70} {
			what := fmt.Sprintf("width %d", w)
			zx, zh, h0, h := newGuarded(r, 3*w), newGuarded(r, 3*w), newGuarded(r, w), newGuarded(r, w)
			zx64, zh64, h064 := widen(zx.x), widen(zh.x), widen(h0.x)
			k.GRUCell(zx.x, zh.x, h0.x, h.x)
			gates, hWant := gru64(zx64, zh64, h064)
			within(t, what+" gates", zx.x, gates, 1e-6)
			within(t, what+" output", h.x, hWant, 1e-6)
			within(t, what+" kept recurrent part", zh.x, zh64, 0)

			dzx, dzh, dh0, dh := newGuarded(r, 3*w), newGuarded(r, 3*w), newGuarded(r, w), newGuarded(r, w)
			dh64, before := widen(dh.x), widen(dh0.x)
			k.GRUCellGrad(dzx.x, dzh.x, dh0.x, dh.x, zx.x, zh.x, h0.x)
			loss := func() float64 {
				_, h := gru64(zx64, zh64, h064)
				return dot64(h, dh64)
			}
			dzxWant, dzhWant := make([]float64, 3*w), make([]float64, 3*w)
			for i := range dzxWant {
				dzxWant[i], dzhWant[i] = slope(zx64, i, loss), slope(zh64, i, loss)
			}
			for i := range before {
				before[i] += slope(h064, i, loss)
			}
			within(t, what+" gradient of the input", dzx.x, dzxWant, 3e-6)
			within(t, what+" gradient of the recurrence", dzh.x, dzhWant, 3e-6)
			within(t, what+" gradient of the old state", dh0.x, before, 3e-6)
			for _, g := range []guarded{zx, zh, h0, h, dzx, dzh, dh0, dh} {
				g.check(t, what)
			}
		}
	})
}

func TestCellsGiveTheSameBitsWhateverTheWidthOfTheRow(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		r := newRand(22)
		const w = 37
		z, c0 := newGuarded(r, 4*w).x, newGuarded(r, w).x
		all := make([]float32, 7*w)
		gates := append([]float32(nil), z...)
		k.LSTMCell(gates, c0, all[:w], all[w:2*w], all[2*w:3*w], false)
		for j := range w { // one unit alone
			one := []float32{z[j], z[w+j], z[2*w+j], z[3*w+j]}
			var c, tc, h [1]float32
			k.LSTMCell(one, c0[j:j+1], c[:], tc[:], h[:], false)
			equalBits(t, fmt.Sprint("unit ", j), []float32{one[1], c[0], tc[0], h[0]}, []float32{gates[w+j], all[j], all[w+j], all[2*w+j]})
		}
	})
}

func TestLSTMCellLetsNaNThroughUnlessItsGateIsKept(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		for _, keep := range []bool{false, true} {
			z, c0, c, tc, h := make([]float32, 4), []float32{1}, make([]float32, 1), make([]float32, 1), make([]float32, 1)
			z[1] = float32(math.NaN())
			k.LSTMCell(z, c0, c, tc, h, keep)
			if passed := h[0] != h[0]; passed == keep {
				t.Errorf("keep %v: a NaN in the forget gate gave %v", keep, h[0])
			}
		}
	})
}
