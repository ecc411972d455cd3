package nn

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// DecoderShape is the shape of a causal language model of the Llama family: RMS norms before the sub-layers, rotary positions, grouped
// queries, a gated MLP, no biases. Qwen3 is the same with norms on queries and keys.
type DecoderShape struct {
	Vocab   int // V, tokens
	Width   int // D
	Layers  int
	Heads   int     // H, of queries
	KVHeads int     // of keys and values; a divisor of Heads
	HeadDim int     // even; Heads*HeadDim need not be Width
	Inner   int     // F, of the gated MLP
	Context int     // most tokens of a sequence
	Theta   float64 // base of the rotary frequencies
	Eps     float64 // of the norms
	Tied    bool    // the head is the embedding
	QKNorm  bool    // RMS norm of every head's queries and keys before the rotation (Qwen3)
}

// Check returns what is wrong with a shape in words, nil when a decoder can be made of it.
func (s DecoderShape) Check() error {
	for _, n := range []struct {
		name  string
		value int
	}{{"vocabulary", s.Vocab}, {"width", s.Width}, {"layers", s.Layers}, {"heads", s.Heads}, {"key and value heads", s.KVHeads},
		{"head width", s.HeadDim}, {"inner width", s.Inner}, {"context", s.Context}} {
		if n.value < 1 {
			return fmt.Errorf("%s is %d, want at least 1", n.name, n.value)
		}
	}
	switch {
	case s.Heads%s.KVHeads != 0:
		return fmt.Errorf("%d key and value heads, want a divisor of the %d heads", s.KVHeads, s.Heads)
	case s.HeadDim%2 != 0:
		return fmt.Errorf("head width is %d, want an even number", s.HeadDim)
	case !(s.Theta > 0) || math.IsInf(s.Theta, 0):
		return fmt.Errorf("base of the rotary frequencies is %v, want a positive number", s.Theta)
	case !(s.Eps > 0) || s.Eps > 1:
		return fmt.Errorf("epsilon of the norms is %v, want above 0 and at most 1", s.Eps)
	}
	return nil
}

// DecoderBlock is one layer. Weights are [in][out]; parts that read the same input lie side by side in one matrix.
type DecoderBlock struct {
	Norm1, Norm2 *num.Tensor // [D] gains
	QKV          *num.Tensor // [D][(H + 2 KV) * HeadDim]: queries, keys, values
	QNorm, KNorm *num.Tensor // [HeadDim] gains, nil without QKNorm
	Out          *num.Tensor // [H * HeadDim][D]
	GateUp       *num.Tensor // [D][2F]: gate, up
	Down         *num.Tensor // [F][D]
}

// Decoder is a language model: token ids in, logits out. It holds parameters alone, so any number of goroutines may read it at once.
type Decoder struct {
	Shape  DecoderShape
	Embed  *num.Tensor // [V][D]
	Blocks []*DecoderBlock
	Norm   *num.Tensor // [D]
	Head   *num.Tensor // [V][D], Embed itself when tied
	LoRA   *LoRA       // nil when all weights are trained
	Hooks  []Hook      // called in order after every block

	turn *num.Rotary
}

// Hook adds a paper's own layers: x [N][D] is the residual stream after a block, the result [N][D] is what goes on. It may return x.
type Hook func(t *num.Tape, layer int, x *num.Tensor, p *Pack) *num.Tensor

// NewDecoder returns a decoder with normal first weights: standard deviation 1/sqrt(in), those that write into the residual stream
// divided by sqrt(2 Layers) (Radford et al. 2019, sec. 2.3). The embedding has 3/sqrt(D), at most 0.3: at the usual 0.02 what the first layers add
// drowns which token it was, and a small model needs twice the steps until it looks words up (experiments/LOG.md, 2026-11-21).
func NewDecoder(s *rng.Stream, shape DecoderShape) *Decoder {
	m := NewDecoderZero(shape)
	sub := 1 / math.Sqrt(2*float64(shape.Layers))
	normal(s, m.Embed, min(0.3, 3/math.Sqrt(float64(shape.Width))))
	for _, b := range m.Blocks {
		normal(s, b.QKV, 1/math.Sqrt(float64(shape.Width)))
		normal(s, b.Out, sub/math.Sqrt(float64(shape.Heads*shape.HeadDim)))
		normal(s, b.GateUp, 1/math.Sqrt(float64(shape.Width)))
		normal(s, b.Down, sub/math.Sqrt(float64(shape.Inner)))
	}
	if !shape.Tied {
		normal(s, m.Head, 1/math.Sqrt(float64(shape.Width)))
	}
	return m
}

// NewDecoderZero returns a decoder whose norms have gain 1 and whose other weights are zero, to be read from a file. It panics on a
// shape that Check refuses.
func NewDecoderZero(shape DecoderShape) *Decoder {
	if err := shape.Check(); err != nil {
		panic("nn: decoder: " + err.Error())
	}
	d, q, kv := shape.Width, shape.Heads*shape.HeadDim, shape.KVHeads*shape.HeadDim
	m := &Decoder{Shape: shape, Embed: num.NewParam("embed", shape.Vocab, d), Norm: gain("norm", d), turn: num.NewRotary(shape.HeadDim, shape.Theta)}
	for i := range shape.Layers {
		n := fmt.Sprintf("layer.%d.", i)
		b := &DecoderBlock{
			Norm1: gain(n+"norm1", d), Norm2: gain(n+"norm2", d),
			QKV: num.NewParam(n+"qkv", d, q+2*kv), Out: num.NewParam(n+"out", q, d),
			GateUp: num.NewParam(n+"gate_up", d, 2*shape.Inner), Down: num.NewParam(n+"down", shape.Inner, d),
		}
		if shape.QKNorm {
			b.QNorm, b.KNorm = gain(n+"q_norm", shape.HeadDim), gain(n+"k_norm", shape.HeadDim)
		}
		m.Blocks = append(m.Blocks, b)
	}
	m.Head = m.Embed
	if !shape.Tied {
		m.Head = num.NewParam("head", shape.Vocab, d)
	}
	return m
}

func gain(name string, n int) *num.Tensor {
	g := num.NewParam(name, n)
	fill(g.Data, 1)
	return g
}

func normal(s *rng.Stream, x *num.Tensor, std float64) {
	for i := range x.Data {
		x.Data[i] = float32(std * s.Normal())
	}
}

// Rotary holds the angles of the positions, shared by all copies of the decoder.
func (m *Decoder) Rotary() *num.Rotary { return m.turn }

// Weights are all parameters of the model itself, without adapters, always in the same order and with unique names.
func (m *Decoder) Weights() []*num.Tensor {
	ps := []*num.Tensor{m.Embed}
	for _, b := range m.Blocks {
		ps = append(ps, b.Norm1, b.QKV)
		if b.QNorm != nil {
			ps = append(ps, b.QNorm, b.KNorm)
		}
		ps = append(ps, b.Out, b.Norm2, b.GateUp, b.Down)
	}
	ps = append(ps, m.Norm)
	if !m.Shape.Tied {
		ps = append(ps, m.Head)
	}
	return ps
}
