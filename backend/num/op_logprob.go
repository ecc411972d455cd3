package num

import "fmt"

// headNumbers is about how many logits are held at once: two mebibytes, which stay near the cores.
const headNumbers = 1 << 19

// Head is the last map of a language model: logits = h W^T, with a low-rank update h W^T + Scale * h A B where A is not nil.
type Head struct {
	W     *Tensor // [V][D]
	A, B  *Tensor // [D][r], [r][V]
	Scale float32
}

func (h Head) check(op string, x *Tensor) {
	if len(h.W.Shape) != 2 || h.W.Last() != x.Last() {
		mismatch(op, "rows [..][D] and a head [V][D]", x, h.W)
	}
	if h.A != nil && (len(h.A.Shape) != 2 || h.A.Shape[0] != x.Last() || !h.B.is(h.A.Last(), h.W.Shape[0])) {
		mismatch(op, "rows [..][D], a [D][r] and b [r][V]", x, h.A, h.B)
	}
}

// headOp is what Logprobs and Logits share: both work through blocks of rows.
type headOp struct {
	t           *Tape
	h           Head
	x           *Tensor
	v, d, r     int
	logits, low []float32 // [block][V], [block][r] of the block at hand
}

func (o *headOp) begin(t *Tape, op string, h Head, x *Tensor) {
	h.check(op, x)
	o.t, o.h, o.x, o.v, o.d, o.r = t, h, x, h.W.Shape[0], x.Last(), 0
	if h.A != nil {
		o.r = h.A.Last()
	}
}

// rows is how many rows make a block.
func (o *headOp) rows() int { return min(max(headNumbers/o.v, 32), max(o.x.Rows(), 1)) }

// forward computes the logits of rows r0..r1 into dst.
func (o *headOp) forward(dst []float32, r0, r1 int) {
	c, x, n := o.t.Core, o.x.Data[r0*o.d:], r1-r0
	c.Gemm(false, true, n, o.v, o.d, 1, x, o.d, o.h.W.Data, o.d, 0, dst, o.v)
	if o.r > 0 {
		c.Gemm(false, false, n, o.r, o.d, 1, x, o.d, o.h.A.Data, o.r, 0, o.low, o.r)
		c.Gemm(false, false, n, o.v, o.r, o.h.Scale, o.low, o.r, o.h.B.Data, o.v, 1, dst, o.v)
	}
}

// backward adds the gradients that g, those of the logits of rows r0..r1, give. low holds x*A of these rows, and is used up.
func (o *headOp) backward(g []float32, r0, r1 int) {
	c, x, n := o.t.Core, o.x.Data[r0*o.d:], r1-r0
	if w := o.h.W.Gradient(); w != nil {
		c.Gemm(true, false, o.v, o.d, n, 1, g, o.v, x, o.d, 1, w, o.d)
	}
	dx := o.x.Grad
	if dx != nil {
		c.Gemm(false, false, n, o.d, o.v, 1, g, o.v, o.h.W.Data, o.d, 1, dx[r0*o.d:], o.d)
	}
	if o.r == 0 {
		return
	}
	if b := o.h.B.Gradient(); b != nil {
		c.Gemm(true, false, o.r, o.v, n, o.h.Scale, o.low, o.r, g, o.v, 1, b, o.v)
	}
	c.Gemm(false, true, n, o.r, o.v, o.h.Scale, g, o.v, o.h.B.Data, o.v, 0, o.low, o.r)
	if a := o.h.A.Gradient(); a != nil {
		c.Gemm(true, false, o.d, o.r, n, 1, x, o.d, o.low, o.r, 1, a, o.r)
	}
	if dx != nil {
		c.Gemm(false, true, n, o.d, o.r, 1, o.low, o.r, o.h.A.Data, o.r, 1, dx[r0*o.d:], o.d)
	}
}

type logitsOp struct {
	headOp
	y *Tensor
}

// Logits returns the logits of rows x [..][D] as a whole, [..][V]: for few rows.
func (t *Tape) Logits(h Head, x *Tensor) *Tensor {
	o, _ := record[logitsOp](t)
	o.begin(t, "logits", h, x)
	o.y, o.low = t.like(h.W.Name, x, o.v), t.floats(x.Rows()*o.r)
	o.forward(o.y.Data, 0, x.Rows())
	return o.y
}

// Backward implements Func.
func (o *logitsOp) Backward() {
	if o.y.live {
		o.x.Gradient()
		o.backward(o.y.Grad, 0, o.x.Rows())
	}
}

