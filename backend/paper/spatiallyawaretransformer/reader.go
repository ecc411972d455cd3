package spatiallyawaretransformer

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// reader stores encoded steps, e_t = enc(o_t) + time(t) + place(p_t), and answers a question by two-stage attention over chunks of them. The
// encoder sees look and move alone: a place is known by its code, or not at all.
type reader struct {
	knobs  AgentKnobs
	layout ballet.Layout
	encode *nn.Linear // look and move -> D
	layers []*seq.Layer
	answer *nn.Linear // D -> A
	times  []float32  // [T][D]
	places []float32  // [P][D]
}

func newReader(s *rng.Stream, k AgentKnobs, l ballet.Layout, horizon, loop, actions int) *reader {
	r := &reader{knobs: k, layout: l, encode: nn.NewLinear(s, "encode", l.Looks+ballet.Moves, k.Width, num.None, 1)}
	// One 1 in a row of an orthogonal matrix gives small numbers: a code of size near one each, like those of time and place.
	for i := range r.encode.W.Data {
		r.encode.W.Data[i] = float32(s.Normal())
	}
	for i := range k.Layers {
		r.layers = append(r.layers, seq.NewLayer(s, fmt.Sprintf("layer%d", i), k.Width, k.Heads, 0, k.Read))
	}
	r.answer = nn.NewLinear(s, "answer", k.Width, actions, num.None, 1)
	nn.Orthogonal(s, r.answer.W, 0, actions, 0.01)
	r.times, r.places = timeCodes(horizon, k.Width, loop), placeCodes(l.Places, k.Width)
	return r
}

func (r *reader) params() []*num.Tensor {
	ps := r.encode.Params()
	for _, l := range r.layers {
		ps = append(ps, l.Params()...)
	}
	return append(ps, r.answer.Params()...)
}

// timeCodes are sinusoids of the true step, not of the place in a queue: first the loop of the dances and its fractions down to two steps, then
// wave lengths from two loops to four times the horizon in equal ratios. The columns of the loop have the size of four pairs together, however long it is: at
// full size those of a long loop drown what is stored.
func timeCodes(horizon, width, loop int) []float32 {
	codes := make([]float32, horizon*width)
	for i := range width / 2 {
		length, size := float64(loop)/float64(i+1), math.Sqrt(8/float64(loop))
		if slow := i - loop/2; slow >= 0 {
			n := max(width/2-loop/2-1, 1)
			size = 1
			length = 2 * float64(loop) * math.Pow(2*float64(horizon)/float64(loop), float64(slow)/float64(n))
		}
		for t := range horizon {
			sin, cos := math.Sincos(2 * math.Pi * float64(t) / length)
			codes[t*width+2*i], codes[t*width+2*i+1] = float32(size*sin), float32(size*cos)
		}
	}
	return codes
}

// placeCodes are sinusoids of the number of a place (arXiv 1706.03762v7, sec. 3.5).
func placeCodes(places, width int) []float32 {
	codes := make([]float32, places*width)
	for p := range places {
		for i := range width / 2 {
			sin, cos := math.Sincos(float64(p) / math.Pow(1e4, float64(i)/float64(width/2)))
			codes[p*width+2*i], codes[p*width+2*i+1] = float32(sin), float32(cos)
		}
	}
	return codes
}

// places returns the place that each step of episode e told: obs [T][B][O].
func (r *reader) told(obs *num.Tensor, e int) []int {
	steps, b, o := obs.Shape[0]-1, obs.Shape[1], obs.Last()
	place := make([]int, steps)
	for t := range steps {
		row := obs.Data[(t*b+e)*o:]
		for p := range r.layout.Places {
			if row[r.layout.Place()+p] == 1 {
				place[t] = p
			}
		}
	}
	return place
}

// forward answers the questions of whole episodes obs [T][B][O] from what was kept of them: logits [1][B][A].
func (r *reader) forward(t *num.Tape, obs *num.Tensor, all []kept) (*num.Tensor, seq.Seen, *seq.Chunks) {
	c, episode, step := layout(all)
	b, in, d := len(all), r.encode.In(), r.knobs.Width
	rows := t.Tensor("rows", len(step), in)
	codes := num.New("codes", len(step), d)
	for i := range step {
		r.input(obs, step[i]*b+episode[i], rows.Data[i*in:(i+1)*in])
		code := codes.Data[i*d : (i+1)*d]
		copy(code, r.times[step[i]*d:(step[i]+1)*d])
		if r.knobs.Place {
			r.addPlace(obs, step[i]*b+episode[i], code)
		}
	}
	store := t.Add(r.encode.Forward(t, seq.Constant(rows)), codes)
	asked := num.New("question", 1, b, in)
	for e := range b {
		r.input(obs, (obs.Shape[0]-1)*b+e, asked.Data[e*in:(e+1)*in])
	}
	x := r.encode.Forward(t, asked)
	var seen seq.Seen
	for _, l := range r.layers {
		x, seen = l.Forward(t, x, store, c, nil, 0, nil, 1)
	}
	return r.answer.Forward(t, x), seen, c
}

// input copies look and move of a row of observations.
func (r *reader) input(obs *num.Tensor, row int, to []float32) {
	from := obs.Data[row*obs.Last():]
	copy(to, from[:r.layout.Looks])
	copy(to[r.layout.Looks:], from[r.layout.Move():r.layout.Move()+ballet.Moves])
}

func (r *reader) addPlace(obs *num.Tensor, row int, code []float32) {
	from, d := obs.Data[row*obs.Last()+r.layout.Place():], r.knobs.Width
	for p := range r.layout.Places {
		if from[p] == 1 {
			for i, v := range r.places[p*d : (p+1)*d] {
				code[i] += v
			}
		}
	}
}
