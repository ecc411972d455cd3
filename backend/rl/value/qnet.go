package value

import (
	"fmt"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// QNet is a network of action values: observation -> encoder -> memory -> head.
type QNet struct {
	Encoder *nn.MLP // nil where the memory reads the observation itself
	Memory  nn.Memory
	Head    *nn.Linear // [H][A], or [H][A+1] with Dueling

	mix *num.Tensor // [A+1][A], nil without Dueling
}

// NewQNet puts a head on a memory, orthogonal with gain 0.01: the first values are close to zero. With dueling the head says how much
// better each action is than the mean, and the value of the state (arXiv 1511.06581v3, eq. 9):
//
//	q_a = v + u_a - mean_j u_j
func NewQNet(s *rng.Stream, encoder *nn.MLP, memory nn.Memory, actions int, dueling bool) *QNet {
	width, h := actions, memory.Size().Out
	q := &QNet{Encoder: encoder, Memory: memory}
	if dueling {
		width++
		q.mix = duelingMatrix(actions)
	}
	q.Head = nn.NewLinear(s, "q", h, width, num.None, 0.01)
	return q
}

// duelingMatrix is the matrix that turns (u_1 .. u_A, v) into values; it is no parameter.
func duelingMatrix(acts int) *num.Tensor {
	m := num.New("dueling", acts+1, acts)
	for i := range acts {
		for j := range acts {
			m.Data[i*acts+j] = -1 / float32(acts)
		}
		m.Data[i*acts+i]++
		m.Data[acts*acts+i] = 1
	}
	return m
}

// Actions is the number of actions.
func (q *QNet) Actions() int {
	if q.mix != nil {
		return q.Head.Out() - 1
	}
	return q.Head.Out()
}

// Inputs is how many numbers an observation has.
func (q *QNet) Inputs() int {
	if q.Encoder != nil {
		return q.Encoder.Size().In
	}
	return q.Memory.Size().In
}

// Params are those of encoder, memory and head.
func (q *QNet) Params() (ps []*num.Tensor) {
	if q.Encoder != nil {
		ps = append(ps, q.Encoder.Params()...)
	}
	return append(append(ps, q.Memory.Params()...), q.Head.Params()...)
}

// Sequence records obs [T][B][O] with the states before the first step, state0 [B][S], and fresh [T*B]; result [T][B][A].
func (q *QNet) Sequence(t *num.Tape, obs, state0 *num.Tensor, fresh []bool) *num.Tensor {
	if q.Encoder != nil {
		obs = q.Encoder.Sequence(t, obs, nil, nil)
	}
	y := q.Head.Forward(t, q.Memory.Sequence(t, obs, state0, fresh))
	if q.mix != nil {
		y = t.Linear(y, q.mix, nil, num.None)
	}
	return y
}

// Space is the working memory of Step for B rows; rows are independent, so that workers share it.
type Space struct {
	encScratch, enc []float32 // [B][..]
	memScratch, mem []float32 // [B][..]
	raw             []float32 // [B][A+1]
}

// NewSpace returns working memory for b rows.
func (q *QNet) NewSpace(b int) *Space {
	w := new(Space)
	if q.Encoder != nil {
		z := q.Encoder.Size()
		w.encScratch, w.enc = make([]float32, b*z.Scratch), make([]float32, b*z.Out)
	}
	z := q.Memory.Size()
	w.memScratch, w.mem, w.raw = make([]float32, b*z.Scratch), make([]float32, b*z.Out), make([]float32, b*q.Head.Out())
	return w
}

// Probe returns internals of the last Step in row b, valid until the next; nil where the memory has none of that name.
func (q *QNet) Probe(w *Space, name string, b int) []float32 {
	p, ok := nn.FindProbe(q.Memory, name)
	if !ok {
		return nil
	}
	at := b*q.Memory.Size().Scratch + p.At
	return w.memScratch[at : at+p.Len]
}

// Step does rows i0..i1 of one step without gradients: obs [B][O], state [B][S] (updated in place), values [B][A].
func (q *QNet) Step(k *num.Kernels, w *Space, obs, state, values []float32, fresh []bool, i0, i1 int) {
	z := q.Memory.Size()
	x, in := obs, z.In
	if q.Encoder != nil {
		e := q.Encoder.Size()
		q.Encoder.Step(k, obs[i0*e.In:i1*e.In], nil, w.enc[i0*e.Out:i1*e.Out], fresh[i0:i1], w.encScratch[i0*e.Scratch:i1*e.Scratch])
		x = w.enc
	}
	mem := w.mem[i0*z.Out : i1*z.Out]
	q.Memory.Step(k, x[i0*in:i1*in], state[i0*z.State:i1*z.State], mem, fresh[i0:i1], w.memScratch[i0*z.Scratch:i1*z.Scratch])
	n, a := q.Head.Out(), q.Actions()
	raw := w.raw[i0*n : i1*n]
	q.Head.Apply(k, mem, z.Out, raw, n, i1-i0)
	if q.mix == nil {
		copy(values[i0*a:i1*a], raw)
		return
	}
	k.Gemm(false, false, i1-i0, a, n, 1, raw, n, q.mix.Data, a, 0, values[i0*a:i1*a], a)
}

// Follow moves the slow parameters towards the fast ones: slow = (1 - tau) slow + tau fast. Tau 1 copies them.
func Follow(k *num.Kernels, slow, fast []*num.Tensor, tau float64) {
	if len(slow) != len(fast) {
		panic(fmt.Sprintf("value: %d slow parameters follow %d", len(slow), len(fast)))
	}
	for i, x := range slow {
		if len(x.Data) != len(fast[i].Data) {
			panic(fmt.Sprintf("value: %v follows %v", x, fast[i]))
		}
		if tau == 1 {
			copy(x.Data, fast[i].Data)
			continue
		}
		k.Scale(x.Data, float32(1-tau))
		k.Axpy(x.Data, float32(tau), fast[i].Data)
	}
}
