package nn

import (
	"fmt"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Norm is layer norm with gain and bias [D].
type Norm struct {
	Gain, Bias *num.Tensor
}

// NewNorm returns one of gain 1 and bias 0.
func NewNorm(name string, d int) *Norm {
	n := &Norm{num.NewParam(name+".gain", d), num.NewParam(name+".bias", d)}
	fill(n.Gain.Data, 1)
	return n
}

// Forward records the norm of x [..][D].
func (n *Norm) Forward(t *num.Tape, x *num.Tensor) *num.Tensor { return t.LayerNorm(x, n.Gain, n.Bias) }

// Apply computes it without gradient for rows of x and y with those row strides.
func (n *Norm) Apply(k *num.Kernels, x []float32, ldx int, y []float32, ldy, rows int) {
	d := n.Gain.Len()
	for r := range rows {
		row := y[r*ldy : r*ldy+d]
		num.NormRow(k, row, x[r*ldx:r*ldx+d], false)
		k.Mul(row, row, n.Gain.Data)
		k.Add(row, row, n.Bias.Data)
	}
}

// Gate is the gated residual connection of num.Tape.Gate.
type Gate struct {
	Wy, Ux, Ug, B *num.Tensor
}

// NewGate returns one with orthogonal weights and bias 2, so that it starts close to the identity (arXiv 1910.06764v1, sec. 3.2).
func NewGate(s *rng.Stream, name string, d int) *Gate {
	g := &Gate{num.NewParam(name+".wy", d, 3*d), num.NewParam(name+".ux", d, 2*d), num.NewParam(name+".ug", d, d), num.NewParam(name+".b", d)}
	gates(s, g.Wy, d)
	gates(s, g.Ux, d)
	gates(s, g.Ug, d)
	fill(g.B.Data, 2)
	return g
}

// Params are the weights and the bias.
func (g *Gate) Params() []*num.Tensor { return []*num.Tensor{g.Wy, g.Ux, g.Ug, g.B} }

// Block is one layer of gated transformer-XL: norms before the sub-layers, ReLU after them, gates instead of sums.
type Block struct {
	Norm1, Norm2 *Norm
	QKV, Out     *Linear     // D -> 3D, D -> D
	Bias         *num.Tensor // [Heads][Steps]
	Up, Down     *Linear     // D -> F -> D
	Gate1, Gate2 *Gate
}

// Transformer is a causal transformer over a window of the episode, with the gates and the order of norms of gated transformer-XL,
// arXiv 1910.06764v1, sec. 3, eq. 3 to 7. Deviations: positions are a learned bias for each head and distance instead of sinusoids, and
// what is carried are keys and values instead of the layers' inputs, so that a step costs one query and not a window of projections;
// keys from before a rollout stay as older parameters made them.
//
// It carries, for each block, what num.Window says: the count of steps and the last Steps-1 keys and values.
type Transformer struct {
	Embed  *Linear // In -> D
	Blocks []*Block
	Window num.Window
}

// NewTransformer returns one of width d with that many blocks and heads, inner width f, and a window of so many steps.
func NewTransformer(s *rng.Stream, name string, in, d, blocks, heads, f, steps int) *Transformer {
	m := &Transformer{Embed: NewLinear(s, name+".embed", in, d, num.None, 1), Window: num.Window{Heads: heads, Steps: steps, Width: d}}
	for i := range blocks {
		n := fmt.Sprintf("%s.%d", name, i)
		m.Blocks = append(m.Blocks, &Block{
			Norm1: NewNorm(n+".norm1", d), Norm2: NewNorm(n+".norm2", d),
			QKV: NewLinear(s, n+".qkv", d, 3*d, num.None, 1), Out: NewLinear(s, n+".out", d, d, num.ReLU, Gain(num.ReLU)),
			Bias: num.NewParam(n+".bias", heads, steps),
			Up:   NewLinear(s, n+".up", d, f, num.ReLU, Gain(num.ReLU)), Down: NewLinear(s, n+".down", f, d, num.ReLU, Gain(num.ReLU)),
			Gate1: NewGate(s, n+".gate1", d), Gate2: NewGate(s, n+".gate2", d),
		})
	}
	return m
}

// Size implements Memory. Scratch, by row: the stream and two results [D] each, queries, keys, values [3D], the inner layer [F],
// scores [Steps], and what a gate needs [6D].
func (m *Transformer) Size() Size {
	d, f := m.Window.Width, m.Blocks[0].Up.Out()
	return Size{In: m.Embed.In(), Out: d, State: len(m.Blocks) * m.Window.StateSize(), Scratch: 12*d + f + m.Window.Steps, Window: m.Window.Steps}
}

// Params implements Memory.
func (m *Transformer) Params() []*num.Tensor {
	ps := m.Embed.Params()
	for _, b := range m.Blocks {
		ps = append(ps, b.Norm1.Gain, b.Norm1.Bias)
		ps = append(append(ps, b.QKV.Params()...), b.Bias)
		ps = append(append(ps, b.Out.Params()...), b.Gate1.Params()...)
		ps = append(ps, b.Norm2.Gain, b.Norm2.Bias)
		ps = append(append(ps, b.Up.Params()...), b.Down.Params()...)
		ps = append(ps, b.Gate2.Params()...)
	}
	return ps
}

// room divides scratch for b rows: every part lies together, since products want dense rows.
type room struct {
	x, a, y, qkv, f, scores []float32
	z, zx, rx               []float32
}

func (m *Transformer) room(scratch []float32, b int) (r room) {
	d, f := m.Window.Width, m.Blocks[0].Up.Out()
	take := func(n int) []float32 {
		part := scratch[: b*n : b*n]
		scratch = scratch[b*n:]
		return part
	}
	r.x, r.a, r.y, r.qkv, r.f, r.scores = take(d), take(d), take(d), take(3*d), take(f), take(m.Window.Steps)
	r.z, r.zx, r.rx = take(3*d), take(2*d), take(d)
	return r
}

// Step implements Memory.
func (m *Transformer) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	b, d, z := len(fresh), m.Window.Width, m.Size()
	resetFresh(state, z.State, fresh) // all of it, not just the counts: whoever reads the state must not find an older episode
	r := m.room(scratch, b)
	m.Embed.Apply(k, x, z.In, r.x, d, b)
	for i, l := range m.Blocks {
		l.Norm1.Apply(k, r.x, d, r.a, d, b)
		l.QKV.Apply(k, r.a, d, r.qkv, 3*d, b)
		for e := range b {
			at := e*z.State + i*m.Window.StateSize()
			m.Window.AttendStep(k, r.qkv[e*3*d:(e+1)*3*d], l.Bias.Data, state[at:at+m.Window.StateSize()], r.a[e*d:(e+1)*d], r.scores[e*m.Window.Steps:(e+1)*m.Window.Steps])
		}
		l.Out.Apply(k, r.a, d, r.y, d, b)
		l.Gate1.apply(k, &r, d)
		l.Norm2.Apply(k, r.x, d, r.a, d, b)
		l.Up.Apply(k, r.a, d, r.f, l.Up.Out(), b)
		l.Down.Apply(k, r.f, l.Up.Out(), r.y, d, b)
		l.Gate2.apply(k, &r, d)
	}
	copy(out[:b*d], r.x)
}

