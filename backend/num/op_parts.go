package num

import (
	"fmt"
	"math"
)

// Part is a run of tokens that follow each other in a row of a pack. Rows that begin alike share parts: a token sees all tokens of the
// ancestors of its part and those of its own part up to itself.
type Part struct {
	Start, End int // tokens of the pack
	Parent     int // the part whose last token comes before this one's first; an earlier one, or -1
}

// Attention is the shape of causal attention with rotary positions.
type Attention struct {
	Heads   int     // H, of queries
	KVHeads int     // of keys and values; a divisor of Heads: query head h reads head h*KVHeads/Heads (arXiv 2305.13245v3, sec. 2.2)
	HeadDim int     // n
	Turn    *Rotary // of that width
	Eps     float64 // of the norms of queries and keys
}

// width is the length of a row of queries, keys and values.
func (a Attention) width() int { return (a.Heads + 2*a.KVHeads) * a.HeadDim }

// partsBlock is the number of queries whose scores are computed together.
const partsBlock = 32

type partsOp struct {
	t            *Tape
	a            Attention
	qkv, y       *Tensor
	qgain, kgain *Tensor
	positions    []int32
	parts        []Part
	turns        []float32
	before       []int     // [P] tokens of a part's ancestors
	first        []int     // [trees] number of the first part
	next         []int     // [P] number of the next part of the tree, -1 after the last
	last         []int     // [P] of a root: the last part of the tree so far
	root         []int     // [P] number of the tree
	longest      int       // most tokens that one query may see
	hat          []float32 // [N][H+KV][n] normalised queries and keys, with norms only
	inv          []float32 // [N][H+KV]
	lse          []float32 // [H][N] logarithms of the sums of exponentials
	scratch      []float32 // [slots][2][partsBlock][longest]
	prep, fwd    func(i0, i1 int)
	bwd, unprep  func(i0, i1 int)
}

// AttendParts is causal multi-head attention with grouped queries and rotary positions over the parts of a pack:
//
//	score(t,s) = turn(q_t) . turn(k_s) / sqrt(n) for every s that t sees;  result = softmax(score) v
//	qkv [N][(H + 2 KV) n] queries, keys, values; positions [N]; qgain, kgain [n] of the RMS norms of each head's queries and keys
//	before they are turned, both nil for none; result [N][H n]
//
// It turns queries and keys in place: nothing but the operation that made qkv, which must not read it backward, may use it.
// Probabilities are computed again in the backward pass, so that memory is linear in the tokens.
func (t *Tape) AttendParts(a Attention, qkv, qgain, kgain *Tensor, positions []int32, parts []Part) *Tensor {
	if a.KVHeads < 1 || a.Heads%a.KVHeads != 0 || a.HeadDim%2 != 0 || a.Turn.width != a.HeadDim {
		mismatch("attend parts", fmt.Sprintf("heads that fit each other, not %+v", a), qkv)
	}
	if len(qkv.Shape) != 2 || qkv.Last() != a.width() || len(positions) != qkv.Rows() {
		mismatch("attend parts", fmt.Sprintf("qkv [N][%d] and N positions, not %d", a.width(), len(positions)), qkv)
	}
	for _, g := range [2]*Tensor{qgain, kgain} {
		if (g == nil) != (qgain == nil) || g != nil && !g.is(a.HeadDim) {
			mismatch("attend parts", "two gains [n] or none", qkv)
		}
	}
	o, fresh := record[partsOp](t)
	if fresh {
		o.prep, o.fwd, o.bwd, o.unprep = o.prepare, o.forward, o.backward, o.unprepare
	}
	o.t, o.a, o.qkv, o.qgain, o.kgain, o.positions, o.parts = t, a, qkv, qgain, kgain, positions, parts
	o.plan()
	n, heads := qkv.Rows(), a.Heads+a.KVHeads
	if qgain != nil {
		o.hat, o.inv = t.floats(n*heads*a.HeadDim), t.floats(n*heads)
	}
	o.lse, o.y = t.floats(a.Heads*n), t.Tensor(qkv.Name, n, a.Heads*a.HeadDim)
	t.Core.Do(n, qkv.Len()*8, o.prep)
	o.scratch = t.borrow(t.Core.slots() * 2 * partsBlock * o.longest)
	t.Core.Do(a.KVHeads*len(o.first), o.work(), o.fwd)
	return o.y
}

