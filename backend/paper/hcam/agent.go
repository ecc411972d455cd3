package hcam

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// agent is an encoder of single steps, a memory, and heads for policy and baseline at the question. All agents have the same encoder,
// heads and reconstruction.
type agent struct {
	encoder *nn.MLP
	rebuild *nn.Linear // D -> 9, the move
	heads   *nn.Linear // -> A+1
	memory  memory
	actions int
}

// memory turns encoded episodes [T][B][D] into what is known at their last step.
type memory interface {
	params() []*num.Tensor
	// forward returns [1][B][width] and, of an attentive memory, what its last layer read.
	forward(t *num.Tape, x *num.Tensor) (*num.Tensor, *glance)
	// sizes are the numbers carried at step t and the steps of history that can be reached.
	sizes(t int) (memory, context int)
	width() int
}

// glance is what the query at the question saw in the last layer.
type glance struct {
	seq.Seen
	chunks *seq.Chunks
	steps  int // of the episode before the question
}

// forwarded is one pass over whole episodes.
type forwarded struct {
	out    *num.Tensor // [1][B][A+1] logits, then the baseline
	moves  *num.Tensor // [T][B][9] logits of the moves
	glance *glance
}

func newAgent(setup lab.Setup, spec world.Spec, s *rng.Stream) (*agent, error) {
	a := &agent{actions: len(spec.Actions)}
	width := 0
	switch kind := setup.Kind("agent"); kind {
	case HCAM:
		var k AgentKnobs
		if err := setup.Section("agent", &k); err != nil {
			return nil, err
		}
		width = k.Width
		a.encoder = nn.NewMLP(s, "encoder", spec.Obs, []int{width, width}, num.Tanh)
		a.memory = newReader(s, k)
	case LSTM:
		var k LSTMKnobs
		if err := setup.Section("agent", &k); err != nil {
			return nil, err
		}
		width = k.Encoder
		a.encoder = nn.NewMLP(s, "encoder", spec.Obs, []int{width, width}, num.Tanh)
		a.memory = &recurrent{nn.NewLSTM(s, "memory", width, k.Width, 1, false)}
	default:
		return nil, lab.Errorf(lab.Internal, "agent kind %q has no memory here", kind)
	}
	a.rebuild = nn.NewLinear(s, "rebuild", width, ballet.Moves, num.None, 1)
	a.heads = nn.NewLinear(s, "heads", a.memory.width(), a.actions+1, num.None, 1)
	nn.Orthogonal(s, a.heads.W, 0, a.actions, 0.01)
	return a, nil
}

func (a *agent) params() []*num.Tensor {
	ps := append(a.encoder.Params(), a.memory.params()...)
	return append(append(ps, a.rebuild.Params()...), a.heads.Params()...)
}

// forward runs over whole episodes obs [T][B][O]. Train adds what only learning needs.
func (a *agent) forward(t *num.Tape, obs *num.Tensor, train bool) (f forwarded) {
	x := a.encoder.Sequence(t, obs, nil, nil)
	if train {
		f.moves = a.rebuild.Forward(t, x)
	}
	y, g := a.memory.forward(t, x)
	f.out, f.glance = a.heads.Forward(t, y), g
	return f
}

// recurrent is the LSTM: it carries its state through every step of the episode.
type recurrent struct{ lstm *nn.LSTM }

func (r *recurrent) params() []*num.Tensor         { return r.lstm.Params() }
func (r *recurrent) width() int                    { return r.lstm.Size().Out }
func (r *recurrent) sizes(int) (memory, count int) { return r.lstm.Size().State, 1 }

func (r *recurrent) forward(t *num.Tape, x *num.Tensor) (*num.Tensor, *glance) {
	steps, b := x.Shape[0], x.Shape[1]
	fresh := make([]bool, steps*b)
	for i := range b {
		fresh[i] = true
	}
	y := r.lstm.Sequence(t, x, num.New("state", b, r.lstm.Size().State), fresh)
	return seq.Last(t, y, 1), nil
}

// reader is the attentive memory: encoded steps are stored as they are, every layer reads the same store, and only the steps that reach the
// question through the local windows are computed.
type reader struct {
	knobs  AgentKnobs
	layers []*seq.Layer
}

func newReader(s *rng.Stream, k AgentKnobs) *reader {
	r := &reader{knobs: k}
	for i := range k.Layers {
		l := seq.NewLayer(s, fmt.Sprintf("layer%d", i), k.Width, k.Heads, k.Local, k.Read)
		l.Recall.Stop, l.Recall.Pooled = k.Stop, k.Reading == Summary
		r.layers = append(r.layers, l)
	}
	return r
}

