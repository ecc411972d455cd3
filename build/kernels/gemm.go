package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemm: a panel is a strip of C, a few vectors wide and m rows high. It is cut into tiles of as many rows as fit the registers; each
// element is one chain of fused multiply-adds over k, whatever the height of its tile, so the cut changes no bit.
func (g *generator) gemm() {
	if g.wide() {
		g.panel(12, 2)
		g.panel(12, 1)
		g.panel(6, 4)
		g.packTile(12, 2)
	} else {
		g.panel(6, 2)
		g.packTile(6, 2)
	}
	g.transpose()
	g.rowProducts()
}

const (
	panelDoc = "computes C = alpha*A*B + beta*C (fresh: without reading C) on m rows, k >= 1. Strides are in bytes: " +
		"element (i, p) of A lies at i*rs + p*ks, row p of B at p*ldb."
	panelParams = "a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, alpha, beta float32, fresh bool"
)

// rowsAhead is the base-2 logarithm of how many rows before their use the packing tile asks for rows of B: they come from far away, and
// no hardware follows so long a stride.
const rowsAhead = 4

// tiles holds the registers shared by the tiles of one function.
type tiles struct {
	*generator
	vectors     int
	base        reg.Register // of A, for the next tile
	rs, rs3, ks reg.Register
	ldb, c, ldc reg.Register
	columns     []reg.Register // masks of the vectors of a row, 16-lane vectors only
	pack        reg.Register   // where to copy B to, or nil
	ahead       reg.Register   // distance of the rows of B to fetch early, when packing
}

func (g *generator) loadTiles(vectors int) *tiles {
	t := &tiles{generator: g, vectors: vectors, base: g.ptr("a"), rs: g.ptr("rs"), rs3: g.GP64(), ks: g.ptr("ks"),
		ldb: g.ptr("ldb"), c: g.ptr("c"), ldc: g.ptr("ldc")}
	g.LEAQ(operand.Mem{Base: t.rs, Index: t.rs, Scale: 2}, t.rs3)
	t.columns = g.masks(vectors)
	return t
}

// masks loads the masks of the vectors of a row from the parameter of that name; a family without masks has none.
func (g *generator) masks(vectors int) (columns []reg.Register) {
	if !g.wide() {
		return nil
	}
	bits := g.ptr("mask")
	for v := range vectors {
		k := g.K()
		g.KMOVW(bits.(reg.GP).As32(), k)
		columns = append(columns, k)
		if v < vectors-1 {
			g.SHRQ(operand.U8(16), bits)
		}
	}
	return columns
}

// panel emits the kernel of m rows: whole tiles of so many rows, then one of what remains.
func (g *generator) panel(rows, vectors int) {
	signature := "func(m, k int, " + panelParams
	if g.wide() {
		signature += ", mask uint64"
	}
	g.begin(fmt.Sprintf("panel%d", vectors*g.lanes()), panelDoc, signature+")")
	t, m, again, rest, end := g.loadTiles(vectors), g.ptr("m"), g.label("tiles"), g.label("rest"), g.label("done")
	g.Label(again)
	g.CMPQ(m, operand.U32(uint32(rows)))
	g.JL(ref(rest))
	t.emit(rows)
	g.SUBQ(operand.U32(uint32(rows)), m)
	g.JMP(ref(again))
	g.Label(rest)
	for r := rows - 1; r >= 1; r-- {
		next := g.label("next")
		g.CMPQ(m, operand.U32(uint32(r)))
		g.JNE(ref(next))
		t.emit(r)
		g.JMP(ref(end))
		g.Label(next)
	}
	g.Label(end)
	g.end()
}

