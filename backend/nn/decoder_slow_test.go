package nn

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// The decoder again in float64, one token after the other, without packs, blocks or kernels: slow and obvious.

type vector = []float64

func slowNorm(x vector, gain *num.Tensor, eps float64) vector {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	y := make(vector, len(x))
	for i, v := range x {
		y[i] = v / math.Sqrt(sum/float64(len(x))+eps) * float64(gain.Data[i])
	}
	return y
}

// slowMap is x*w plus the adapter's update.
func slowMap(m *Decoder, x vector, w *num.Tensor, a *Adapter) vector {
	y := slowMul(x, w)
	if a != nil {
		for i, v := range slowMul(slowMul(x, a.A), a.B) {
			y[i] += m.LoRA.Alpha / float64(m.LoRA.Rank) * v
		}
	}
	return y
}

func slowMul(x vector, w *num.Tensor) vector {
	y := make(vector, w.Shape[1])
	for i, v := range x {
		for j := range y {
			y[j] += v * float64(w.Data[i*len(y)+j])
		}
	}
	return y
}

func slowTurn(x vector, position int, theta float64) vector {
	y, half := make(vector, len(x)), len(x)/2
	for i := range half {
		angle := float64(position) * math.Pow(theta, -2*float64(i)/float64(len(x)))
		y[i] = x[i]*math.Cos(angle) - x[half+i]*math.Sin(angle)
		y[half+i] = x[half+i]*math.Cos(angle) + x[i]*math.Sin(angle)
	}
	return y
}

func slowAttend(q vector, keys, values []vector) vector {
	sum, y := 0.0, make(vector, len(q))
	for s, key := range keys {
		score := 0.0
		for i := range q {
			score += q[i] * key[i]
		}
		p := math.Exp(score / math.Sqrt(float64(len(q))))
		sum += p
		for i := range y {
			y[i] += p * values[s][i]
		}
	}
	for i := range y {
		y[i] /= sum
	}
	return y
}

// slowLogits returns the logits after every token of a row.
func slowLogits(m *Decoder, tokens []int32) []vector {
	s := m.Shape
	xs := make([]vector, len(tokens))
	for i, id := range tokens {
		for _, v := range m.Embed.Data[int(id)*s.Width : (int(id)+1)*s.Width] {
			xs[i] = append(xs[i], float64(v))
		}
	}
	for l, b := range m.Blocks {
		slowBlock(m, b, m.LoRA.block(l), xs)
	}
	out := make([]vector, len(xs))
	for i, x := range xs {
		h := slowNorm(x, m.Norm, s.Eps)
		out[i] = make(vector, s.Vocab)
		for v := range out[i] {
			for d, hd := range h {
				out[i][v] += hd * float64(m.Head.Data[v*s.Width+d])
			}
		}
		if m.LoRA != nil && m.LoRA.Head != nil {
			for v, u := range slowMul(slowMul(h, m.LoRA.Head.A), m.LoRA.Head.B) {
				out[i][v] += m.LoRA.Alpha / float64(m.LoRA.Rank) * u
			}
		}
	}
	return out
}

func slowBlock(m *Decoder, b *DecoderBlock, ad LoRABlock, xs []vector) {
	s, n := m.Shape, m.Shape.HeadDim
	keys, values := make([][]vector, s.KVHeads), make([][]vector, s.KVHeads)
	for i, x := range xs {
		qkv := slowMap(m, slowNorm(x, b.Norm1, s.Eps), b.QKV, ad.QKV)
		head := func(h int) vector { return qkv[h*n : (h+1)*n] }
		for g := range s.KVHeads {
			k := head(s.Heads + g)
			if s.QKNorm {
				k = slowNorm(k, b.KNorm, s.Eps)
			}
			keys[g], values[g] = append(keys[g], slowTurn(k, i, s.Theta)), append(values[g], head(s.Heads+s.KVHeads+g))
		}
		var a vector
		for h := range s.Heads {
			q := head(h)
			if s.QKNorm {
				q = slowNorm(q, b.QNorm, s.Eps)
			}
			g := h * s.KVHeads / s.Heads
			a = append(a, slowAttend(slowTurn(q, i, s.Theta), keys[g], values[g])...)
		}
		slowAdd(x, slowMap(m, a, b.Out, ad.Out))
		z := slowMap(m, slowNorm(x, b.Norm2, s.Eps), b.GateUp, ad.GateUp)
		f := make(vector, s.Inner)
		for j := range f {
			f[j] = z[j] / (1 + math.Exp(-z[j])) * z[s.Inner+j]
		}
		slowAdd(x, slowMap(m, f, b.Down, ad.Down))
	}
}

func slowAdd(x, y vector) {
	for i := range x {
		x[i] += y[i]
	}
}

func slowLogprob(logits vector, target int) float64 {
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(l - logits[target])
	}
	return -math.Log(sum)
}
