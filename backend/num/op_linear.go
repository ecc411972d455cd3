package num

import "fmt"

// Act names an activation.
type Act int

// The activations that Linear and Activate know.
const (
	None Act = iota
	ReLU
	Tanh
	Sigmoid
	SiLU
)

// Apply writes the activation of src into dst; they may be the same slice.
func (a Act) Apply(k *Kernels, dst, src []float32) {
	switch a {
	case None:
		copy(dst, src)
	case ReLU:
		k.ReLU(dst, src)
	case Tanh:
		k.Tanh(dst, src)
	case Sigmoid:
		k.Sigmoid(dst, src)
	case SiLU:
		k.SiLU(dst, src)
	default:
		panic(fmt.Sprintf("num: activation %d is unknown", int(a)))
	}
}

// grad adds dy * f'(.) to dx; y is the result and x the argument, which only SiLU reads.
func (a Act) grad(k *Kernels, dx, dy, y, x []float32) {
	switch a {
	case None:
		k.Axpy(dx, 1, dy)
	case ReLU:
		k.ReLUGrad(dx, dy, y)
	case Tanh:
		k.TanhGrad(dx, dy, y)
	case Sigmoid:
		k.SigmoidGrad(dx, dy, y)
	case SiLU:
		k.SiLUGrad(dx, dy, x)
	}
}

type linearOp struct {
	t          *Tape
	x, w, b, y *Tensor
	act        Act
	m, n, k    int
	pre, dz    []float32 // [m][n]; pre only for SiLU
	fwd, bwd   func(i0, i1 int)
}

// Linear computes act(x*w + b) for each row.
//
//	x [..][in], w [in][out], b [out] or nil; result [..][out]
func (t *Tape) Linear(x, w, b *Tensor, act Act) *Tensor {
	if len(w.Shape) != 2 || w.Shape[0] != x.Last() {
		mismatch("linear", "x [..][in] and w [in][out]", x, w)
	}
	if b != nil && !b.is(w.Shape[1]) {
		mismatch("linear", "w [in][out] and b [out]", w, b)
	}
	o, fresh := record[linearOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.activationGrad
	}
	o.t, o.x, o.w, o.b, o.act, o.m, o.n, o.k = t, x, w, b, act, x.Rows(), w.Shape[1], w.Shape[0]
	o.y = t.like(w.Name, x, o.n)
	if act == SiLU {
		o.pre = t.floats(o.m * o.n)
	}
	t.Core.Do(o.m, o.m*o.n*o.k, o.fwd)
	return o.y
}

// like returns a result of the shape of x with another last axis.
func (t *Tape) like(name string, x *Tensor, last int) *Tensor {
	switch len(x.Shape) {
	case 1:
		return t.Tensor(name, last)
	case 2:
		return t.Tensor(name, x.Shape[0], last)
	case 3:
		return t.Tensor(name, x.Shape[0], x.Shape[1], last)
	}
	mismatch(name, "one to three axes", x)
	return nil
}

func (o *linearOp) forward(i0, i1 int) {
	k := &o.t.Core.K
	y := o.y.Data[i0*o.n : i1*o.n]
	z := y
	if o.act == SiLU {
		z = o.pre[i0*o.n : i1*o.n]
	}
	k.Gemm(false, false, i1-i0, o.n, o.k, 1, o.x.Data[i0*o.k:], o.k, o.w.Data, o.n, 0, z, o.n)
	if o.b != nil {
		k.AddRows(z, o.n, i1-i0, o.n, o.b.Data)
	}
	if o.act != None {
		o.act.Apply(k, y, z)
	}
}

func (o *linearOp) activationGrad(i0, i1 int) {
	r0, r1 := i0*o.n, i1*o.n
	clear(o.dz[r0:r1])
	pre := o.pre
	if o.act == SiLU {
		pre = pre[r0:r1]
	}
	o.act.grad(&o.t.Core.K, o.dz[r0:r1], o.y.Grad[r0:r1], o.y.Data[r0:r1], pre)
}

// Backward implements Func.
func (o *linearOp) Backward() {
	if !o.y.live {
		return
	}
	dz := o.y.Grad
	if o.act != None {
		o.dz = o.t.floats(o.m * o.n)
		o.t.Core.Do(o.m, o.m*o.n*16, o.bwd)
		dz = o.dz
	}
	o.t.linearGrads(o.x, o.w, o.b, dz, o.m)
}

// linearGrads adds the gradients of x*w + b, whose own gradient is dz [m][out], to x, w and b where they want one.
func (t *Tape) linearGrads(x, w, b *Tensor, dz []float32, m int) {
	k, n := w.Shape[0], w.Shape[1]
	if g, beta := w.accumulate(); g != nil {
		t.Core.Gemm(true, false, k, n, m, 1, x.Data, k, dz, n, beta, g, n)
	}
	if b != nil && b.Grad != nil {
		t.Core.SumRows(b.Gradient(), dz, m, n)
	}
	if g, beta := x.accumulate(); g != nil {
		t.Core.Gemm(false, true, m, k, n, 1, dz, n, w.Data, n, beta, g, k)
	}
}
