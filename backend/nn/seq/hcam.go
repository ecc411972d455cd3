package seq

import (
	"fmt"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// HCAM is the hierarchical chunk attention memory of arXiv 2105.14039v1 as a memory of policies: every step's embedding is stored, C
// consecutive steps make a chunk, the newest M full chunks can be recalled by every layer, the oldest is dropped. Steps of the chunk that is
// still filling are reached by local attention alone, so the window should be at least as long as a chunk.
//
// It carries, for each environment: the count of steps of the episode; a ring of M+1 chunks [C][D], in which step p of the episode lies in
// row p mod (M+1)C and the newest, unfinished, chunk is the accumulator; then each layer's local window.
type HCAM struct {
	Embed  *nn.Linear // In -> D, tanh: what is stored depends on one step alone
	Layers []*Layer
	Sizes  HCAMSize
}

// HCAMSize are the sizes of an HCAM.
type HCAMSize struct {
	Width  int // D
	Heads  int // H, of both kinds of attention
	Layers int
	Window int // steps of local attention, the present one included; at least 2
	Chunk  int // C, steps in a chunk
	Chunks int // M, chunks kept
	Read   int // K, chunks that a query reads
}

// NewHCAM returns a memory of those sizes.
func NewHCAM(s *rng.Stream, name string, in int, z HCAMSize) *HCAM {
	if z.Read < 1 || z.Read > maxRead || z.Window < 2 || z.Chunk < 1 || z.Chunks < 1 || z.Heads < 1 || z.Width%z.Heads != 0 {
		panic(fmt.Sprintf("seq: hcam of %+v: want 1 to %d chunks read, a window of 2 or more, chunks of 1 or more, heads that divide the width", z, maxRead))
	}
	m := &HCAM{Embed: nn.NewLinear(s, name+".embed", in, z.Width, num.Tanh, 1), Sizes: z}
	codes := BackwardCodes(z.Chunk, z.Width)
	for i := range z.Layers {
		l := NewLayer(s, name+"."+strconv.Itoa(i), z.Width, z.Heads, z.Window, z.Read)
		l.Recall.Codes = codes
		m.Layers = append(m.Layers, l)
	}
	return m
}

// ring is how many rows the ring of chunks has.
func (m *HCAM) ring() int { return (m.Sizes.Chunks + 1) * m.Sizes.Chunk }

// local is where the windows of the layers begin in a state.
func (m *HCAM) local() int { return 1 + m.ring()*m.Sizes.Width }

// open returns the first chunk of the episode that can be recalled after n steps, and the one behind the last.
func (m *HCAM) open(n int) (from, to int) {
	to = n / m.Sizes.Chunk
	return max(to-m.Sizes.Chunks, 0), to
}

// Size implements nn.Memory. Scratch, by row, see room.
func (m *HCAM) Size() nn.Size {
	z, w := m.Sizes, m.Layers[0].Local.Window
	d := z.Width
	scratch := z.Chunks + z.Read + 9*d + 3*z.Heads*d + z.Heads*z.Chunk + z.Window + z.Chunks*d
	return nn.Size{In: m.Embed.In(), Out: d, State: m.local() + z.Layers*w.StateSize(), Scratch: scratch, Window: max(z.Window, z.Chunks*z.Chunk)}
}

// Params implements nn.Memory.
func (m *HCAM) Params() []*num.Tensor {
	ps := m.Embed.Params()
	for _, l := range m.Layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

// InUse implements nn.Memory: the count, the steps of the chunks that can be recalled and of the one that fills, and the windows.
func (m *HCAM) InUse(state []float32) int {
	n := int(state[0])
	if n == 0 {
		return 0
	}
	from, _ := m.open(n)
	used, w := 1+(n-from*m.Sizes.Chunk)*m.Sizes.Width, m.Layers[0].Local.Window
	for i := range m.Layers {
		used += w.InUse(state[m.local()+i*w.StateSize():])
	}
	return used
}

// ProbeRelevance names the weights of the chunks that the last layer read, most relevant first.
const ProbeRelevance = "relevance"

// Probes implements nn.Memory.
func (m *HCAM) Probes() []nn.Probe {
	return []nn.Probe{{Name: ProbeRelevance, At: m.Sizes.Chunks, Len: m.Sizes.Read}}
}

// Sequence implements nn.Memory.
func (m *HCAM) Sequence(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	steps, w := x.Shape[0], m.Layers[0].Local.Window
	h := m.Embed.Forward(t, x)
	store, chunks := m.store(t, h, state0, fresh)
	for i, l := range m.Layers {
		h, _ = l.Forward(t, h, store, chunks, state0, m.local()+i*w.StateSize(), fresh, steps)
	}
	return h
}

// store lays out what can be read, environment by environment: the ring that was carried, in order of time, then the steps of x [T][B][D];
// so every chunk is consecutive. It says which chunks each step may choose: those full before it, in its episode, not yet dropped.
func (m *HCAM) store(t *num.Tape, x, state0 *num.Tensor, fresh []bool) (*num.Tensor, *Chunks) {
	steps, b, d, c := x.Shape[0], x.Shape[1], m.Sizes.Width, m.Sizes.Chunk
	old := m.ring()
	ids := make([]int32, b*(old+steps))
	plan := &Chunks{Envs: b, Lo: make([]int32, steps*b), Hi: make([]int32, steps*b)}
	for e := range b {
		rows := ids[e*(old+steps) : (e+1)*(old+steps)]
		for i := range old {
			rows[i] = -1
		}
		plan.Start = append(plan.Start, int32(len(plan.All)))
		n := int(state0.Data[e*state0.Last()])
		if fresh[e] {
			n = 0
		}
		begin := e*(old+steps) + old - n // row of the episode's first step, were all of them kept
		from, to := m.open(n)
		first := len(plan.All) - from // place of the episode's chunk 0
		for j := from; j < to; j++ {
			plan.All = append(plan.All, Chunk{int32(begin + j*c), int32(c)})
		}
		for i := range steps {
			if i > 0 && fresh[i*b+e] {
				n, begin, first = 0, e*(old+steps)+old+i, len(plan.All)
			}
			from, to := m.open(n)
			plan.Lo[i*b+e], plan.Hi[i*b+e] = int32(first+from), int32(first+to)
			rows[old+i] = int32(i*b + e)
			if n++; n%c == 0 {
				plan.All = append(plan.All, Chunk{int32(begin + n - c), int32(c)})
			}
		}
	}
	plan.Start = append(plan.Start, int32(len(plan.All)))
	store := Rows(t, x, ids, b*(old+steps), d)
	m.carried(store.Data, state0, fresh, steps)
	return store, plan
}

// carried copies the rings that were carried into the store, in order of time: the newest step right before the first of the sequence.
func (m *HCAM) carried(store []float32, state0 *num.Tensor, fresh []bool, steps int) {
	old, d := m.ring(), m.Sizes.Width
	for e := range state0.Shape[0] {
		state := state0.Data[e*state0.Last() : (e+1)*state0.Last()]
		n := int(state[0])
		if fresh[e] {
			continue
		}
		for p := max(n-old, 0); p < n; p++ {
			to, from := (e*(old+steps)+old-n+p)*d, 1+p%old*d
			copy(store[to:to+d], state[from:from+d])
		}
	}
}
