package num

import "math"

// rmsBlock is the rows whose share of the gain's gradient is added up by one worker. It fixes the order of that sum.
const rmsBlock = 64

type rmsOp struct {
	t          *Tape
	x, gain, y *Tensor
	eps        float64
	hat        []float32 // [N][D] scaled rows: the data of x may change after this operation
	inv        []float32 // [N] one over the root mean square
	dgain      []float32 // [blocks][D]
	rows       []float32 // [slots][D]
	fwd, bwd   func(i0, i1 int)
}

// RMSNormEps is RMSNorm with a gain [D] and its own epsilon under the root, for decoders: backward it does not read the data of x, so
// that x may be a residual stream to which AddLinear adds in place.
func (t *Tape) RMSNormEps(x, gain *Tensor, eps float64) *Tensor {
	if !gain.is(x.Last()) {
		mismatch("rms norm", "x [..][D] and gain [D]", x, gain)
	}
	o, fresh := record[rmsOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.x, o.gain, o.eps = t, x, gain, eps
	o.y, o.hat, o.inv = t.like(x.Name, x, x.Last()), t.floats(x.Len()), t.floats(x.Rows())
	t.Core.Do(x.Rows(), x.Len()*8, o.fwd)
	return o.y
}

// RMSRow writes src divided by its root mean square to hat, which may be src, and returns one over the root.
func RMSRow(k *Kernels, hat, src []float32, eps float64) (inv float32) {
	inv = float32(1 / math.Sqrt(float64(k.Dot(src, src))/float64(len(src))+eps))
	copy(hat, src)
	k.Scale(hat, inv)
	return inv
}

func (o *rmsOp) forward(i0, i1 int) {
	d, k := o.x.Last(), &o.t.Core.K
	for i := i0; i < i1; i++ {
		hat := o.hat[i*d : i*d+d]
		o.inv[i] = RMSRow(k, hat, o.x.Data[i*d:i*d+d], o.eps)
		k.Mul(o.y.Data[i*d:i*d+d], hat, o.gain.Data)
	}
}

// Backward implements Func.
func (o *rmsOp) Backward() {
	if !o.y.live {
		return
	}
	n, d := o.x.Rows(), o.x.Last()
	blocks := ceil(n, rmsBlock)
	o.x.Gradient()
	all := o.t.borrow((blocks + o.t.Core.slots()) * d)
	o.dgain, o.rows = all[:blocks*d], all[blocks*d:]
	o.t.Core.Do(blocks, n*d*8, o.bwd)
	if o.gain.Grad != nil {
		o.t.Core.SumRows(o.gain.Gradient(), o.dgain, blocks, d)
	}
}

func (o *rmsOp) backward(b0, b1 int) {
	n, d, k := o.x.Rows(), o.x.Last(), &o.t.Core.K
	at := o.t.Core.slot(b0, ceil(n, rmsBlock)) * d
	g := o.rows[at : at+d]
	for b := b0; b < b1; b++ {
		dgain := o.dgain[b*d : b*d+d]
		clear(dgain)
		for i := b * rmsBlock; i < min((b+1)*rmsBlock, n); i++ {
			hat, dy := o.hat[i*d:i*d+d], o.y.Grad[i*d:i*d+d]
			k.MulAdd(dgain, dy, hat)
			if o.x.Grad == nil {
				continue
			}
			k.Mul(g, dy, o.gain.Data)
			rmsRowGrad(k, o.x.Grad[i*d:i*d+d], g, hat, o.inv[i])
		}
	}
}

// rmsRowGrad adds to dx what the gradient g of a scaled row says: dx += inv * (g - hat*mean(g*hat)).
func rmsRowGrad(k *Kernels, dx, g, hat []float32, inv float32) {
	along := k.Dot(g, hat) / float32(len(g))
	k.Axpy(dx, inv, g)
	k.Axpy(dx, -inv*along, hat)
}
