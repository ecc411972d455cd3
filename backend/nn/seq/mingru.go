package seq

import (
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// MinGRU is the gated unit of arXiv 2410.01201v3, sec. 3.1.3, whose gate and candidate see the input alone:
//
//	z_t = sigmoid(W_z x_t + b_z)    c_t = W_c x_t + b_c    h_t = (1 - z_t) * h_{t-1} + z_t * c_t
//
// It carries h [H]. This is the paper's recurrence as it stands there; the form in logarithms of its appendix B serves a parallel scan,
// which the recurrence here does not need, and would keep h positive.
type MinGRU struct {
	lin *nn.Linear // D -> 2H: gate, candidate
}

// NewMinGRU returns so many layers of width h, each on top of the other, with orthogonal weights.
func NewMinGRU(s *rng.Stream, name string, in, h, layers int) *Stack {
	var ls []Level
	for i := range layers {
		l := MinGRU{nn.NewLinear(s, name+"."+strconv.Itoa(i), in, 2*h, num.None, 1)}
		nn.Orthogonal(s, l.lin.W, 0, h, 1) // a block each, as for the gates of the other units
		nn.Orthogonal(s, l.lin.W, h, 2*h, 1)
		ls, in = append(ls, l), h
	}
	return stack(ls...)
}

func (l MinGRU) width() int { return l.lin.Out() / 2 }

func (l MinGRU) extent() extent {
	return extent{in: l.lin.In(), out: l.width(), state: l.width(), scratch: l.lin.Out()}
}

func (l MinGRU) params() []*num.Tensor { return l.lin.Params() }

func (l MinGRU) step(k *num.Kernels, r rows) {
	h := l.width()
	l.lin.Apply(k, r.x, r.ldx, r.scratch, r.ldw, r.n)
	for b := range r.n {
		z, c := r.scratch[b*r.ldw:b*r.ldw+h], r.scratch[b*r.ldw+h:b*r.ldw+2*h]
		y, past := r.out[b*r.ldo:b*r.ldo+h], r.state[b*r.lds:b*r.lds+h]
		k.Sigmoid(z, z)
		towards(y, past, c, z)
		copy(past, y)
	}
}

// towards writes a + z*(b-a).
func towards(y, a, b, z []float32) {
	a, b, z = a[:len(y)], b[:len(y)], z[:len(y)]
	for i := range y {
		y[i] = a[i] + float32(z[i]*(b[i]-a[i]))
	}
}

type minGRUOp struct {
	scan
	pre   *num.Tensor // [T][B][2H] gate before its sigmoid, candidate
	gate  []float32   // [T][B][H]
	carry []float32   // [B][H]
}

func (l MinGRU) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	o := &minGRUOp{pre: l.lin.Forward(t, x)}
	o.begin(t, l.lin.W.Name, x, c, l.width())
	o.gate = t.Tensor("gate", o.s.Shape...).Data
	t.Core.Do(o.b, o.s.Len()*32, o.forward)
	t.Custom(o)
	return o.s
}

func (o *minGRUOp) forward(b0, b1 int) {
	n := o.n
	for i := range o.steps {
		for b := b0; b < b1; b++ {
			r := (i*o.b + b) * n
			z := o.gate[r : r+n]
			o.t.Core.K.Sigmoid(z, o.pre.Data[2*r:2*r+n])
			towards(o.at(i, b), o.before(i, b), o.pre.Data[2*r+n:2*r+2*n], z)
		}
	}
}

// Backward implements num.Func.
func (o *minGRUOp) Backward() {
	o.carry = cleared(o.t, o.b*o.n)
	o.s.Gradient()
	o.pre.Gradient()
	o.t.Core.Do(o.b, o.s.Len()*32, o.backward)
	o.stateGrad(o.carry, o.n)
}

func (o *minGRUOp) backward(b0, b1 int) {
	n := o.n
	for i := o.steps - 1; i >= 0; i-- {
		for b := b0; b < b1; b++ {
			r := (i*o.b + b) * n
			carry := o.carry[b*n : b*n+n]
			past, c := o.before(i, b)[:n], o.pre.Data[2*r+n : 2*r+2*n][:n]
			dy, z, dz, dc := o.s.Grad[r : r+n][:n], o.gate[r : r+n][:n], o.pre.Grad[2*r : 2*r+n][:n], o.pre.Grad[2*r+n : 2*r+2*n][:n]
			for j, d := range carry {
				d += dy[j]
				taken := float32(d * z[j])
				dc[j] += taken
				dz[j] += float32(float32(taken*(1-z[j])) * (c[j] - past[j]))
				carry[j] = d - taken
			}
			o.cut(carry, i, b)
		}
	}
}
