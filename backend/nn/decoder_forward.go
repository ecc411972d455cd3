package nn

import "github.com/loci-lab/loci/backend/num"

// Attention is the shape of the decoder's attention.
func (m *Decoder) Attention() num.Attention {
	s := m.Shape
	return num.Attention{Heads: s.Heads, KVHeads: s.KVHeads, HeadDim: s.HeadDim, Turn: m.turn, Eps: s.Eps}
}

// Hidden records the forward pass of a pack and returns what the head would read after every token of p.Reads: the last block's
// result after the final norm, [R][D]. For a value head or a paper's own layers.
func (m *Decoder) Hidden(t *num.Tape, p *Pack) *num.Tensor {
	return m.hidden(t, p, (*num.Tape).Gather)
}

// Logprobs records the forward pass of a pack and returns the log-probabilities of p.Targets after p.Reads, in nats, [R]. The head is
// applied only where something is read, once for targets of the same token that lie next to each other in p.
func (m *Decoder) Logprobs(t *num.Tape, p *Pack) *num.Tensor {
	return t.Logprobs(m.head(), m.hidden(t, p, (*num.Tape).GatherRuns), p.Reads, p.Targets)
}

// LogprobsOf applies the head to what Hidden returned, or to what was made of it, [R][D]: the log-probabilities of p.Targets, [R].
func (m *Decoder) LogprobsOf(t *num.Tape, hidden *num.Tensor, p *Pack) *num.Tensor {
	return t.Logprobs(m.head(), hidden, nil, p.Targets)
}

// Logits records the forward pass of a pack and returns the logits after every token of p.Reads, [R][V]: for tests and comparisons.
func (m *Decoder) Logits(t *num.Tape, p *Pack) *num.Tensor {
	return t.Logits(m.head(), m.Hidden(t, p))
}

func (m *Decoder) head() num.Head {
	h := num.Head{W: m.Head}
	if m.LoRA != nil && m.LoRA.Head != nil {
		h.A, h.B, h.Scale = m.LoRA.Head.A, m.LoRA.Head.B, m.LoRA.scale()
	}
	return h
}

// hidden runs the blocks. After the last attention nothing mixes tokens any more, so from there on, where no hook wants them all, only
// the tokens go on that gather picks from p.Reads.
func (m *Decoder) hidden(t *num.Tape, p *Pack, gather func(t *num.Tape, x *num.Tensor, ids []int32) *num.Tensor) *num.Tensor {
	x := t.Gather(m.Embed, p.Tokens)
	for i, b := range m.Blocks {
		ad := m.LoRA.block(i)
		qkv := m.linear(t, t.RMSNormEps(x, b.Norm1, m.Shape.Eps), b.QKV, ad.QKV)
		a := t.AttendParts(m.Attention(), qkv, b.QNorm, b.KNorm, p.Positions, p.Parts)
		if i == len(m.Blocks)-1 && len(m.Hooks) == 0 {
			x, a = gather(t, x, p.Reads), gather(t, a, p.Reads)
		}
		m.join(t, x, a, b.Out, ad.Out)
		z := m.linear(t, t.RMSNormEps(x, b.Norm2, m.Shape.Eps), b.GateUp, ad.GateUp)
		m.join(t, x, t.SwiGLU(z), b.Down, ad.Down)
		if len(m.Hooks) > 0 {
			x = m.hooked(t, i, x, p)
		}
	}
	if len(m.Hooks) > 0 {
		x = gather(t, x, p.Reads)
	}
	return t.RMSNormEps(x, m.Norm, m.Shape.Eps)
}

// hooked calls the hooks. What goes on is a copy, since blocks add to the stream in place and a hook's operations may read it backward.
func (m *Decoder) hooked(t *num.Tape, layer int, x *num.Tensor, p *Pack) *num.Tensor {
	for _, h := range m.Hooks {
		x = h(t, layer, x, p)
	}
	return t.Slice(x, 0, x.Last())
}

// linear is x*w with an adapter's update.
func (m *Decoder) linear(t *num.Tape, x, w *num.Tensor, a *Adapter) *num.Tensor {
	y := t.Linear(x, w, nil, num.None)
	if a != nil {
		t.AddLowRank(y, x, a.A, a.B, m.LoRA.scale())
	}
	return y
}

// join adds x*w, with an adapter's update, to the residual stream y in place.
func (m *Decoder) join(t *num.Tape, y, x, w *num.Tensor, a *Adapter) {
	t.AddLinear(y, x, w)
	if a != nil {
		t.AddLowRank(y, x, a.A, a.B, m.LoRA.scale())
	}
}
