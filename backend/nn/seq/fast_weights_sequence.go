package seq

import "github.com/loci-lab/loci/backend/num"

type fastWeightsOp struct {
	scan
	l      FastWeights
	pre, y *num.Tensor // [T][B][3D..], [T][B][D]
	kept   []float32   // [T][B][Heads][kept]
	row    int         // numbers kept of a row
	carry  []float32   // [B][S] gradient of the numbers carried
	room   []float32   // [B][4F+2e]
}

func (l FastWeights) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	_, _, state, kept := l.head()
	o := &fastWeightsOp{l: l, pre: l.lin.Forward(t, x), y: t.Tensor(l.lin.W.Name, x.Shape...), row: l.heads * kept}
	o.begin(t, l.lin.W.Name, x, c, l.heads*state)
	o.kept = t.Tensor("kept", o.steps, o.b, o.row).Data
	t.Core.Do(o.b, o.s.Len()*4, o.forward)
	t.Custom(o)
	return o.y
}

// moment is head h of environment b at step i.
func (o *fastWeightsOp) moment(i, b, h int) moment {
	r, wide, d := i*o.b+b, o.l.lin.Out(), o.l.lin.In()
	return o.l.moment(h, o.pre.Data[r*wide:(r+1)*wide], o.y.Data[r*d:(r+1)*d], o.kept[r*o.row:(r+1)*o.row])
}

func (o *fastWeightsOp) forward(b0, b1 int) {
	n := o.n / o.l.heads
	for b := b0; b < b1; b++ {
		for i := range o.steps {
			s := o.at(i, b)
			copy(s, o.before(i, b))
			for h := range o.l.heads {
				o.l.take(&o.t.Core.K, o.moment(i, b, h), s[h*n:(h+1)*n])
			}
		}
	}
}

// Backward implements num.Func.
func (o *fastWeightsOp) Backward() {
	e, f, _, _ := o.l.head()
	o.carry, o.room = cleared(o.t, o.b*o.n), cleared(o.t, o.b*(4*f+2*e))
	o.y.Gradient()
	o.pre.Gradient()
	o.t.Core.Do(o.b, o.s.Len()*12, o.backward)
	o.stateGrad(o.carry, o.n)
}

func (o *fastWeightsOp) backward(b0, b1 int) {
	n, wide, d := o.n/o.l.heads, o.l.lin.Out(), o.l.lin.In()
	room := len(o.room) / o.b
	for b := b0; b < b1; b++ {
		for i := o.steps - 1; i >= 0; i-- {
			r := i*o.b + b
			dpre, dy := o.pre.Grad[r*wide:(r+1)*wide], o.y.Grad[r*d:(r+1)*d]
			for h := range o.l.heads {
				g := o.gradient(h, dpre, dy, o.room[b*room:(b+1)*room])
				m, carry := o.moment(i, b, h), o.carry[b*o.n+h*n:b*o.n+(h+1)*n]
				now, past := o.at(i, b)[h*n:(h+1)*n], o.before(i, b)[h*n:(h+1)*n]
				if o.l.rule == Sum {
					o.sumGrad(m, g, now, carry)
				} else {
					o.deltaGrad(m, g, now, past, carry)
				}
				o.l.phi.grad(g.k, g.a, m.a, m.k, g.room)
				o.l.phi.grad(g.q, g.p, m.p, m.q, g.room)
			}
			o.cut(o.carry[b*o.n:(b+1)*o.n], i, b)
		}
	}
}

// gradient is what one moment's gradients are added to, k, q, v and beta, and room for those of a, p and two of values.
type gradient struct {
	k, q, v, beta, y []float32
	a, p             []float32 // [f]
	u, w             []float32 // [e]
	room             []float32 // [2f]
}

func (o *fastWeightsOp) gradient(h int, dpre, dy, room []float32) (g gradient) {
	d := o.l.lin.In()
	e, f, _, _ := o.l.head()
	at := h * e
	g.k, g.q, g.v, g.y = dpre[at:at+e], dpre[d+at:d+at+e], dpre[2*d+at:2*d+at+e], dy[at:at+e]
	if o.l.rule == Delta {
		g.beta = dpre[3*d+h : 3*d+h+1]
	}
	g.a, g.p, g.u, g.w, g.room = room[:f], room[f:2*f], room[2*f:2*f+e], room[2*f+e:2*f+2*e], room[2*f+2*e:]
	return g
}

// sumGrad is the gradient of the rule sum. Carry holds that of W_t and z_t and becomes that of W_{t-1} and z_{t-1}. With y = n/c,
// n = p^T W, c = p^T z:
//
//	dn = dy/c    dc = -(dy.y)/c    dp = W dn + z dc    dW += p dn^T    dz += p dc    dv = dW^T a    da = dW v + dz
func (o *fastWeightsOp) sumGrad(m moment, g gradient, now, carry []float32) {
	k, f, fe := &o.t.Core.K, len(m.a), len(m.a)*len(m.v)
	w, z, dw, dz := now[:fe], now[fe:fe+f], carry[:fe], carry[fe:fe+f]
	dc := -k.Dot(g.y, m.y) / m.sums[3]
	for i, v := range g.y {
		g.u[i] = v / m.sums[3]
	}
	weigh(k, g.p, w, g.u, 0)
	k.Axpy(g.p, dc, z)
	outer(k, dw, 1, m.p, g.u)
	k.Axpy(dz, dc, m.p)
	lookUp(k, g.w, m.a, dw)
	k.Axpy(g.v, 1, g.w)
	weigh(k, g.a, dw, m.v, 0)
	k.Axpy(g.a, 1, dz)
}

// deltaGrad is the gradient of the rule delta. Carry holds that of W_t and becomes that of W_{t-1}. With u = v - W_{t-1}^T a and
// W_t = W_{t-1} + beta a u^T:
//
//	dp = W_t dy    dW += p dy^T    x = dW^T a    dbeta = x.u    du = beta x    dv = du    da = beta dW u - W_{t-1} du    dW -= a du^T
func (o *fastWeightsOp) deltaGrad(m moment, g gradient, now, past, carry []float32) {
	k, beta := &o.t.Core.K, m.sums[2]
	weigh(k, g.p, now, g.y, 0)
	outer(k, carry, 1, m.p, g.y)
	lookUp(k, g.w, m.a, carry)
	g.beta[0] += k.Dot(g.w, m.wrote) * beta * (1 - beta)
	k.Scale(g.w, beta)
	k.Axpy(g.v, 1, g.w)
	weigh(k, g.a, carry, m.wrote, 0)
	k.Scale(g.a, beta)
	k.Scale(g.w, -1)
	weigh(k, g.a, past, g.w, 1)
	outer(k, carry, 1, m.a, g.w)
	normaliseGrad(k, g.a, m.a, m.sums[0])
	normaliseGrad(k, g.p, m.p, m.sums[1])
	k.Scale(m.a, m.sums[0]) // the features before they were divided, which the map's gradient wants
	k.Scale(m.p, m.sums[1])
}
