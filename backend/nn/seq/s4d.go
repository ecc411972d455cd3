package seq

import (
	"math"
	"math/cmplx"
	"strconv"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// S4D is the diagonal state space of arXiv 2206.11893v2, sec. 3: each of D features has a state of N complex numbers of its own,
// which stand for N conjugate pairs.
//
//	s_t = a * s_{t-1} + g * x_t        y_t = 2 Re(sum_n C_n s_t,n) + D x_t        (sec. 3)
//	a = exp(dt A)      g = (a - 1) / A      zero-order hold with B = 1 (sec. 3.1 and 3.2)
//	A = -exp(alpha) + i omega (sec. 3.3)
//
// x, y, dt, D [D]; a, g, A, C [N][D]. At the start A_n = -1/2 + i pi n, S4D-Lin (sec. 4.3), dt lies spread over the logarithm
// of DtMin to DtMax, C is complex normal, D normal. It carries s, 2ND numbers.
type S4D struct {
	dt           *num.Tensor // [D] logarithm
	alpha, omega *num.Tensor // [N][D]
	cr, ci       *num.Tensor // [N][D]
	d            *num.Tensor // [D]
}

// Times bounds the steps dt of an S4D at the start: about 1/dt steps are held.
type Times struct {
	DtMin, DtMax float64 // (0, 1]
}

func newS4D(s *rng.Stream, name string, d, n int, times Times) *S4D {
	l := &S4D{
		dt: num.NewParam(name+".dt", d), alpha: num.NewParam(name+".alpha", n, d), omega: num.NewParam(name+".omega", n, d),
		cr: num.NewParam(name+".cr", n, d), ci: num.NewParam(name+".ci", n, d), d: num.NewParam(name+".d", d),
	}
	for i := range l.dt.Data {
		l.dt.Data[i] = float32(math.Log(times.DtMin) + s.Float64()*math.Log(times.DtMax/times.DtMin))
	}
	for i := range l.alpha.Data {
		l.alpha.Data[i], l.omega.Data[i] = float32(math.Log(0.5)), float32(math.Pi*float64(i/d))
	}
	normal(s, l.cr, math.Sqrt(0.5))
	normal(s, l.ci, math.Sqrt(0.5))
	normal(s, l.d, 1)
	return l
}

// NewS4D returns so many blocks of width d around an S4D of n conjugate pairs a feature.
func NewS4D(s *rng.Stream, name string, d, n, blocks int, times Times) *Stack {
	var ls []Level
	for i := range blocks {
		b := name + "." + strconv.Itoa(i)
		ls = append(ls, block(s, b, d, newS4D(s, b+".s4d", d, n, times), num.SiLU))
	}
	return stack(ls...)
}

func (l *S4D) sizes() (d, n int) { return l.d.Len(), l.alpha.Shape[0] }

// Scratch of a row: a s [2ND], and in the first row what all share [7ND].
func (l *S4D) extent() extent {
	d, n := l.sizes()
	return extent{in: d, out: d, state: 2 * n * d, scratch: 9 * n * d}
}

func (l *S4D) params() []*num.Tensor {
	return []*num.Tensor{l.dt, l.alpha, l.omega, l.cr, l.ci, l.d}
}

// hold is what follows from the parameters of an S4D: all [N][D].
type hold struct {
	a      turn
	gr, gi []float32
	cr, ci []float32 // twice the real part of C, minus twice the imaginary one
}

// derive fills room [7ND].
func (l *S4D) derive(room []float32) hold {
	m := l.alpha.Len()
	h := hold{newTurn(room[:3*m]), room[3*m : 4*m], room[4*m : 5*m], room[5*m : 6*m], room[6*m : 7*m]}
	for i := range m {
		_, _, a, g := l.exact(i)
		h.a.set(i, a)
		h.gr[i], h.gi[i] = float32(real(g)), float32(imag(g))
		h.cr[i], h.ci[i] = 2*l.cr.Data[i], -2*l.ci.Data[i]
	}
	return h
}

// exact gives the numbers of one place.
func (l *S4D) exact(i int) (dt float64, full, a, g complex128) {
	dt = math.Exp(float64(l.dt.Data[i%l.d.Len()]))
	full = complex(-math.Exp(float64(l.alpha.Data[i])), float64(l.omega.Data[i]))
	a = cmplx.Exp(complex(dt, 0) * full)
	return dt, full, a, (a - 1) / full
}

// take writes a*past + g*x into next [2][N][D], and 2 Re(C next) + D x into y [D].
func (l *S4D) take(k *num.Kernels, next, past, x, y []float32, h hold) {
	d, m := len(y), len(h.gr)
	h.a.apply(k, next, past)
	k.Mul(y, x, l.d.Data)
	for at := 0; at < m; at += d {
		re, im := next[at:at+d], next[m+at:m+at+d]
		k.MulAdd(re, h.gr[at:at+d], x)
		k.MulAdd(im, h.gi[at:at+d], x)
		k.MulAdd(y, h.cr[at:at+d], re)
		k.MulAdd(y, h.ci[at:at+d], im)
	}
}

func (l *S4D) step(k *num.Kernels, r rows) {
	d, n := l.sizes()
	m := n * d
	h := l.derive(r.scratch[2*m : 9*m])
	for b := range r.n {
		next, state := r.scratch[b*r.ldw:b*r.ldw+2*m], r.state[b*r.lds:b*r.lds+2*m]
		l.take(k, next, state, r.x[b*r.ldx:b*r.ldx+d], r.out[b*r.ldo:b*r.ldo+d], h)
		copy(state, next)
	}
}

type s4dOp struct {
	scan
	l     *S4D
	x, y  *num.Tensor // [T][B][D]
	h     hold
	carry []float32 // [B][4ND] gradient of s from the steps after, and room
	parts []float32 // [B][7ND + D] gradients: a [3ND], g [2ND], C [2ND], D
}

func (l *S4D) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	d, n := l.sizes()
	o := &s4dOp{l: l, x: x, y: t.Tensor(l.d.Name, x.Shape...)}
	o.begin(t, l.alpha.Name, x, c, 2*n*d)
	o.h = l.derive(cleared(t, 7*n*d))
	t.Core.Do(o.b, o.s.Len()*8, o.forward)
	t.Custom(o)
	return o.y
}

