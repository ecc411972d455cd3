package seq

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// maxRead bounds the chunks that a policy's query may read.
const maxRead = 32

// hcamRoom divides the scratch of one environment.
type hcamRoom struct {
	scores, weights []float32 // [M], [K]
	x, y, a, u      []float32 // [D] stream, two results; [2D] hidden layer
	qkv             []float32 // [3D]
	pick            []float32 // [D]
	ask, read, part []float32 // [H*D]
	p, local        []float32 // [H*C], [Window]
	means           []float32 // [M][D]
}

func (m *HCAM) room(scratch []float32) (r hcamRoom) {
	z := m.Sizes
	take := func(n int) []float32 {
		part := scratch[:n:n]
		scratch = scratch[n:]
		return part
	}
	r.scores, r.weights = take(z.Chunks), take(z.Read)
	r.x, r.y, r.a, r.u = take(z.Width), take(z.Width), take(z.Width), take(2*z.Width)
	r.qkv, r.pick = take(3*z.Width), take(z.Width)
	r.ask, r.read, r.part = take(z.Heads*z.Width), take(z.Heads*z.Width), take(z.Heads*z.Width)
	r.p, r.local, r.means = take(z.Heads*z.Chunk), take(z.Window), take(z.Chunks*z.Width)
	return r
}

// Step implements nn.Memory.
func (m *HCAM) Step(k *num.Kernels, x, state, out []float32, fresh []bool, scratch []float32) {
	z := m.Size()
	for b, f := range fresh {
		s := state[b*z.State : (b+1)*z.State]
		if f {
			clear(s)
		}
		m.step(k, x[b*z.In:(b+1)*z.In], s, out[b*z.Out:(b+1)*z.Out], m.room(scratch[b*z.Scratch:(b+1)*z.Scratch]))
	}
}

// step does one step of one environment.
func (m *HCAM) step(k *num.Kernels, x, state, out []float32, r hcamRoom) {
	d, n := m.Sizes.Width, int(state[0])
	m.Embed.Apply(k, x, len(x), r.x, d, 1)
	at := 1 + n%m.ring()*d
	stored := state[at : at+d]
	m.pool(k, state, n, r.means)
	copy(stored, r.x)
	for i, l := range m.Layers {
		w := l.Local.Window
		l.Local.QKV.Apply(k, r.x, d, r.qkv, 3*d, 1)
		local := m.local() + i*w.StateSize()
		w.AttendStep(k, r.qkv, l.Local.Bias.Data, state[local:local+w.StateSize()], r.a, r.local)
		l.Local.Out.Apply(k, r.a, d, r.y, d, 1)
		k.Add(r.x, r.x, r.y)
		l.Norm1.Apply(k, r.x, d, r.x, d, 1)
		m.recall(k, l.Recall, state, n, r)
		k.Add(r.x, r.x, r.y)
		l.Norm2.Apply(k, r.x, d, r.x, d, 1)
		l.Up.Apply(k, r.x, d, r.u, 2*d, 1)
		l.Down.Apply(k, r.u, 2*d, r.y, d, 1)
		k.Add(r.x, r.x, r.y)
	}
	copy(out, r.x)
	state[0]++
}

// chunk returns the rows of the episode's chunk of that number.
func (m *HCAM) chunk(state []float32, number int) []float32 {
	n := m.Sizes.Chunk * m.Sizes.Width
	at := 1 + number%(m.Sizes.Chunks+1)*n
	return state[at : at+n]
}

// pool takes the means of the chunks that can be recalled after n steps.
func (m *HCAM) pool(k *num.Kernels, state []float32, n int, means []float32) {
	d, c := m.Sizes.Width, m.Sizes.Chunk
	from, to := m.open(n)
	for j := from; j < to; j++ {
		mean := means[(j-from)*d : (j-from+1)*d]
		clear(mean)
		k.SumRows(mean, m.chunk(state, j), d, c, d)
		k.Scale(mean, 1/float32(c))
	}
}

// recall writes what the block reads for r.x into r.y.
func (m *HCAM) recall(k *num.Kernels, block *Recall, state []float32, n int, r hcamRoom) {
	d, c := m.Sizes.Width, m.Sizes.Chunk
	read := block.reading()
	from, to := m.open(n)
	clear(r.read)
	clear(r.weights)
	if open := to - from; open > 0 {
		k.Gemm(false, false, 1, d, d, 1, r.x, d, block.Choose.Data, d, 0, r.a, d)
		k.Gemm(false, false, 1, d, d, 1, r.a, d, block.Key.Data, d, 0, r.pick, d)
		block.Ask.Apply(k, r.x, d, r.a, d, 1)
		dh := d / len(block.Keys)
		for h, key := range block.Keys {
			k.Gemm(false, false, 1, d, dh, 1, r.a[h*dh:], dh, key.Data, d, 0, r.ask[h*d:], d)
		}
		k.Gemm(false, true, 1, open, d, read.relevance(), r.pick, d, r.means, d, 0, r.scores, open)
		var which [maxRead]int32
		chosen := which[:read.k]
		for j := range choose(r.scores[:open], chosen, r.weights) {
			read.attend(k, r.ask, m.chunk(state, from+int(chosen[j])), c, r.p, r.part)
			k.Axpy(r.read, r.weights[j], r.part)
		}
	}
	m.join(k, block, r)
}

// join puts what the heads read together: r.y = sum over heads, through the values and the last layer.
func (m *HCAM) join(k *num.Kernels, block *Recall, r hcamRoom) {
	d, dh := m.Sizes.Width, m.Sizes.Width/len(block.Values)
	for h, value := range block.Values {
		k.Gemm(false, false, 1, dh, d, 1, r.read[h*d:], d, value.Data, dh, 0, r.a[h*dh:], dh)
	}
	block.Out.Apply(k, r.a, d, r.y, d, 1)
}

var _ nn.Memory = (*HCAM)(nil)
