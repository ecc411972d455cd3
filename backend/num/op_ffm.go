package num

import "math"

type ffaOp struct {
	t                  *Tape
	x, alpha, omega    *Tensor
	state, y           *Tensor
	fresh              []bool
	steps, b, m, c     int
	gr, gi             []float32 // [M*C] real and imaginary part of Gamma
	dr, di             []float32 // [B][M*C] gradient carried back
	dgr, dgi           []float32 // [B][M*C] gradient of Gamma by environment
	forwardF, backward func(b0, b1 int)
}

// FFA is the aggregator of fast and forgetful memory, arXiv 2310.04128v1, sec. 4: a complex state X [M][C] with fixed decay and
// rotation for each place,
//
//	X_t = Gamma * X_{t-1} + x_t 1^T        Gamma_jk = exp(-|alpha_j|) * exp(i omega_k)
//	x [T][B][M], alpha [M], omega [C], state [B][2MC], fresh [T*B]; result [T][B][2MC]: all real parts [M][C], then all imaginary ones
//
// The paper sums powers of Gamma in closed form, to run over time in parallel; this is the recurrence that it equals (the paper's one
// step form). It needs no bound on alpha: the closed form divides by powers of Gamma, the recurrence does not. Where fresh, X_{t-1}
// is zero and no gradient passes.
func (t *Tape) FFA(x, alpha, omega, state *Tensor, fresh []bool) *Tensor {
	if len(x.Shape) != 3 || len(fresh) != x.Rows() || !alpha.is(x.Last()) || len(omega.Shape) != 1 {
		mismatch("ffa", "x [T][B][M], T*B marks of fresh steps, alpha [M] and omega [C]", x, alpha, omega)
	}
	o, isNew := record[ffaOp](t)
	if isNew {
		o.forwardF, o.backward = o.forwardEnvs, o.backwardEnvs
	}
	o.t, o.x, o.alpha, o.omega, o.state, o.fresh = t, x, alpha, omega, state, fresh
	o.steps, o.b, o.m, o.c = x.Shape[0], x.Shape[1], x.Shape[2], omega.Len()
	n := o.m * o.c
	if !state.is(o.b, 2*n) {
		mismatch("ffa", "a state [B][2*M*C]", x, omega, state)
	}
	o.y = t.Tensor(alpha.Name, o.steps, o.b, 2*n)
	o.gr, o.gi = t.floats(n), t.floats(n)
	DecayRotation(alpha.Data, omega.Data, o.gr, o.gi)
	t.Core.Do(o.b, o.steps*o.b*n*16, o.forwardF)
	return o.y
}

// DecayRotation writes the real and imaginary parts of Gamma [M][C].
func DecayRotation(alpha, omega, real, imag []float32) {
	c := len(omega)
	for j, a := range alpha {
		e := math.Exp(-math.Abs(float64(a)))
		for k, w := range omega {
			sin, cos := math.Sincos(float64(w))
			real[j*c+k], imag[j*c+k] = float32(e*cos), float32(e*sin)
		}
	}
}

// FFAStep does one step of one environment: x [M] and the old state give the new one, both [2MC], which may be the same slice.
func FFAStep(next, old, x, gr, gi []float32) {
	n := len(gr)
	c := n / len(x)
	gi, or, oi, nr, ni := gi[:n], old[:n], old[n:2*n], next[:n], next[n:2*n]
	for j, v := range x {
		for i := j * c; i < j*c+c; i++ {
			r, im := or[i], oi[i]
			nr[i] = float32(gr[i]*r) - float32(gi[i]*im) + v
			ni[i] = float32(gr[i]*im) + float32(gi[i]*r)
		}
	}
}

func (o *ffaOp) forwardEnvs(b0, b1 int) {
	n := 2 * o.m * o.c
	for i := range o.steps {
		for b := b0; b < b1; b++ {
			r := i*o.b + b
			next, x := o.y.Data[r*n:r*n+n], o.x.Data[r*o.m:r*o.m+o.m]
			if old := o.before(i, b); old != nil {
				FFAStep(next, old, x, o.gr, o.gi)
				continue
			}
			clear(next)
			FFAStep(next, next, x, o.gr, o.gi)
		}
	}
}