// plan finds the trees of parts, how much each part's ancestors hold, and the largest position.
func (o *partsOp) plan() {
	o.before, o.first, o.next, o.last, o.root = o.before[:0], o.first[:0], o.next[:0], o.last[:0], o.root[:0]
	o.longest = 0
	at, most := 0, int32(0)
	for i, p := range o.parts {
		if p.Start != at || p.End <= at || p.Parent >= i || p.Parent < -1 {
			panic(fmt.Sprintf("num: attend parts: part %d is %+v, want it to start at %d after its parent", i, p, at))
		}
		at = p.End
		o.next, o.last = append(o.next, -1), append(o.last, i)
		if p.Parent < 0 {
			o.before, o.root, o.first = append(o.before, 0), append(o.root, len(o.first)), append(o.first, i)
		} else {
			up := o.parts[p.Parent]
			o.before, o.root = append(o.before, o.before[p.Parent]+up.End-up.Start), append(o.root, o.root[p.Parent])
			tree := o.first[o.root[i]]
			o.next[o.last[tree]], o.last[tree] = i, i
		}
		o.longest = max(o.longest, o.before[i]+p.End-p.Start)
	}
	if at != len(o.positions) {
		panic(fmt.Sprintf("num: attend parts: the parts end at token %d of %d", at, len(o.positions)))
	}
	for _, p := range o.positions {
		if p < 0 {
			panic(fmt.Sprintf("num: attend parts: position %d is negative", p))
		}
		most = max(most, p)
	}
	o.turns = o.a.Turn.Turns(int(most) + 1)
}

func (o *partsOp) work() int {
	n := 0
	for i, p := range o.parts {
		n += (p.End - p.Start) * (2*o.before[i] + p.End - p.Start)
	}
	return n * o.a.Heads * o.a.HeadDim
}

// turn is the row of the table for token i.
func (o *partsOp) turn(i int) []float32 {
	at := int(o.positions[i]) * o.a.HeadDim
	return o.turns[at : at+o.a.HeadDim]
}

// gain of a head, counted through queries and keys.
func (o *partsOp) gain(head int) *Tensor {
	if head < o.a.Heads {
		return o.qgain
	}
	return o.kgain
}

// prepare normalises and turns the queries and keys of tokens i0..i1 in place.
func (o *partsOp) prepare(i0, i1 int) {
	k, n, heads := &o.t.Core.K, o.a.HeadDim, o.a.Heads+o.a.KVHeads
	for i := i0; i < i1; i++ {
		turn := o.turn(i)
		for h := range heads {
			row := o.qkv.Data[i*o.a.width()+h*n:][:n]
			if o.qgain != nil {
				at := i*heads + h
				hat := o.hat[at*n : at*n+n]
				o.inv[at] = RMSRow(k, hat, row, o.a.Eps)
				k.Mul(row, hat, o.gain(h).Data)
			}
			k.Rotate(row, row, turn)
		}
	}
}

// unprepare turns the gradients of the queries and keys of tokens i0..i1 back and through the norms, in place. What each token adds to
// the gradient of the gains replaces hat.
func (o *partsOp) unprepare(i0, i1 int) {
	k, n, heads := &o.t.Core.K, o.a.HeadDim, o.a.Heads+o.a.KVHeads
	for i := i0; i < i1; i++ {
		turn := o.turn(i)
		for h := range heads {
			g := o.qkv.Grad[i*o.a.width()+h*n:][:n]
			k.RotateBack(g, g, turn)
			if o.qgain == nil {
				continue
			}
			at := i*heads + h
			hat, inv, gain := o.hat[at*n:at*n+n], o.inv[at], o.gain(h).Data
			along := float32(0)
			for j, gj := range g {
				along += float32(float32(gj*gain[j]) * hat[j])
			}
			along /= float32(n)
			for j, gj := range g {
				g[j] = inv * (float32(gj*gain[j]) - float32(hat[j]*along))
				hat[j] *= gj
			}
		}
	}
}

