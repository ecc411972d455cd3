package num

import "math"

// attendBlock is the number of queries whose scores are computed together: their windows overlap, so one product serves all of them.
const attendBlock = 32

// Window describes causal attention over the last steps of an episode.
type Window struct {
	Heads int
	Steps int // keys a query may see, its own included
	Width int // D, of queries, keys and values
}

// StateSize is how many numbers the window carries from step to step: the count of steps of the episode so far, then the last Steps-1
// keys [Heads][Steps-1][D/Heads] and values in the same form. The entry of step p (from 0) of the episode lies in slot p mod (Steps-1).
func (w Window) StateSize() int { return 1 + 2*(w.Steps-1)*w.Width }

// InUse is how many of the carried numbers mean something.
func (w Window) InUse(state []float32) int {
	n := min(int(state[0]), w.Steps-1)
	if n == 0 {
		return 0
	}
	return 1 + 2*n*w.Width
}

// ring returns keys and values of one head in a state: [Steps-1][D/Heads] each.
func (w Window) ring(state []float32, head int) (keys, values []float32) {
	n := (w.Steps - 1) * w.Width / w.Heads
	all := (w.Steps - 1) * w.Width
	return state[1+head*n : 1+head*n+n], state[1+all+head*n : 1+all+head*n+n]
}

type attendOp struct {
	t            *Tape
	w            Window
	qkv, bias    *Tensor
	state, y     *Tensor
	at           int
	fresh        []bool
	steps, b     int
	ring, dh     int       // Steps-1, D/Heads
	keys, values []float32 // [B][Heads][ring+T][dh]: what the state holds, in order and padded in front, then this sequence
	probs        []float32 // [B][Heads][T][wide]
	lo           []int     // [B][T] first key that the query sees, in rows of keys
	dkeys, dvals []float32 // like keys
	scratch      []float32 // [B][Heads][attendBlock][wide]
	dbias        []float32 // [B][Heads][Steps]
	fwd, bwd     func(i0, i1 int)
}

