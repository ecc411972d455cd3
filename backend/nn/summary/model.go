// Package summary is a causal transformer policy whose memory may be a list of summary vectors: a segment of experience is read once
// more by learned prompt tokens, what the last layer says at them is kept, and later segments see it as input tokens (Memo, arXiv
// 2510.19732). The same network runs with its full context, with a window, or cut at the borders of episodes: arms that differ in
// their memory have the same weights.
//
// Letters: B trials side by side, T steps of a trial, L steps of a segment, D width, H heads, A actions, O numbers of an observation.
package summary

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Shape gives the sizes of the network.
type Shape struct {
	In      int // O
	Width   int // D
	Layers  int
	Heads   int // H; D/H is even
	Inner   int // width of the feed-forward layers
	Actions int // A
	Prompts int // summary-prompt embeddings: summaries of one segment, l_sum
}

// Rule says what the network remembers. Segment 0 is a transformer over one growing context; only then may Window and Cut be set.
type Rule struct {
	Segment  int  // steps after which a segment is summed up, l_seg
	Keep     int  // segments whose summaries stay, the newest ones; 0 keeps all (Memo), 1 passes on the newest alone (RMT)
	Direct   bool // the layer states at the prompts serve as cache; otherwise summaries are encoded anew as input tokens
	Depth    int  // gradients cross the summaries of that many preceding segments; 0 lets them cross all
	Window   int  // entries that a step may see, its own included; 0 for all
	Episodes bool // a step sees nothing before the beginning of its episode
}

// Layer is one block: norms in front, attention, feed-forward.
type Layer struct {
	Norm1, Norm2 *num.Tensor // [D] gains of RMS norms
	QKV, Out     *nn.Linear  // D -> 3D, D -> D
	Up, Down     *nn.Linear  // D -> F -> D
}

// Model is the policy. Heads gives the logits of the A actions, then the value.
type Model struct {
	Shape  Shape
	Embed  *nn.Linear  // O -> D
	Prompt *num.Tensor // [l_sum][D] E: the summary-prompt embeddings
	Layers []*Layer
	Norm   *num.Tensor // [D] gain of the last norm; its result is a summary where the token is a prompt
	Heads  *nn.Linear  // D -> A+1
	turn   *num.Rotary
}

// rotaryTheta is the usual base of the angles; trials have hundreds of positions, not thousands.
const rotaryTheta = 10000

// The first weights leave a token's own embedding small against what attention brings to it, as embeddings of small variance do in large
// models. With embeddings of the size of a block's result, a step and a summary are at first almost nothing but themselves: the share
// of the gradient that arrived 64 steps back was 0.02 instead of 0.3, and policies settled on one action before they found the cue.
const (
	embedGain   = 0.3
	promptLimit = 0.1
)

// New returns a model with orthogonal weights, embeddings of the sizes above, feed-forward layers that start at 1/sqrt(2 layers) of their
// size, and logits that start at 0.01, so that the first policy is almost uniform.
func New(s *rng.Stream, z Shape) *Model {
	if z.Width%z.Heads != 0 || z.Width/z.Heads%2 != 0 || z.Prompts < 1 {
		panic(fmt.Sprintf("summary: shape %+v, want heads that divide the width into even parts, and a prompt", z))
	}
	d, small := z.Width, 1/math.Sqrt(2*float64(z.Layers))
	m := &Model{Shape: z, turn: num.NewRotary(d/z.Heads, rotaryTheta), Prompt: num.NewParam("prompt", z.Prompts, d), Norm: ones("norm", d)}
	m.Embed = nn.NewLinear(s, "embed", z.In, d, num.None, embedGain)
	nn.Uniform(s, m.Prompt, promptLimit)
	for i := range z.Layers {
		n := fmt.Sprintf("layer%d", i)
		m.Layers = append(m.Layers, &Layer{
			Norm1: ones(n+".norm1", d), Norm2: ones(n+".norm2", d),
			QKV: nn.NewLinear(s, n+".qkv", d, 3*d, num.None, 1), Out: nn.NewLinear(s, n+".out", d, d, num.None, 1),
			Up: nn.NewLinear(s, n+".up", d, z.Inner, num.ReLU, nn.Gain(num.ReLU)), Down: nn.NewLinear(s, n+".down", z.Inner, d, num.None, small),
		})
	}
	m.Heads = nn.NewLinear(s, "heads", d, z.Actions+1, num.None, 1)
	nn.Orthogonal(s, m.Heads.W, 0, z.Actions, 0.01)
	nn.Orthogonal(s, m.Heads.W, z.Actions, z.Actions+1, 1)
	return m
}

func ones(name string, d int) *num.Tensor {
	x := num.NewParam(name, d)
	for i := range x.Data {
		x.Data[i] = 1
	}
	return x
}

// Params are all parameters, always in the same order and with unique names.
func (m *Model) Params() []*num.Tensor {
	ps := append(m.Embed.Params(), m.Prompt)
	for _, l := range m.Layers {
		ps = append(ps, l.Norm1, l.Norm2)
		for _, x := range []*nn.Linear{l.QKV, l.Out, l.Up, l.Down} {
			ps = append(ps, x.Params()...)
		}
	}
	return append(append(ps, m.Norm), m.Heads.Params()...)
}

// TokenWork is the number of multiply-adds of one token but for its attention.
func (m *Model) TokenWork() int {
	d := m.Shape.Width
	return m.Shape.Layers * (4*d*d + 2*d*m.Shape.Inner)
}

// EntryWork is the number of multiply-adds of one token attending to one entry: its score and its value, in every layer.
func (m *Model) EntryWork() int { return 2 * m.Shape.Width * m.Shape.Layers }
