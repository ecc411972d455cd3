package seq

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// reading is what a block does with its projected queries: the two stages of arXiv 2105.14039v1, sec. 2, as its published attention
// module has them. D width, H heads, K chunks read.
type reading struct {
	width, heads, k int
	size            int       // width of the keys before projection: scores are divided by its root
	codes           []float32 // [n][D] position inside a chunk, nil for none; the last rows serve shorter chunks
	pooled          bool      // stage two is left out: what is read of a chunk is its mean
}

// relevance divides the product of a query with a chunk's mean.
func (r *reading) relevance() float32 { return float32(1 / math.Sqrt(float64(r.size))) }

// inner divides the products of a query with the rows of a chunk: heads are D/H wide.
func (r *reading) inner() float32 { return float32(1 / math.Sqrt(float64(r.width/r.heads))) }

// codesOf returns the codes of a chunk of n rows, nil for none.
func (r *reading) codesOf(n int) []float32 {
	if r.codes == nil {
		return nil
	}
	return r.codes[len(r.codes)-n*r.width:]
}

// choose picks the k largest of the scores, the first of equal ones, into which, in order of rank, and their softmax into w. It returns how
// many: fewer where there are fewer. The softmax runs over the chosen alone.
func choose(scores []float32, which []int32, w []float32) int {
	n := min(len(which), len(scores))
	for i := range n {
		best := int32(-1)
		for j := range scores {
			if (best < 0 || scores[j] > scores[best]) && !taken(which[:i], int32(j)) {
				best = int32(j)
			}
		}
		which[i] = best
	}
	sum := 0.0
	for i := range n {
		sum += math.Exp(float64(scores[which[i]] - scores[which[0]]))
	}
	for i := range n {
		w[i] = float32(math.Exp(float64(scores[which[i]]-scores[which[0]])) / sum)
	}
	clear(w[n:])
	return n
}

func taken(which []int32, j int32) bool {
	for _, w := range which {
		if w == j {
			return true
		}
	}
	return false
}

// attend is stage two for one query in one chunk: ask [H][D] and rows [n][D] give probabilities p [H][n] and, for each head, the mean of
// rows with their codes under them, out [H][D].
func (r *reading) attend(k *num.Kernels, ask, rows []float32, n int, p, out []float32) {
	d, h := r.width, r.heads
	k.Gemm(false, true, h, n, d, r.inner(), ask, d, rows, d, 0, p, n)
	codes := r.codesOf(n)
	if codes != nil {
		k.Gemm(false, true, h, n, d, r.inner(), ask, d, codes, d, 1, p, n)
	}
	k.Softmax(p[:h*n], p[:h*n], h, n)
	k.Gemm(false, false, h, d, n, 1, p, n, rows, d, 0, out, d)
	if codes != nil {
		k.Gemm(false, false, h, d, n, 1, p, n, codes, d, 1, out, d)
	}
}

// recallOp is the fused read of a batch of queries.
type recallOp struct {
	reading
	core   *num.Core
	pick   *num.Tensor // [Q][D] queries of stage one
	ask    *num.Tensor // [Q][H*D] queries of stage two
	store  *num.Tensor // [R][D]; no gradient where it wants none
	chunks *Chunks
	y      *num.Tensor // [Q][H*D]

	longest int
	means   []float32 // [M][D]
	w       []float32 // [Q][K] relevance after the softmax, 0 beyond what was chosen
	which   []int32   // [Q][K] chunk, -1 beyond
	probs   []float32 // [Q][K][H][longest]
	parts   []float32 // [Q][K][H*D] what each chunk gave
	dmeans  []float32 // [M][D]
	scratch []float32 // [Envs][..]
	room    int       // of scratch for one environment
}

