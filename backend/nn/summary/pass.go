package summary

import (
	"fmt"

	"github.com/loci-lab/loci/backend/num"
)

// Pass runs whole trials through a model with gradients. It keeps the memory of its operations from pass to pass; one goroutine uses
// it at a time, and its results are valid until the tape is reset.
type Pass struct {
	Model *Model
	Rule  Rule
	Embed *num.Tensor // [B*T][D] embedded observations of the last pass: the gradient that reaches each step is read here

	joins   pool[joinOp]
	attends pool[attendOp]
	parts   []part
	lo      []int32
}

// pool hands out the same values in the same order after every reset.
type pool[E any] struct {
	all  []*E
	next int
}

func (p *pool[E]) take() *E {
	if p.next == len(p.all) {
		p.all = append(p.all, new(E))
	}
	p.next++
	return p.all[p.next-1]
}

// part is one segment of the pass under way.
type part struct {
	at, count int           // steps of the trial
	summaries int           // rows of each trial that are summaries of the segment before
	prompts   int           // rows of each trial that are prompts
	n         int           // rows of each trial
	qkv       []*num.Tensor // [layer] [B*n][3D]
	h         *num.Tensor   // [B*n][D] after the last norm
}

// Trials are B whole trials, or the first T steps of them.
type Trials struct {
	Obs     *num.Tensor // [B*T][O], trial by trial
	B, T    int
	From    int    // first step whose result is wanted
	Begins  []bool // [B*T] the step is the first of an episode; read only where Rule.Episodes
	Segment int    // L of this pass, the same for all segments and trials; without effect where Rule.Segment is 0
}

// Forward records the pass: result [B*(T-From)][A+1], logits then value, trial by trial.
//
// arXiv 2510.19732v2, sec. 4: a segment of L observations is encoded as x = [S ; o ; E], the summaries so far as input embeddings, the
// observations, and, where the segment is full and another follows, the prompts; what the last layer says at E is added to S. Keys and
// values of a summary do not depend on what follows it, so each summary is encoded once, in front of the segment after it.
//
// Positions: the n-th group of summaries takes n*l_sum.., the segment after n groups starts at n*l_sum, E follows its last step.
func (p *Pass) Forward(t *num.Tape, x Trials) *num.Tensor {
	length := x.T
	if p.Rule.Segment > 0 {
		length = x.Segment
	}
	if length < 1 || x.From < 0 || x.From >= x.T || x.Obs.Rows() != x.B*x.T {
		panic(fmt.Sprintf("summary: pass of %d trials of %d steps from %d in segments of %d over %v", x.B, x.T, x.From, length, x.Obs))
	}
	p.joins.next, p.attends.next, p.parts = 0, 0, p.parts[:0]
	p.Embed = p.Model.Embed.Forward(t, x.Obs)
	p.look(x)
	for at := 0; at < x.T; at += length {
		p.segment(t, x, at, min(length, x.T-at), length)
	}
	out := p.joins.take()
	out.pieces = out.pieces[:0]
	for _, s := range p.parts {
		if from := max(x.From-s.at, 0); from < s.count {
			out.pieces = append(out.pieces, piece{s.h, s.n, s.summaries + from, s.count - from, false})
		}
	}
	return p.Model.Heads.Forward(t, out.join(t, x.B, p.Model.Shape.Width))
}

// look works out the first step that each step sees, where that is not the first of all.
func (p *Pass) look(x Trials) {
	p.lo = p.lo[:0]
	if p.Rule.Segment > 0 || p.Rule.Window == 0 && !p.Rule.Episodes {
		return
	}
	for b := range x.B {
		begin := 0
		for i := range x.T {
			if p.Rule.Episodes && x.Begins[b*x.T+i] {
				begin = i
			}
			first := begin
			if p.Rule.Window > 0 {
				first = max(first, i+1-p.Rule.Window)
			}
			p.lo = append(p.lo, int32(first))
		}
	}
}

// segment encodes steps at..at+count of every trial.
func (p *Pass) segment(t *num.Tape, x Trials, at, count, length int) {
	m, j, sums := p.Model, len(p.parts), p.Model.Shape.Prompts
	s := part{at: at, count: count}
	in := p.joins.take()
	in.pieces = in.pieces[:0]
	if j > 0 && !p.Rule.Direct {
		last := &p.parts[j-1]
		s.summaries = sums
		in.pieces = append(in.pieces, piece{last.h, last.n, last.n - sums, sums, p.cut(x, length, j-1, j)})
	}
	in.pieces = append(in.pieces, piece{p.Embed, x.T, at, count, false})
	if at+count < x.T {
		s.prompts = sums
		in.pieces = append(in.pieces, piece{m.Prompt, 0, 0, sums, false})
	}
	s.n = s.summaries + count + s.prompts
	h := in.join(t, x.B, m.Shape.Width)
	for i, l := range m.Layers {
		qkv := l.QKV.Forward(t, t.RMSNorm(h, l.Norm1))
		a := p.attends.take()
		p.past(a, x, length, i)
		a.lo = nil
		if len(p.lo) > 0 {
			a.lo = p.lo
		}
		a.positions = positions(a.positions, (j*sums)-s.summaries, s.n)
		h = t.Add(h, l.Out.Forward(t, a.attend(t, qkv, m.turn, m.Shape.Heads, x.B)))
		h = t.Add(h, l.Down.Forward(t, l.Up.Forward(t, t.RMSNorm(h, l.Norm2))))
		s.qkv = append(s.qkv, qkv)
	}
	s.h = t.RMSNorm(h, m.Norm)
	p.parts = append(p.parts, s)
}

// positions fills from, from+1, ...
func positions(x []int32, from, n int) []int32 {
	x = x[:0]
	for i := range n {
		x = append(x, int32(from+i))
	}
	return x
}

// past collects what segment j, the next one, sees of earlier segments in a layer. Encoded anew, the summaries of segment i stand in
// front of segment i+1, and those of the segment just before j are among j's own tokens.
func (p *Pass) past(a *attendOp, x Trials, length, layer int) {
	j, sums := len(p.parts), p.Model.Shape.Prompts
	first := 0
	if p.Rule.Keep > 0 {
		first = max(0, j-p.Rule.Keep)
	}
	a.past = a.past[:0]
	for i := first; i < j; i++ {
		if p.Rule.Direct {
			s := &p.parts[i]
			a.past = append(a.past, span{s.qkv[layer], s.n, s.n - sums, sums, p.cut(x, length, i, j)})
		} else if i+1 < j {
			s := &p.parts[i+1]
			a.past = append(a.past, span{s.qkv[layer], s.n, 0, sums, p.cut(x, length, i, j)})
		}
	}
}

// cut tells whether no gradient passes from segment j to what segment i wrote. With depth d, blocks of d+1 segments are counted from the
// end: the last segment's gradient crosses the summaries of exactly d preceding ones, and none crosses the border of two blocks.
func (p *Pass) cut(x Trials, length, i, j int) bool {
	if p.Rule.Depth == 0 {
		return false
	}
	last := (x.T+length-1)/length - 1
	return (last-i)/(p.Rule.Depth+1) != (last-j)/(p.Rule.Depth+1)
}