// row is row b of step i of x or y.
func (o *s4dOp) row(x []float32, i, b int) []float32 {
	d := o.l.d.Len()
	at := (i*o.b + b) * d
	return x[at : at+d]
}

func (o *s4dOp) forward(b0, b1 int) {
	for b := b0; b < b1; b++ {
		for i := range o.steps {
			o.l.take(&o.t.Core.K, o.at(i, b), o.before(i, b), o.row(o.x.Data, i, b), o.row(o.y.Data, i, b), o.h)
		}
	}
}

// Backward implements num.Func.
func (o *s4dOp) Backward() {
	m, d := len(o.h.gr), o.l.d.Len()
	o.carry, o.parts = cleared(o.t, o.b*4*m), cleared(o.t, o.b*(7*m+d))
	o.y.Gradient()
	o.x.Gradient()
	o.t.Core.Do(o.b, o.s.Len()*24, o.backward)
	o.stateGrad(o.carry, 4*m)
	o.paramGrads(sumEnvs(o.t, o.parts, o.b, 7*m+d))
}

func (o *s4dOp) backward(b0, b1 int) {
	k, m, d := &o.t.Core.K, len(o.h.gr), o.l.d.Len()
	for b := b0; b < b1; b++ {
		ds, room := o.carry[b*4*m:b*4*m+2*m], o.carry[b*4*m+2*m:(b+1)*4*m]
		parts := o.parts[b*(7*m+d) : (b+1)*(7*m+d)]
		for i := o.steps - 1; i >= 0; i-- {
			o.readGrad(ds, parts[3*m:], i, b)
			turnGrad(k, parts[:3*m], ds, o.before(i, b))
			o.h.a.back(k, room, ds)
			copy(ds, room)
			o.cut(ds, i, b)
		}
	}
}

// readGrad adds to ds what y passes to s, and to parts and to x what y = 2 Re(C s) + D x and s = .. + g x pass to them.
func (o *s4dOp) readGrad(ds, parts []float32, i, b int) {
	k, m, d, s := &o.t.Core.K, len(o.h.gr), o.l.d.Len(), o.at(i, b)
	x, dy := o.row(o.x.Data, i, b), o.row(o.y.Grad, i, b)
	dx := o.zeros[:0]
	if o.x.Grad != nil {
		dx = o.row(o.x.Grad, i, b)
		k.MulAdd(dx, dy, o.l.d.Data)
	}
	k.MulAdd(parts[4*m:4*m+d], dy, x)
	for at := 0; at < m; at += d {
		dr, di := ds[at:at+d], ds[m+at:m+at+d]
		k.MulAdd(dr, o.h.cr[at:at+d], dy)
		k.MulAdd(di, o.h.ci[at:at+d], dy)
		k.MulAdd(parts[at:at+d], dr, x)
		k.MulAdd(parts[m+at:m+at+d], di, x)
		k.MulAdd(parts[2*m+at:2*m+at+d], dy, s[at:at+d])
		k.MulAdd(parts[3*m+at:3*m+at+d], dy, s[m+at:m+at+d])
		if len(dx) > 0 {
			k.MulAdd(dx, o.h.gr[at:at+d], dr)
			k.MulAdd(dx, o.h.gi[at:at+d], di)
		}
	}
}

// paramGrads passes the gradients on. With G_w = dL/dRe w + i dL/dIm w and w = f(z) differentiable, G_z = conj(f'(z)) G_w:
//
//	z = dt A:  G_z = conj(a) (G_a + conj(1/A) G_g)      G_A = dt G_z - conj(g/A) G_g      dL/ddt = Re(conj(A) G_z)
func (o *s4dOp) paramGrads(sum []float32) {
	l, m, d := o.l, len(o.h.gr), o.l.d.Len()
	dt, alpha, omega, cr, ci := l.dt.Gradient(), l.alpha.Gradient(), l.omega.Gradient(), l.cr.Gradient(), l.ci.Gradient()
	for i := range m {
		step, full, a, g := l.exact(i)
		gg := complex(float64(sum[3*m+i]), float64(sum[4*m+i]))
		gz := cmplx.Conj(a) * (turnGradAt(sum[:3*m], i) + gg/cmplx.Conj(full))
		ga := complex(step, 0)*gz - cmplx.Conj(g/full)*gg
		dt[i%d] += float32(step * real(cmplx.Conj(full)*gz))
		alpha[i] += float32(real(full) * real(ga))
		omega[i] += float32(imag(ga))
		cr[i] += 2 * sum[5*m+i]
		ci[i] -= 2 * sum[6*m+i]
	}
	o.t.Core.K.Axpy(l.d.Gradient(), 1, sum[7*m:])
}
