package num

type addLinearOp struct {
	t       *Tape
	y, x, w *Tensor
}

// AddLinear adds x*w to the data of y in place: a branch joins its residual stream without a copy.
//
//	y [..][out], x [..][in], w [in][out]
//
// Operations that read the data of y backward must not stand between the one that made y and this one; RMSNormEps does not.
func (t *Tape) AddLinear(y, x, w *Tensor) {
	if len(w.Shape) != 2 || w.Shape[0] != x.Last() || w.Shape[1] != y.Last() || x.Rows() != y.Rows() {
		mismatch("add linear", "y [..][out], x [..][in] and w [in][out]", y, x, w)
	}
	o, _ := record[addLinearOp](t)
	o.t, o.y, o.x, o.w = t, y, x, w
	in, out := w.Shape[0], w.Shape[1]
	t.Core.Gemm(false, false, x.Rows(), out, in, 1, x.Data, in, w.Data, out, 1, y.Data, out)
}

// Backward implements Func. The gradient of y stays as it is: that of the sum is that of its summands.
func (o *addLinearOp) Backward() {
	if o.y.live {
		o.t.linearGrads(o.x, o.w, nil, o.y.Grad, o.x.Rows())
	}
}

type addLowRankOp struct {
	t          *Tape
	y, x, a, b *Tensor
	scale      float32
	u          []float32 // [N][r] x*A
}

// AddLowRank adds scale * x*a*b to the data of y in place (arXiv 2106.09685v2, sec. 4.1). What AddLinear says of y holds here too.
//
//	y [..][out], x [..][in], a [in][r], b [r][out]
func (t *Tape) AddLowRank(y, x, a, b *Tensor, scale float32) {
	if len(a.Shape) != 2 || a.Shape[0] != x.Last() || x.Rows() != y.Rows() || !b.is(a.Last(), y.Last()) {
		mismatch("add low rank", "y [..][out], x [..][in], a [in][r] and b [r][out]", y, x, a, b)
	}
	o, _ := record[addLowRankOp](t)
	o.t, o.y, o.x, o.a, o.b, o.scale = t, y, x, a, b, scale
	n, in, r, out := x.Rows(), x.Last(), a.Last(), y.Last()
	o.u = t.floats(n * r)
	t.Core.Gemm(false, false, n, r, in, 1, x.Data, in, a.Data, r, 0, o.u, r)
	t.Core.Gemm(false, false, n, out, r, scale, o.u, r, b.Data, out, 1, y.Data, out)
}

// Backward implements Func: with u = x*a, db += scale u^T dy, du = scale dy b^T, da += x^T du, dx += du a^T.
func (o *addLowRankOp) Backward() {
	if !o.y.live {
		return
	}
	n, r, out, c := o.x.Rows(), o.a.Last(), o.y.Last(), o.t.Core
	if g, beta := o.b.accumulate(); g != nil {
		c.Gemm(true, false, r, out, n, o.scale, o.u, r, o.y.Grad, out, beta, g, out)
	}
	du := o.t.borrow(n * r)
	c.Gemm(false, true, n, r, out, o.scale, o.y.Grad, out, o.b.Data, out, 0, du, r)
	o.t.linearGrads(o.x, o.a, nil, du, n)
}
