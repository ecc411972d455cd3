package tiny

import (
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// layer holds the weights of one block, adapters merged, as nn.DecoderBlock lays them out.
type layer struct {
	norm1, norm2, qkv, queryNorm, keyNorm, out, gateUp, down []float32
}

// weights is what decoding reads of a model.
type weights struct {
	shape    nn.DecoderShape
	embed    []float32 // [V][D]
	layers   []layer
	norm     []float32 // [D]
	head     []float32 // [D][V], or [V][D] when headRows
	headRows bool
	cos, sin []float32 // [positions][HeadDim/2], as many positions as were needed so far
}

// turnedHead is the largest head, in numbers, that is kept turned: a product by it as it lies packs all of it each time, which costs a
// single row as much again. A larger head is not copied.
const turnedHead = 1 << 24

func newWeights(core *num.Core, m *nn.Decoder) *weights {
	w := &weights{shape: m.Shape, embed: m.Embed.Data, norm: m.Norm.Data}
	adapters := make([]nn.LoRABlock, len(m.Blocks))
	var head *nn.Adapter
	scale := float32(0)
	if m.LoRA != nil {
		copy(adapters, m.LoRA.Blocks)
		head, scale = m.LoRA.Head, float32(m.LoRA.Alpha/float64(m.LoRA.Rank))
	}
	for i, b := range m.Blocks {
		a := adapters[i]
		l := layer{
			norm1: b.Norm1.Data, norm2: b.Norm2.Data,
			qkv: merged(core, b.QKV, a.QKV, scale), out: merged(core, b.Out, a.Out, scale),
			gateUp: merged(core, b.GateUp, a.GateUp, scale), down: merged(core, b.Down, a.Down, scale),
		}
		if b.QNorm != nil {
			l.queryNorm, l.keyNorm = b.QNorm.Data, b.KNorm.Data
		}
		w.layers = append(w.layers, l)
	}
	w.setHead(core, m.Head.Data, head, scale)
	return w
}

// merged returns w + scale A B, w itself where there is no adapter.
func merged(core *num.Core, w *num.Tensor, a *nn.Adapter, scale float32) []float32 {
	if a == nil {
		return w.Data
	}
	in, rank, out := w.Rows(), a.A.Last(), w.Last()
	sum := append([]float32(nil), w.Data...)
	core.Gemm(false, false, in, out, rank, scale, a.A.Data, rank, a.B.Data, out, 1, sum, out)
	return sum
}

// setHead keeps the head [V][D] in the form that products want. An adapted head is always turned: its adapter maps D to V.
func (w *weights) setHead(core *num.Core, head []float32, a *nn.Adapter, scale float32) {
	v, d := w.shape.Vocab, w.shape.Width
	if a == nil && v*d > turnedHead {
		w.head, w.headRows = head, true
		return
	}
	w.head = make([]float32, v*d)
	for i := range v {
		for j, x := range head[i*d : (i+1)*d] {
			w.head[j*v+i] = x
		}
	}
	if a != nil {
		core.Gemm(false, false, d, v, a.A.Last(), scale, a.A.Data, a.A.Last(), a.B.Data, v, 1, w.head, v)
	}
}

// reach makes sure that the rotary tables hold positions 0..n-1. The angle of pair i at position p is p * theta^(-2i/dh)
// (arXiv 2104.09864v5, sec. 3.2.2).
func (w *weights) reach(n int) {
	half := w.shape.HeadDim / 2
	for p := len(w.cos) / half; p < n; p++ {
		for i := range half {
			sin, cos := math.Sincos(float64(p) * math.Pow(w.shape.Theta, -2*float64(i)/float64(w.shape.HeadDim)))
			w.cos, w.sin = append(w.cos, float32(cos)), append(w.sin, float32(sin))
		}
	}
}

// size is the number of weights that a step reads.
func (w *weights) size() int {
	s := w.shape
	block := s.Width*(s.Heads+2*s.KVHeads)*s.HeadDim + s.Heads*s.HeadDim*s.Width + 3*s.Width*s.Inner
	return s.Layers*block + s.Vocab*s.Width
}
