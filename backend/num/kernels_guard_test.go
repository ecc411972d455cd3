//go:build linux

package num

import (
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// guardedArena hands out slices that end at a page no one may touch, or begin right after one, so that a read outside faults.
type guardedArena struct {
	t     *testing.T
	atEnd bool
}

func (g guardedArena) slice(n int) []float32 {
	page := syscall.Getpagesize()
	inner := (4*n + page) / page * page
	m, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			g.t.Error(err)
		}
	})
	for _, edge := range [][]byte{m[:page], m[page+inner:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			g.t.Fatal(err)
		}
	}
	first := page
	if g.atEnd {
		first = page + inner - 4*n
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(&m[first])), n)
	for i := range x {
		x[i] = float32(i%7)/4 - 0.5
	}
	return x
}

func TestKernelsTouchNothingOutsideTheirSlices(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		for _, atEnd := range []bool{false, true} {
			g := guardedArena{t, atEnd}
			for _, n := range []int{1, 3, 8, 15, 16, 17, 40, 67} {
				touchVectors(k, g, n)
				touchCells(k, g, n)
				touchDecoder(k, g, n)
			}
			for _, s := range [][3]int{{1, 1, 1}, {3, 70, 5}, {12, 32, 17}, {13, 17, 16}, {25, 33, 40}, {30, 64, 260}, {7, 31, 9}, {24, 48, 33}} {
				for form := range 4 {
					touchGemm(k, g, form&1 != 0, form&2 != 0, s[0], s[1], s[2])
				}
				touchRowProducts(k, g, s[0], s[1], s[2])
			}
		}
	})
}

func touchVectors(k Kernels, g guardedArena, n int) {
	d, a, b := g.slice(n), g.slice(n), g.slice(n)
	for _, c := range vectorCases() {
		c.run(k, d, a, b)
	}
	_ = k.Dot(a, b) + k.Sum(a) + k.Max(a)
	rows := g.slice(3 * n)
	k.AddRows(rows, n, 3, n, a)
	k.SumRows(b, rows, n, 3, n)
	k.Softmax(rows, rows, 3, n)
	k.LogSumExp(g.slice(3), rows, 3, n)
	k.Adam(g.slice(n), a, g.slice(n), g.slice(n), 0.1, 0.9, 0.99, 1e-8, 0, 0.1, 0.01)
}

func touchCells(k Kernels, g guardedArena, w int) {
	z, c0, c, tc, h := g.slice(4*w), g.slice(w), g.slice(w), g.slice(w), g.slice(w)
	k.LSTMCell(z, c0, c, tc, h, false)
	k.LSTMCellGrad(g.slice(4*w), h, c, z, c0, tc, true)
	zx, zh := g.slice(3*w), g.slice(3*w)
	k.GRUCell(zx, zh, c0, h)
	k.GRUCellGrad(g.slice(3*w), g.slice(3*w), c, h, zx, zh, c0)
}

func touchDecoder(k Kernels, g guardedArena, n int) {
	a, b, c, d := g.slice(2*n), g.slice(2*n), g.slice(2*n), g.slice(2*n)
	k.Rotate(a, b, c)
	k.RotateBack(a, b, c)
	k.SwiGLU(a, b, c)
	k.SwiGLUGrad(a, b, c, d, g.slice(2*n))
	k.ExpShift(a[:n], b[n:], 1)
	k.SoftmaxGrad(a[:n], b[n:], 1)
}

func touchGemm(k Kernels, g guardedArena, transA, transB bool, m, n, depth int) {
	lda, ldb := depth, n
	if transA {
		lda = m
	}
	if transB {
		ldb = depth
	}
	k.Gemm(transA, transB, m, n, depth, 1, g.slice(m*depth), lda, g.slice(depth*n), ldb, 0.5, g.slice(m*n), n)
}

func touchRowProducts(k Kernels, g guardedArena, batch, n, depth int) {
	a, b, c := g.slice(batch*depth), g.slice(batch*depth*n), g.slice(batch*n)
	k.RowProducts(batch, n, depth, 1, a, depth, b, depth*n, n, 0.5, c, n)
}
