package rarl

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// pass is one forward pass of a net on a tape. It keeps its operations from pass to pass, since they hold memory.
type pass struct {
	net  *net
	tape *num.Tape

	rows       pool[rowsOp]
	reads      pool[readOp]
	squeezes   pool[squeezeOp]
	attentions pool[attendOp]
	auxiliary  auxiliaryOp
	ids        pool[[]int32]
	zeros      []float32
	fresh      []bool
	losses     []*num.Tensor // bottleneck of each round
}

// pool hands the same values out again after reset.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) next() *T {
	if p.used == len(p.all) {
		p.all = append(p.all, new(T))
	}
	p.used++
	return p.all[p.used-1]
}

func newPass(core *num.Core, n *net) *pass { return &pass{net: n, tape: num.NewTape(core)} }

// begin forgets the pass before.
func (p *pass) begin() {
	p.tape.Reset()
	p.rows.used, p.reads.used, p.squeezes.used, p.attentions.used, p.ids.used = 0, 0, 0, 0, 0
	p.losses = p.losses[:0]
}

// choose copies rows of x in the order that id gives for n places.
func (p *pass) choose(x *num.Tensor, n int, id func(i int) int, shape ...int) *num.Tensor {
	ids := p.ids.next()
	*ids = grow(*ids, n)
	for i := range *ids {
		(*ids)[i] = int32(id(i))
	}
	return p.rows.next().record(p.tape, x, *ids, shape...)
}

// empty is a state of zeros [rows][width].
func (p *pass) empty(rows, width int) *num.Tensor {
	p.zeros = grow(p.zeros, rows*width)
	clear(p.zeros)
	return &num.Tensor{Name: "empty", Shape: []int{rows, width}, Data: p.zeros}
}

// gru runs a cell over x [T][B][in] from a state.
func (p *pass) gru(g *nn.GRU, x, state *num.Tensor) *num.Tensor {
	p.fresh = grow(p.fresh, x.Rows())
	return g.Sequence(p.tape, x, state, p.fresh)
}

// prepare is the preprocessing of a retrieval batch with the present weights: arXiv 2202.08417, the section on the store.
//
//	s_t = enc(x_t)      h_t = GRU(s_1..t)      b_t = GRU(s_T..t)      key = (h + s) W_e      value = b W_v
//
// Keys come from the summary of the past, values from that of the future. Both summaries come back, too: [G*M*L][H].
func (p *pass) prepare(r *retrieval) (m memory, h, b *num.Tensor) {
	look, t, l, all := p.net.look, p.tape, r.steps, r.groups*r.each
	s := p.net.encoder.Sequence(t, r.x, nil, nil) // [L][G*M][W]
	h = p.gru(look.past, s, p.empty(all, p.net.knobs.Summary))
	turned := p.choose(s, l*all, func(i int) int { return (l-1-i/all)*all + i%all }, l, all)
	b = p.gru(look.future, turned, p.empty(all, p.net.knobs.Summary))
	h = t.Add(h, look.lift.Forward(t, s))
	// From time-major rows to those of one trajectory after another; b runs backwards.
	h = p.choose(h, l*all, func(i int) int { return i%l*all + i/l }, l*all)
	b = p.choose(b, l*all, func(i int) int { return (l-1-i%l)*all + i/l }, l*all)
	m = memory{keys: look.key.Forward(t, h), values: look.value.Forward(t, b), groups: r.groups, each: r.each, steps: l, returns: r.returns}
	return m, h, b
}

// guess is what the auxiliary heads say of every stored state, [G*M*L][A+2].
func (p *pass) guess(h, b *num.Tensor) *num.Tensor {
	t, look := p.tape, p.net.look
	return t.Add(look.auxPast.Forward(t, h), look.auxFuture.Forward(t, b))
}

// selection of the net's queries.
func (p *pass) selection() selection {
	k := p.net.knobs
	return selection{trajectories: k.KeepTraj, states: k.KeepStates, byReturn: k.Choose == "return"}
}

