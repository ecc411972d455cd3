package seq

import (
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// IndRNN is the independently recurrent network of arXiv 1803.04831v3, sec. 3, eq. 2: each unit sees, of the past, itself alone.
//
//	h_t = relu(W x_t + u * h_{t-1} + b)      |u| <= 2^(1/Horizon): over Horizon steps nothing grows beyond twofold
//
// W [D][H], u [H]; it carries h [H]. The paper clips u after each step of the optimiser; here the bound holds in the forward pass and,
// outside of it, only a gradient that leads back inside passes. Half-lives start spread evenly over the logarithm of 1 to Horizon
// steps. Layers are stacked with a layer norm behind each, in the place of the paper's batch norm: a policy acts on batches of any
// size.
type IndRNN struct {
	lin   *nn.Linear  // D -> H
	u     *num.Tensor // [H]
	bound float32
}

func indRNN(s *rng.Stream, name string, in, h int, horizon float64) *IndRNN {
	l := &IndRNN{nn.NewLinear(s, name, in, h, num.None, nn.Gain(num.ReLU)), num.NewParam(name+".u", h), float32(math.Pow(2, 1/horizon))}
	for i := range l.u.Data {
		halfLife := math.Pow(horizon, s.Float64())
		l.u.Data[i] = float32(math.Pow(2, -1/halfLife))
	}
	return l
}

// NewIndRNN returns so many layers of width h, whose recurrent weights are bounded for sequences of horizon steps.
func NewIndRNN(s *rng.Stream, name string, in, h, layers int, horizon float64) *Stack {
	var ls []Level
	for i := range layers {
		n := name + "." + strconv.Itoa(i)
		ls = append(ls, indRNN(s, n, in, h, horizon), norm(n+".norm", h))
		in = h
	}
	return stack(ls...)
}

func (l *IndRNN) extent() extent {
	h := l.lin.Out()
	return extent{in: l.lin.In(), out: h, state: h, scratch: h}
}

func (l *IndRNN) params() []*num.Tensor { return append(l.lin.Params(), l.u) }

// bounded writes the weights that are in force.
func (l *IndRNN) bounded(u []float32) {
	for i, v := range l.u.Data {
		u[i] = min(max(v, -l.bound), l.bound)
	}
}

func (l *IndRNN) step(k *num.Kernels, r rows) {
	h := l.lin.Out()
	l.lin.Apply(k, r.x, r.ldx, r.out, r.ldo, r.n)
	u := r.scratch[:h] // the same for every row: the first row's place holds it
	l.bounded(u)
	for b := range r.n {
		y, past := r.out[b*r.ldo:b*r.ldo+h], r.state[b*r.lds:b*r.lds+h]
		k.MulAdd(y, u, past)
		k.ReLU(y, y)
		copy(past, y)
	}
}

type indOp struct {
	scan
	l     *IndRNN
	z, y  *num.Tensor
	u     []float32
	carry []float32 // [B][H]
	du    []float32 // [B][H]
}

func (l *IndRNN) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	o := &indOp{l: l, z: l.lin.Forward(t, x)}
	o.begin(t, l.u.Name, x, c, l.lin.Out())
	o.y, o.u = o.s, cleared(t, o.n)
	l.bounded(o.u)
	t.Core.Do(o.b, o.y.Len()*8, o.forward)
	t.Custom(o)
	return o.y
}

func (o *indOp) forward(b0, b1 int) {
	k := &o.t.Core.K
	for i := range o.steps {
		for b := b0; b < b1; b++ {
			y := o.at(i, b)
			copy(y, o.z.Data[(i*o.b+b)*o.n:])
			k.MulAdd(y, o.u, o.before(i, b))
			k.ReLU(y, y)
		}
	}
}

// Backward implements num.Func.
func (o *indOp) Backward() {
	o.carry, o.du = cleared(o.t, o.b*o.n), cleared(o.t, o.b*o.n)
	o.y.Gradient()
	o.z.Gradient()
	o.t.Core.Do(o.b, o.y.Len()*16, o.backward)
	o.stateGrad(o.carry, o.n)
	g := o.l.u.Gradient()
	for i, d := range sumEnvs(o.t, o.du, o.b, o.n) {
		// Descent moves u against its gradient: outside the bound only what leads back may act.
		if u := o.l.u.Data[i]; u > o.l.bound && d < 0 || u < -o.l.bound && d > 0 {
			continue
		}
		g[i] += d
	}
}

func (o *indOp) backward(b0, b1 int) {
	k, n := &o.t.Core.K, o.n
	for i := o.steps - 1; i >= 0; i-- {
		for b := b0; b < b1; b++ {
			r := (i*o.b + b) * n
			carry, dz := o.carry[b*n:b*n+n], o.z.Grad[r:r+n]
			k.Add(carry, carry, o.y.Grad[r:r+n])
			k.ReLUGrad(dz, carry, o.y.Data[r:r+n]) // dz was zero: only this operation reads z
			k.MulAdd(o.du[b*n:b*n+n], dz, o.before(i, b))
			k.Mul(carry, dz, o.u)
			o.cut(carry, i, b)
		}
	}
}
