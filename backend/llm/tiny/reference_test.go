package tiny

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// slow is the model in float64, one token after the other, everything recomputed: the log-probabilities of all tokens after each token.
func slow(m *nn.Decoder, tokens []int32) [][]float64 {
	s := m.Shape
	x := make([][]float64, len(tokens))
	for i, id := range tokens {
		x[i] = wide(m.Embed.Data[int(id)*s.Width : (int(id)+1)*s.Width])
	}
	for i, b := range m.Blocks {
		var a nn.LoRABlock
		if m.LoRA != nil {
			a = m.LoRA.Blocks[i]
		}
		slowAttention(m, b, a, x)
		for t := range x {
			f := slowLinear(m, slowNorm(x[t], b.Norm2.Data, s.Eps), b.GateUp, a.GateUp)
			g := make([]float64, s.Inner)
			for j := range g {
				g[j] = f[j] / (1 + math.Exp(-f[j])) * f[s.Inner+j]
			}
			plus(x[t], slowLinear(m, g, b.Down, a.Down))
		}
	}
	out := make([][]float64, len(tokens))
	for t := range x {
		h := slowNorm(x[t], m.Norm.Data, s.Eps)
		logits, sum := make([]float64, s.Vocab), 0.0
		for v := range logits {
			for j, y := range h {
				logits[v] += y * float64(m.Head.Data[v*s.Width+j])
			}
		}
		if m.LoRA != nil && m.LoRA.Head != nil {
			zero := num.New("", s.Width, s.Vocab)
			plus(logits, slowLinear(m, h, zero, m.LoRA.Head))
		}
		for _, y := range logits {
			sum += math.Exp(y)
		}
		for v := range logits {
			logits[v] -= math.Log(sum)
		}
		out[t] = logits
	}
	return out
}

func slowAttention(m *nn.Decoder, b *nn.DecoderBlock, a nn.LoRABlock, x [][]float64) {
	s := m.Shape
	dh := s.HeadDim
	qkv := make([][]float64, len(x))
	for t := range x {
		qkv[t] = slowLinear(m, slowNorm(x[t], b.Norm1.Data, s.Eps), b.QKV, a.QKV)
		for h := range s.Heads + s.KVHeads {
			part := qkv[t][h*dh : (h+1)*dh]
			if b.QNorm != nil {
				gain := b.QNorm.Data
				if h >= s.Heads {
					gain = b.KNorm.Data
				}
				copy(part, slowNorm(part, gain, s.Eps))
			}
			for i := range dh / 2 {
				sin, cos := math.Sincos(float64(t) * math.Pow(s.Theta, -2*float64(i)/float64(dh)))
				p, q := part[i], part[i+dh/2]
				part[i], part[i+dh/2] = p*cos-q*sin, q*cos+p*sin
			}
		}
	}
	for t := range x {
		y := make([]float64, s.Heads*dh)
		for h := range s.Heads {
			kv := h / (s.Heads / s.KVHeads)
			weights, sum := make([]float64, t+1), 0.0
			for u := range weights {
				for i := range dh {
					weights[u] += qkv[t][h*dh+i] * qkv[u][(s.Heads+kv)*dh+i]
				}
				weights[u] = math.Exp(weights[u] / math.Sqrt(float64(dh)))
				sum += weights[u]
			}
			for u, w := range weights {
				for i := range dh {
					y[h*dh+i] += w / sum * qkv[u][(s.Heads+s.KVHeads+kv)*dh+i]
				}
			}
		}
		plus(x[t], slowLinear(m, y, b.Out, a.Out))
	}
}

func slowLinear(m *nn.Decoder, x []float64, w *num.Tensor, a *nn.Adapter) []float64 {
	y := slowProduct(x, w)
	if a == nil {
		return y
	}
	low := slowProduct(slowProduct(x, a.A), a.B)
	for i := range low {
		y[i] += m.LoRA.Alpha / float64(m.LoRA.Rank) * low[i]
	}
	return y
}

func slowProduct(x []float64, w *num.Tensor) []float64 {
	y := make([]float64, w.Last())
	for i, v := range x {
		for j := range y {
			y[j] += v * float64(w.Data[i*len(y)+j])
		}
	}
	return y
}

func slowNorm(x []float64, gain []float32, eps float64) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / math.Sqrt(sum/float64(len(x))+eps) * float64(gain[i])
	}
	return y
}

func plus(x, y []float64) {
	for i := range x {
		x[i] += y[i]
	}
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// shapes are of odd sizes: several heads a key, norms of queries and keys, head and embedding tied and not.
func shapes() map[string]nn.DecoderShape {
	return map[string]nn.DecoderShape{
		"llama, tied":       {Vocab: 61, Width: 36, Layers: 2, Heads: 3, KVHeads: 3, HeadDim: 12, Inner: 50, Context: 96, Theta: 10_000, Eps: 1e-5, Tied: true},
		"qwen3, not tied":   {Vocab: 300, Width: 40, Layers: 3, Heads: 4, KVHeads: 2, HeadDim: 16, Inner: 70, Context: 80, Theta: 1e6, Eps: 1e-6, QKNorm: true},
		"one head for keys": {Vocab: 33, Width: 24, Layers: 1, Heads: 5, KVHeads: 1, HeadDim: 6, Inner: 31, Context: 64, Theta: 500, Eps: 1e-5, Tied: true},
	}
}

// newModel has gains that are not 1 and logits that are far from equal.
func newModel(shape nn.DecoderShape) *nn.Decoder {
	s := rng.New(5, "model")
	m := nn.NewDecoder(s, shape)
	for _, w := range m.Weights() {
		for i := range w.Data {
			if len(w.Shape) == 1 {
				w.Data[i] = float32(1 + 0.3*s.Normal())
			}
		}
	}
	for i := range m.Embed.Data {
		m.Embed.Data[i] *= 0.8
	}
	return m
}

// adapt gives the model adapters whose second matrices are not zero.
func adapt(m *nn.Decoder) {
	s, shape := rng.New(6, "adapters"), m.Shape
	adapter := func(in, out int) *nn.Adapter {
		a := &nn.Adapter{A: num.New("a", in, 3), B: num.New("b", 3, out)}
		for _, x := range [][]float32{a.A.Data, a.B.Data} {
			for i := range x {
				x[i] = float32(0.2 * s.Normal())
			}
		}
		return a
	}
	m.LoRA = &nn.LoRA{Rank: 3, Alpha: 5, Head: adapter(shape.Width, shape.Vocab)}
	for _, b := range m.Blocks {
		m.LoRA.Blocks = append(m.LoRA.Blocks, nn.LoRABlock{
			QKV: adapter(shape.Width, b.QKV.Last()), GateUp: adapter(shape.Width, 2*shape.Inner), Down: adapter(shape.Inner, shape.Width),
		})
	}
}

func newCore(t testing.TB, family string, workers int) *num.Core {
	k, err := num.Family(family)
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(k, workers)
	t.Cleanup(core.Close)
	return core
}

func randomTokens(s *rng.Stream, vocab, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(s.IntN(vocab))
	}
	return ids
}