// packTile emits the kernel of one tile that copies B, as it reads it, into rows without gaps.
func (g *generator) packTile(rows, vectors int) {
	signature := "func(k int, " + panelParams
	if g.wide() {
		signature += ", mask uint64"
	}
	g.begin(fmt.Sprintf("pack%d", vectors*g.lanes()), fmt.Sprintf("is one tile of %d rows of the panel that also copies B to pack.", rows),
		signature+", pack *float32)")
	t := g.loadTiles(vectors)
	t.pack, t.ahead = g.ptr("pack"), g.GP64()
	g.MOVQ(t.ldb, t.ahead)
	g.SHLQ(operand.U8(rowsAhead), t.ahead)
	t.emit(rows)
	g.end()
}

// emit multiplies one tile and leaves base and c at the next.
func (t *tiles) emit(rows int) {
	acc := make([][]reg.Register, rows)
	for r := range acc {
		for range t.vectors {
			acc[r] = append(acc[r], t.zero())
		}
	}
	var a []reg.Register // pointers to every fourth row
	for r := 0; r < rows; r += 4 {
		p := t.GP64()
		if r == 0 {
			t.MOVQ(t.base, p)
		} else {
			t.LEAQ(operand.Mem{Base: a[len(a)-1], Index: t.rs, Scale: 4}, p)
		}
		a = append(a, p)
	}
	t.advance(rows, a[len(a)-1])
	t.fetchC(rows)
	b, k, again := t.ptr("b"), t.ptr("k"), t.label("k")
	t.Label(again)
	t.step(acc, a, b)
	for _, p := range a {
		t.ADDQ(t.ks, p)
	}
	t.ADDQ(t.ldb, b)
	t.DECQ(k)
	t.JNE(ref(again))
	t.update(acc)
}

// fetchC asks for the rows of C, so that they have come when the sums are done.
func (t *tiles) fetchC(rows int) {
	row := t.GP64()
	t.MOVQ(t.c, row)
	for range rows {
		for offset := 0; offset < t.vectors*t.bytes; offset += 64 {
			t.PREFETCHT0(at(row).Offset(offset))
		}
		t.ADDQ(t.ldc, row)
	}
}

// advance sets base to the row after the tile, from the pointer to its last group of rows.
func (t *tiles) advance(rows int, last reg.Register) {
	switch rows % 4 {
	case 0:
		t.LEAQ(operand.Mem{Base: last, Index: t.rs, Scale: 4}, t.base)
	case 1, 2:
		t.LEAQ(operand.Mem{Base: last, Index: t.rs, Scale: uint8(rows % 4)}, t.base)
	case 3:
		t.LEAQ(operand.Mem{Base: last, Index: t.rs3, Scale: 1}, t.base)
	}
}

// step adds the products of one p.
func (t *tiles) step(acc [][]reg.Register, a []reg.Register, b reg.Register) {
	row := make([]reg.Register, t.vectors)
	for v := range row {
		x := t.vec()
		if t.wide() {
			t.VMOVUPS_Z(at(b).Offset(v*t.bytes), t.columns[v], x)
		} else {
			t.VMOVUPS(at(b).Offset(v*t.bytes), x)
		}
		row[v] = x
	}
	if t.pack != nil {
		for offset := 0; offset < t.vectors*t.bytes; offset += 64 {
			t.PREFETCHT0(operand.Mem{Base: b, Index: t.ahead, Scale: 1, Disp: offset})
		}
		for v, x := range row {
			t.VMOVUPS(x, at(t.pack).Offset(v*t.bytes))
		}
		t.ADDQ(operand.U32(uint32(t.vectors*t.bytes)), t.pack)
	}
	for r := range acc {
		x := t.vec()
		t.VBROADCASTSS(t.rowOf(a[r/4], r%4), x)
		for v := range row {
			t.VFMADD231PS(row[v], x, acc[r][v])
		}
	}
}

func (t *tiles) rowOf(group reg.Register, r int) operand.Mem {
	switch r {
	case 0:
		return at(group)
	case 3:
		return operand.Mem{Base: group, Index: t.rs3, Scale: 1}
	}
	return operand.Mem{Base: group, Index: t.rs, Scale: uint8(r)}
}