// partsQueries is a block of queries of one part and head: tokens i0..i1, and n keys, which the last of them sees.
type partsQueries struct {
	part, i0, i1, n int
	head            int
	q, dq           []float32 // from the first query on, rows of qkv
	keys, values    int       // columns of qkv
}

// each calls f for all blocks of queries of unit u: one tree and one head of keys. The heads of a tree follow each other, since their
// rows share cache lines and pages.
func (o *partsOp) each(u int, f func(o *partsOp, b partsQueries, scratch []float32), scratch []float32) {
	kv, group, n := u%o.a.KVHeads, o.a.Heads/o.a.KVHeads, o.a.HeadDim
	for p := o.first[u/o.a.KVHeads]; p >= 0; p = o.next[p] {
		part := o.parts[p]
		for i0 := part.Start; i0 < part.End; i0 += partsBlock {
			i1 := min(i0+partsBlock, part.End)
			for h := kv * group; h < (kv+1)*group; h++ {
				b := partsQueries{part: p, i0: i0, i1: i1, n: o.before[p] + i1 - part.Start, head: h}
				b.q, b.dq = o.qkv.Data[i0*o.a.width()+h*n:], o.qkv.Grad[i0*o.a.width()+h*n:]
				b.keys, b.values = (o.a.Heads+kv)*n, (o.a.Heads+o.a.KVHeads+kv)*n
				f(o, b, scratch)
			}
		}
	}
}

// run is a run of tokens that a block of queries sees: their first, how many, and their first column among the scores.
func (o *partsOp) run(b partsQueries, p int) (start, count, column int) {
	if p == b.part {
		return o.parts[p].Start, b.i1 - o.parts[p].Start, o.before[p]
	}
	return o.parts[p].Start, o.parts[p].End - o.parts[p].Start, o.before[p]
}

// times multiplies, for the run of every part that the block sees, rows x of the block by the columns of the tokens: the result's
// column is the token's place among the scores.
func (o *partsOp) times(dst []float32, b partsQueries, x []float32, ldx, columns int, alpha float32) {
	w := o.a.width()
	for p := b.part; p >= 0; p = o.parts[p].Parent {
		start, count, at := o.run(b, p)
		o.t.Core.K.Gemm(false, true, b.i1-b.i0, count, o.a.HeadDim, alpha, x, ldx, o.qkv.Data[start*w+columns:], w, 0, dst[at:], b.n)
	}
}

// over sums the columns of the tokens seen, weighted by the rows of p, into rows of dst.
func (o *partsOp) over(dst []float32, ldd int, b partsQueries, p []float32, columns int, alpha float32) {
	w, beta := o.a.width(), float32(0)
	for i := b.part; i >= 0; i = o.parts[i].Parent {
		start, count, at := o.run(b, i)
		o.t.Core.K.Gemm(false, false, b.i1-b.i0, o.a.HeadDim, count, alpha, p[at:], b.n, o.qkv.Data[start*w+columns:], w, beta, dst, ldd)
		beta = 1
	}
}

// spread adds rows x of the block, weighted by the columns of p, to the gradients of the columns of the tokens seen.
func (o *partsOp) spread(b partsQueries, p, x []float32, ldx, columns int, alpha float32) {
	w := o.a.width()
	for i := b.part; i >= 0; i = o.parts[i].Parent {
		start, count, at := o.run(b, i)
		o.t.Core.K.Gemm(true, false, count, o.a.HeadDim, b.i1-b.i0, alpha, p[at:], b.n, x, ldx, 1, o.qkv.Grad[start*w+columns:], w)
	}
}

func (o *partsOp) scale() float32 { return float32(1 / math.Sqrt(float64(o.a.HeadDim))) }

// slot is the scratch of the chunk that begins at u0.
func (o *partsOp) slot(u0 int) []float32 {
	n := 2 * partsBlock * o.longest
	at := o.t.Core.slot(u0, o.a.KVHeads*len(o.first)) * n
	return o.scratch[at : at+n]
}

func (o *partsOp) forward(u0, u1 int) {
	for u := u0; u < u1; u++ {
		o.each(u, (*partsOp).forwardBlock, o.slot(u0))
	}
}

