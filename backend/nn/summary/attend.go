package summary

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// span is a run of entries made earlier: rows from..from+count of each trial in queries, keys and values of another segment, which
// have stride rows for each trial. Through a cut span no gradient passes.
type span struct {
	qkv                 *num.Tensor
	stride, from, count int
	cut                 bool
}

// attendOp is causal multi-head attention of the n tokens of a segment to entries made earlier and to each other, with rotary
// positions:
//
//	score(t,s) = turn(q_t) . turn(k_s) / sqrt(D/H) for every s that t sees;  result = softmax(score) v
//
// It turns queries and keys in place, once: later segments find the keys turned. Their gradients are turned back in the backward pass
// of this op, which runs after that of every op that reads its keys.
type attendOp struct {
	t         *num.Tape
	qkv, y    *num.Tensor // [B*n][3D], [B*n][D]
	past      []span
	lo        []int32 // [B*n] first own token that each sees, nil for 0; only without past
	turns     []float32
	positions []int32 // [n]
	b, n, m   int     // m entries of the past
	heads, dh int
	keys      []float32 // [B*H][m+n][dh]
	values    []float32
	probs     []float32 // [B*H][n][m+n]
	dkeys     []float32
	dvalues   []float32
	scores    []float32 // [B*H][n][m+n]
	prep, fwd func(i0, i1 int)
	bwd, back func(i0, i1 int)
}

