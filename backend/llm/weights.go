package llm

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// weight is one tensor of a model file and where its numbers lie in a Decoder. Files keep a matrix for each map, rows by output
// [out][in]; a Decoder keeps [in][out], and maps that read the same input side by side.
type weight struct {
	name   string
	shape  []int // in the file
	of     func(*nn.Decoder) *num.Tensor
	from   int // first column in the Decoder's tensor, of turned ones
	turned bool
}

// weights lists the tensors of a shape in the order in which they are written.
func weights(s nn.DecoderShape) []weight {
	ws := []weight{plain("model.embed_tokens.weight", func(m *nn.Decoder) *num.Tensor { return m.Embed }, s.Vocab, s.Width)}
	for i := range s.Layers {
		ws = append(ws, blockWeights(s, i)...)
	}
	ws = append(ws, plain("model.norm.weight", func(m *nn.Decoder) *num.Tensor { return m.Norm }, s.Width))
	if !s.Tied {
		ws = append(ws, plain(headName, func(m *nn.Decoder) *num.Tensor { return m.Head }, s.Vocab, s.Width))
	}
	return ws
}

const headName = "lm_head.weight"

func blockWeights(s nn.DecoderShape, layer int) []weight {
	part := func(get func(*nn.DecoderBlock) *num.Tensor) func(*nn.Decoder) *num.Tensor {
		return func(m *nn.Decoder) *num.Tensor { return get(m.Blocks[layer]) }
	}
	qkv := part(func(b *nn.DecoderBlock) *num.Tensor { return b.QKV })
	gateUp := part(func(b *nn.DecoderBlock) *num.Tensor { return b.GateUp })
	n, q, kv := fmt.Sprintf("model.layers.%d.", layer), s.Heads*s.HeadDim, s.KVHeads*s.HeadDim
	ws := []weight{
		plain(n+"input_layernorm.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.Norm1 }), s.Width),
		turned(n+"self_attn.q_proj.weight", qkv, 0, q, s.Width),
		turned(n+"self_attn.k_proj.weight", qkv, q, kv, s.Width),
		turned(n+"self_attn.v_proj.weight", qkv, q+kv, kv, s.Width),
		turned(n+"self_attn.o_proj.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.Out }), 0, s.Width, q),
		plain(n+"post_attention_layernorm.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.Norm2 }), s.Width),
		turned(n+"mlp.gate_proj.weight", gateUp, 0, s.Inner, s.Width),
		turned(n+"mlp.up_proj.weight", gateUp, s.Inner, s.Inner, s.Width),
		turned(n+"mlp.down_proj.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.Down }), 0, s.Width, s.Inner),
	}
	if s.QKNorm {
		ws = append(ws,
			plain(n+"self_attn.q_norm.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.QNorm }), s.HeadDim),
			plain(n+"self_attn.k_norm.weight", part(func(b *nn.DecoderBlock) *num.Tensor { return b.KNorm }), s.HeadDim))
	}
	return ws
}

func plain(name string, of func(*nn.Decoder) *num.Tensor, shape ...int) weight {
	return weight{name: name, shape: shape, of: of}
}

func turned(name string, of func(*nn.Decoder) *num.Tensor, from, out, in int) weight {
	return weight{name: name, shape: []int{out, in}, of: of, from: from, turned: true}
}

// size is the number of elements.
func (w *weight) size() int64 {
	n := int64(1)
	for _, side := range w.shape {
		n *= int64(side)
	}
	return n
}

// blockRows is how many rows of a file are turned at a time: one cache line of the Decoder's rows is used whole, and the buffer stays
// small beside the model.
const blockRows = 64

// blocks calls visit for one run of file rows after the other, with a buffer for their numbers and the function that gives the place
// in the Decoder's tensor of row r and column c of the run.
func (w *weight) blocks(x *num.Tensor, visit func(buf []float32, cols int, place func(r, c int) int) error) error {
	cols := w.shape[len(w.shape)-1]
	rows := int(w.size()) / cols
	buf := make([]float32, min(rows, blockRows)*cols)
	for row := 0; row < rows; row += blockRows {
		part := buf[:min(blockRows, rows-row)*cols]
		place := func(r, c int) int { return (row+r)*cols + c }
		if w.turned {
			wide := x.Last()
			place = func(r, c int) int { return c*wide + w.from + row + r }
		}
		if err := visit(part, cols, place); err != nil {
			return err
		}
	}
	return nil
}

// write appends the numbers of a model in the order of the file.
func (w *weight) write(out io.Writer, m *nn.Decoder, d Dtype) error {
	x := w.of(m)
	var raw []byte
	return w.blocks(x, func(buf []float32, cols int, place func(r, c int) int) error {
		for c := range cols {
			for r := range len(buf) / cols {
				buf[r*cols+c] = x.Data[place(r, c)]
			}
		}
		raw = appendFloats(raw[:0], buf, d)
		_, err := out.Write(raw)
		return err
	})
}

// read fills a model's numbers from the file.
func (w *weight) read(in io.Reader, m *nn.Decoder, d Dtype) error {
	x := w.of(m)
	var raw []byte
	return w.blocks(x, func(buf []float32, cols int, place func(r, c int) int) error {
		if raw == nil {
			raw = make([]byte, len(buf)*d.bytes())
		}
		raw = raw[:len(buf)*d.bytes()]
		if _, err := io.ReadFull(in, raw); err != nil {
			return err
		}
		readFloats(buf, raw, d)
		for c := range cols {
			for r := range len(buf) / cols {
				x.Data[place(r, c)] = buf[r*cols+c]
			}
		}
		return nil
	})
}

// bytes of one number.
func (d Dtype) bytes() int {
	if d == BF16 {
		return 2
	}
	return 4
}

// tag is the name of the type in a safetensors header.
func (d Dtype) tag() string {
	if d == BF16 {
		return "BF16"
	}
	return "F32"
}

func appendFloats(raw []byte, xs []float32, d Dtype) []byte {
	for _, x := range xs {
		if d == BF16 {
			raw = binary.LittleEndian.AppendUint16(raw, bfloat16(x))
		} else {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
	}
	return raw
}

func readFloats(xs []float32, raw []byte, d Dtype) {
	for i := range xs {
		if d == BF16 {
			xs[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		} else {
			xs[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
}

// bfloat16 returns the upper half of a float32, rounded to nearest, ties to even. Numbers beyond the largest become infinite; NaN
// stays NaN, which plain rounding would not always keep.
func bfloat16(x float32) uint16 {
	bits := math.Float32bits(x)
	if x != x {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