// update writes alpha*acc, or alpha*acc + beta*C, row by row.
func (t *tiles) update(acc [][]reg.Register) {
	old, end, fresh := t.label("old"), t.label("written"), t.GP8()
	alpha := t.broadcast("alpha")
	t.Load(t.Param("fresh"), fresh)
	t.TESTB(fresh, fresh)
	t.JZ(ref(old))
	t.writeRows(acc, func(x reg.Register, v int) { t.VMULPS(alpha, x, x) })
	t.JMP(ref(end))
	t.Label(old)
	beta := t.broadcast("beta")
	t.writeRows(acc, func(x reg.Register, v int) {
		was := t.vec()
		if t.wide() {
			t.VMOVUPS_Z(at(t.c).Offset(v*t.bytes), t.columns[v], was)
		} else {
			t.VMOVUPS(at(t.c).Offset(v*t.bytes), was)
		}
		t.VMULPS(beta, was, was)
		t.VFMADD213PS(was, alpha, x)
	})
	t.Label(end)
}

func (t *tiles) writeRows(acc [][]reg.Register, finish func(x reg.Register, v int)) {
	for _, row := range acc {
		for v, x := range row {
			finish(x, v)
			if t.wide() {
				t.VMOVUPS(x, t.columns[v], at(t.c).Offset(v*t.bytes))
			} else {
				t.VMOVUPS(x, at(t.c).Offset(v*t.bytes))
			}
		}
		t.ADDQ(t.ldc, t.c)
	}
}

// transpose emits the packing of a transposed B: blocks of as many rows as a vector has lanes, turned in registers.
func (g *generator) transpose() {
	n := g.lanes()
	g.begin("transpose", fmt.Sprintf("writes the transpose of blocks of %d x %d; src has row stride ld and dst row stride to, in bytes.", n, n),
		"func(dst *float32, to int, src *float32, ld int, blocks int)")
	dst, to, src, ld, blocks := g.ptr("dst"), g.ptr("to"), g.ptr("src"), g.ptr("ld"), g.ptr("blocks")
	again := g.label("blocks")
	g.Label(again)
	p := g.GP64()
	g.MOVQ(src, p)
	rows := make([]reg.VecVirtual, n)
	for i := range rows {
		rows[i] = g.load(at(p))
		g.ADDQ(ld, p)
	}
	for _, column := range g.turn(rows) {
		g.VMOVUPS(column, at(dst))
		g.ADDQ(to, dst)
	}
	g.ADDQ(operand.U32(uint32(g.bytes)), src)
	g.DECQ(blocks)
	g.JNE(ref(again))
	g.end()
}

// turn transposes 4 x 4 blocks within the 128-bit quarters, then the quarters. It emits its shuffles in the order in which the
// columns are taken, so that few registers live at a time.
func (g *generator) turn(rows []reg.VecVirtual) []reg.VecVirtual {
	var quarters [][4]reg.VecVirtual // of each four rows: column j of every quarter
	for i := 0; i < len(rows); i += 4 {
		quarters = append(quarters, g.turnFour(rows[i:i+4]))
	}
	columns := make([]reg.VecVirtual, len(rows))
	for j := range 4 {
		if !g.wide() {
			columns[j] = g.shuffle(g.VPERM2F128, 0x20, quarters[0][j], quarters[1][j])
			columns[4+j] = g.shuffle(g.VPERM2F128, 0x31, quarters[0][j], quarters[1][j])
			continue
		}
		join := func(order uint8, a, b reg.VecVirtual) reg.VecVirtual {
			return g.shuffle(func(i, b, a, to operand.Op) { g.VSHUFF32X4(i, b, a, to) }, order, a, b)
		}
		even0, even1 := join(0x88, quarters[0][j], quarters[1][j]), join(0x88, quarters[2][j], quarters[3][j])
		odd0, odd1 := join(0xdd, quarters[0][j], quarters[1][j]), join(0xdd, quarters[2][j], quarters[3][j])
		columns[j], columns[8+j] = join(0x88, even0, even1), join(0xdd, even0, even1)
		columns[4+j], columns[12+j] = join(0x88, odd0, odd1), join(0xdd, odd0, odd1)
	}
	return columns
}

