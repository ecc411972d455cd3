package seq

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Local is causal self-attention over the last steps of the episode (num.Tape.Attend), with a residual connection.
type Local struct {
	Window   num.Window
	QKV, Out *nn.Linear  // D -> 3D, D -> D
	Bias     *num.Tensor // [Heads][Steps]
}

// NewLocal returns one of width d that sees so many steps, the present one included.
func NewLocal(s *rng.Stream, name string, d, heads, steps int) *Local {
	return &Local{Window: num.Window{Heads: heads, Steps: steps, Width: d}, QKV: nn.NewLinear(s, name+".qkv", d, 3*d, num.None, 1),
		Out: nn.NewLinear(s, name+".out", d, d, num.None, 1), Bias: num.NewParam(name+".bias", heads, steps)}
}

// Params are all parameters.
func (l *Local) Params() []*num.Tensor {
	return append(append(l.QKV.Params(), l.Bias), l.Out.Params()...)
}

// Layer is local attention, hierarchical recall and a network of one hidden layer, each with a residual connection, and a layer norm before
// the second and the third (arXiv 2105.14039v1, fig. 2). Local may be nil.
type Layer struct {
	Local        *Local
	Norm1, Norm2 *nn.Norm
	Recall       *Recall
	Up, Down     *nn.Linear // D -> 2D -> D
}

// NewLayer returns a layer of width d whose recall reads k chunks; a window of 0 steps leaves local attention out.
func NewLayer(s *rng.Stream, name string, d, heads, window, k int) *Layer {
	l := &Layer{Norm1: nn.NewNorm(name+".norm1", d), Norm2: nn.NewNorm(name+".norm2", d), Recall: NewRecall(s, name+".recall", d, heads, k),
		Up:   nn.NewLinear(s, name+".up", d, 2*d, num.ReLU, nn.Gain(num.ReLU)),
		Down: nn.NewLinear(s, name+".down", 2*d, d, num.None, 1)}
	if window > 0 {
		l.Local = NewLocal(s, name+".local", d, heads, window)
	}
	return l
}

// Params are all parameters.
func (l *Layer) Params() (ps []*num.Tensor) {
	if l.Local != nil {
		ps = l.Local.Params()
	}
	ps = append(ps, l.Norm1.Gain, l.Norm1.Bias)
	ps = append(append(ps, l.Recall.Params()...), l.Norm2.Gain, l.Norm2.Bias)
	return append(append(ps, l.Up.Params()...), l.Down.Params()...)
}

// Forward records the layer for x [T][B][D], of which only the last steps, so many, are wanted: result [last][B][D]. The chunks c are those
// of the wanted steps. State0 [B][..] holds the local window from column at on; fresh [T*B].
func (l *Layer) Forward(t *num.Tape, x, store *num.Tensor, c *Chunks, state0 *num.Tensor, at int, fresh []bool, last int) (*num.Tensor, Seen) {
	if l.Local != nil {
		a := t.Attend(l.Local.Window, l.Local.QKV.Forward(t, x), l.Local.Bias, state0, at, fresh)
		x = t.Add(Last(t, x, last), l.Local.Out.Forward(t, Last(t, a, last)))
	} else {
		x = Last(t, x, last)
	}
	x = l.Norm1.Forward(t, x)
	read, seen := l.Recall.Forward(t, x, store, c)
	x = l.Norm2.Forward(t, t.Add(x, read))
	return t.Add(x, l.Down.Forward(t, l.Up.Forward(t, x))), seen
}
