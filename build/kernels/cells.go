package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gate is the address of a gate's vector in a row of gates [G*H]: H floats are width bytes.
func gate(p, width reg.Register, i uint8) operand.Mem {
	if i == 0 {
		return at(p)
	}
	return operand.Mem{Base: p, Index: width, Scale: i}
}

// cells. A row of four gates is addressed as p, p+w, p+2w and, because there is no factor three, a second pointer at p+2w plus w.
func (g *generator) cells() {
	g.lstmCell()
	g.lstmCellGrad()
	g.gruCell()
	g.gruCellGrad()
}

// width returns H and, in bytes, its length; third(p) is p advanced by two gates.
func (g *generator) width() (n, bytes reg.Register) {
	n, bytes = g.ptr("n"), g.GP64()
	g.MOVQ(n, bytes)
	g.SHLQ(operand.U8(2), bytes)
	return n, bytes
}

func (g *generator) third(p, width reg.Register) reg.Register {
	q := g.GP64()
	g.LEAQ(operand.Mem{Base: p, Index: width, Scale: 2}, q)
	return q
}

func (g *generator) lstmCell() {
	g.begin("lstmCell", "is one row of LSTMCell; the forget gate is and-ed and or-ed with two masks.",
		"func(z, c0, c, tc, h *float32, n int, and, or uint32)", gateConstants...)
	z, c0, c, tc, h := g.ptr("z"), g.ptr("c0"), g.ptr("c"), g.ptr("tc"), g.ptr("h")
	n, w := g.width()
	z2 := g.third(z, w)
	and, or := g.broadcast("and"), g.broadcast("or")
	g.loop(n, []reg.Register{z, z2, c0, c, tc, h}, func() {
		f := g.sigmoid(g.load(gate(z, w, 1)))
		f = g.or(g.and(f, and), or)
		g.store(f, gate(z, w, 1))
		i := g.sigmoid(g.load(at(z)))
		g.store(i, at(z))
		cell := g.tanh(g.load(at(z2)))
		g.store(cell, at(z2))
		state := g.accumulate(g.mul(i, cell), f, g.load(at(c0)))
		g.store(state, at(c))
		t := g.tanh(state)
		g.store(t, at(tc))
		o := g.sigmoid(g.load(gate(z2, w, 1)))
		g.store(o, gate(z2, w, 1))
		g.store(g.mul(o, t), at(h))
	})
	g.end()
}

func (g *generator) lstmCellGrad() {
	g.begin("lstmCellGrad", "is one row of LSTMCellGrad; the forget gate's gradient is and-ed with a mask.",
		"func(dz, dh, dc, z, c0, tc *float32, n int, and uint32)", "one")
	dz, dh, dc, z, c0, tc := g.ptr("dz"), g.ptr("dh"), g.ptr("dc"), g.ptr("z"), g.ptr("c0"), g.ptr("tc")
	n, w := g.width()
	z2, dz2 := g.third(z, w), g.third(dz, w)
	and := g.broadcast("and")
	g.loop(n, []reg.Register{dz, dz2, dh, dc, z, z2, c0, tc}, func() {
		t, o, back := g.load(at(tc)), g.load(gate(z2, w, 1)), g.load(at(dh))
		d := g.accumulate(g.load(at(dc)), g.mul(back, o), g.oneMinusSquare(t))
		g.store(g.mul(g.mul(back, t), g.mul(o, g.oneMinus(o))), gate(dz2, w, 1))
		i, cell := g.load(at(z)), g.load(at(z2))
		g.store(g.mul(g.mul(d, cell), g.mul(i, g.oneMinus(i))), at(dz))
		g.store(g.mul(g.mul(d, i), g.oneMinusSquare(cell)), at(dz2))
		f := g.load(gate(z, w, 1))
		g.store(g.mul(d, f), at(dc))
		g.store(g.and(g.mul(g.mul(d, g.load(at(c0))), g.mul(f, g.oneMinus(f))), and), gate(dz, w, 1))
	})
	g.end()
}

func (g *generator) gruCell() {
	g.begin("gruCell", "is one row of GRUCell.", "func(zx, zh, h0, h *float32, n int)", gateConstants...)
	zx, zh, h0, h := g.ptr("zx"), g.ptr("zh"), g.ptr("h0"), g.ptr("h")
	n, w := g.width()
	g.loop(n, []reg.Register{zx, zh, h0, h}, func() {
		r := g.sigmoid(g.add(g.load(at(zx)), g.load(at(zh))))
		g.store(r, at(zx))
		candidate := g.tanh(g.accumulate(g.load(gate(zx, w, 2)), r, g.load(gate(zh, w, 2))))
		g.store(candidate, gate(zx, w, 2))
		u := g.sigmoid(g.add(g.load(gate(zx, w, 1)), g.load(gate(zh, w, 1))))
		g.store(u, gate(zx, w, 1))
		change := g.sub(g.load(at(h0)), candidate)
		g.store(g.accumulate(candidate, u, change), at(h))
	})
	g.end()
}

func (g *generator) gruCellGrad() {
	g.begin("gruCellGrad", "is one row of GRUCellGrad.", "func(dzx, dzh, dh0, dh, zx, zh, h0 *float32, n int)", "one")
	dzx, dzh, dh0, dh := g.ptr("dzx"), g.ptr("dzh"), g.ptr("dh0"), g.ptr("dh")
	zx, zh, h0 := g.ptr("zx"), g.ptr("zh"), g.ptr("h0")
	n, w := g.width()
	g.loop(n, []reg.Register{dzx, dzh, dh0, dh, zx, zh, h0}, func() {
		back, r, u, candidate := g.load(at(dh)), g.load(at(zx)), g.load(gate(zx, w, 1)), g.load(gate(zx, w, 2))
		keep := g.oneMinus(u)
		dn := g.mul(g.mul(back, keep), g.oneMinusSquare(candidate))
		g.store(dn, gate(dzx, w, 2))
		g.store(g.mul(dn, r), gate(dzh, w, 2))
		du := g.mul(g.mul(back, g.sub(g.load(at(h0)), candidate)), g.mul(u, keep))
		g.store(du, gate(dzx, w, 1))
		g.store(du, gate(dzh, w, 1))
		dr := g.mul(g.mul(dn, g.load(gate(zh, w, 2))), g.mul(r, g.oneMinus(r)))
		g.store(dr, at(dzx))
		g.store(dr, at(dzh))
		g.store(g.accumulate(g.load(at(dh0)), back, u), at(dh0))
	})
	g.end()
}
