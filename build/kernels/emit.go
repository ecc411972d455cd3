package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// generator writes one family. Most instructions have the same name for both widths; the differences (masked tails, constants, the
// last steps of a reduction) are hidden in this file.
type generator struct {
	*build.Context
	family
	globals map[string]bool         // constants already written
	loaded  map[string]reg.Register // of the current function: constants kept in registers
	masked  bool                    // emitting the tail of a loop
	mask    reg.Register            // of the tail: a mask register, or a vector of all-ones lanes
	labels  int
}

// begin opens a function and loads the constants it names. With 32 registers they stay in registers; with 16 they are read from memory.
func (g *generator) begin(name, doc, signature string, constants ...string) {
	name += strings.ToUpper(g.name)
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.Doc(name + " " + doc)
	g.SignatureExpr(signature)
	g.loaded = map[string]reg.Register{}
	if g.wide() {
		for _, c := range constants {
			v := g.vec()
			g.VBROADCASTSS(g.global(c), v)
			g.loaded[c] = v
		}
	}
}

func (g *generator) end() {
	g.VZEROUPPER()
	g.RET()
}

func (g *generator) vec() reg.VecVirtual {
	if g.wide() {
		return g.ZMM()
	}
	return g.YMM()
}

// global is the constant in memory, repeated over 32 bytes.
func (g *generator) global(name string) operand.Mem {
	symbol := "const_" + name + "_" + g.family.name
	if g.globals[symbol] {
		return operand.NewDataAddr(operand.NewStaticSymbol(symbol), 0)
	}
	g.globals[symbol] = true
	m := g.StaticGlobal(symbol)
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	bits, ok := constants[name]
	if !ok {
		panic("no constant named " + name)
	}
	for range 8 {
		g.AppendDatum(operand.U32(bits))
	}
	return m
}

// con is the constant as the first (memory) operand of an instruction.
func (g *generator) con(name string) operand.Op {
	if v, ok := g.loaded[name]; ok {
		return v
	}
	if g.wide() {
		panic("constant " + name + " was not named at the beginning of the function")
	}
	return g.global(name)
}

// conReg is the constant in a register.
func (g *generator) conReg(name string) reg.Register {
	if v, ok := g.loaded[name]; ok {
		return v
	}
	v := g.vec()
	g.VMOVUPS(g.con(name), v)
	return v
}

// broadcast loads a float32 parameter into all lanes.
func (g *generator) broadcast(param string) reg.VecVirtual {
	a, err := g.Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	v := g.vec()
	g.VBROADCASTSS(a.Addr, v)
	return v
}

func (g *generator) ptr(param string) reg.Register { return g.Load(g.Param(param), g.GP64()) }

func (g *generator) zero() reg.VecVirtual {
	v := g.vec()
	g.VXORPS(v, v, v)
	return v
}

// load reads a vector; in a tail the lanes beyond the end are zero and their memory is not touched.
func (g *generator) load(m operand.Mem) reg.VecVirtual {
	v := g.vec()
	switch {
	case !g.masked:
		g.VMOVUPS(m, v)
	case g.wide():
		g.VMOVUPS_Z(m, g.mask, v)
	default:
		g.VMASKMOVPS(m, g.mask, v)
	}
	return v
}

func (g *generator) store(v reg.Register, m operand.Mem) {
	switch {
	case !g.masked:
		g.VMOVUPS(v, m)
	case g.wide():
		g.VMOVUPS(v, g.mask, m)
	default:
		g.VMASKMOVPS(v, g.mask, m)
	}
}

func (g *generator) label(name string) string {
	g.labels++
	return fmt.Sprintf("%s%d", name, g.labels)
}

// setMask makes the mask of the first n lanes, 0 < n < lanes.
func (g *generator) setMask(n reg.Register) {
	if g.wide() {
		ones, k := g.GP32(), g.K()
		g.MOVL(operand.U32(0xffff), ones)
		g.BZHIL(n.(reg.GP).As32(), ones, ones)
		g.KMOVW(ones, k)
		g.mask = k
		return
	}
	table, v, back := g.GP64(), g.vec(), g.GP64()
	g.LEAQ(g.maskTable(), table)
	g.MOVQ(n, back)
	g.NEGQ(back)
	g.VMOVUPS(operand.Mem{Base: table, Index: back, Scale: 4, Disp: 32}, v)
	g.mask = v
}

// maskTable is eight lanes of ones, then eight of zeros: the mask of n lanes begins 8-n lanes into it.
func (g *generator) maskTable() operand.Mem {
	if g.globals["mask_table"] {
		return operand.NewDataAddr(operand.NewStaticSymbol("mask_table"), 0)
	}
	g.globals["mask_table"] = true
	m := g.StaticGlobal("mask_table")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		v := uint32(0)
		if i < 8 {
			v = math.MaxUint32
		}
		g.AppendDatum(operand.U32(v))
	}
	return m
}

// loop runs body for each whole vector of n elements and once more, masked, for the rest. The pointers advance; n is destroyed.
func (g *generator) loop(n reg.Register, pointers []reg.Register, body func()) {
	again, tail, end := g.label("vectors"), g.label("tail"), g.label("end")
	g.Label(again)
	g.CMPQ(n, operand.U32(uint32(g.lanes())))
	g.JL(operand.LabelRef(tail))
	body()
	for _, p := range pointers {
		g.ADDQ(operand.U32(uint32(g.bytes)), p)
	}
	g.SUBQ(operand.U32(uint32(g.lanes())), n)
	g.JMP(operand.LabelRef(again))
	g.Label(tail)
	g.TESTQ(n, n)
	g.JZ(operand.LabelRef(end))
	g.setMask(n)
	g.masked = true
	body()
	g.masked = false
	g.Label(end)
}

func at(p reg.Register) operand.Mem { return operand.Mem{Base: p} }

// The three-operand arithmetic in the order of the formulas: a op b.
func (g *generator) add(a, b operand.Op) reg.VecVirtual { v := g.vec(); g.VADDPS(b, a, v); return v }
func (g *generator) sub(a, b operand.Op) reg.VecVirtual { v := g.vec(); g.VSUBPS(b, a, v); return v }
func (g *generator) mul(a, b operand.Op) reg.VecVirtual { v := g.vec(); g.VMULPS(b, a, v); return v }
func (g *generator) div(a, b operand.Op) reg.VecVirtual { v := g.vec(); g.VDIVPS(b, a, v); return v }
func (g *generator) and(a, b operand.Op) reg.VecVirtual { v := g.vec(); g.VANDPS(b, a, v); return v }
func (g *generator) or(a, b operand.Op) reg.VecVirtual  { v := g.vec(); g.VORPS(b, a, v); return v }

// oneMinus is 1 - a.
func (g *generator) oneMinus(a operand.Op) reg.VecVirtual { return g.sub(g.conReg("one"), a) }

// oneMinusSquare is 1 - a*a, rounded once.
func (g *generator) oneMinusSquare(a operand.Op) reg.VecVirtual {
	v := g.vec()
	g.VMOVUPS(g.con("one"), v)
	g.VFNMADD231PS(a, a, v)
	return v
}

// clampKeepNaN is min(max(x, low), high); of two operands the instructions return the second when one is NaN, hence their order.
func (g *generator) clampKeepNaN(x reg.Register, low, high string) reg.VecVirtual {
	v := g.vec()
	g.VMAXPS(x, g.conReg(low), v)
	g.VMINPS(v, g.conReg(high), v)
	return v
}