type logprobOp struct {
	headOp
	y       *Tensor
	targets []int32   // [R]
	kept    bool      // one block holds all logits until the backward pass
	first   []int     // [U+1] where the reads of a row begin
	lse     []float32 // [U]
	base    int       // first row of the block at hand
	pick    func(i0, i1 int)
	grad    func(i0, i1 int)
}

// Logprobs returns the log-probabilities of targets in nats, log softmax(logits(x_u))[target], [R]. Row u of x [U][D] serves the u-th
// run of equal numbers in reads [R], so that several targets of one place cost one row; without reads every target has its own. The
// logits are made block by block and, where they are more than one block, made again in the backward pass: no [U][V] is kept.
func (t *Tape) Logprobs(h Head, x *Tensor, reads, targets []int32) *Tensor {
	o, fresh := record[logprobOp](t)
	if fresh {
		o.pick, o.grad = o.pickRows, o.gradRows
	}
	o.begin(t, "logprobs", h, x)
	o.targets, o.first = targets, o.first[:0]
	if reads != nil && len(reads) != len(targets) {
		mismatch("logprobs", fmt.Sprintf("as many reads, not %d, as targets, %d", len(reads), len(targets)), x)
	}
	for i := range targets {
		if i == 0 || reads == nil || reads[i] != reads[i-1] {
			o.first = append(o.first, i)
		}
	}
	if len(o.first) != x.Rows() {
		mismatch("logprobs", fmt.Sprintf("a row for each of %d runs of reads", len(o.first)), x)
	}
	o.first = append(o.first, len(targets))
	for _, v := range targets {
		if v < 0 || int(v) >= o.v {
			panic(fmt.Sprintf("num: logprobs of target %d with head %s: want 0 to %d", v, h.W, o.v-1))
		}
	}
	o.y, o.lse = t.Tensor("logprobs", len(targets)), t.floats(x.Rows())
	if o.kept = o.rows() >= x.Rows(); o.kept {
		o.logits, o.low = t.floats(x.Rows()*o.v), t.floats(x.Rows()*o.r)
	}
	o.blocks(func(o *logprobOp, r0, r1 int) {
		o.forward(o.logits, r0, r1)
		o.t.Core.Do(r1-r0, (r1-r0)*o.v*16, o.pick)
	})
	return o.y
}

// blocks calls f for blocks of rows.
func (o *logprobOp) blocks(f func(o *logprobOp, r0, r1 int)) {
	n := o.rows()
	if !o.kept {
		all := o.t.borrow(n * (o.v + o.r))
		o.logits, o.low = all[:n*o.v], all[n*o.v:]
	}
	for o.base = 0; o.base < o.x.Rows(); o.base += n {
		f(o, o.base, min(o.base+n, o.x.Rows()))
	}
}

func (o *logprobOp) pickRows(i0, i1 int) {
	k := &o.t.Core.K
	k.LogSumExp(o.lse[o.base+i0:o.base+i1], o.logits[i0*o.v:i1*o.v], i1-i0, o.v)
	for i := i0; i < i1; i++ {
		u := o.base + i
		for j := o.first[u]; j < o.first[u+1]; j++ {
			o.y.Data[j] = o.logits[i*o.v+int(o.targets[j])] - o.lse[u]
		}
	}
}

// Backward implements Func.
func (o *logprobOp) Backward() {
	if !o.y.live {
		return
	}
	o.x.Gradient()
	o.blocks(func(o *logprobOp, r0, r1 int) {
		if allZero(o.y.Grad[o.first[r0]:o.first[r1]]) {
			return
		}
		if !o.kept {
			o.forward(o.logits, r0, r1)
		}
		o.t.Core.Do(r1-r0, (r1-r0)*o.v*16, o.grad)
		o.backward(o.logits, r0, r1)
	})
}

// gradRows turns logits into their gradients: with g_j that of log-probability j of a row, d logit_v = sum_j g_j ([v = target_j] - p_v).
func (o *logprobOp) gradRows(i0, i1 int) {
	k := &o.t.Core.K
	for i := i0; i < i1; i++ {
		u, row, sum := o.base+i, o.logits[i*o.v:(i+1)*o.v], float32(0)
		for j := o.first[u]; j < o.first[u+1]; j++ {
			sum += o.y.Grad[j]
		}
		k.ExpShift(row, row, o.lse[u])
		k.Scale(row, -sum)
		for j := o.first[u]; j < o.first[u+1]; j++ {
			row[o.targets[j]] += o.y.Grad[j]
		}
	}
}

func allZero(x []float32) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}