func (r *reader) params() (ps []*num.Tensor) {
	for _, l := range r.layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

func (r *reader) width() int { return r.knobs.Width }

// sizes: all steps so far are stored; those in full chunks, in the window, or all of them can be reached.
func (r *reader) sizes(t int) (memory, context int) {
	c := r.plan(t, 1, 1)
	for _, x := range c.All[c.Lo[0]:c.Hi[0]] {
		context += int(x.Len)
	}
	return t * r.knobs.Width, max(context, min(t+1, r.knobs.Local))
}

func (r *reader) forward(t *num.Tape, x *num.Tensor) (*num.Tensor, *glance) {
	steps, b := x.Shape[0], x.Shape[1]
	store := stored(t, x)
	fresh := make([]bool, steps*b)
	none := num.New("state", b, r.layers[0].Local.Window.StateSize())
	g := &glance{steps: steps - 1}
	for i, l := range r.layers {
		last := min(1+(len(r.layers)-1-i)*(r.knobs.Local-1), steps)
		x = seq.Last(t, x, min(last+r.knobs.Local-1, x.Shape[0]))
		if r.knobs.Position && l.Recall.Codes == nil || len(l.Recall.Codes) < steps*r.knobs.Width && r.knobs.Position {
			l.Recall.Codes = seq.BackwardCodes(steps, r.knobs.Width)
		}
		g.chunks = r.plan(steps-1, last, b)
		x, g.Seen = l.Forward(t, x, store, g.chunks, none, 0, fresh[:x.Shape[0]*b], last)
	}
	return x, g
}

// stored lays out the steps before the question environment by environment, so that every chunk is consecutive: [B*(T-1)][D].
func stored(t *num.Tape, x *num.Tensor) *num.Tensor {
	steps, b := x.Shape[0]-1, x.Shape[1]
	ids := make([]int32, b*steps)
	for e := range b {
		for i := range steps {
			ids[e*steps+i] = int32(i*b + e)
		}
	}
	return seq.Rows(t, x, ids, b*steps, x.Last())
}

// plan says what the last queries of b episodes may read whose question stands at step t: for each of the steps t-last+1 to t, what lies
// before it. Rows are those of stored.
func (r *reader) plan(t, last, b int) *seq.Chunks {
	c := &seq.Chunks{Envs: b, Lo: make([]int32, last*b), Hi: make([]int32, last*b), Start: make([]int32, b+1)}
	for e := range b {
		c.Start[e] = int32(len(c.All))
		base := int32(e * t)
		if r.knobs.Reading == Hierarchical || r.knobs.Reading == Summary {
			for _, x := range r.cut(t) {
				c.All = append(c.All, seq.Chunk{Row: base + x.Row, Len: x.Len})
			}
		}
		for i := range last {
			r.open(c, base, t-last+1+i, i*b+e)
		}
	}
	c.Start[b] = int32(len(c.All))
	return c
}

// open sets what query number i, at step t of the episode whose rows begin at base, may choose.
func (r *reader) open(c *seq.Chunks, base int32, t, i int) {
	first := c.Start[i%c.Envs]
	switch r.knobs.Reading {
	case Flat:
		c.Lo[i] = int32(len(c.All))
		if t > 0 {
			c.All = append(c.All, seq.Chunk{Row: base, Len: int32(t)})
		}
		c.Hi[i] = int32(len(c.All))
	case Window:
		c.Lo[i] = int32(len(c.All))
		if n := min(r.reach(t), t); n > 0 {
			c.All = append(c.All, seq.Chunk{Row: base + int32(t-n), Len: int32(n)})
		}
		c.Hi[i] = int32(len(c.All))
	default:
		c.Lo[i] = first
		for c.Hi[i] = first; int(c.Hi[i]) < len(c.All); c.Hi[i]++ {
			if x := c.All[c.Hi[i]]; int(x.Row-base+x.Len) > t {
				break
			}
		}
	}
}

// cut returns the chunks that are full before step t. With a shift the first has that many steps.
func (r *reader) cut(t int) (all []seq.Chunk) {
	from, to := 0, r.knobs.Chunk
	if s := r.knobs.Shift; s > 0 && s < r.knobs.Chunk {
		to = s
	}
	for ; to <= t; from, to = to, to+r.knobs.Chunk {
		all = append(all, seq.Chunk{Row: int32(from), Len: int32(to - from)})
	}
	return all
}

// reach is what the hierarchical reading compares a query at step t with: every key, and the steps of k chunks.
func (r *reader) reach(t int) int {
	full := t / r.knobs.Chunk
	return full + min(r.knobs.Read, full)*r.knobs.Chunk
}
