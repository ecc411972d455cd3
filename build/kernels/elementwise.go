package main

import "github.com/mmcloughlin/avo/reg"

func (g *generator) elementwise() {
	g.unary("exp", "writes e^src.", expConstants, g.exp)
	g.unary("tanh", "writes the hyperbolic tangent of src.", tanhConstants, g.tanh)
	g.unary("sigmoid", "writes 1/(1 + e^-src).", sigmoidConstants, g.sigmoid)
	g.unary("relu", "writes max(src, 0).", nil, func(x reg.Register) reg.VecVirtual {
		v := g.zero()
		g.VMAXPS(x, v, v)
		return v
	})
	g.unary("silu", "writes src/(1 + e^-src).", sigmoidConstants, func(x reg.Register) reg.VecVirtual {
		return g.div(x, g.onePlusExpNeg(x))
	})
	g.binary("add", "writes a + b.", nil, func(_ func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual { return g.add(a, b) })
	g.binary("mul", "writes a * b.", nil, func(_ func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual { return g.mul(a, b) })
	g.binary("mulAdd", "adds a * b to dst.", nil, func(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
		return g.accumulate(dst(), a, b)
	})
	g.binary("reluGrad", "adds a to dst where b > 0.", nil, g.reluGrad)
	g.binary("tanhGrad", "adds a * (1 - b*b) to dst.", []string{"one"}, func(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
		return g.accumulate(dst(), a, g.oneMinusSquare(b))
	})
	g.binary("sigmoidGrad", "adds a * b * (1 - b) to dst.", []string{"one"}, func(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
		return g.accumulate(dst(), g.mul(a, b), g.oneMinus(b))
	})
	g.binary("siluGrad", "adds a times the slope of silu at b to dst.", sigmoidConstants, func(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
		slope := g.siluSlope(b)
		return g.accumulate(dst(), a, slope)
	})
	g.axpy()
	g.scale()
	g.addRows()
	g.sumRows()
}

func (g *generator) accumulate(dst reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
	g.VFMADD231PS(a, b, dst)
	return dst
}

// reluGrad compares b with zero: the predicate 30 is "greater, quiet, false for NaN".
func (g *generator) reluGrad(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual {
	if g.wide() {
		k := g.K()
		g.VCMPPS(imm(30), g.zero(), b, k)
		d := dst()
		g.VADDPS(a, d, k, d)
		return d
	}
	passing := g.vec()
	g.VCMPPS(imm(30), g.zero(), b, passing)
	return g.add(dst(), g.and(passing, a))
}

func (g *generator) unary(name, doc string, constants []string, f func(x reg.Register) reg.VecVirtual) {
	g.begin(name, doc, "func(dst, src *float32, n int)", constants...)
	dst, src, n := g.ptr("dst"), g.ptr("src"), g.ptr("n")
	g.loop(n, []reg.Register{dst, src}, func() { g.store(f(g.load(at(src))), at(dst)) })
	g.end()
}

func (g *generator) binary(name, doc string, constants []string, f func(dst func() reg.VecVirtual, a, b reg.Register) reg.VecVirtual) {
	g.begin(name, doc, "func(dst, a, b *float32, n int)", constants...)
	dst, a, b, n := g.ptr("dst"), g.ptr("a"), g.ptr("b"), g.ptr("n")
	g.loop(n, []reg.Register{dst, a, b}, func() {
		old := func() reg.VecVirtual { return g.load(at(dst)) }
		g.store(f(old, g.load(at(a)), g.load(at(b))), at(dst))
	})
	g.end()
}

func (g *generator) axpy() {
	g.begin("axpy", "adds s * x to dst.", "func(dst, x *float32, n int, s float32)")
	dst, x, n, s := g.ptr("dst"), g.ptr("x"), g.ptr("n"), g.broadcast("s")
	g.loop(n, []reg.Register{dst, x}, func() { g.store(g.accumulate(g.load(at(dst)), s, g.load(at(x))), at(dst)) })
	g.end()
}

func (g *generator) scale() {
	g.begin("scale", "multiplies dst by s.", "func(dst *float32, n int, s float32)")
	dst, n, s := g.ptr("dst"), g.ptr("n"), g.broadcast("s")
	g.loop(n, []reg.Register{dst}, func() { g.store(g.mul(g.load(at(dst)), s), at(dst)) })
	g.end()
}

// addRows and sumRows walk down one column of vectors after the other, so that the bias or the sum stays in a register.
func (g *generator) addRows() {
	g.begin("addRows", "adds bias [n] to m rows of x, m >= 1; ld in bytes.", "func(x, bias *float32, ld, m, n int)")
	x, bias, ld, n := g.ptr("x"), g.ptr("bias"), g.ptr("ld"), g.ptr("n")
	g.loop(n, []reg.Register{x, bias}, func() {
		b, row, m := g.load(at(bias)), g.GP64(), g.ptr("m")
		g.rows(x, row, ld, m, func() { g.store(g.add(g.load(at(row)), b), at(row)) })
	})
	g.end()
}

func (g *generator) sumRows() {
	g.begin("sumRows", "adds m rows of x into dst [n], m >= 1; ld in bytes.", "func(dst, x *float32, ld, m, n int)")
	dst, x, ld, n := g.ptr("dst"), g.ptr("x"), g.ptr("ld"), g.ptr("n")
	g.loop(n, []reg.Register{dst, x}, func() {
		sum, row, m := g.load(at(dst)), g.GP64(), g.ptr("m")
		g.rows(x, row, ld, m, func() { g.VADDPS(g.load(at(row)), sum, sum) })
		g.store(sum, at(dst))
	})
	g.end()
}

func (g *generator) rows(x, row, ld, m reg.Register, body func()) {
	again := g.label("rows")
	g.MOVQ(x, row)
	g.Label(again)
	body()
	g.ADDQ(ld, row)
	g.DECQ(m)
	g.JNE(ref(again))
}

func (g *generator) adam() {
	g.begin("adam", "does one step of Adam; a1 = 1-b1, a2 = 1-b2, r1 = 1/c1, r2 = 1/c2.",
		"func(w, grad, m, v *float32, n int, lr, b1, a1, b2, a2, r1, r2, eps, decay float32)")
	w, grad, m, v, n := g.ptr("w"), g.ptr("grad"), g.ptr("m"), g.ptr("v"), g.ptr("n")
	kept := map[string]reg.VecVirtual{}
	get := func(name string) reg.VecVirtual {
		if x, ok := kept[name]; ok {
			return x
		}
		return g.broadcast(name) // with 16 registers the numbers are broadcast again each time
	}
	if g.wide() {
		for _, name := range []string{"lr", "b1", "a1", "b2", "a2", "r1", "r2", "eps", "decay"} {
			kept[name] = g.broadcast(name)
		}
	}
	g.loop(n, []reg.Register{w, grad, m, v}, func() {
		gi := g.load(at(grad))
		mi := g.accumulate(g.mul(g.load(at(m)), get("b1")), gi, get("a1"))
		vi := g.accumulate(g.mul(g.load(at(v)), get("b2")), gi, g.mul(gi, get("a2")))
		g.store(mi, at(m))
		g.store(vi, at(v))
		root := g.mul(vi, get("r2"))
		g.VSQRTPS(root, root)
		wi := g.load(at(w))
		step := g.accumulate(g.div(g.mul(mi, get("r1")), g.add(root, get("eps"))), wi, get("decay"))
		g.VFNMADD231PS(step, get("lr"), wi)
		g.store(wi, at(w))
	})
	g.end()
}
