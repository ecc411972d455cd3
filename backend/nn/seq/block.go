package seq

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Block is what stands around a recurrence that is linear in what it carries, FastWeights, LRU or S4D, of which it makes a deep network
// (arXiv 2303.06349v1, fig. 1: norm, recurrence, gated unit, skip; the same for all three, so that they differ in nothing but their memory):
//
//	y = x + a * sigmoid(b)      [a, b] = W act(inner(norm(x))) + c
//
// x, y [D], W [D][2D]. The activation is SiLU in the place of GELU before a state space, none behind fast weights. Norm is layer norm.
type Block struct {
	norm  *nn.Norm
	inner Level
	act   num.Act
	glu   *nn.Linear
}

func block(s *rng.Stream, name string, d int, inner Level, act num.Act) Block {
	return Block{nn.NewNorm(name+".norm", d), inner, act, nn.NewLinear(s, name+".glu", d, 2*d, num.None, nn.Gain(act))}
}

func (l Block) width() int { return l.glu.In() }

// Scratch of a row: the normalised input [D], what the recurrence gives [D], a and b [2D], then what the recurrence needs.
func (l Block) extent() extent {
	e := l.inner.extent()
	e.scratch += 4 * l.width()
	return e
}

func (l Block) params() []*num.Tensor {
	ps := append([]*num.Tensor{l.norm.Gain, l.norm.Bias}, l.inner.params()...)
	return append(ps, l.glu.Params()...)
}

func (l Block) step(k *num.Kernels, r rows) {
	d := l.width()
	in := r
	in.x, in.ldx, in.out, in.ldo, in.scratch = r.scratch, r.ldw, r.scratch[d:], r.ldw, r.scratch[4*d:]
	l.norm.Apply(k, r.x, r.ldx, r.scratch, r.ldw, r.n)
	l.inner.step(k, in)
	if l.act != num.None {
		for b := range r.n {
			y := r.scratch[b*r.ldw+d : b*r.ldw+2*d]
			l.act.Apply(k, y, y)
		}
	}
	l.glu.Apply(k, in.out, r.ldw, r.scratch[2*d:], r.ldw, r.n)
	for b := range r.n {
		row := r.scratch[b*r.ldw : b*r.ldw+4*d]
		x, y, a, gate := r.x[b*r.ldx:b*r.ldx+d], r.out[b*r.ldo:b*r.ldo+d], row[2*d:3*d], row[3*d:]
		k.Sigmoid(gate, gate)
		k.Mul(y, a, gate)
		k.Add(y, y, x)
	}
}

func (l Block) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	d := l.width()
	y := l.inner.sequence(t, l.norm.Forward(t, x), c)
	if l.act != num.None {
		y = t.Activate(y, l.act)
	}
	ab := l.glu.Forward(t, y)
	return t.Add(x, t.Mul(t.Slice(ab, 0, d), t.Activate(t.Slice(ab, d, 2*d), num.Sigmoid)))
}