func (g *generator) turnFour(r []reg.VecVirtual) [4]reg.VecVirtual {
	pair := func(op func(ops ...operand.Op), a, b reg.VecVirtual) reg.VecVirtual {
		v := g.vec()
		op(b, a, v)
		return v
	}
	low01, high01 := pair(g.VUNPCKLPS, r[0], r[1]), pair(g.VUNPCKHPS, r[0], r[1])
	low23, high23 := pair(g.VUNPCKLPS, r[2], r[3]), pair(g.VUNPCKHPS, r[2], r[3])
	return [4]reg.VecVirtual{pair(g.VUNPCKLPD, low01, low23), pair(g.VUNPCKHPD, low01, low23),
		pair(g.VUNPCKLPD, high01, high23), pair(g.VUNPCKHPD, high01, high23)}
}

func (g *generator) shuffle(op func(i, b, a, to operand.Op), order uint8, a, b reg.VecVirtual) reg.VecVirtual {
	v := g.vec()
	op(operand.U8(order), b, a, v)
	return v
}

// rowsAtOnce is how many products of one row run beside each other: with two vectors each, enough sums in flight to hide the latency of
// an addition.
const rowsAtOnce = 4

// rowProducts emits products of one row each, with matrices of their own. Each element is the same chain as in a panel.
func (g *generator) rowProducts() {
	signature := "func(k int, a *float32, as int, b *float32, bs, ldb int, c *float32, cs int, alpha, beta float32, fresh bool"
	if g.wide() {
		signature += ", mask uint64"
	}
	g.begin("rowProducts", fmt.Sprintf("computes %d products of one row and %d columns, k >= 1: as, bs and cs are the strides in bytes from "+
		"one product to the next, ldb that of the rows of B.", rowsAtOnce, 2*g.lanes()), signature+")")
	t := &tiles{generator: g, vectors: 2, ldb: g.ptr("ldb"), columns: g.masks(2)}
	a, b := t.strided("a", "as"), t.strided("b", "bs")
	var acc [rowsAtOnce][]reg.Register
	for r := range acc {
		acc[r] = []reg.Register{t.zero(), t.zero()}
	}
	k, again := t.ptr("k"), t.label("k")
	t.Label(again)
	for r := range acc {
		x := t.vec()
		t.VBROADCASTSS(a.row(r), x)
		for v := range acc[r] {
			y := t.vec()
			if from := b.row(r).Offset(v * t.bytes); t.wide() {
				t.VMOVUPS_Z(from, t.columns[v], y)
			} else {
				t.VMOVUPS(from, y)
			}
			t.VFMADD231PS(y, x, acc[r][v])
		}
	}
	t.ADDQ(operand.U32(4), a.base)
	t.ADDQ(t.ldb, b.base)
	t.DECQ(k)
	t.JNE(ref(again))
	t.c, t.ldc = t.ptr("c"), t.ptr("cs")
	t.update(acc[:])
	g.end()
}

// strided is an operand of which the products lie one stride apart.
type strided struct{ base, stride, stride3 reg.Register }

func (g *generator) strided(base, stride string) strided {
	s := strided{g.ptr(base), g.ptr(stride), g.GP64()}
	g.LEAQ(operand.Mem{Base: s.stride, Index: s.stride, Scale: 2}, s.stride3)
	return s
}

// row is where the operand of product r begins.
func (s strided) row(r int) operand.Mem {
	switch r {
	case 0:
		return at(s.base)
	case 3:
		return operand.Mem{Base: s.base, Index: s.stride3, Scale: 1}
	}
	return operand.Mem{Base: s.base, Index: s.stride, Scale: uint8(r)}
}
