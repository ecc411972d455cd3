package num

type swigluOp struct {
	t        *Tape
	z, y     *Tensor
	add      bool
	rows     []float32 // [slots][2F]
	fwd, bwd func(i0, i1 int)
}

// SwiGLU is the gate of a gated MLP: silu(z[..F]) * z[F..] for each row (arXiv 2002.05202v1, eq. 6).
//
//	z [..][2F]; result [..][F]
func (t *Tape) SwiGLU(z *Tensor) *Tensor {
	if z.Last()%2 != 0 {
		mismatch("swiglu", "z [..][2F]", z)
	}
	o, fresh := record[swigluOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.z, o.y = t, z, t.like(z.Name, z, z.Last()/2)
	t.Core.Do(z.Rows(), z.Len()*16, o.fwd)
	return o.y
}

func (o *swigluOp) forward(i0, i1 int) {
	f := o.y.Last()
	for i := i0; i < i1; i++ {
		z := o.z.Data[i*2*f : (i+1)*2*f]
		o.t.Core.K.SwiGLU(o.y.Data[i*f:(i+1)*f], z[:f], z[f:])
	}
}

// Backward implements Func.
func (o *swigluOp) Backward() {
	if !o.y.live || o.z.Grad == nil {
		return
	}
	_, beta := o.z.accumulate()
	o.add = beta != 0
	o.rows = o.t.borrow(o.t.Core.slots() * o.z.Last())
	o.t.Core.Do(o.z.Rows(), o.z.Len()*16, o.bwd)
}

// backward writes the gradient where it stands alone, and adds it by way of a row of its own where there is one already.
func (o *swigluOp) backward(i0, i1 int) {
	f, n := o.y.Last(), o.z.Last()
	at := o.t.Core.slot(i0, o.z.Rows()) * n
	row := o.rows[at : at+n]
	for i := i0; i < i1; i++ {
		z, dz := o.z.Data[i*n:i*n+n], o.z.Grad[i*n:i*n+n]
		to := dz
		if o.add {
			to = row
		}
		o.t.Core.K.SwiGLUGrad(to[:f], to[f:], o.y.Grad[i*f:i*f+f], z[:f], z[f:])
		if o.add {
			o.t.Core.K.Axpy(dz, 1, row)
		}
	}
}