// recall reads a store: for each query x, with m_i the mean of chunk i and C_i its rows with their position codes,
//
//	r_i = pick . m_i / sqrt(size);  I = the K chunks of largest r;  w = softmax(r over I)
//	p_ih = softmax(ask_h . C_i / sqrt(D/H));  y_h = sum over i in I of w_i p_ih C_i
//
// pick and ask are already in the space of the store: (W_q x) W_k^T and (W_q^h x) W_k^hT, which gives the same numbers as projecting
// every row of the store, for less work.
func recall(t *num.Tape, r reading, pick, ask, store *num.Tensor, c *Chunks) *recallOp {
	if r.codes != nil && !r.pooled && c.Longest()*r.width > len(r.codes) {
		panic(fmt.Sprintf("seq: a chunk has %d rows, codes reach over %d", c.Longest(), len(r.codes)/r.width))
	}
	q := pick.Rows()
	if ask.Rows() != q || len(c.Lo) != q || len(c.Hi) != q || ask.Last() != r.heads*r.width || pick.Last() != r.width || store.Last() != r.width {
		panic(fmt.Sprintf("seq: recall by %v and %v of %v with ranges for %d queries: widths or counts differ", pick, ask, store, len(c.Lo)))
	}
	o := &recallOp{reading: r, core: t.Core, pick: pick, ask: ask, store: store, chunks: c, longest: c.Longest()}
	o.y = t.Tensor("recall", append(append([]int(nil), ask.Shape[:len(ask.Shape)-1]...), r.heads*r.width)...)
	o.which = make([]int32, q*r.k)
	o.room = o.roomFor()
	o.means, o.w = scratch(t, len(c.All)*r.width), scratch(t, q*r.k)
	o.probs, o.parts = scratch(t, q*r.k*r.heads*o.longest), scratch(t, q*r.k*r.heads*r.width)
	o.dmeans, o.scratch = scratch(t, len(c.All)*r.width), scratch(t, c.Envs*o.room)
	t.Core.Do(c.Envs, o.work(), o.forward)
	t.Custom(o)
	return o
}

// scratch borrows memory of the tape until its Reset.
func scratch(t *num.Tape, n int) []float32 { return t.Tensor("scratch", n).Data }

// roomFor is the scratch of one environment: scores of its chunks; in the backward pass the gradients of probabilities and of results.
func (o *recallOp) roomFor() int {
	n := 0
	for e := range o.chunks.Envs {
		n = max(n, int(o.chunks.Start[e+1]-o.chunks.Start[e]))
	}
	return n + o.heads*o.longest + o.heads*o.width + o.k
}

func (o *recallOp) work() int {
	return len(o.chunks.Lo) * (o.k*o.longest*o.heads*4 + 64) * o.width
}

func (o *recallOp) forward(e0, e1 int) {
	for e := e0; e < e1; e++ {
		o.pool(e)
		for i := e; i < len(o.chunks.Lo); i += o.chunks.Envs {
			o.read(e, i)
		}
	}
}

// pool takes the means of an environment's chunks.
func (o *recallOp) pool(e int) {
	d, k := o.width, &o.core.K
	for i := o.chunks.Start[e]; i < o.chunks.Start[e+1]; i++ {
		c, m := o.chunks.All[i], o.means[int(i)*d:int(i+1)*d]
		clear(m)
		k.SumRows(m, o.store.Data[int(c.Row)*d:], d, int(c.Len), d)
		k.Scale(m, 1/float32(c.Len))
	}
}

// read answers query i of environment e.
func (o *recallOp) read(e, i int) {
	k, d, hd := &o.core.K, o.width, o.heads*o.width
	lo, hi := int(o.chunks.Lo[i]), int(o.chunks.Hi[i])
	y := o.y.Data[i*hd : (i+1)*hd]
	clear(y)
	which, w := o.which[i*o.k:(i+1)*o.k], o.w[i*o.k:(i+1)*o.k]
	for j := range which {
		which[j] = -1
	}
	if lo == hi {
		clear(w)
		return
	}
	scores := o.scratch[e*o.room : e*o.room+hi-lo]
	k.Gemm(false, true, 1, hi-lo, d, o.relevance(), o.pick.Data[i*d:], d, o.means[lo*d:], d, 0, scores, hi-lo)
	n := choose(scores, which, w)
	for j := range n {
		which[j] += int32(lo)
		part := o.part(i, j)
		o.inside(i, j, part)
		k.Axpy(y, w[j], part)
	}
}

// part is what the chunk of rank j gave query i: [H*D].
func (o *recallOp) part(i, j int) []float32 {
	hd := o.heads * o.width
	return o.parts[(i*o.k+j)*hd : (i*o.k+j+1)*hd]
}

// prob is the attention of query i inside the chunk of rank j: [H][n].
func (o *recallOp) prob(i, j int) []float32 {
	n := o.heads * o.longest
	return o.probs[(i*o.k+j)*n : (i*o.k+j+1)*n]
}

// rows returns the rows of the chunk of rank j of query i.
func (o *recallOp) rows(i, j int) (c Chunk, rows []float32) {
	c = o.chunks.All[o.which[i*o.k+j]]
	return c, o.store.Data[int(c.Row)*o.width : int(c.Row+c.Len)*o.width]
}

func (o *recallOp) inside(i, j int, part []float32) {
	if o.pooled {
		m := int(o.which[i*o.k+j]) * o.width
		for h := range o.heads {
			copy(part[h*o.width:], o.means[m:m+o.width])
		}
		return
	}
	hd := o.heads * o.width
	c, rows := o.rows(i, j)
	o.attend(&o.core.K, o.ask.Data[i*hd:(i+1)*hd], rows, int(c.Len), o.prob(i, j), part)
}

