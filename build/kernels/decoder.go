package main

import "github.com/mmcloughlin/avo/reg"

// decoder writes what language models need beside products and softmax.
func (g *generator) decoder() {
	g.rotate("rotate", "turns the pairs (src[i], src[n+i]) by the angles whose cosines [n] and sines [n] lie in turn.", false)
	g.rotate("rotateBack", "turns the pairs (src[i], src[n+i]) back by the angles whose cosines [n] and sines [n] lie in turn.", true)
	g.swiGLU()
	g.swiGLUGrad()
	g.softmaxGrad()
}

func (g *generator) rotate(name, doc string, back bool) {
	g.begin(name, doc, "func(dst, src, turn *float32, n int)")
	dst, src, turn := g.ptr("dst"), g.ptr("src"), g.ptr("turn")
	n, w := g.width()
	g.loop(n, []reg.Register{dst, src, turn}, func() {
		a, b, cos, sin := g.load(at(src)), g.load(gate(src, w, 1)), g.load(at(turn)), g.load(gate(turn, w, 1))
		first, second := g.mul(a, cos), g.mul(b, cos)
		if back {
			g.VFMADD231PS(b, sin, first)
			g.VFNMADD231PS(a, sin, second)
		} else {
			g.VFNMADD231PS(b, sin, first)
			g.VFMADD231PS(a, sin, second)
		}
		g.store(first, at(dst))
		g.store(second, gate(dst, w, 1))
	})
	g.end()
}

func (g *generator) swiGLU() {
	g.begin("swiGLU", "writes a * b / (1 + e^-a).", "func(dst, a, b *float32, n int)", sigmoidConstants...)
	dst, a, b, n := g.ptr("dst"), g.ptr("a"), g.ptr("b"), g.ptr("n")
	g.loop(n, []reg.Register{dst, a, b}, func() {
		x := g.load(at(a))
		g.store(g.mul(g.div(x, g.onePlusExpNeg(x)), g.load(at(b))), at(dst))
	})
	g.end()
}

func (g *generator) swiGLUGrad() {
	g.begin("swiGLUGrad", "writes the gradients of swiGLU by a and b.", "func(da, db, dy, a, b *float32, n int)", sigmoidConstants...)
	da, db, dy, a, b, n := g.ptr("da"), g.ptr("db"), g.ptr("dy"), g.ptr("a"), g.ptr("b"), g.ptr("n")
	g.loop(n, []reg.Register{da, db, dy, a, b}, func() {
		x, d := g.load(at(a)), g.load(at(dy))
		s := g.sigmoid(x)
		slope := g.oneMinus(s)
		g.VFMADD213PS(g.con("one"), x, slope)
		up := g.mul(d, g.load(at(b)))
		g.store(g.mul(d, g.mul(x, s)), at(db))
		g.store(g.mul(up, g.mul(slope, s)), at(da))
	})
	g.end()
}

func (g *generator) softmaxGrad() {
	g.begin("softmaxGrad", "writes p * (ds - mean) to ds.", "func(ds, p *float32, n int, mean float32)")
	ds, p, n, mean := g.ptr("ds"), g.ptr("p"), g.ptr("n"), g.broadcast("mean")
	g.loop(n, []reg.Register{ds, p}, func() { g.store(g.mul(g.load(at(p)), g.sub(g.load(at(ds)), mean)), at(ds)) })
	g.end()
}
