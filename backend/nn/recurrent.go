package nn

import (
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// RNN is the plain recurrent memory h' = tanh(x*Wx + Bx + h*Wh). It carries h.
type RNN struct {
	Wx, Bx, Wh *num.Tensor // [D][H], [H], [H][H]
}

// NewRNN returns one with orthogonal weights and biases of zero.
func NewRNN(s *rng.Stream, name string, in, h int) *RNN {
	m := &RNN{num.NewParam(name+".wx", in, h), num.NewParam(name+".bx", h), num.NewParam(name+".wh", h, h)}
	gates(s, m.Wx, h)
	gates(s, m.Wh, h)
	return m
}

// Size implements Memory.
func (m *RNN) Size() Size {
	d, h := m.Wx.Shape[0], m.Wh.Shape[0]
	return Size{In: d, Out: h, State: h, Window: 1}
}

// Params implements Memory.
func (m *RNN) Params() []*num.Tensor { return []*num.Tensor{m.Wx, m.Bx, m.Wh} }

// Step implements Memory.
func (m *RNN) Step(k *num.Kernels, x, state, out []float32, fresh []bool, _ []float32) {
	b, d, h := len(fresh), m.Wx.Shape[0], m.Wh.Shape[0]
	resetFresh(state, h, fresh)
	k.Gemm(false, false, b, h, d, 1, x, d, m.Wx.Data, h, 0, out, h)
	k.AddRows(out, h, b, h, m.Bx.Data)
	k.Gemm(false, false, b, h, h, 1, state, h, m.Wh.Data, h, 1, out, h)
	k.Tanh(out[:b*h], out[:b*h])
	copy(state[:b*h], out)
}

// Sequence implements Memory.
func (m *RNN) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	return t.RNN(x, m.Wx, m.Bx, m.Wh, state0, fresh)
}

// InUse implements Memory: all of h.
func (m *RNN) InUse(state []float32) int { return len(state) }

// Probes implements Memory.
func (m *RNN) Probes() []Probe { return nil }

// GRU is a gated recurrent unit; equations and gate order stand at num.Tape.GRU. It carries h.
type GRU struct {
	Wx, Bx, Wh, Bh *num.Tensor // [D][3H], [3H], [H][3H], [3H]
}

// NewGRU returns one with orthogonal weights, one block a gate, and biases of zero.
func NewGRU(s *rng.Stream, name string, in, h int) *GRU {
	m := &GRU{
		num.NewParam(name+".wx", in, 3*h), num.NewParam(name+".bx", 3*h),
		num.NewParam(name+".wh", h, 3*h), num.NewParam(name+".bh", 3*h),
	}
	gates(s, m.Wx, h)
	gates(s, m.Wh, h)
	return m
}

// Size implements Memory. Scratch is the gates (reset, update, candidate) and the recurrent products.
func (m *GRU) Size() Size {
	d, h := m.Wx.Shape[0], m.Wh.Shape[0]
	return Size{In: d, Out: h, State: h, Scratch: 6 * h, Window: 1}
}

// Params implements Memory.
func (m *GRU) Params() []*num.Tensor { return []*num.Tensor{m.Wx, m.Bx, m.Wh, m.Bh} }

// Step implements Memory.
func (m *GRU) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	b, d, h := len(fresh), m.Wx.Shape[0], m.Wh.Shape[0]
	g, ld := 3*h, 6*h
	resetFresh(state, h, fresh)
	k.Gemm(false, false, b, g, d, 1, x, d, m.Wx.Data, g, 0, scratch, ld)
	k.AddRows(scratch, ld, b, g, m.Bx.Data)
	k.Gemm(false, false, b, g, h, 1, state, h, m.Wh.Data, g, 0, scratch[g:], ld)
	k.AddRows(scratch[g:], ld, b, g, m.Bh.Data)
	for i := range b {
		row := scratch[i*ld : i*ld+ld]
		k.GRUCell(row[:g], row[g:], state[i*h:i*h+h], out[i*h:i*h+h])
	}
	copy(state[:b*h], out)
}

// Sequence implements Memory.
func (m *GRU) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	return t.GRU(x, m.Wx, m.Bx, m.Wh, m.Bh, state0, fresh)
}

// InUse implements Memory: all of h.
func (m *GRU) InUse(state []float32) int { return len(state) }

// Probes implements Memory. The update gate u keeps the old state, so it is the one shown as forget gate.
func (m *GRU) Probes() []Probe {
	h := m.Wh.Shape[0]
	return []Probe{{ProbeReset, 0, h}, {ProbeForget, h, h}}
}

// LSTM is a long short-term memory; equations and gate order stand at num.Tape.LSTM. It carries h and the cell c.
type LSTM struct {
	Wx, Bx, Wh *num.Tensor // [D][4H], [4H], [H][4H]
	Keep       bool        // the forget gate is 1 whatever its weights: the control that cannot forget
}

// NewLSTM returns one with orthogonal weights, one block a gate, and biases of zero but for the forget gates, which get forgetBias:
// 1 makes it remember at first (Jozefowicz et al. 2015, sec. 2.1).
func NewLSTM(s *rng.Stream, name string, in, h int, forgetBias float64, keep bool) *LSTM {
	m := &LSTM{num.NewParam(name+".wx", in, 4*h), num.NewParam(name+".bx", 4*h), num.NewParam(name+".wh", h, 4*h), keep}
	gates(s, m.Wx, h)
	gates(s, m.Wh, h)
	fill(m.Bx.Data[h:2*h], float32(forgetBias))
	return m
}

// Size implements Memory. Scratch is the gates (input, forget, cell, output), the new cell and its tanh.
func (m *LSTM) Size() Size {
	d, h := m.Wx.Shape[0], m.Wh.Shape[0]
	return Size{In: d, Out: h, State: 2 * h, Scratch: 6 * h, Window: 1}
}

// Params implements Memory.
func (m *LSTM) Params() []*num.Tensor { return []*num.Tensor{m.Wx, m.Bx, m.Wh} }

// Step implements Memory.
func (m *LSTM) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	b, d, h := len(fresh), m.Wx.Shape[0], m.Wh.Shape[0]
	g, ld := 4*h, 6*h
	resetFresh(state, 2*h, fresh)
	k.Gemm(false, false, b, g, d, 1, x, d, m.Wx.Data, g, 0, scratch, ld)
	k.AddRows(scratch, ld, b, g, m.Bx.Data)
	k.Gemm(false, false, b, g, h, 1, state, 2*h, m.Wh.Data, g, 1, scratch, ld)
	for i := range b {
		row, st, y := scratch[i*ld:i*ld+ld], state[i*2*h:(i+1)*2*h], out[i*h:i*h+h]
		k.LSTMCell(row[:g], st[h:], row[g:g+h], row[g+h:], y, m.Keep)
		copy(st, y)
		copy(st[h:], row[g:g+h])
	}
}

// Sequence implements Memory.
func (m *LSTM) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	return t.LSTM(x, m.Wx, m.Bx, m.Wh, state0, fresh, m.Keep)
}

// InUse implements Memory: h and c.
func (m *LSTM) InUse(state []float32) int { return len(state) }

// Probes implements Memory.
func (m *LSTM) Probes() []Probe {
	h := m.Wh.Shape[0]
	return []Probe{{ProbeInput, 0, h}, {ProbeForget, h, h}}
}
