package seq

import (
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Frames gives the inputs of the present and of earlier steps side by side, zero where the episode had not begun:
//
//	y_t = [x_t, x_{t-d}, x_{t-2d}, .., x_{t-(K-1)d}]
//
// With d = 1 these are the stacked frames of Mnih et al. 2015 (doi 10.1038/nature14236, "Preprocessing"). It carries the last (K-1)d
// inputs, the newest first.
type Frames struct {
	width int // of one input
	taps  int // K
	every int // d
}

func (l Frames) lookback() int { return (l.taps - 1) * l.every }

func (l Frames) extent() extent {
	return extent{in: l.width, out: l.taps * l.width, state: l.lookback() * l.width, lookback: l.lookback(), counts: true}
}

func (l Frames) params() []*num.Tensor { return nil }

func (l Frames) step(_ *num.Kernels, r rows) {
	d, n := l.width, l.lookback()*l.width
	for b := range r.n {
		x, past, y := r.x[b*r.ldx:b*r.ldx+d], r.state[b*r.lds:b*r.lds+n], r.out[b*r.ldo:]
		copy(y[:d], x)
		for j := 1; j < l.taps; j++ {
			copy(y[j*d:(j+1)*d], past[(j*l.every-1)*d:])
		}
		copy(past[d:], past)
		copy(past, x)
	}
}

type framesOp struct {
	l        Frames
	c        carried
	x, y     *num.Tensor
	steps, b int
}

func (l Frames) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	o := &framesOp{l, c, x, t.Tensor("frames", x.Shape[0], x.Shape[1], l.taps*l.width), x.Shape[0], x.Shape[1]}
	clear(o.y.Data)
	o.each(func(y, from int, stored bool) {
		src := x.Data
		if stored {
			src = c.state0.Data
		}
		copy(o.y.Data[y:y+l.width], src[from:])
	})
	t.Custom(o)
	return o.y
}

// each calls f for every delayed input that is there: the place of its copy in the result, and where it comes from, in this sequence
// or in the stored state.
func (o *framesOp) each(f func(y, from int, stored bool)) {
	d, w := o.l.width, o.l.taps*o.l.width
	for b := range o.b {
		start := -o.l.lookback() // the first step that may be looked at; what the state holds of an older episode is zero
		for i := range o.steps {
			if o.c.fresh[i*o.b+b] {
				start = i
			}
			for j := range o.l.taps {
				y, from := (i*o.b+b)*w+j*d, i-j*o.l.every
				switch {
				case from < start:
				case from >= 0:
					f(y, (from*o.b+b)*d, false)
				default:
					f(y, b*o.c.state0.Last()+o.c.at+(-from-1)*d, true)
				}
			}
		}
	}
}

// Backward implements num.Func.
func (o *framesOp) Backward() {
	dx, ds, dy, d := o.x.Gradient(), o.c.state0.Gradient(), o.y.Gradient(), o.l.width
	o.each(func(y, from int, stored bool) {
		g := dx
		if stored {
			g = ds
		}
		if g == nil {
			return
		}
		for j, v := range dy[y : y+d] {
			g[from+j] += v
		}
	})
}

// NewFrameStack returns a network of those widths that sees the last k inputs of the episode.
func NewFrameStack(s *rng.Stream, name string, in, k int, widths []int, act num.Act) *Stack {
	return stack(append([]Level{Frames{in, k, 1}}, dense(s, name, k*in, widths, act)...)...)
}

// Conv is a causal dilated convolution over time (arXiv 1803.01271v2, sec. 3.3), inside a residual connection where the widths
// allow one (sec. 3.4):
//
//	y_t = x_t + relu(sum_{j<K} W_j x_{t-jd} + b)
//
// Deviations: one convolution a block instead of two, and neither weight norm nor dropout.
type Conv struct {
	frames Frames
	lin    *nn.Linear // K*D -> H
}

func (l Conv) residual() bool { return l.frames.width == l.lin.Out() }

func (l Conv) extent() extent {
	e := l.frames.extent()
	e.scratch, e.out = e.out, l.lin.Out()
	return e
}

func (l Conv) params() []*num.Tensor { return l.lin.Params() }

func (l Conv) step(k *num.Kernels, r rows) {
	f := r
	f.out, f.ldo = r.scratch, r.ldw
	l.frames.step(k, f)
	l.lin.Apply(k, r.scratch, r.ldw, r.out, r.ldo, r.n)
	if !l.residual() {
		return
	}
	for b := range r.n {
		y := r.out[b*r.ldo : b*r.ldo+l.lin.Out()]
		k.Add(y, y, r.x[b*r.ldx:])
	}
}

func (l Conv) sequence(t *num.Tape, x *num.Tensor, c carried) *num.Tensor {
	y := l.lin.Forward(t, l.frames.sequence(t, x, c))
	if l.residual() {
		return t.Add(x, y)
	}
	return y
}

// NewTCN returns a temporal convolutional network of so many blocks of width h with K taps; the distance between taps is K times that
// of the block before, so that the blocks together see the last K^blocks steps without a gap.
func NewTCN(s *rng.Stream, name string, in, h, taps, blocks int) *Stack {
	var layers []Level
	every := 1
	for i := range blocks {
		n := name + ".conv" + strconv.Itoa(i)
		layers = append(layers, Conv{Frames{in, taps, every}, nn.NewLinear(s, n, taps*in, h, num.ReLU, nn.Gain(num.ReLU))})
		in, every = h, every*taps
	}
	return stack(layers...)
}
