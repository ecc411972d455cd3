package rarl

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// net is a value function, with or without the retrieval process. Letters: N states to value, K slots, R = N*K queries, G groups of M
// trajectories of L states, W width, H summary, Z code, O observation, A actions.
type net struct {
	knobs   RetrievalKnobs
	actions int
	encoder *nn.MLP    // O -> W -> W: s = enc(x)
	hidden  *nn.Linear // W -> W, first layer of the head
	out     *nn.Linear // W -> A
	look    *process   // nil for the agent without a store
}

// process is the retrieval process.
type process struct {
	past, future   *nn.GRU    // W -> H: h, summary of what led to a state; b, of what came after it
	lift           *nn.Linear // W -> H: h is replaced by h + s (deviation D4: s has another width and is projected)
	key, value     *nn.Linear // H -> H: W_e, W_v
	auxPast        *nn.Linear // H -> A+2, and so for the future: action, reward, value
	auxFuture      *nn.Linear
	first          *num.Tensor  // [K][H] slots before the first round
	slot           *nn.GRU      // W -> H: step 1
	ask            *nn.Linear   // H -> H: f_query
	askAgent       []*nn.Linear // [K] W -> H: queries of A-1
	post, prior    *nn.Linear   // H -> 2Z: step 4
	write          *nn.Linear   // Z -> H: step 5
	writeGate      *nn.Gate
	writeNorm      *nn.Norm
	q, k, v        *nn.Linear // H -> H: attention among the slots
	mixGate        *nn.Gate
	mixNorm        *nn.Norm
	inform, second *informer // step 6, and again in the head
}

// informer lets a state of width W attend over what was brought in: u = attention(x W_q, z W_k, z W_v), then a gate and a norm.
type informer struct {
	q, k, v *nn.Linear
	gate    *nn.Gate
	norm    *nn.Norm
}

func newNet(s *rng.Stream, k RetrievalKnobs, obs, actions int, retrieves bool) *net {
	n := &net{knobs: k, actions: actions,
		encoder: nn.NewMLP(s, "encoder", obs, []int{k.Width, k.Width}, num.ReLU),
		hidden:  nn.NewLinear(s, "head.0", k.Width, k.Width, num.ReLU, nn.Gain(num.ReLU)),
		out:     nn.NewLinear(s, "head.1", k.Width, actions, num.None, 0.1)}
	if retrieves {
		n.look = newProcess(s, k, actions)
	}
	return n
}

func newProcess(s *rng.Stream, k RetrievalKnobs, actions int) *process {
	linear := func(name string, in, out int, gain float64) *nn.Linear {
		return nn.NewLinear(s, name, in, out, num.None, gain)
	}
	w, h, z := k.Width, k.Summary, k.Code
	p := &process{
		past: nn.NewGRU(s, "past", w, h), future: nn.NewGRU(s, "future", w, h), lift: linear("lift", w, h, 1),
		key: linear("key", h, h, 1), value: linear("value", h, h, 1),
		auxPast: linear("auxiliary.past", h, actions+2, 0.1), auxFuture: linear("auxiliary.future", h, actions+2, 0.1),
		post: linear("post", h, 2*z, 0.5), prior: linear("prior", h, 2*z, 0.5), first: num.NewParam("slots", k.Slots, h),
		inform: newInformer(s, "inform", w, z), second: newInformer(s, "second", w, z),
	}
	for i := range p.first.Data {
		p.first.Data[i] = float32(0.5 * s.Normal())
	}
	if k.State == "agent" {
		for range k.Slots {
			p.askAgent = append(p.askAgent, linear("ask."+string(rune('a'+len(p.askAgent))), w, h, 1))
		}
		return p
	}
	p.slot, p.ask, p.write = nn.NewGRU(s, "slot", w, h), linear("ask", h, h, 1), linear("write", z, h, 1)
	p.writeGate, p.writeNorm, p.mixGate, p.mixNorm = gate(s, "write.gate", h), nn.NewNorm("write.norm", h), gate(s, "mix.gate", h), nn.NewNorm("mix.norm", h)
	p.q, p.k, p.v = linear("mix.q", h, h, 1), linear("mix.k", h, h, 1), linear("mix.v", h, h, 1)
	return p
}

func newInformer(s *rng.Stream, name string, w, z int) *informer {
	linear := func(part string, in, out int) *nn.Linear { return nn.NewLinear(s, name+"."+part, in, out, num.None, 1) }
	return &informer{q: linear("q", w, z), k: linear("k", z, z), v: linear("v", z, w), gate: gate(s, name+".gate", w), norm: nn.NewNorm(name+".norm", w)}
}

// gate starts half open: training is short, and a gate that starts nearly closed would keep out what is looked up for most of it.
func gate(s *rng.Stream, name string, d int) *nn.Gate {
	g := nn.NewGate(s, name, d)
	clear(g.B.Data)
	return g
}

// Params lists all parameters in a fixed order.
func (n *net) Params() []*num.Tensor {
	ps := append(append(n.encoder.Params(), n.hidden.Params()...), n.out.Params()...)
	if n.look == nil {
		return ps
	}
	p := n.look
	ps = append(append(append(ps, p.past.Params()...), p.future.Params()...), p.first)
	layers := []*nn.Linear{p.lift, p.key, p.value, p.auxPast, p.auxFuture, p.post, p.prior}
	if p.askAgent != nil {
		layers = append(layers, p.askAgent...)
	} else {
		layers = append(layers, p.ask, p.write, p.q, p.k, p.v)
		ps = append(ps, p.slot.Params()...)
		ps = append(gateParams(ps, p.writeGate, p.writeNorm), gateParams(nil, p.mixGate, p.mixNorm)...)
	}
	for _, i := range []*informer{p.inform, p.second} {
		layers = append(layers, i.q, i.k, i.v)
		ps = gateParams(ps, i.gate, i.norm)
	}
	for _, l := range layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

func gateParams(ps []*num.Tensor, g *nn.Gate, n *nn.Norm) []*num.Tensor {
	return append(ps, g.Wy, g.Ux, g.Ug, g.B, n.Gain, n.Bias)
}
