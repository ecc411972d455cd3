package num

import "math"

// NormEps keeps norms of constant rows finite.
const NormEps = 1e-5

type normOp struct {
	t             *Tape
	x, gain, bias *Tensor
	y             *Tensor
	rms           bool
	hat           []float32 // [N][D] normalised rows
	inv           []float32 // [N] one over the standard deviation
	dxhat         []float32 // [N][D] dy * gain, later dy * hat
	fwd, bwd      func(i0, i1 int)
}

// LayerNorm shifts and scales each row to mean 0 and variance 1, then by gain and bias [D], both nil for none (arXiv 1607.06450v1,
// eq. 4, population variance plus NormEps).
func (t *Tape) LayerNorm(x, gain, bias *Tensor) *Tensor {
	return t.norm("layer norm", x, gain, bias, false)
}

// RMSNorm scales each row to mean square 1, then by gain [D], nil for none (arXiv 1910.07467v1, eq. 4).
func (t *Tape) RMSNorm(x, gain *Tensor) *Tensor { return t.norm("rms norm", x, gain, nil, true) }

func (t *Tape) norm(op string, x, gain, bias *Tensor, rms bool) *Tensor {
	for _, p := range [2]*Tensor{gain, bias} {
		if p != nil && !p.is(x.Last()) {
			mismatch(op, "x [..][D] and gain or bias [D]", x, p)
		}
	}
	o, fresh := record[normOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.x, o.gain, o.bias, o.rms = t, x, gain, bias, rms
	o.y, o.hat, o.inv = t.like(x.Name, x, x.Last()), t.floats(x.Len()), t.floats(x.Rows())
	t.Core.Do(x.Rows(), x.Len()*8, o.fwd)
	return o.y
}

// NormRow writes the normalised row, before gain and bias, and returns one over what it was divided by. dst may be src.
func NormRow(k *Kernels, dst, src []float32, rms bool) (inv float32) {
	n := float32(len(src))
	mean := float32(0)
	if !rms {
		mean = k.Sum(src) / n
	}
	for i, v := range src {
		dst[i] = v - mean
	}
	inv = float32(1 / math.Sqrt(float64(k.Dot(dst, dst)/n)+NormEps))
	k.Scale(dst, inv)
	return inv
}

func (o *normOp) forward(i0, i1 int) {
	d, k := o.x.Last(), &o.t.Core.K
	for i := i0; i < i1; i++ {
		hat, y := o.hat[i*d:i*d+d], o.y.Data[i*d:i*d+d]
		o.inv[i] = NormRow(k, hat, o.x.Data[i*d:i*d+d], o.rms)
		copy(y, hat)
		if o.gain != nil {
			k.Mul(y, y, o.gain.Data)
		}
		if o.bias != nil {
			k.Add(y, y, o.bias.Data)
		}
	}
}

// backward adds the gradient by x: with g = dy*gain, dx = inv * (g - mean(g) - hat*mean(g*hat)), without mean(g) for RMS.
func (o *normOp) backward(i0, i1 int) {
	d, k, dx := o.x.Last(), &o.t.Core.K, o.x.Grad
	for i := i0; i < i1; i++ {
		g, hat, dy := o.dxhat[i*d:i*d+d], o.hat[i*d:i*d+d], o.y.Grad[i*d:i*d+d]
		copy(g, dy)
		if o.gain != nil {
			k.Mul(g, g, o.gain.Data)
		}
		if dx != nil {
			mean, along, inv := float32(0), k.Dot(g, hat)/float32(d), o.inv[i]
			if !o.rms {
				mean = k.Sum(g) / float32(d)
			}
			for j, row := 0, dx[i*d:i*d+d]; j < d; j++ {
				row[j] += inv * (g[j] - mean - hat[j]*along)
			}
		}
		k.Mul(g, dy, hat)
	}
}

// Backward implements Func.
func (o *normOp) Backward() {
	if !o.y.live {
		return
	}
	n, d := o.x.Rows(), o.x.Last()
	o.x.Gradient()
	o.dxhat = o.t.floats(o.x.Len())
	o.t.Core.Do(n, n*d*8, o.bwd)
	if o.gain != nil && o.gain.Grad != nil {
		o.t.Core.SumRows(o.gain.Gradient(), o.dxhat, n, d)
	}
	if o.bias != nil && o.bias.Grad != nil {
		o.t.Core.SumRows(o.bias.Gradient(), o.y.Grad, n, d)
	}
}