// apply joins r.y to the stream r.x.
func (g *Gate) apply(k *num.Kernels, r *room, d int) {
	num.GateRows(k, r.x, d, r.y, d, g.Wy.Data, g.Ux.Data, g.Ug.Data, g.B.Data, r.z, r.zx, r.rx, r.x, d)
}

// Sequence implements Memory.
func (m *Transformer) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	x = m.Embed.Forward(t, x)
	for i, l := range m.Blocks {
		a := t.Attend(m.Window, l.QKV.Forward(t, l.Norm1.Forward(t, x)), l.Bias, state0, i*m.Window.StateSize(), fresh)
		x = t.Gate(x, l.Out.Forward(t, a), l.Gate1.Wy, l.Gate1.Ux, l.Gate1.Ug, l.Gate1.B)
		y := l.Down.Forward(t, l.Up.Forward(t, l.Norm2.Forward(t, x)))
		x = t.Gate(x, y, l.Gate2.Wy, l.Gate2.Ux, l.Gate2.Ug, l.Gate2.B)
	}
	return x
}

// InUse implements Memory: the keys and values of the steps that the window holds, and the counts.
func (m *Transformer) InUse(state []float32) (n int) {
	for at := 0; at < len(state); at += m.Window.StateSize() {
		n += m.Window.InUse(state[at:])
	}
	return n
}

// Probes implements Memory.
func (m *Transformer) Probes() []Probe { return nil }
