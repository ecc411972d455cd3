package tiny

import (
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
	rotary   *num.Rotary
	turns    []float32 // [positions][HeadDim] of the rotary, as many positions as were needed so far
}

// turnedHead is the largest head, in numbers, that is kept turned: a product by it as it lies packs all of it each time, which costs a
// single row as much again. A larger head is not copied.
const turnedHead = 1 << 24

// newWeights reads the weights of a model, of its merged copy where it has adapters.
func newWeights(m *nn.Decoder) *weights {
	if len(m.Hooks) > 0 {
		panic("tiny: the decoder has hooks, whose layers are recorded on a tape and cannot be decoded token by token")
	}
	if m.LoRA != nil {
		m = m.Merged()
	}
	w := &weights{shape: m.Shape, embed: m.Embed.Data, norm: m.Norm.Data, head: m.Head.Data, headRows: true, rotary: m.Rotary()}
	for _, b := range m.Blocks {
		l := layer{norm1: b.Norm1.Data, norm2: b.Norm2.Data, qkv: b.QKV.Data, out: b.Out.Data, gateUp: b.GateUp.Data, down: b.Down.Data}
		if b.QNorm != nil {
			l.queryNorm, l.keyNorm = b.QNorm.Data, b.KNorm.Data
		}
		w.layers = append(w.layers, l)
	}
	if m.Head.Len() <= turnedHead {
		w.turnHead()
	}
	return w
}

func (w *weights) turnHead() {
	v, d := w.shape.Vocab, w.shape.Width
	turned := make([]float32, v*d)
	for i := range v {
		for j, x := range w.head[i*d : (i+1)*d] {
			turned[j*v+i] = x
		}
	}
	w.head, w.headRows = turned, false
}

// size is the number of weights that a step reads.
func (w *weights) size() int {
	s := w.shape
	block := s.Width*(s.Heads+2*s.KVHeads)*s.HeadDim + s.Heads*s.HeadDim*s.Width + 3*s.Width*s.Inner
	return s.Layers*block + s.Vocab*s.Width
}
