package nn

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Adapter is a low-rank update of one linear map: y += (Alpha/Rank) * x A B (arXiv 2106.09685v2, sec. 4.1).
type Adapter struct {
	A *num.Tensor // [in][r]
	B *num.Tensor // [r][out], zero at first
}

// LoRA holds the adapters of a decoder. Where there is one, its adapters are trained and the decoder's own weights are not.
type LoRA struct {
	Rank   int
	Alpha  float64
	Blocks []LoRABlock // one for each layer
	Head   *Adapter    // nil where the head is not adapted
}

// LoRABlock are the adapters of one layer; those that are nil leave their map as it is.
type LoRABlock struct {
	QKV, Out, GateUp, Down *Adapter
}

// LoRAOptions say which maps of a decoder get adapters, at least one kind.
type LoRAOptions struct {
	Rank      int     // at least 1
	Alpha     float64 // 0 for 32
	Attention bool    // queries, keys and values, and what joins the heads
	MLP       bool
	Head      bool
}

func (l *LoRA) scale() float32 { return float32(l.Alpha / float64(l.Rank)) }

// block returns the adapters of a layer, none when there are none.
func (l *LoRA) block(i int) LoRABlock {
	if l == nil {
		return LoRABlock{}
	}
	return l.Blocks[i]
}

// AddLoRA gives a decoder adapters, which leave it as it is until they are trained: A is normal with standard deviation 1/sqrt(in), B
// zero. From then on its own weights have no gradient. It panics where there are adapters already and on options that name none.
func (m *Decoder) AddLoRA(s *rng.Stream, o LoRAOptions) {
	if m.LoRA != nil || o.Rank < 1 || o.Alpha < 0 || !o.Attention && !o.MLP && !o.Head {
		panic(fmt.Sprintf("nn: lora: %+v on a decoder (adapted already: %t), want a rank from 1, no negative alpha and something to adapt", o, m.LoRA != nil))
	}
	if o.Alpha == 0 {
		o.Alpha = 32
	}
	l := &LoRA{Rank: o.Rank, Alpha: o.Alpha}
	adapt := func(wanted bool, name string, in, out int) *Adapter {
		if !wanted {
			return nil
		}
		a := &Adapter{num.NewParam(name+".lora_a", in, o.Rank), num.NewParam(name+".lora_b", o.Rank, out)}
		normal(s, a.A, 1/math.Sqrt(float64(in)))
		return a
	}
	of := func(wanted bool, w *num.Tensor) *Adapter { return adapt(wanted, w.Name, w.Shape[0], w.Shape[1]) }
	for _, b := range m.Blocks {
		l.Blocks = append(l.Blocks, LoRABlock{
			QKV: of(o.Attention, b.QKV), Out: of(o.Attention, b.Out), GateUp: of(o.MLP, b.GateUp), Down: of(o.MLP, b.Down),
		})
	}
	l.Head = adapt(o.Head, "head", m.Shape.Width, m.Shape.Vocab)
	m.LoRA = l
	for _, w := range m.Weights() {
		w.Grad = nil
		w.ZeroGrad()
	}
}

// Params are what is trained, always in the same order: the adapters where there are some, the weights otherwise.
func (m *Decoder) Params() []*num.Tensor {
	if m.LoRA == nil {
		return m.Weights()
	}
	return m.LoRA.params()
}

func (l *LoRA) params() (ps []*num.Tensor) {
	add := func(as ...*Adapter) {
		for _, a := range as {
			if a != nil {
				ps = append(ps, a.A, a.B)
			}
		}
	}
	for _, b := range l.Blocks {
		add(b.QKV, b.Out, b.GateUp, b.Down)
	}
	add(l.Head)
	return ps
}

// Clone returns a deep copy of weights and adapters with the same hooks: a frozen sampler or a reference.
func (m *Decoder) Clone() *Decoder {
	c := NewDecoderZero(m.Shape)
	c.Hooks, c.turn = m.Hooks, m.turn
	if m.LoRA != nil {
		c.LoRA = m.LoRA.clone()
		for _, w := range c.Weights() {
			w.Grad = nil
			w.ZeroGrad()
		}
	}
	c.CopyFrom(m)
	return c
}

func (l *LoRA) clone() *LoRA {
	c := &LoRA{Rank: l.Rank, Alpha: l.Alpha, Head: l.Head.clone()}
	for _, b := range l.Blocks {
		c.Blocks = append(c.Blocks, LoRABlock{QKV: b.QKV.clone(), Out: b.Out.clone(), GateUp: b.GateUp.clone(), Down: b.Down.clone()})
	}
	return c
}

// clone returns an adapter of the same shape, of zeros.
func (a *Adapter) clone() *Adapter {
	if a == nil {
		return nil
	}
	return &Adapter{num.NewParam(a.A.Name, a.A.Shape...), num.NewParam(a.B.Name, a.B.Shape...)}
}

// all are the weights, then the adapters.
func (m *Decoder) all() []*num.Tensor {
	ps := m.Weights()
	if m.LoRA != nil {
		ps = append(ps, m.LoRA.params()...)
	}
	return ps
}

// CopyFrom takes over weights and adapters of a decoder with the same shape and the same adapters; it panics on another.
func (m *Decoder) CopyFrom(o *Decoder) {
	to, from := m.all(), o.all()
	if m.Shape != o.Shape || len(to) != len(from) {
		panic(fmt.Sprintf("nn: copy of a decoder %+v with %d tensors from one %+v with %d", m.Shape, len(to), o.Shape, len(from)))
	}
	for i, p := range to {
		if p.String() != from[i].String() {
			panic(fmt.Sprintf("nn: copy of a decoder: %s from %s", p, from[i]))
		}
		copy(p.Data, from[i].Data)
	}
}

// Merged returns a decoder without adapters that computes the same: they are added to copies of the weights. An adapted head unties
// it from the embedding. Without adapters it is Clone.
func (m *Decoder) Merged() *Decoder {
	if m.LoRA == nil {
		return m.Clone()
	}
	shape := m.Shape
	shape.Tied = shape.Tied && m.LoRA.Head == nil
	c := NewDecoderZero(shape)
	c.Hooks, c.turn = m.Hooks, m.turn
	from := m.Weights()
	if m.Shape.Tied && !shape.Tied {
		from = append(from, m.Head)
	}
	for i, p := range c.Weights() {
		copy(p.Data, from[i].Data)
	}
	k, s := num.Go(), m.LoRA.scale() // the same bits on every machine
	for i, b := range c.Blocks {
		l := m.LoRA.Blocks[i]
		l.QKV.addTo(&k, b.QKV, s)
		l.Out.addTo(&k, b.Out, s)
		l.GateUp.addTo(&k, b.GateUp, s)
		l.Down.addTo(&k, b.Down, s)
	}
	if h := m.LoRA.Head; h != nil { // the head is stored [V][D]: the transpose of A B
		d, r, v := shape.Width, m.LoRA.Rank, shape.Vocab
		k.Gemm(true, true, v, d, r, s, h.B.Data, v, h.A.Data, r, 1, c.Head.Data, d)
	}
	return c
}

// addTo adds scale * A B to w [in][out].
func (a *Adapter) addTo(k *num.Kernels, w *num.Tensor, scale float32) {
	if a == nil {
		return
	}
	in, r, out := w.Shape[0], a.A.Last(), w.Shape[1]
	k.Gemm(false, false, in, out, r, scale, a.A.Data, r, a.B.Data, out, 1, w.Data, out)
}
