package memoryvla

import (
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/desk"
)

// Letters: F frames, N tokens of a stream in a frame (nine cells, or the one pooled token), D width of a token, L entries of a bank.

// actDim is the numbers of one action: displacement right and down, press.
const actDim = 3

// seen is what one cell gives the encoder: its features and which cell it is.
const seen = desk.Features + desk.Cells

// network is the policy. What it carries from frame to frame is the caller's: see carried.
type network struct {
	knobs  VLAKnobs
	chunk  int // actions predicted at once
	stride int // numbers of the perceptual tokens of a frame: N*D

	cell [2]*nn.Linear // features of a cell -> perceptual token p
	ask  *nn.Linear    // instruction -> query over the cells
	pool *nn.Linear    // what it found, and the instruction -> cognitive token c
	per  *reading      // nil where the stream has no bank
	cog  *reading
	gru  *nn.GRU // nil but for MemoryGRU
	head [2]*nn.Linear
}

func newNetwork(s *rng.Stream, k VLAKnobs, chunk, horizon int) *network {
	n := &network{knobs: k, chunk: chunk, stride: desk.Cells * k.Width}
	n.cell[0] = nn.NewLinear(s, "cell.0", seen, 2*k.Width, num.ReLU, nn.Gain(num.ReLU))
	n.cell[1] = nn.NewLinear(s, "cell.1", 2*k.Width, k.Width, num.None, 1)
	n.ask = nn.NewLinear(s, "ask", desk.Words, k.Width, num.None, 1)
	n.pool = nn.NewLinear(s, "pool", k.Width+desk.Words, k.Pooled, num.None, 1)
	if k.Memory == MemoryBank && k.Streams != StreamsCognitive {
		n.per = newReading(s, "perceptual", k, k.Width, desk.Cells, horizon)
	}
	if k.Memory == MemoryBank && k.Streams != StreamsPerceptual {
		n.cog = newReading(s, "cognitive", k, k.Pooled, 1, horizon)
	}
	in := n.stride + k.Pooled
	switch k.Memory {
	case MemoryStack:
		in += (k.Length - 1) * n.stride
	case MemoryGRU:
		n.gru = nn.NewGRU(s, "gru", k.Pooled, k.Pooled)
	}
	n.head[0] = nn.NewLinear(s, "head.0", in, k.Hidden, num.ReLU, nn.Gain(num.ReLU))
	n.head[1] = nn.NewLinear(s, "head.1", k.Hidden, chunk*actDim, num.None, 0.01)
	return n
}

// params are all trained tensors.
func (n *network) params() (ps []*num.Tensor) {
	for _, l := range []*nn.Linear{n.cell[0], n.cell[1], n.ask, n.pool, n.head[0], n.head[1]} {
		ps = append(ps, l.Params()...)
	}
	for _, r := range []*reading{n.per, n.cog} {
		if r != nil {
			ps = append(ps, r.params()...)
		}
	}
	if n.gru != nil {
		ps = append(ps, n.gru.Params()...)
	}
	return ps
}

// tokens are those of F frames: perceptual [F*N][D_p] and cognitive [F][D_c].
type tokens struct{ per, cog *num.Tensor }

// encode makes the tokens of frames from observations [F][desk.Obs]: an encoder of one cell in the place of vision backbone and squeeze,
// a query of the instruction over the cells in the place of the language model's last state (deviation D1).
func (n *network) encode(t *num.Tape, obs []float32) tokens {
	f := len(obs) / desk.Obs
	cells, words := t.Tensor("cells", f*desk.Cells, seen), t.Tensor("words", f, desk.Words)
	clear(cells.Data)
	for i := range f {
		o := obs[i*desk.Obs : (i+1)*desk.Obs]
		for c := range desk.Cells {
			row := cells.Data[(i*desk.Cells+c)*seen:]
			copy(row[:desk.Features], o[c*desk.Features:])
			row[desk.Features+c] = 1
		}
		copy(words.Data[i*desk.Words:(i+1)*desk.Words], o[desk.Cells*desk.Features:])
	}
	per := n.cell[1].Forward(t, n.cell[0].Forward(t, cells))
	found := look(t, n.ask.Forward(t, words), per, per, 1, desk.Cells, repeat(desk.Cells, f))
	return tokens{per, n.pool.Forward(t, t.Concat(found.y, words))}
}

func repeat(x int32, n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = x
	}
	return all
}

// act is the action head on blended tokens and what else an arm remembers with: chunks [F][chunk*3].
func (n *network) act(t *num.Tape, x tokens, extra *num.Tensor) *num.Tensor {
	f := x.cog.Rows()
	in := t.Concat(view(t, x.per, f, n.stride), x.cog)
	if extra != nil {
		in = t.Concat(in, extra)
	}
	return n.head[1].Forward(t, n.head[0].Forward(t, in))
}

// reading is steps 1 and 2 of the sheet for one stream: retrieve from the bank, then blend.
type reading struct {
	tokens, width int
	layers        []crossBlock
	sinus         *num.Tensor   // [horizon+1][D]
	time          [2]*nn.Linear // nil without time code
	gate          *nn.Linear    // nil where what was read is added
}

// crossBlock is one cross-attention layer: y = LN(q + Attn(Wq q, Wk K, Wv V)), q <- LN(y + FFN(y)).
type crossBlock struct {
	q, k, v, up, down *nn.Linear
	norm              [2][2]*num.Tensor // gain and bias of the two norms
}

