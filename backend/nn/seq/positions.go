package seq

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Positions adds to its input [D] the sinusoids of the step p of the episode, p = 0 at the first one (arXiv 1706.03762v7, sec. 3.5):
//
//	y_2i = x_2i + sin(p w_i)    y_2i+1 = x_2i+1 + cos(p w_i)    w_i = Period^(-2i/D)
//
// The paper's period is 10000 for texts; the benchmark POPGym (arXiv 2303.01859v1) takes the longest episode instead. It carries
// nothing but the stack's count of steps, and so turns a network without memory into one that knows the time and nothing else.
type Positions struct {
	width int
	freq  []float64 // [(D+1)/2]
	table []float32 // [tabled][D] of the first steps, so that no sinusoid is computed while acting
}

// tabled is how many steps have their sinusoids stored.
const tabled = 1024

func positions(width int, period float64) *Positions {
	l := &Positions{width: width}
	for i := 0; i < width; i += 2 {
		l.freq = append(l.freq, math.Pow(period, -float64(i)/float64(width)))
	}
	l.table = make([]float32, tabled*width)
	for p := range tabled {
		l.fill(l.table[p*width:(p+1)*width], p)
	}
	return l
}

// fill writes the sinusoids of step p.
func (l *Positions) fill(row []float32, p int) {
	for i := range row {
		angle := float64(p) * l.freq[i/2]
		if i%2 == 0 {
			row[i] = float32(math.Sin(angle))
		} else {
			row[i] = float32(math.Cos(angle))
		}
	}
}

// add writes x plus the sinusoids of step p into y; y may be x.
func (l *Positions) add(k *num.Kernels, y, x []float32, p int) {
	if p < tabled {
		k.Add(y, x, l.table[p*l.width:(p+1)*l.width])
		return
	}
	for i := range y {
		angle := float64(p) * l.freq[i/2]
		if i%2 == 0 {
			y[i] = x[i] + float32(math.Sin(angle))
		} else {
			y[i] = x[i] + float32(math.Cos(angle))
		}
	}
}

func (l *Positions) extent() extent        { return extent{in: l.width, out: l.width, counts: true} }
func (l *Positions) params() []*num.Tensor { return nil }

func (l *Positions) step(k *num.Kernels, r rows) {
	for b := range r.n {
		l.add(k, r.out[b*r.ldo:b*r.ldo+l.width], r.x[b*r.ldx:b*r.ldx+l.width], int(r.counter[b*r.lds]))
	}
}

type positionsOp struct {
	t    *num.Tape
	x, y *num.Tensor
}

func (l *Positions) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	o := &positionsOp{t, x, t.Tensor("positions", x.Shape...)}
	steps, envs, d := x.Shape[0], x.Shape[1], l.width
	for b := range envs {
		p := int(c.state0.Data[b*c.state0.Last()])
		for i := range steps {
			r := i*envs + b
			if c.fresh[r] {
				p = 0
			}
			l.add(&t.Core.K, o.y.Data[r*d:(r+1)*d], x.Data[r*d:(r+1)*d], p)
			p++
		}
	}
	t.Custom(o)
	return o.y
}

// Backward implements num.Func: the sinusoids are constants.
func (o *positionsOp) Backward() {
	if g := o.x.Gradient(); g != nil {
		o.t.Core.K.Axpy(g, 1, o.y.Gradient())
	}
}

// NewPositionalMLP returns a network of those widths that sees the present input and the step of the episode. Sinusoids have periods
// from 2 pi steps to 2 pi times that period.
func NewPositionalMLP(s *rng.Stream, name string, in int, widths []int, act num.Act, period float64) *Stack {
	return stack(append([]Level{positions(in, period)}, dense(s, name, in, widths, act)...)...)
}
