package num

type gateOp struct {
	t                *Tape
	x, y             *Tensor
	wy, ux, ug, b, o *Tensor
	n, d             int
	z                []float32 // [N][3D] gates r, z and candidate, activated
	zx, rx           []float32 // [N][2D], [N][D]
	dz, drx          []float32 // [N][3D], [N][D]
	fwd, bwd         func(i0, i1 int)
}

// Gate joins a residual stream x and the result y of a layer by the GRU-type gate of gated transformer-XL, arXiv 1910.06764v1,
// sec. 3.2:
//
//	r = sigmoid(y*Wr + x*Ur)   z = sigmoid(y*Wz + x*Uz - b)   h = tanh(y*Wg + (r*x)*Ug)   result (1-z)*x + z*h
//	x, y [..][D]; wy [D][3D] = Wr Wz Wg; ux [D][2D] = Ur Uz; ug [D][D]; b [D], about 2 at first, so that x passes
func (t *Tape) Gate(x, y, wy, ux, ug, b *Tensor) *Tensor {
	d := x.Last()
	if !y.is(x.Shape...) {
		mismatch("gate", "two equal shapes", x, y)
	}
	if !wy.is(d, 3*d) || !ux.is(d, 2*d) || !ug.is(d, d) || !b.is(d) {
		mismatch("gate", "x [..][D], wy [D][3D], ux [D][2D], ug [D][D], b [D]", x, wy, ux, ug, b)
	}
	o, fresh := record[gateOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.x, o.y, o.wy, o.ux, o.ug, o.b, o.n, o.d = t, x, y, wy, ux, ug, b, x.Rows(), d
	o.z, o.zx, o.rx = t.floats(o.n*3*d), t.floats(o.n*2*d), t.floats(o.n*d)
	o.o = t.like(wy.Name, x, d)
	t.Core.Do(o.n, o.n*d*d*6, o.fwd)
	return o.o
}

func (o *gateOp) forward(i0, i1 int) {
	d := o.d
	GateRows(&o.t.Core.K, o.x.Data[i0*d:i1*d], d, o.y.Data[i0*d:i1*d], d, o.wy.Data, o.ux.Data, o.ug.Data, o.b.Data,
		o.z[i0*3*d:i1*3*d], o.zx[i0*2*d:i1*2*d], o.rx[i0*d:i1*d], o.o.Data[i0*d:i1*d], d)
}

// GateRows computes Gate for rows of x and y with row strides ldx and ldy into out with stride ldo, which may be x. Working memory:
// z [rows][3D], zx [rows][2D], rx [rows][D]; z keeps the gates and the candidate.
func GateRows(k *Kernels, x []float32, ldx int, y []float32, ldy int, wy, ux, ug, b, z, zx, rx, out []float32, ldo int) {
	d := len(b)
	rows := len(rx) / d
	k.Gemm(false, false, rows, 3*d, d, 1, y, ldy, wy, 3*d, 0, z, 3*d)
	k.Gemm(false, false, rows, 2*d, d, 1, x, ldx, ux, 2*d, 0, zx, 2*d)
	for i := range rows {
		g, xi := z[i*3*d:i*3*d+2*d], x[i*ldx:i*ldx+d]
		k.Add(g, g, zx[i*2*d:i*2*d+2*d])
		k.Axpy(g[d:], -1, b)
		k.Sigmoid(g, g)
		k.Mul(rx[i*d:i*d+d], g[:d], xi)
	}
	k.Gemm(false, false, rows, d, d, 1, rx, d, ug, d, 1, z[2*d:], 3*d)
	for i := range rows {
		gate, h, xi, oi := z[i*3*d+d:i*3*d+2*d], z[i*3*d+2*d:i*3*d+3*d], x[i*ldx:i*ldx+d], out[i*ldo:i*ldo+d]
		k.Tanh(h, h)
		for j, g := range gate {
			oi[j] = xi[j] + g*(h[j]-xi[j])
		}
	}
}

// backward computes the gradients of the pre-activations and adds the direct part to the gradient of x.
func (o *gateOp) backward(i0, i1 int) {
	d, k, dx := o.d, &o.t.Core.K, o.x.Grad
	for i := i0; i < i1; i++ {
		dr, dg, dh := o.dz[i*3*d:i*3*d+d], o.dz[i*3*d+d:i*3*d+2*d], o.dz[i*3*d+2*d:i*3*d+3*d]
		g, h, x, do := o.z[i*3*d+d:i*3*d+2*d], o.z[i*3*d+2*d:i*3*d+3*d], o.x.Data[i*d:i*d+d], o.o.Grad[i*d:i*d+d]
		clear(dr)
		for j, v := range do {
			dg[j] = v * (h[j] - x[j]) * g[j] * (1 - g[j])
			dh[j] = v * g[j] * (1 - h[j]*h[j])
		}
	}
	k.Gemm(false, true, i1-i0, d, d, 1, o.dz[i0*3*d+2*d:], 3*d, o.ug.Data, d, 0, o.drx[i0*d:], d)
	for i := i0; i < i1; i++ {
		dr, r, g := o.dz[i*3*d:i*3*d+d], o.z[i*3*d:i*3*d+d], o.z[i*3*d+d:i*3*d+2*d]
		x, drx, do := o.x.Data[i*d:i*d+d], o.drx[i*d:i*d+d], o.o.Grad[i*d:i*d+d]
		for j, v := range drx {
			dr[j] = v * x[j] * r[j] * (1 - r[j])
			if dx != nil {
				dx[i*d+j] += v*r[j] + do[j]*(1-g[j])
			}
		}
	}
}

// Backward implements Func.
func (o *gateOp) Backward() {
	if !o.o.live {
		return
	}
	n, d, c := o.n, o.d, o.t.Core
	o.dz, o.drx = o.t.floats(n*3*d), o.t.floats(n*d)
	o.x.Gradient()
	c.Do(n, n*d*d*2, o.bwd)
	o.t.linearGrads(o.y, o.wy, nil, o.dz, n)
	if g, beta := o.ux.accumulate(); g != nil {
		c.Gemm(true, false, d, 2*d, n, 1, o.x.Data, d, o.dz, 3*d, beta, g, 2*d)
	}
	if g, beta := o.x.accumulate(); g != nil {
		c.Gemm(false, true, n, d, 2*d, 1, o.dz, 3*d, o.ux.Data, 2*d, beta, g, d)
	}
	if g, beta := o.ug.accumulate(); g != nil {
		c.Gemm(true, false, d, d, n, 1, o.rx, d, o.dz[2*d:], 3*d, beta, g, d)
	}
	if g := o.b.Gradient(); g != nil {
		c.K.Scale(g, -1) // the bias is subtracted: its gradient is minus the sum over rows
		c.K.SumRows(g, o.dz[d:], 3*d, n, d)
		c.K.Scale(g, -1)
	}
}