func newReading(s *rng.Stream, name string, k VLAKnobs, width, count, horizon int) *reading {
	r := &reading{tokens: count, width: width}
	for i := range k.Layers {
		at := name + "." + strconv.Itoa(i)
		b := crossBlock{
			q: nn.NewLinear(s, at+".q", width, width, num.None, 1), k: nn.NewLinear(s, at+".k", width, width, num.None, 1),
			v:  nn.NewLinear(s, at+".v", width, width, num.None, 1),
			up: nn.NewLinear(s, at+".up", width, 4*width, num.SiLU, nn.Gain(num.SiLU)), down: nn.NewLinear(s, at+".down", 4*width, width, num.None, 1),
		}
		for j := range b.norm {
			gain, bias := num.NewParam(at+".gain"+strconv.Itoa(j), width), num.NewParam(at+".bias"+strconv.Itoa(j), width)
			for c := range gain.Data {
				gain.Data[c] = 1
			}
			b.norm[j] = [2]*num.Tensor{gain, bias}
		}
		r.layers = append(r.layers, b)
	}
	if k.TimeCode {
		r.sinus = sinusoids(horizon+1, width)
		r.time = [2]*nn.Linear{nn.NewLinear(s, name+".time.0", width, width, num.SiLU, nn.Gain(num.SiLU)), nn.NewLinear(s, name+".time.1", width, width, num.None, 1)}
	}
	if k.Blend == BlendGate {
		r.gate = nn.NewLinear(s, name+".gate", 2*width, width, num.Sigmoid, 1)
		for i := range r.gate.W.Data { // near an even blend at first (code of the paper, by the sheet)
			r.gate.W.Data[i] = float32(1e-3 * s.Normal())
		}
	}
	return r
}

// sinusoids are codes of the steps 0 to n-1: pairs of sine and cosine with periods up to 10,000 turns (arXiv 1706.03762, sec. 3.5).
func sinusoids(n, width int) *num.Tensor {
	x := num.New("sinusoids", n, width)
	for t := range n {
		for i := 0; i < width; i += 2 {
			angle := float64(t) / math.Pow(10000, float64(i)/float64(width))
			x.Data[t*width+i], x.Data[t*width+i+1] = float32(math.Sin(angle)), float32(math.Cos(angle))
		}
	}
	return x
}

func (r *reading) params() (ps []*num.Tensor) {
	for _, b := range r.layers {
		for _, l := range []*nn.Linear{b.q, b.k, b.v, b.up, b.down} {
			ps = append(ps, l.Params()...)
		}
		for _, n := range b.norm {
			ps = append(ps, n[0], n[1])
		}
	}
	for _, l := range []*nn.Linear{r.time[0], r.time[1], r.gate} {
		if l != nil {
			ps = append(ps, l.Params()...)
		}
	}
	return ps
}

// past is what the banks of F frames hold when those frames are seen: no gradient flows into it.
type past struct {
	entries int         // L
	tokens  *num.Tensor // [F*L*N][D]
	times   []int32     // [F*L*N]
	count   []int32     // [F] tokens that there are
	first   *num.Tensor // [F*N][D] one where there are none, zero elsewhere
}

// newPast returns room for the banks of f frames.
func (r *reading) newPast(f, entries int) *past {
	return &past{entries: entries, tokens: num.New("past", f*entries*r.tokens, r.width), times: make([]int32, f*entries*r.tokens),
		count: make([]int32, f), first: num.New("first", f*r.tokens, r.width)}
}

// put writes down what a bank holds when frame f is seen.
func (r *reading) put(p *past, f int, m *bank) {
	n := m.entries()
	copy(p.tokens.Data[f*p.entries*m.size:], m.tokens)
	for i, at := range m.times {
		for j := range r.tokens {
			p.times[(f*p.entries+i)*r.tokens+j] = at
		}
	}
	p.count[f] = int32(n * r.tokens)
	row, x := p.first.Data[f*m.size:(f+1)*m.size], float32(0)
	if n == 0 {
		x = 1
	}
	for i := range row {
		row[i] = x
	}
}

// read retrieves from the past with the tokens x [F*N][D] as queries, and blends. With an empty bank what is retrieved is x itself. The
// lookups are returned for those who want to see what was read, and the gate, nil where there is none.
func (r *reading) read(t *num.Tape, x *num.Tensor, p *past) (y *num.Tensor, looks []*lookOp, gate *num.Tensor) {
	keys, q := p.tokens, x
	if r.sinus != nil {
		codes := r.time[1].Forward(t, r.time[0].Forward(t, r.sinus))
		keys = t.Add(p.tokens, t.Gather(codes, p.times))
	}
	for _, b := range r.layers {
		o := look(t, b.q.Forward(t, q), b.k.Forward(t, keys), b.v.Forward(t, p.tokens), r.tokens, p.entries*r.tokens, p.count)
		looks = append(looks, o)
		mid := t.LayerNorm(t.Add(q, o.y), b.norm[0][0], b.norm[0][1])
		q = t.LayerNorm(t.Add(mid, b.down.Forward(t, b.up.Forward(t, mid))), b.norm[1][0], b.norm[1][1])
	}
	q = t.Mix(p.first, x, q)
	if r.gate == nil {
		return t.Add(x, q), looks, nil
	}
	gate = r.gate.Forward(t, t.Concat(x, q))
	return t.Mix(gate, x, q), looks, gate
}