// before returns the state of environment b before step i, nil where it is zero.
func (o *ffaOp) before(i, b int) []float32 {
	n, r := 2*o.m*o.c, i*o.b+b
	switch {
	case o.fresh[r]:
		return nil
	case i == 0:
		return o.state.Data[b*n : b*n+n]
	}
	return o.y.Data[(r-o.b)*n : (r-o.b)*n+n]
}

func (o *ffaOp) backwardEnvs(b0, b1 int) {
	n := o.m * o.c
	dx := o.x.Grad
	for b := b0; b < b1; b++ {
		dr, di := o.dr[b*n:b*n+n], o.di[b*n:b*n+n]
		for i := o.steps - 1; i >= 0; i-- {
			r := i*o.b + b
			addTo(dr, o.y.Grad[2*r*n:])
			addTo(di, o.y.Grad[2*r*n+n:])
			if dx != nil {
				sumGroups(dx[r*o.m:r*o.m+o.m], dr)
			}
			old := o.before(i, b)
			if old == nil {
				clear(dr)
				clear(di)
				continue
			}
			o.back(dr, di, old, b)
		}
	}
}

// back takes the gradient of the new state to that of the old one and adds to that of Gamma: with X' = G*X as complex numbers,
// dX = conj(G)*dX' and dG = dX'*conj(X).
func (o *ffaOp) back(dr, di, old []float32, b int) {
	n := len(dr)
	dgr, dgi := o.dgr[b*n:b*n+n], o.dgi[b*n:b*n+n]
	or, oi := old[:n], old[n:2*n]
	for i, gr := range o.gr {
		gi, r, im := o.gi[i], dr[i], di[i]
		dgr[i] += float32(r*or[i]) + float32(im*oi[i])
		dgi[i] += float32(im*or[i]) - float32(r*oi[i])
		dr[i] = float32(gr*r) + float32(gi*im)
		di[i] = float32(gr*im) - float32(gi*r)
	}
}

// sumGroups adds to dst [M] the sums over C of src [M][C].
func sumGroups(dst, src []float32) {
	c := len(src) / len(dst)
	for j := range dst {
		for _, v := range src[j*c : j*c+c] {
			dst[j] += v
		}
	}
}

// Backward implements Func.
func (o *ffaOp) Backward() {
	if !o.y.live {
		return
	}
	n := o.m * o.c
	o.dr, o.di, o.dgr, o.dgi = o.t.floats(o.b*n), o.t.floats(o.b*n), o.t.floats(o.b*n), o.t.floats(o.b*n)
	for _, x := range [4][]float32{o.dr, o.di, o.dgr, o.dgi} {
		clear(x)
	}
	o.x.Gradient()
	o.t.Core.Do(o.b, o.steps*o.b*n*16, o.backward)
	o.gammaGrads()
	if g := o.state.Gradient(); g != nil {
		for b := range o.b {
			addTo(g[2*b*n:2*b*n+n], o.dr[b*n:])
			addTo(g[2*b*n+n:2*b*n+2*n], o.di[b*n:])
		}
	}
}

// gammaGrads sums the gradient of Gamma over environments in order and passes it on:
// d/dalpha_j = -sign(alpha_j) * sum_k Re(dG conj(G)), d/domega_k = sum_j (dG_i G_r - dG_r G_i).
func (o *ffaOp) gammaGrads() {
	n := o.m * o.c
	gr, gi := o.t.floats(n), o.t.floats(n)
	clear(gr)
	clear(gi)
	o.t.Core.K.SumRows(gr, o.dgr, n, o.b, n)
	o.t.Core.K.SumRows(gi, o.dgi, n, o.b, n)
	da, dw := o.alpha.Gradient(), o.omega.Gradient()
	for i := range n {
		if a := o.alpha.Data[i/o.c]; da != nil && a != 0 {
			d := gr[i]*o.gr[i] + gi[i]*o.gi[i]
			if a > 0 {
				d = -d
			}
			da[i/o.c] += d
		}
		if dw != nil {
			dw[i%o.c] += gi[i]*o.gr[i] - gr[i]*o.gi[i]
		}
	}
}