func (o *partsOp) forwardBlock(b partsQueries, scores []float32) {
	k, d := &o.t.Core.K, o.a.Heads*o.a.HeadDim
	o.times(scores, b, b.q, o.a.width(), b.keys, o.scale())
	var inv [partsBlock]float32
	for i := b.i0; i < b.i1; i++ {
		row := scores[(i-b.i0)*b.n : (i-b.i0+1)*b.n]
		seen := row[:b.n-(b.i1-1-i)]
		top := k.Max(seen)
		sum := k.ExpShift(seen, seen, top)
		clear(row[len(seen):])
		inv[i-b.i0], o.lse[b.head*len(o.positions)+i] = 1/sum, logOfSum(top, sum)
	}
	y := o.y.Data[b.i0*d+b.head*o.a.HeadDim:]
	o.over(y, d, b, scores, b.values, 1)
	for i := range b.i1 - b.i0 {
		k.Scale(y[i*d:i*d+o.a.HeadDim], inv[i])
	}
}

// Backward implements Func.
func (o *partsOp) Backward() {
	if !o.y.live {
		return
	}
	if o.qkv.live {
		mismatch("attend parts", "qkv to be read by nothing else", o.qkv)
	}
	o.qkv.live = true
	n, heads := o.qkv.Rows(), o.a.Heads+o.a.KVHeads
	o.scratch = o.t.borrow(o.t.Core.slots() * 2 * partsBlock * o.longest)
	o.t.Core.Do(o.a.KVHeads*len(o.first), 2*o.work(), o.bwd)
	o.t.Core.Do(n, o.qkv.Len()*8, o.unprep)
	if o.qgain == nil {
		return
	}
	sums := o.t.borrow(heads * o.a.HeadDim)
	clear(sums)
	o.t.Core.SumRows(sums, o.hat, n, len(sums))
	for h := range heads {
		if g := o.gain(h).Gradient(); g != nil {
			addTo(g, sums[h*o.a.HeadDim:])
		}
	}
}

func (o *partsOp) backward(u0, u1 int) {
	for u := u0; u < u1; u++ {
		o.clearKeys(u)
		o.each(u, (*partsOp).backwardBlock, o.slot(u0))
	}
}

// clearKeys zeroes the gradients of keys and values, to which every block adds.
func (o *partsOp) clearKeys(u int) {
	kv, n, w := u%o.a.KVHeads, o.a.HeadDim, o.a.width()
	for p := o.first[u/o.a.KVHeads]; p >= 0; p = o.next[p] {
		for i := o.parts[p].Start; i < o.parts[p].End; i++ {
			row := o.qkv.Grad[i*w+o.a.Heads*n:]
			clear(row[kv*n : (kv+1)*n])
			clear(row[(o.a.KVHeads+kv)*n : (o.a.KVHeads+kv+1)*n])
		}
	}
}

// backwardBlock does, with P the probabilities and O the result: dV += P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dO * O)), dQ = dS K,
// dK += dS^T Q.
func (o *partsOp) backwardBlock(b partsQueries, scratch []float32) {
	k, n, w, d := &o.t.Core.K, o.a.HeadDim, o.a.width(), o.a.Heads*o.a.HeadDim
	rows := b.i1 - b.i0
	p, ds := scratch[:rows*b.n], scratch[len(scratch)/2:][:rows*b.n]
	at := b.i0*d + b.head*n
	y, dy := o.y.Data[at:], o.y.Grad[at:]
	o.times(p, b, b.q, w, b.keys, o.scale())
	o.times(ds, b, dy, d, b.values, 1)
	for i := range rows {
		row := p[i*b.n : (i+1)*b.n]
		seen := b.n - (rows - 1 - i)
		k.ExpShift(row[:seen], row[:seen], o.lse[b.head*len(o.positions)+b.i0+i])
		clear(row[seen:])
		k.SoftmaxGrad(ds[i*b.n:(i+1)*b.n], row, k.Dot(dy[i*d:i*d+n], y[i*d:i*d+n]))
	}
	o.spread(b, p, dy, d, b.values, 1)
	o.over(b.dq, w, b, ds, b.keys, o.scale())
	o.spread(b, ds, b.q, w, b.keys, o.scale())
}
