package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// constants by name, as bits. Those of the exponential are explained beside the plain-Go family.
var constants = map[string]uint32{
	"one": f32(1), "two": f32(2), "log2e": f32(1.44269504089), "ln2high": f32(0.693359375), "ln2low": f32(-2.12194440e-4),
	"magic": f32(1.5 * (1 << 23)), "negInf": 0xff800000,
	"c0": f32(1.9875691500e-4), "c1": f32(1.3981999507e-3), "c2": f32(8.3334519073e-3),
	"c3": f32(4.1665795894e-2), "c4": f32(1.6666665459e-1), "c5": f32(5.0000001201e-1),
	"expLow": f32(-104), "expHigh": f32(89),
	"normalLow": f32(-88), "normalHigh": f32(88.8), // where 2^n is built in one step: n from -127 (zero) to 128 (infinity)
	"tanhTop": f32(9.5), "sign": 0x80000000, "magnitude": 0x7fffffff,
}

// names of the constants of each function, to be loaded at its beginning.
var (
	reduceConstants  = []string{"log2e", "ln2high", "ln2low", "magic", "c0", "c1", "c2", "c3", "c4", "c5", "one"}
	sigmoidConstants = append([]string{"sign", "normalLow", "normalHigh"}, reduceConstants...)
	tanhConstants    = append([]string{"sign", "magnitude", "tanhTop", "two"}, reduceConstants...)
	expConstants     = append([]string{"expLow", "expHigh"}, reduceConstants...)
	shiftedConstants = append([]string{"normalLow", "normalHigh"}, reduceConstants...)
	gateConstants    = append([]string{"magnitude", "tanhTop", "two"}, sigmoidConstants...)
)

func f32(x float32) uint32 { return math.Float32bits(x) }

// reduce splits x into n and q with e^x = 2^n (1 + q). n is left in the low bits of t, which is n + 1.5*2^23.
func (g *generator) reduce(x reg.Register) (t, q reg.VecVirtual) {
	t = g.vec()
	g.VMOVUPS(g.con("magic"), t)
	g.VFMADD231PS(g.con("log2e"), x, t)
	n, r := g.sub(t, g.con("magic")), g.vec()
	g.VMOVUPS(x, r)
	g.VFNMADD231PS(g.con("ln2high"), n, r)
	g.VFNMADD231PS(g.con("ln2low"), n, r)
	p := g.vec()
	g.VMOVUPS(g.con("c0"), p)
	for _, c := range []string{"c1", "c2", "c3", "c4", "c5"} {
		g.VFMADD213PS(g.con(c), r, p)
	}
	q = g.mul(p, r)
	g.VFMADD213PS(r, r, q)
	return t, q
}

// pow2 turns t of reduce into 2^n: the shift drops everything but n, which moves into the exponent.
func (g *generator) pow2(t reg.Register) reg.VecVirtual {
	s := g.vec()
	g.VPSLLD(operand.U8(23), t, s)
	g.VPADDD(g.con("one"), s, s)
	return s
}

// expNormal is e^x for results from 2^-126 on; smaller ones become zero, as a sum of shifted exponentials or a sigmoid can afford.
func (g *generator) expNormal(x reg.Register) reg.VecVirtual {
	t, q := g.reduce(g.clampKeepNaN(x, "normalLow", "normalHigh"))
	return g.mul(g.add(q, g.con("one")), g.pow2(t))
}

// exp is e^x with subnormal results: 2^n in two factors.
func (g *generator) exp(x reg.Register) reg.VecVirtual {
	t, q := g.reduce(g.clampKeepNaN(x, "expLow", "expHigh"))
	n, half := g.vec(), g.vec()
	g.VPSUBD(g.con("magic"), t, n)
	g.VPSRAD(operand.U8(1), n, half)
	g.VPSUBD(half, n, n)
	return g.mul(g.mul(g.add(q, g.con("one")), g.pow2(half)), g.pow2(n))
}

// onePlusExpNeg is 1 + e^-x, the denominator of the sigmoid.
func (g *generator) onePlusExpNeg(x reg.Register) reg.VecVirtual {
	negative := g.vec()
	g.VXORPS(g.con("sign"), x, negative)
	return g.add(g.expNormal(negative), g.con("one"))
}

func (g *generator) sigmoid(x reg.Register) reg.VecVirtual {
	return g.div(g.conReg("one"), g.onePlusExpNeg(x))
}

// tanh is t/(t+2) with t = e^2|x| - 1, and the sign of x.
func (g *generator) tanh(x reg.Register) reg.VecVirtual {
	a := g.and(x, g.con("magnitude"))
	g.VMINPS(a, g.conReg("tanhTop"), a)
	n, q := g.reduce(g.add(a, a))
	s := g.pow2(n)
	t := g.sub(s, g.con("one"))
	g.VFMADD231PS(q, s, t)
	return g.or(g.div(t, g.add(t, g.con("two"))), g.and(x, g.con("sign")))
}

// siluSlope is s (1 + x (1 - s)), s the sigmoid of x.
func (g *generator) siluSlope(x reg.Register) reg.VecVirtual {
	s := g.sigmoid(x)
	slope := g.oneMinus(s)
	g.VFMADD213PS(g.con("one"), x, slope)
	return g.mul(slope, s)
}
