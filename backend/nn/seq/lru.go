package seq

import (
	"math"
	"math/cmplx"
	"strconv"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// LRU is the linear recurrent unit of arXiv 2303.06349v1, sec. 3: a diagonal complex recurrence whose decay is stable by its form.
//
//	s_t = lambda * s_{t-1} + gamma * (B x_t)      y_t = Re(C s_t) + D * x_t
//	lambda = exp(-exp(nu) + i exp(theta)) (sec. 3.3)      gamma = exp(log gamma) (sec. 3.4)
//
// x, y, D [D]; s, lambda, gamma [N]; B, C complex [D][N]. At the start |lambda|^2 is uniform between RMin^2 and RMax^2 and the phase
// between 0 and MaxPhase: a ring (lemma 3.2); gamma is sqrt(1 - |lambda|^2), so that what is carried is about as large as what comes in
// (sec. 3.4); B, C and D are normal with variances 1/2D a part, 1/N a part and 1. It carries s, 2N numbers.
type LRU struct {
	nu, theta, gamma *num.Tensor // [N] logarithms
	b, c             *num.Tensor // [D][2N], [2N][D]: real parts, then imaginary ones; those of C are stored negated
	d                *num.Tensor // [D]
}

// Ring says where the eigenvalues of an LRU start.
type Ring struct {
	RMin, RMax float64 // moduli, [0, 1)
	MaxPhase   float64 // radians a step, (0, 2 pi]
}

func newLRU(s *rng.Stream, name string, d, n int, ring Ring) *LRU {
	l := &LRU{
		nu: num.NewParam(name+".nu", n), theta: num.NewParam(name+".theta", n), gamma: num.NewParam(name+".gamma", n),
		b: num.NewParam(name+".b", d, 2*n), c: num.NewParam(name+".c", 2*n, d), d: num.NewParam(name+".d", d),
	}
	for i := range n {
		square := ring.RMin*ring.RMin + s.Float64()*(ring.RMax*ring.RMax-ring.RMin*ring.RMin)
		square = max(square, 1e-6) // of a ring without a hole: the logarithm of zero is none
		l.nu.Data[i] = float32(math.Log(-0.5 * math.Log(square)))
		l.theta.Data[i] = float32(math.Log(ring.MaxPhase * (1 - s.Float64())))
		l.gamma.Data[i] = float32(0.5 * math.Log(1-square))
	}
	normal(s, l.b, math.Sqrt(1/(2*float64(d))))
	normal(s, l.c, math.Sqrt(1/float64(n)))
	normal(s, l.d, 1)
	return l
}

func normal(s *rng.Stream, w *num.Tensor, deviation float64) {
	for i := range w.Data {
		w.Data[i] = float32(deviation * s.Normal())
	}
}

// NewLRU returns so many blocks of width d around an LRU of n complex numbers.
func NewLRU(s *rng.Stream, name string, d, n, blocks int, ring Ring) *Stack {
	var ls []Level
	for i := range blocks {
		b := name + "." + strconv.Itoa(i)
		ls = append(ls, block(s, b, d, newLRU(s, b+".lru", d, n, ring), num.SiLU))
	}
	return stack(ls...)
}

func (l *LRU) sizes() (d, n int) { return l.d.Len(), l.nu.Len() }

// Scratch of a row: B x [2N], lambda s [2N], and in the first row what all share, lambda [3N] and gamma [N].
func (l *LRU) extent() extent {
	d, n := l.sizes()
	return extent{in: d, out: d, state: 2 * n, scratch: 8 * n}
}

func (l *LRU) params() []*num.Tensor { return []*num.Tensor{l.nu, l.theta, l.gamma, l.b, l.c, l.d} }

// derive writes lambda and gamma.
func (l *LRU) derive(lambda turn, gamma []float32) {
	for i, nu := range l.nu.Data {
		lambda.set(i, cmplx.Exp(complex(-math.Exp(float64(nu)), math.Exp(float64(l.theta.Data[i])))))
		gamma[i] = float32(math.Exp(float64(l.gamma.Data[i])))
	}
}

// take writes lambda*past + gamma*v into next; complex [2N].
func (l *LRU) take(k *num.Kernels, next, past, v []float32, lambda turn, gamma []float32) {
	n := len(gamma)
	lambda.apply(k, next, past)
	k.MulAdd(next[:n], gamma, v[:n])
	k.MulAdd(next[n:2*n], gamma, v[n:2*n])
}

func (l *LRU) step(k *num.Kernels, r rows) {
	d, n := l.sizes()
	lambda, gamma := newTurn(r.scratch[4*n:7*n]), r.scratch[7*n:8*n]
	l.derive(lambda, gamma)
	k.Gemm(false, false, r.n, 2*n, d, 1, r.x, r.ldx, l.b.Data, 2*n, 0, r.scratch, r.ldw)
	for b := range r.n {
		row, state := r.scratch[b*r.ldw:b*r.ldw+4*n], r.state[b*r.lds:b*r.lds+2*n]
		l.take(k, row[2*n:], state, row, lambda, gamma)
		copy(state, row[2*n:])
	}
	k.Gemm(false, false, r.n, d, 2*n, 1, r.state, r.lds, l.c.Data, d, 0, r.out, r.ldo)
	for b := range r.n {
		k.MulAdd(r.out[b*r.ldo:b*r.ldo+d], r.x[b*r.ldx:b*r.ldx+d], l.d.Data)
	}
}

type lruOp struct {
	scan
	l      *LRU
	v      *num.Tensor // [T][B][2N] B x
	lambda turn
	gamma  []float32 // [N]
	carry  []float32 // [B][4N] gradient of s from the steps after, and room
	dl     []float32 // [B][3N] of lambda
	dg     []float32 // [B][N] of gamma
}

func (l *LRU) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	_, n := l.sizes()
	o := &lruOp{l: l, v: t.Linear(x, l.b, nil, num.None)}
	o.begin(t, l.nu.Name, x, c, 2*n)
	room := cleared(t, 4*n)
	o.lambda, o.gamma = newTurn(room[:3*n]), room[3*n:]
	l.derive(o.lambda, o.gamma)
	t.Core.Do(o.b, o.s.Len()*8, o.forward)
	t.Custom(o)
	return skip(t, t.Linear(o.s, l.c, nil, num.None), x, l.d)
}

