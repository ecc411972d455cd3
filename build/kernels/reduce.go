package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func imm(i uint8) operand.Op      { return operand.U8(i) }
func ref(label string) operand.Op { return operand.LabelRef(label) }

// reductions: Dot and Sum keep four vectors of partial sums, element i in the lane i mod (4*lanes), then add them by a fixed tree.
func (g *generator) reductions() {
	g.begin("dot", "is the sum of a * b.", "func(a, b *float32, n int) float32")
	a, b := g.ptr("a"), g.ptr("b")
	g.partialSums(g.ptr("n"), []reg.Register{a, b}, func(sum reg.Register, offset int) {
		g.VFMADD231PS(g.load(at(a).Offset(offset)), g.load(at(b).Offset(offset)), sum)
	})
	g.begin("sum", "is the sum of a.", "func(a *float32, n int) float32")
	p := g.ptr("a")
	g.partialSums(g.ptr("n"), []reg.Register{p}, func(sum reg.Register, offset int) {
		g.VADDPS(g.load(at(p).Offset(offset)), sum, sum)
	})
	g.max()
	g.begin("expShift", "writes e^(src - top) and returns the sum.", "func(dst, src *float32, n int, top float32) float32", shiftedConstants...)
	g.expSums(g.ptr("dst"))
	g.begin("sumExpShift", "returns the sum of e^(src - top).", "func(src *float32, n int, top float32) float32", shiftedConstants...)
	g.expSums(nil)
}

// partialSums runs four vectors at a time, then one, then the tail, and returns the tree of sums.
func (g *generator) partialSums(n reg.Register, pointers []reg.Register, step func(sum reg.Register, offset int)) {
	var sums [4]reg.VecVirtual
	for i := range sums {
		sums[i] = g.zero()
	}
	again, rest := g.label("four"), g.label("rest")
	g.Label(again)
	g.CMPQ(n, operand.U32(uint32(4*g.lanes())))
	g.JL(ref(rest))
	for i, s := range sums {
		step(s, i*g.bytes)
	}
	for _, p := range pointers {
		g.ADDQ(operand.U32(uint32(4*g.bytes)), p)
	}
	g.SUBQ(operand.U32(uint32(4*g.lanes())), n)
	g.JMP(ref(again))
	g.Label(rest)
	g.loop(n, pointers, func() { step(sums[0], 0) })
	g.returnLane(g.fold(g.add(g.add(sums[0], sums[1]), g.add(sums[2], sums[3])), g.VADDPS))
}

// expSums adds the exponentials, lane by lane, after writing them to dst unless dst is nil. Lanes beyond the end add nothing.
func (g *generator) expSums(dst reg.Register) {
	src, n, top, sum := g.ptr("src"), g.ptr("n"), g.broadcast("top"), g.zero()
	pointers := []reg.Register{src}
	if dst != nil {
		pointers = append(pointers, dst)
	}
	g.loop(n, pointers, func() {
		e := g.expNormal(g.sub(g.load(at(src)), top))
		if dst != nil {
			g.store(e, at(dst))
		}
		switch {
		case !g.masked:
			g.VADDPS(e, sum, sum)
		case g.wide():
			g.VADDPS(e, sum, g.mask, sum)
		default:
			g.VADDPS(g.and(e, g.mask), sum, sum)
		}
	})
	g.returnLane(g.fold(sum, g.VADDPS))
}

// max collects NaNs in flags beside the maximum, because the instruction itself forgets them.
func (g *generator) max() {
	g.begin("max", "is the largest of a, n >= 1, or NaN if there is one.", "func(a *float32, n int) float32", "negInf")
	a, n, top := g.ptr("a"), g.ptr("n"), g.vec()
	g.VMOVUPS(g.con("negInf"), top)
	flags := g.zero()
	g.loop(n, []reg.Register{a}, func() {
		x := g.load(at(a))
		if g.masked {
			x = g.elsewhere(x, "negInf")
		}
		g.VMAXPS(x, top, top)
		g.keepNaN(x, flags)
	})
	// Or-ing the bits of a NaN into any number makes that a NaN.
	largest, nan := g.fold(top, g.VMAXPS), g.fold(flags, g.VORPS)
	g.VORPS(nan, largest, largest)
	g.returnLane(largest)
}

// keepNaN copies or marks (all ones) the lanes of x that are NaN: the predicate 3 is "unordered".
func (g *generator) keepNaN(x, flags reg.VecVirtual) {
	if g.wide() {
		k := g.K()
		g.VCMPPS(imm(3), x, x, k)
		g.VMOVUPS(x, k, flags)
		return
	}
	marks := g.vec()
	g.VCMPPS(imm(3), x, x, marks)
	g.VORPS(marks, flags, flags)
}

// fold combines all lanes by op, always halving, and leaves the result in the first lane.
func (g *generator) fold(v reg.VecVirtual, op func(ops ...operand.Op)) reg.VecVirtual {
	low := v.AsY()
	if g.wide() {
		high := g.YMM()
		g.VEXTRACTF64X4(operand.U8(1), v, high)
		op(high, low, low)
	}
	quarter, swapped := g.XMM(), g.XMM()
	g.VEXTRACTF128(operand.U8(1), low, quarter)
	op(v.AsX(), quarter, quarter)
	for _, order := range []uint8{0x4e, 0xb1} {
		g.VPERMILPS(operand.U8(order), quarter, swapped)
		op(swapped, quarter, quarter)
	}
	return quarter
}

func (g *generator) returnLane(v reg.VecVirtual) {
	g.VZEROUPPER()
	g.Store(v.AsX(), g.ReturnIndex(0))
	g.RET()
}

// elsewhere replaces the lanes beyond the end by a constant.
func (g *generator) elsewhere(x reg.VecVirtual, name string) reg.VecVirtual {
	v := g.vec()
	g.VMOVUPS(g.con(name), v)
	if g.wide() {
		g.VMOVUPS(x, g.mask, v)
		return v
	}
	g.VBLENDVPS(g.mask, x, v, v)
	return v
}
