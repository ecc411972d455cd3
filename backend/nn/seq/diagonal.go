package seq

import "github.com/loci-lab/loci/backend/num"

// turn is multiplication by a vector of complex numbers [N], element by element, in the form that the kernels want.
type turn struct {
	re, im, minus []float32 // [N] real and imaginary parts, and the imaginary ones negated
}

// newTurn divides room [3N].
func newTurn(room []float32) turn {
	n := len(room) / 3
	return turn{room[:n], room[n : 2*n], room[2*n : 3*n]}
}

func (a turn) set(i int, v complex128) {
	a.re[i], a.im[i], a.minus[i] = float32(real(v)), float32(imag(v)), -float32(imag(v))
}

// apply writes a*s into dst: complex numbers [2N], all real parts, then all imaginary ones. They may not be the same slice.
func (a turn) apply(k *num.Kernels, dst, s []float32) {
	n := len(a.re)
	k.Mul(dst[:n], a.re, s[:n])
	k.MulAdd(dst[:n], a.minus, s[n:2*n])
	k.Mul(dst[n:2*n], a.re, s[n:2*n])
	k.MulAdd(dst[n:2*n], a.im, s[:n])
}

// back writes conj(a)*d into dst: the gradient of s, where d is that of a*s.
func (a turn) back(k *num.Kernels, dst, d []float32) {
	n := len(a.re)
	k.Mul(dst[:n], a.re, d[:n])
	k.MulAdd(dst[:n], a.im, d[n:2*n])
	k.Mul(dst[n:2*n], a.re, d[n:2*n])
	k.MulAdd(dst[n:2*n], a.minus, d[:n])
}

// turnGrad adds the gradient of a, d*conj(s), to [3N]: real parts, and of the imaginary ones what adds and what is taken away.
func turnGrad(k *num.Kernels, g, d, s []float32) {
	n := len(g) / 3
	k.MulAdd(g[:n], d[:n], s[:n])
	k.MulAdd(g[:n], d[n:2*n], s[n:2*n])
	k.MulAdd(g[n:2*n], d[n:2*n], s[:n])
	k.MulAdd(g[2*n:], d[:n], s[n:2*n])
}

// turnGradAt is element i of what turnGrad summed, as a complex number dL/dRe + i dL/dIm.
func turnGradAt(g []float32, i int) complex128 {
	n := len(g) / 3
	return complex(float64(g[i]), float64(g[n+i])-float64(g[2*n+i]))
}

// skipOp is y + d*x, with d [D] the same for all rows: the direct term of a state space.
type skipOp struct {
	t          *num.Tape
	x, d, y, o *num.Tensor
}

func skip(t *num.Tape, y, x, d *num.Tensor) *num.Tensor {
	o := &skipOp{t, x, d, y, t.Tensor(d.Name, y.Shape...)}
	n := d.Len()
	copy(o.o.Data, y.Data)
	for r := range y.Rows() {
		t.Core.K.MulAdd(o.o.Data[r*n:r*n+n], x.Data[r*n:r*n+n], d.Data)
	}
	t.Custom(o)
	return o.o
}

// Backward implements num.Func.
func (o *skipOp) Backward() {
	k, n, g := &o.t.Core.K, o.d.Len(), o.o.Gradient()
	dx, dd := o.x.Gradient(), o.d.Gradient()
	k.Axpy(o.y.Gradient(), 1, g)
	for r := range o.y.Rows() {
		if dx != nil {
			k.MulAdd(dx[r*n:r*n+n], g[r*n:r*n+n], o.d.Data)
		}
		k.MulAdd(dd, g[r*n:r*n+n], o.x.Data[r*n:r*n+n])
	}
}
