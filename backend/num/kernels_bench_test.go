package num

import (
	"fmt"
	"testing"
	"unsafe"
)

// The shapes of the recurrent workloads: gates of widths 64 and 128 for a batch of 32 or 64, the gradient of their weights over a
// sequence, heads, a transformer block and single rows.
func BenchmarkGemm(b *testing.B) {
	shapes := []struct {
		m, n, k        int
		transA, transB bool
	}{
		{512, 512, 512, false, false}, {1024, 1024, 1024, false, false},
		{64, 384, 128, false, false}, {32, 384, 128, false, false}, {16, 384, 128, false, false}, {8, 384, 128, false, false},
		{64, 512, 128, false, false}, {32, 256, 64, false, false}, {64, 192, 64, false, false},
		{64, 128, 384, false, true}, {32, 128, 384, false, true}, {8, 128, 384, false, true},
		{128, 384, 4096, true, false}, {64, 256, 2048, true, false},
		{64, 8, 128, false, false}, {64, 1, 128, false, false}, {1, 512, 128, false, false}, {4, 512, 512, false, false},
	}
	for _, name := range Families() {
		k, err := Family(name)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%s/%dx%dx%d/%v-%v", name, s.m, s.n, s.k, s.transA, s.transB), func(b *testing.B) {
				p := newProduct(newRand(1), s.transA, s.transB, s.m, s.n, s.k, 0)
				p.a.x, p.b.x, p.c.x = aligned(p.a.x), aligned(p.b.x), aligned(p.c.x)
				for b.Loop() {
					p.run(k, p.c.x)
				}
				reportRate(b, 2*float64(s.m)*float64(s.n)*float64(s.k), "GFLOP/s")
			})
		}
	}
}

// aligned copies x to the beginning of a cache line, where an arena would have put it.
func aligned(x []float32) []float32 {
	y := make([]float32, len(x)+16)
	past := int(uintptr(unsafe.Pointer(unsafe.SliceData(y)))%64) / 4
	y = y[(16-past)%16:][:len(x)]
	copy(y, x)
	return y
}

func reportRate(b *testing.B, perCall float64, unit string) {
	b.ReportMetric(perCall*float64(b.N)/float64(b.Elapsed().Nanoseconds()), unit)
}

func BenchmarkElementwise(b *testing.B) {
	const n, rows = 4096, 64
	r := newRand(2)
	x, y, z, w := newGuarded(r, n).x, newGuarded(r, n).x, newGuarded(r, n).x, newGuarded(r, n).x
	for _, name := range Families() {
		k, err := Family(name)
		if err != nil {
			b.Fatal(err)
		}
		for what, f := range map[string]func(){
			"exp": func() { k.Exp(x, y) }, "tanh": func() { k.Tanh(x, y) }, "sigmoid": func() { k.Sigmoid(x, y) },
			"add": func() { k.Add(x, y, z) }, "dot": func() { k.Dot(x, y) }, "softmax": func() { k.Softmax(x, y, rows, n/rows) },
			"adam": func() { k.Adam(x, y, z, w, 1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.01) },
		} {
			clear(w)
			b.Run(name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				reportRate(b, n, "G-elements/s")
			})
		}
	}
}

func BenchmarkCells(b *testing.B) {
	const h = 128
	r := newRand(3)
	z, zh, dz, dzh := newGuarded(r, 4*h).x, newGuarded(r, 4*h).x, newGuarded(r, 4*h).x, newGuarded(r, 4*h).x
	c0, c, tc, out := newGuarded(r, h).x, newGuarded(r, h).x, newGuarded(r, h).x, newGuarded(r, h).x
	for _, name := range Families() {
		k, err := Family(name)
		if err != nil {
			b.Fatal(err)
		}
		for what, f := range map[string]func(){
			"lstm":      func() { k.LSTMCell(z, c0, c, tc, out, false) },
			"lstm-grad": func() { k.LSTMCellGrad(dz, out, c, z, c0, tc, false) },
			"gru":       func() { k.GRUCell(z[:3*h], zh, c0, out) },
			"gru-grad":  func() { clear(c); k.GRUCellGrad(dz[:3*h], dzh, c, out, z, zh, c0) },
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				reportRate(b, h, "G-units/s")
			})
		}
	}
}