func grow(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

// attend records the attention of qkv [B*n][3D] to o.past and itself.
func (o *attendOp) attend(t *num.Tape, qkv *num.Tensor, turn *num.Rotary, heads, b int) *num.Tensor {
	if o.fwd == nil {
		o.prep, o.fwd, o.bwd, o.back = o.prepare, o.forward, o.backward, o.unprepare
	}
	d := qkv.Last() / 3
	o.t, o.qkv, o.b, o.n, o.heads, o.dh, o.m = t, qkv, b, qkv.Rows()/b, heads, d/heads, 0
	for _, p := range o.past {
		o.m += p.count
	}
	o.turns = turn.Turns(int(o.positions[len(o.positions)-1]) + 1)
	o.y = t.Tensor("attend", b*o.n, d)
	units, w := b*heads, o.m+o.n
	o.keys, o.values = grow(o.keys, units*w*o.dh), grow(o.values, units*w*o.dh)
	o.probs = grow(o.probs, units*o.n*w)
	t.Core.Do(b*o.n, qkv.Len()*4, o.prep)
	t.Core.Do(units, o.work(), o.fwd)
	t.Custom(o)
	return o.y
}

func (o *attendOp) work() int { return 2 * o.b * o.n * (o.m + o.n) * o.heads * o.dh }

// prepare turns queries and keys of rows i0..i1.
func (o *attendOp) prepare(i0, i1 int) {
	w := 3 * o.heads * o.dh
	for i := i0; i < i1; i++ {
		at := int(o.positions[i%o.n]) * o.dh
		for h := range 2 * o.heads {
			row := o.qkv.Data[i*w+h*o.dh:][:o.dh]
			o.t.Core.K.Rotate(row, row, o.turns[at:at+o.dh])
		}
	}
}

func (o *attendOp) unprepare(i0, i1 int) {
	w := 3 * o.heads * o.dh
	for i := i0; i < i1; i++ {
		at := int(o.positions[i%o.n]) * o.dh
		for h := range 2 * o.heads {
			row := o.qkv.Grad[i*w+h*o.dh:][:o.dh]
			o.t.Core.K.RotateBack(row, row, o.turns[at:at+o.dh])
		}
	}
}

// unit is one trial and head: where its entries lie.
func (o *attendOp) unit(u int) (b, head int, keys, values, probs []float32) {
	w := o.m + o.n
	size := w * o.dh
	return u / o.heads, u % o.heads, o.keys[u*size : (u+1)*size], o.values[u*size : (u+1)*size], o.probs[u*o.n*w : (u+1)*o.n*w]
}

// gather copies keys and values of a unit to one place.
func (o *attendOp) gather(b, head int, keys, values []float32) {
	d, at := o.heads*o.dh, 0
	take := func(x []float32, row int) {
		from := row*3*d + d + head*o.dh
		copy(keys[at:at+o.dh], x[from:])
		copy(values[at:at+o.dh], x[from+d:])
		at += o.dh
	}
	for _, p := range o.past {
		for r := range p.count {
			take(p.qkv.Data, b*p.stride+p.from+r)
		}
	}
	for r := range o.n {
		take(o.qkv.Data, b*o.n+r)
	}
}

func (o *attendOp) scale() float32 { return float32(1 / math.Sqrt(float64(o.dh))) }

func (o *attendOp) forward(u0, u1 int) {
	k, d, w := &o.t.Core.K, o.heads*o.dh, o.m+o.n
	for u := u0; u < u1; u++ {
		b, head, keys, values, probs := o.unit(u)
		o.gather(b, head, keys, values)
		q := o.qkv.Data[b*o.n*3*d+head*o.dh:]
		k.Gemm(false, true, o.n, w, o.dh, o.scale(), q, 3*d, keys, o.dh, 0, probs, w)
		for i := range o.n {
			row, from, to := probs[i*w:(i+1)*w], 0, o.m+i+1
			if o.lo != nil {
				from = int(o.lo[b*o.n+i])
			}
			k.Softmax(row[from:to], row[from:to], 1, to-from)
			clear(row[:from])
			clear(row[to:])
		}
		k.Gemm(false, false, o.n, o.dh, w, 1, probs, w, values, o.dh, 0, o.y.Data[b*o.n*d+head*o.dh:], d)
	}
}

// Backward implements num.Func.
func (o *attendOp) Backward() {
	o.y.Gradient()
	o.qkv.Gradient()
	for _, p := range o.past {
		if !p.cut {
			p.qkv.Gradient()
		}
	}
	units := o.b * o.heads
	o.dkeys, o.dvalues = grow(o.dkeys, len(o.keys)), grow(o.dvalues, len(o.values))
	o.scores = grow(o.scores, len(o.probs))
	o.t.Core.Do(units, 2*o.work(), o.bwd)
	o.t.Core.Do(o.b*o.n, o.qkv.Len()*4, o.back)
}

// backward does, with P the probabilities: dV = P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dP*P)), dQ = dS K, dK = dS^T Q.
func (o *attendOp) backward(u0, u1 int) {
	k, d, w := &o.t.Core.K, o.heads*o.dh, o.m+o.n
	for u := u0; u < u1; u++ {
		b, head, keys, values, probs := o.unit(u)
		size := w * o.dh
		dkeys, dvalues, ds := o.dkeys[u*size:(u+1)*size], o.dvalues[u*size:(u+1)*size], o.scores[u*o.n*w:(u+1)*o.n*w]
		dy, at := o.y.Grad[b*o.n*d+head*o.dh:], b*o.n*3*d+head*o.dh
		k.Gemm(true, false, w, o.dh, o.n, 1, probs, w, dy, d, 0, dvalues, o.dh)
		k.Gemm(false, true, o.n, w, o.dh, 1, dy, d, values, o.dh, 0, ds, w)
		for i := range o.n {
			row, p := ds[i*w:(i+1)*w], probs[i*w:(i+1)*w]
			k.SoftmaxGrad(row, p, k.Dot(row, p))
		}
		k.Gemm(false, false, o.n, o.dh, w, o.scale(), ds, w, keys, o.dh, 1, o.qkv.Grad[at:], 3*d)
		k.Gemm(true, false, w, o.dh, o.n, o.scale(), ds, w, o.qkv.Data[at:], 3*d, 0, dkeys, o.dh)
		o.scatter(b, head, dkeys, dvalues)
	}
}

// scatter adds the gradients of keys and values of a unit to where they came from.
func (o *attendOp) scatter(b, head int, dkeys, dvalues []float32) {
	d, at := o.heads*o.dh, 0
	add := func(g []float32, row int) {
		to := row*3*d + d + head*o.dh
		for i := range o.dh {
			g[to+i] += dkeys[at+i]
			g[to+d+i] += dvalues[at+i]
		}
	}
	for _, p := range o.past {
		for r := range p.count {
			if !p.cut {
				add(p.qkv.Grad, b*p.stride+p.from+r)
			}
			at += o.dh
		}
	}
	for r := range o.n {
		add(o.qkv.Grad, b*o.n+r)
		at += o.dh
	}
}
