package nn

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// FFM is fast and forgetful memory, arXiv 2310.04128v1, sec. 4 with the recurrence at num.Tape.FFA:
//
//	y = pre_y(x), thru = pre_t(x)        gates: i = sigmoid(pre_i(x)) [M], o = sigmoid(pre_o(x)) [Out]
//	S_t = Gamma * S_{t-1} + (y*i) 1^T    z = mix(real and imaginary parts of S_t)
//	out = o * LN(z) + (1-o) * thru
//
// LN is layer norm without gain and bias. Where the paper's text and the code published with it differ, the code was followed: the
// skip connection is a linear layer of the input under the complement of the output gate, not the input itself. It carries S, complex
// [M][C], so 2*M*C numbers. Forgetting is a fixed rule: learned, but the same whatever is seen.
type FFM struct {
	Pre          *Linear     // D -> M (y), Out (thru), M (i), Out (o)
	Alpha, Omega *num.Tensor // [M], [C]
	Mix          *Linear     // 2MC -> Out
}

// NewFFM returns one of memory size m and context size c. Decays start between 0.67 a step and 1 % left after maxPeriod steps, periods
// of rotation between 1 and maxPeriod steps, evenly spaced, as in the published code.
func NewFFM(s *rng.Stream, name string, in, m, c, out int, maxPeriod float64) *FFM {
	f := &FFM{
		Pre:   NewLinear(s, name+".pre", in, 2*m+2*out, num.None, 1),
		Alpha: num.NewParam(name+".alpha", m), Omega: num.NewParam(name+".omega", c),
		Mix: NewLinear(s, name+".mix", 2*m*c, out, num.None, 1),
	}
	spread(f.Alpha.Data, 0.67, math.Log(100)/maxPeriod)
	spread(f.Omega.Data, 1, maxPeriod)
	for k, period := range f.Omega.Data {
		f.Omega.Data[k] = float32(2 * math.Pi / float64(period))
	}
	return f
}

// spread fills x with evenly spaced numbers, both ends included.
func spread(x []float32, from, to float64) {
	for i := range x {
		x[i] = float32(from + (to-from)*float64(i)/float64(max(len(x)-1, 1)))
	}
}

func (f *FFM) sizes() (in, m, c, out int) {
	return f.Pre.In(), f.Alpha.Len(), f.Omega.Len(), f.Mix.Out()
}

// Size implements Memory. Scratch of a row: results of Pre, then the decay of each memory unit.
func (f *FFM) Size() Size {
	in, m, c, out := f.sizes()
	return Size{In: in, Out: out, State: 2 * m * c, Scratch: 3*m + 2*out + 2*m*c, Window: 1}
}

// Params implements Memory.
func (f *FFM) Params() []*num.Tensor {
	return append(append(f.Pre.Params(), f.Alpha, f.Omega), f.Mix.Params()...)
}

// Step implements Memory.
func (f *FFM) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	in, m, c, w := f.sizes()
	n, ld := m*c, f.Size().Scratch
	resetFresh(state, 2*n, fresh)
	f.Pre.Apply(k, x, in, scratch, ld, len(fresh))
	gamma := scratch[3*m+2*w : ld] // the same for every row: the first row's place holds it
	num.DecayRotation(f.Alpha.Data, f.Omega.Data, gamma[:n], gamma[n:])
	decay := scratch[2*m+2*w : 3*m+2*w]
	for j, a := range f.Alpha.Data {
		decay[j] = float32(math.Exp(-math.Abs(float64(a))))
	}
	for b := range fresh {
		row, st := scratch[b*ld:(b+1)*ld], state[b*2*n:(b+1)*2*n]
		y, gate := row[:m], row[m+w:2*m+2*w]
		k.Sigmoid(gate, gate)
		k.Mul(y, y, gate[:m])
		num.FFAStep(st, st, y, gamma[:n], gamma[n:])
		copy(row[2*m+2*w:3*m+2*w], decay)
	}
	f.Mix.Apply(k, state, 2*n, out, w, len(fresh))
	for b := range fresh {
		thru, o, z := scratch[b*ld+m:b*ld+m+w], scratch[b*ld+2*m+w:b*ld+2*m+2*w], out[b*w:b*w+w]
		num.NormRow(k, z, z, false)
		for j, g := range o {
			z[j] = thru[j] + g*(z[j]-thru[j])
		}
	}
}

// Sequence implements Memory.
func (f *FFM) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	_, m, _, w := f.sizes()
	pre := f.Pre.Forward(t, x)
	gate := t.Activate(t.Slice(pre, m+w, 2*m+2*w), num.Sigmoid)
	y := t.Mul(t.Slice(pre, 0, m), t.Slice(gate, 0, m))
	s := t.FFA(y, f.Alpha, f.Omega, state0, fresh)
	z := t.LayerNorm(f.Mix.Forward(t, s), nil, nil)
	return t.Mix(t.Slice(gate, m, m+w), z, t.Slice(pre, m, m+w))
}

// InUse implements Memory: all of S.
func (f *FFM) InUse(state []float32) int { return len(state) }

// Probes implements Memory: what each memory unit took in, and the fixed share that it keeps of the old.
func (f *FFM) Probes() []Probe {
	_, m, _, w := f.sizes()
	return []Probe{{ProbeInput, m + w, m}, {ProbeForget, 2*m + 2*w, m}}
}