func (o *lruOp) forward(b0, b1 int) {
	for i := range o.steps {
		for b := b0; b < b1; b++ {
			r := (i*o.b + b) * o.n
			o.l.take(&o.t.Core.K, o.at(i, b), o.before(i, b), o.v.Data[r:r+o.n], o.lambda, o.gamma)
		}
	}
}

// Backward implements num.Func.
func (o *lruOp) Backward() {
	n := len(o.gamma)
	o.carry, o.dl, o.dg = cleared(o.t, o.b*4*n), cleared(o.t, o.b*3*n), cleared(o.t, o.b*n)
	o.s.Gradient()
	o.v.Gradient()
	o.t.Core.Do(o.b, o.s.Len()*32, o.backward)
	o.stateGrad(o.carry, 4*n)
	o.paramGrads(sumEnvs(o.t, o.dl, o.b, 3*n), sumEnvs(o.t, o.dg, o.b, n))
}

func (o *lruOp) backward(b0, b1 int) {
	k, n := &o.t.Core.K, len(o.gamma)
	for i := o.steps - 1; i >= 0; i-- {
		for b := b0; b < b1; b++ {
			r := (i*o.b + b) * 2 * n
			d, room, dg := o.carry[b*4*n:b*4*n+2*n], o.carry[b*4*n+2*n:(b+1)*4*n], o.dg[b*n:b*n+n]
			v, dv := o.v.Data[r:r+2*n], o.v.Grad[r:r+2*n]
			k.Add(d, d, o.s.Grad[r:r+2*n])
			for half := 0; half < 2*n; half += n {
				k.MulAdd(dg, d[half:half+n], v[half:half+n])
				k.MulAdd(dv[half:half+n], d[half:half+n], o.gamma)
			}
			turnGrad(k, o.dl[b*3*n:(b+1)*3*n], d, o.before(i, b))
			o.lambda.back(k, room, d)
			copy(d, room)
			o.cut(d, i, b)
		}
	}
}

// paramGrads passes the gradients of lambda and gamma on: with G that of lambda, d/dnu = -exp(nu) Re(G conj(lambda)) and
// d/dtheta = exp(theta) Im(G conj(lambda)).
func (o *lruOp) paramGrads(dl, dg []float32) {
	nu, theta, gamma := o.l.nu.Gradient(), o.l.theta.Gradient(), o.l.gamma.Gradient()
	for i, g := range o.gamma {
		z := turnGradAt(dl, i) * complex(float64(o.lambda.re[i]), float64(o.lambda.minus[i]))
		nu[i] -= float32(math.Exp(float64(o.l.nu.Data[i])) * real(z))
		theta[i] += float32(math.Exp(float64(o.l.theta.Data[i])) * imag(z))
		gamma[i] += dg[i] * g
	}
}