// values records Q [N][A] of states x [N][O]; rows lie group by group of the memory. eps [rounds][R][Z] is the noise of the bottleneck,
// nil for none.
func (p *pass) values(x *num.Tensor, m *memory, eps []float32) *num.Tensor {
	t := p.tape
	s := p.net.encoder.Sequence(t, x, nil, nil)
	if p.net.look == nil {
		return p.net.out.Forward(t, p.net.hidden.Forward(t, s))
	}
	z := p.retrieve(s, m, eps)
	s = p.inform(p.net.look.inform, s, z)
	y := p.inform(p.net.look.second, p.net.hidden.Forward(t, s), z)
	return p.net.out.Forward(t, y)
}

// retrieve is the retrieval process: what every agent's slots bring in, [R][Z], after all rounds.
func (p *pass) retrieve(s *num.Tensor, m *memory, eps []float32) (z *num.Tensor) {
	k := p.net.knobs
	n := s.Rows() * k.Slots
	slots := p.choose(p.net.look.first, n, func(i int) int { return i % k.Slots }, n) // m_0
	rounds := k.Rounds
	if k.State == "agent" {
		rounds = 1
	}
	for round := range rounds {
		var noise []float32
		if eps != nil {
			noise = eps[round*n*k.Code : (round+1)*n*k.Code]
		}
		z, slots = p.round(s, slots, m, noise, round == rounds-1)
	}
	return z
}

// round is one step of the retrieval process: query, select, read, squeeze, write. What the last round would write nobody reads.
func (p *pass) round(s, before *num.Tensor, m *memory, eps []float32, last bool) (z, after *num.Tensor) {
	t, look, k := p.tape, p.net.look, p.net.knobs.Slots
	slots, q := p.query(s, before)                      // 1
	g := p.reads.next().record(t, q, *m, p.selection()) // 2 and 3
	post, prior := look.post.Forward(t, g), look.prior.Forward(t, before)
	z, loss := p.squeezes.next().record(t, post, prior, eps) // 4
	p.losses = append(p.losses, loss)
	if last {
		return z, nil
	}
	slots = look.writeNorm.Forward(t, p.gate(look.writeGate, slots, look.write.Forward(t, z))) // 5
	mixed := p.attentions.next().record(t, look.q.Forward(t, slots), look.k.Forward(t, slots), look.v.Forward(t, slots), k)
	return z, look.mixNorm.Forward(t, p.gate(look.mixGate, slots, mixed))
}

// query is step 1: m~ = GRU(s, m), q = f_query(m~); without a state of its own, q^k = s W^k.
func (p *pass) query(s, before *num.Tensor) (slots, q *num.Tensor) {
	t, look, k, h := p.tape, p.net.look, p.net.knobs.Slots, p.net.knobs.Summary
	n := before.Rows()
	if look.askAgent == nil {
		x := p.choose(s, n, func(i int) int { return i / k }, 1, n)
		slots = p.gru(look.slot, x, before) // [1][R][H]
		slots = p.choose(slots, n, func(i int) int { return i }, n)
		return slots, look.ask.Forward(t, slots)
	}
	side := look.askAgent[0].Forward(t, s)
	for _, l := range look.askAgent[1:] {
		side = t.Concat(side, l.Forward(t, s)) // [N][K*H]: a row holds the queries of all slots of an agent
	}
	return nil, p.split(side, n, h)
}

// split turns rows [N][K*H] into [N*K][H].
func (p *pass) split(x *num.Tensor, n, h int) *num.Tensor {
	if x.Rows() == n {
		return x
	}
	o := &splitOp{x: x, y: p.tape.Tensor(x.Name, n, h)}
	copy(o.y.Data, x.Data)
	p.tape.Custom(o)
	return o.y
}

// splitOp gives the same numbers another shape.
type splitOp struct{ x, y *num.Tensor }

// Backward implements num.Func.
func (o *splitOp) Backward() {
	to := o.x.Gradient()
	for i, g := range o.y.Gradient() {
		to[i] += g
	}
}

func (p *pass) gate(g *nn.Gate, x, y *num.Tensor) *num.Tensor {
	return p.tape.Gate(x, y, g.Wy, g.Ux, g.Ug, g.B)
}

// inform is step 6: a state of the agent attends over what its slots brought in.
func (p *pass) inform(i *informer, x, z *num.Tensor) *num.Tensor {
	t := p.tape
	u := p.attentions.next().record(t, i.q.Forward(t, x), i.k.Forward(t, z), i.v.Forward(t, z), p.net.knobs.Slots)
	return i.norm.Forward(t, p.gate(i.gate, x, u))
}