// Backward implements num.Func.
func (o *recallOp) Backward() {
	o.y.Gradient()
	o.pick.Gradient()
	o.ask.Gradient()
	o.store.Gradient()
	o.core.Do(o.chunks.Envs, 2*o.work(), o.backward)
}

func (o *recallOp) backward(e0, e1 int) {
	d := o.width
	for e := e0; e < e1; e++ {
		from, to := int(o.chunks.Start[e]), int(o.chunks.Start[e+1])
		clear(o.dmeans[from*d : to*d])
		for i := e; i < len(o.chunks.Lo); i += o.chunks.Envs {
			o.unread(e, i)
		}
		if o.store.Grad != nil {
			o.unpool(from, to)
		}
	}
}

// unpool spreads the gradient of means over the rows of their chunks.
func (o *recallOp) unpool(from, to int) {
	d, k := o.width, &o.core.K
	for i := from; i < to; i++ {
		c := o.chunks.All[i]
		for row := c.Row; row < c.Row+c.Len; row++ {
			k.Axpy(o.store.Grad[int(row)*d:int(row+1)*d], 1/float32(c.Len), o.dmeans[i*d:(i+1)*d])
		}
	}
}

// unread is the gradient of one query. With g its result's, a_i what chunk i gave and s = 1/sqrt(size):
//
//	dw_i = g . a_i;  dr_i = s w_i (dw_i - sum_j w_j dw_j);  dpick += sum_i dr_i m_i;  dm_i += dr_i pick
func (o *recallOp) unread(e, i int) {
	k, d, hd := &o.core.K, o.width, o.heads*o.width
	g, w := o.y.Grad[i*hd:(i+1)*hd], o.w[i*o.k:(i+1)*o.k]
	room := o.scratch[e*o.room : (e+1)*o.room]
	dw, room := room[:o.k], room[o.k:]
	mean := float32(0)
	for j := range w {
		if o.which[i*o.k+j] >= 0 {
			dw[j] = k.Dot(g, o.part(i, j))
			mean += w[j] * dw[j]
		}
	}
	for j := range w {
		at := int(o.which[i*o.k+j]) * d
		if at < 0 {
			continue
		}
		dr := o.relevance() * w[j] * (dw[j] - mean)
		k.Axpy(o.pick.Grad[i*d:(i+1)*d], dr, o.means[at:at+d])
		k.Axpy(o.dmeans[at:at+d], dr, o.pick.Data[i*d:(i+1)*d])
		if o.pooled {
			for h := range o.heads {
				k.Axpy(o.dmeans[at:at+d], w[j], g[h*d:(h+1)*d])
			}
			continue
		}
		o.uninside(i, j, w[j], g, room)
	}
}

// uninside is the gradient of stage two in the chunk of rank j. With da = w g, rows C with codes, s = 1/sqrt(D/H):
//
//	dp = da C^T;  dS = s p (dp - sum(dp p));  dask += dS C;  drows += p^T da + dS^T ask
func (o *recallOp) uninside(i, j int, w float32, g, room []float32) {
	k, d, h := &o.core.K, o.width, o.heads
	c, rows := o.rows(i, j)
	n, p := int(c.Len), o.prob(i, j)
	ds, da := room[:h*n], room[h*o.longest:h*o.longest+h*d]
	copy(da, g)
	k.Scale(da, w)
	k.Gemm(false, true, h, n, d, 1, da, d, rows, d, 0, ds, n)
	codes := o.codesOf(n)
	if codes != nil {
		k.Gemm(false, true, h, n, d, 1, da, d, codes, d, 1, ds, n)
	}
	for x := range h {
		k.SoftmaxGrad(ds[x*n:(x+1)*n], p[x*n:(x+1)*n], k.Dot(ds[x*n:(x+1)*n], p[x*n:(x+1)*n]))
	}
	k.Scale(ds, o.inner())
	dask := o.ask.Grad[i*h*d : (i+1)*h*d]
	k.Gemm(false, false, h, d, n, 1, ds, n, rows, d, 1, dask, d)
	if codes != nil {
		k.Gemm(false, false, h, d, n, 1, ds, n, codes, d, 1, dask, d)
	}
	if o.store.Grad == nil {
		return
	}
	drows := o.store.Grad[int(c.Row)*d : int(c.Row+c.Len)*d]
	k.Gemm(true, false, n, d, h, 1, p, n, da, d, 1, drows, d)
	k.Gemm(true, false, n, d, h, 1, ds, n, o.ask.Data[i*h*d:], d, 1, drows, d)
}