// Attend is causal multi-head attention over the last w.Steps steps of the episode, keys and values made before this sequence
// included (arXiv 1706.03762v7, eq. 1, with a learned bias for each head and distance as in arXiv 1803.02155v2 in its scalar form):
//
//	score(t,s) = q_t . k_s / sqrt(dh) + bias[head][t-s]   for s in the episode of t, 0 <= t-s < Steps;  result = softmax(score) v
//	qkv [T][B][3D] queries, keys, values; bias [Heads][Steps] or nil; state [B][..] whose numbers from at on are the window's;
//	fresh [T*B]; result [T][B][D]
//
// No gradient goes into the state.
func (t *Tape) Attend(w Window, qkv, bias, state *Tensor, at int, fresh []bool) *Tensor {
	if len(qkv.Shape) != 3 || qkv.Last() != 3*w.Width || len(fresh) != qkv.Rows() || w.Heads < 1 || w.Width%w.Heads != 0 || w.Steps < 2 {
		mismatch("attend", "qkv [T][B][3D], T*B marks of fresh steps, D a multiple of the heads, at least two steps", qkv)
	}
	if bias != nil && !bias.is(w.Heads, w.Steps) {
		mismatch("attend", "bias [Heads][Steps]", qkv, bias)
	}
	if len(state.Shape) != 2 || state.Shape[0] != qkv.Shape[1] || state.Shape[1] < at+w.StateSize() {
		mismatch("attend", "a state for every environment that holds the window", qkv, state)
	}
	o, isNew := record[attendOp](t)
	if isNew {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.w, o.qkv, o.bias, o.state, o.at, o.fresh = t, w, qkv, bias, state, at, fresh
	o.steps, o.b, o.ring, o.dh = qkv.Shape[0], qkv.Shape[1], w.Steps-1, w.Width/w.Heads
	units := o.b * w.Heads
	o.keys, o.values = t.floats(units*(o.ring+o.steps)*o.dh), t.floats(units*(o.ring+o.steps)*o.dh)
	o.probs = t.floats(units * o.steps * o.wide())
	o.windows()
	o.y = t.Tensor(qkv.Name, o.steps, o.b, w.Width)
	t.Core.Do(units, o.work(), o.fwd)
	return o.y
}

// wide is the most keys that a block of queries sees.
func (o *attendOp) wide() int { return o.ring + attendBlock }

func (o *attendOp) work() int { return o.b * o.steps * o.w.Width * o.wide() * 2 }

// windows finds the first key of every query: not before the window, the episode, or what the state holds.
func (o *attendOp) windows() {
	if cap(o.lo) < o.b*o.steps {
		o.lo = make([]int, o.b*o.steps)
	}
	o.lo = o.lo[:o.b*o.steps]
	for b := range o.b {
		start := o.ring - o.past(b)
		for i := range o.steps {
			if o.fresh[i*o.b+b] {
				start = o.ring + i
			}
			o.lo[b*o.steps+i] = max(start, i)
		}
	}
}

// past is how many entries the state of environment b holds.
func (o *attendOp) past(b int) int {
	return min(int(o.state.Data[b*o.state.Last()+o.at]), o.ring)
}

// unit returns the slices of one environment and head.
func (o *attendOp) unit(u int) (keys, values, probs []float32) {
	n, p := (o.ring+o.steps)*o.dh, o.steps*o.wide()
	return o.keys[u*n : u*n+n], o.values[u*n : u*n+n], o.probs[u*p : u*p+p]
}

// load copies the entries of the state, in order, and this sequence's keys and values to one place.
func (o *attendOp) load(b, head int, keys, values []float32) {
	row := o.state.Data[b*o.state.Last()+o.at:]
	rk, rv := o.w.ring(row, head)
	count, dh := int(row[0]), o.dh
	for p := count - o.past(b); p < count; p++ {
		slot, to := p%o.ring, o.ring-(count-p)
		copy(keys[to*dh:to*dh+dh], rk[slot*dh:])
		copy(values[to*dh:to*dh+dh], rv[slot*dh:])
	}
	for i := range o.steps {
		from := o.qkv.Data[(i*o.b+b)*3*o.w.Width+head*dh:]
		to := (o.ring + i) * dh
		copy(keys[to:to+dh], from[o.w.Width:])
		copy(values[to:to+dh], from[2*o.w.Width:])
	}
}

// block gives the queries i0..i1 and the keys k0..k1 that some of them see.
func (o *attendOp) block(b, i0 int) (i1, k0, k1 int) {
	i1 = min(i0+attendBlock, o.steps)
	return i1, o.lo[b*o.steps+i0], o.ring + i1
}

func (o *attendOp) forward(u0, u1 int) {
	k, d, dh := &o.t.Core.K, o.w.Width, o.dh
	for u := u0; u < u1; u++ {
		b, head := u/o.w.Heads, u%o.w.Heads
		keys, values, probs := o.unit(u)
		o.load(b, head, keys, values)
		for i0 := 0; i0 < o.steps; i0 += attendBlock {
			i1, k0, k1 := o.block(b, i0)
			n, m := k1-k0, i1-i0
			p := probs[i0*o.wide():]
			q := o.qkv.Data[(i0*o.b+b)*3*d+head*dh:]
			k.Gemm(false, true, m, n, dh, float32(1/math.Sqrt(float64(dh))), q, o.b*3*d, keys[k0*dh:], dh, 0, p, n)
			for i := i0; i < i1; i++ {
				o.softmax(p[(i-i0)*n:(i-i0+1)*n], o.lo[b*o.steps+i]-k0, o.ring+i+1-k0, head)
			}
			y := o.y.Data[(i0*o.b+b)*d+head*dh:]
			k.Gemm(false, false, m, dh, n, 1, p, n, values[k0*dh:], dh, 0, y, o.b*d)
		}
	}
}

// softmax turns the scores lo..hi of a row into probabilities, all others into zeros. The last score is at distance 0.
func (o *attendOp) softmax(row []float32, lo, hi, head int) {
	if o.bias != nil {
		bias := o.bias.Data[head*o.w.Steps:]
		for j := lo; j < hi; j++ {
			row[j] += bias[hi-1-j]
		}
	}
	o.t.Core.K.Softmax(row[lo:hi], row[lo:hi], 1, hi-lo)
	clear(row[:lo])
	clear(row[hi:])
}

// backward does for each environment and head, with P the probabilities: dV = P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dP*P)),
// dQ = dS K, dK = dS^T Q.
func (o *attendOp) backward(u0, u1 int) {
	k, d, dh := &o.t.Core.K, o.w.Width, o.dh
	scale := float32(1 / math.Sqrt(float64(dh)))
	for u := u0; u < u1; u++ {
		b, head := u/o.w.Heads, u%o.w.Heads
		keys, values, probs := o.unit(u)
		dkeys, dvals := o.dkeys[u*len(keys):(u+1)*len(keys)], o.dvals[u*len(keys):(u+1)*len(keys)]
		clear(dkeys)
		clear(dvals)
		ds := o.scratch[u*attendBlock*o.wide() : (u+1)*attendBlock*o.wide()]
		for i0 := 0; i0 < o.steps; i0 += attendBlock {
			i1, k0, k1 := o.block(b, i0)
			n, m := k1-k0, i1-i0
			p, do := probs[i0*o.wide():], o.y.Grad[(i0*o.b+b)*d+head*dh:]
			k.Gemm(true, false, n, dh, m, 1, p, n, do, o.b*d, 1, dvals[k0*dh:], dh)
			k.Gemm(false, true, m, n, dh, 1, do, o.b*d, values[k0*dh:], dh, 0, ds, n)
			for i := range m {
				o.softmaxGrad(ds[i*n:i*n+n], p[i*n:i*n+n], u, o.ring+i0+i-k0)
			}
			at := (i0*o.b+b)*3*d + head*dh
			k.Gemm(false, false, m, dh, n, scale, ds, n, keys[k0*dh:], dh, 1, o.qkv.Grad[at:], o.b*3*d)
			k.Gemm(true, false, n, dh, m, scale, ds, n, o.qkv.Data[at:], o.b*3*d, 1, dkeys[k0*dh:], dh)
		}
		o.unload(b, head, dkeys, dvals)
	}
}

// softmaxGrad turns the gradient of a row's probabilities into that of its scores and adds it to that of the bias; self is the place
// of the query's own key.
func (o *attendOp) softmaxGrad(ds, p []float32, u, self int) {
	mean := o.t.Core.K.Dot(ds, p)
	for j, pj := range p {
		ds[j] = pj * (ds[j] - mean)
	}
	if o.bias == nil || o.bias.Grad == nil {
		return
	}
	db := o.dbias[u*o.w.Steps : (u+1)*o.w.Steps]
	for j := max(0, self-o.ring); j <= self; j++ {
		db[self-j] += ds[j]
	}
}

// unload adds the gradients of this sequence's keys and values to those of qkv.
func (o *attendOp) unload(b, head int, dkeys, dvals []float32) {
	d, dh := o.w.Width, o.dh
	for i := range o.steps {
		g, from := o.qkv.Grad[(i*o.b+b)*3*d+head*dh:], (o.ring+i)*dh
		addTo(g[d:d+dh], dkeys[from:])
		addTo(g[2*d:2*d+dh], dvals[from:])
	}
}

// Backward implements Func.
func (o *attendOp) Backward() {
	if !o.y.live || o.qkv.Grad == nil {
		return
	}
	units := o.b * o.w.Heads
	o.dkeys, o.dvals = o.t.floats(len(o.keys)), o.t.floats(len(o.values))
	o.scratch, o.dbias = o.t.floats(units*attendBlock*o.wide()), o.t.floats(units*o.w.Steps)
	clear(o.dbias)
	o.qkv.Gradient()
	o.t.Core.Do(units, 2*o.work(), o.bwd)
	if o.bias != nil && o.bias.Grad != nil {
		n := o.w.Heads * o.w.Steps
		o.t.Core.K.SumRows(o.bias.Gradient(), o.dbias, n, o.b, n)
	}
}

// AttendStep does one step of one environment: qkv [3D] and the window's state give out [D] and the state with the new entry. bias
// [Heads][Steps] or nil; scores [Steps] is working memory. A state of zeros starts an episode.
func (w Window) AttendStep(k *Kernels, qkv, bias, state, out, scores []float32) {
	ring, dh, count := w.Steps-1, w.Width/w.Heads, int(state[0])
	n, slot := min(count, ring), count%ring
	scale := float32(1 / math.Sqrt(float64(dh)))
	for head := range w.Heads {
		at := head * dh
		q, key, value := qkv[at:at+dh], qkv[w.Width+at:w.Width+at+dh], qkv[2*w.Width+at:2*w.Width+at+dh]
		keys, values := w.ring(state, head)
		for s := range n {
			scores[s] = scale * k.Dot(q, keys[s*dh:s*dh+dh])
		}
		scores[n] = scale * k.Dot(q, key)
		if bias != nil {
			w.addBias(scores[:n], bias[head*w.Steps:], slot)
			scores[n] += bias[head*w.Steps]
		}
		k.Softmax(scores[:n+1], scores[:n+1], 1, n+1)
		y := out[at : at+dh]
		clear(y)
		for s := range n {
			k.Axpy(y, scores[s], values[s*dh:s*dh+dh])
		}
		k.Axpy(y, scores[n], value)
		copy(keys[slot*dh:], key)
		copy(values[slot*dh:], value)
	}
	state[0]++
}

// addBias adds the bias of their distance to the scores of the slots in use. The newest entry lies before slot, at distance 1.
func (w Window) addBias(scores, bias []float32, slot int) {
	for s := range scores {
		d := slot - s
		if d <= 0 {
			d += w.Steps - 1
		}
		scores[s] += bias[d]
	}
}
