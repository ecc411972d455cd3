package nn

import (
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Linear is act(x*W + B): W [in][out], B [out].
type Linear struct {
	W, B *num.Tensor
	Act  num.Act
}

// NewLinear returns a layer with an orthogonal W of that gain and B zero. Gain sqrt(2) suits ReLU, 1 a linear layer or tanh.
func NewLinear(s *rng.Stream, name string, in, out int, act num.Act, gain float64) *Linear {
	l := &Linear{W: num.NewParam(name+".w", in, out), B: num.NewParam(name+".b", out), Act: act}
	Orthogonal(s, l.W, 0, out, gain)
	return l
}

// Gain is the usual gain of a hidden layer with that activation: sqrt(2) where it cuts half of the signal away, 1 elsewhere.
func Gain(act num.Act) float64 {
	if act == num.ReLU || act == num.SiLU {
		return math.Sqrt2
	}
	return 1
}

// In and Out are the widths.
func (l *Linear) In() int { return l.W.Shape[0] }

// Out is the width of a result.
func (l *Linear) Out() int { return l.W.Shape[1] }

// Params are W and B.
func (l *Linear) Params() []*num.Tensor { return []*num.Tensor{l.W, l.B} }

// Forward records the layer for x [..][in]; result [..][out].
func (l *Linear) Forward(t *num.Tape, x *num.Tensor) *num.Tensor { return t.Linear(x, l.W, l.B, l.Act) }

// Apply computes y = act(x*W + B) without gradient for x [rows][in], y [rows][out] with row strides ldx, ldy.
func (l *Linear) Apply(k *num.Kernels, x []float32, ldx int, y []float32, ldy, rows int) {
	in, out := l.In(), l.Out()
	k.Gemm(false, false, rows, out, in, 1, x, ldx, l.W.Data, out, 0, y, ldy)
	k.AddRows(y, ldy, rows, out, l.B.Data)
	if l.Act == num.None {
		return
	}
	if ldy == out {
		l.Act.Apply(k, y[:rows*out], y[:rows*out])
		return
	}
	for r := range rows {
		row := y[r*ldy : r*ldy+out]
		l.Act.Apply(k, row, row)
	}
}

// MLP is a stack of linear layers. As a Memory it is the control that carries nothing.
type MLP struct {
	Layers []*Linear
}

// NewMLP returns layers of the widths after in, each with the activation.
func NewMLP(s *rng.Stream, name string, in int, widths []int, act num.Act) *MLP {
	m := &MLP{}
	for i, w := range widths {
		m.Layers = append(m.Layers, NewLinear(s, name+"."+strconv.Itoa(i), in, w, act, Gain(act)))
		in = w
	}
	return m
}

// Size implements Memory. Scratch holds the results of all layers but the last.
func (m *MLP) Size() Size {
	last := len(m.Layers) - 1
	z := Size{In: m.Layers[0].In(), Out: m.Layers[last].Out(), Window: 1}
	for _, l := range m.Layers[:last] {
		z.Scratch += l.Out()
	}
	return z
}

// Params implements Memory.
func (m *MLP) Params() (ps []*num.Tensor) {
	for _, l := range m.Layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

// Step implements Memory.
func (m *MLP) Step(k *num.Kernels, x, _, out []float32, fresh []bool, scratch []float32) {
	stride, ldx, at := 0, m.Layers[0].In(), 0
	for _, l := range m.Layers[:len(m.Layers)-1] {
		stride += l.Out()
	}
	for i, l := range m.Layers {
		if i == len(m.Layers)-1 {
			l.Apply(k, x, ldx, out, l.Out(), len(fresh))
			return
		}
		l.Apply(k, x, ldx, scratch[at:], stride, len(fresh))
		x, ldx, at = scratch[at:], stride, at+l.Out()
	}
}

// Sequence implements Memory.
func (m *MLP) Sequence(t *num.Tape, x, _ *num.Tensor, _ []bool) *num.Tensor {
	for _, l := range m.Layers {
		x = l.Forward(t, x)
	}
	return x
}

// InUse implements Memory: nothing is carried.
func (m *MLP) InUse([]float32) int { return 0 }

// Probes implements Memory.
func (m *MLP) Probes() []Probe { return nil }
