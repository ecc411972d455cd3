package memo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn/summary"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// agent is a network with what it remembers by.
type agent struct {
	model     *summary.Model
	rule      summary.Rule
	randomise bool // of segment lengths in training
}

// newAgent makes the agent of a set-up; nil for a reference, whose name it returns.
func newAgent(setup lab.Setup, spec world.Spec, s *rng.Stream) (*agent, string, error) {
	shape := summary.Shape{In: spec.Obs, Actions: len(spec.Actions), Prompts: 1}
	a := &agent{}
	switch setup.Kind("agent") {
	case Reference:
		var k ReferenceKnobs
		err := setup.Section("agent", &k)
		return nil, k.Policy, err
	case Context:
		var k ContextKnobs
		if err := setup.Section("agent", &k); err != nil {
			return nil, "", err
		}
		size(&shape, k.NetKnobs)
		a.rule = summary.Rule{Window: k.Window, Episodes: !k.Across}
	default:
		var k SummaryKnobs
		if err := setup.Section("agent", &k); err != nil {
			return nil, "", err
		}
		size(&shape, k.NetKnobs)
		shape.Prompts = k.Summaries
		a.rule, a.randomise = k.rule(), k.Randomise
	}
	a.model = summary.New(s, shape)
	return a, "", nil
}

func size(z *summary.Shape, k NetKnobs) {
	z.Width, z.Layers, z.Heads, z.Inner = k.Width, k.Layers, k.Heads, k.Inner
}

// player acts with a cache of its own: a world.Policy whose trials begin together.
type player struct {
	draw   *rng.Stream // draws the actions; nil takes the most probable ones
	probs  []float32   // [A]
	arena  *arena
	cache  *summary.Cache
	begins []bool
	seen   []int // [B] entries that the last step attended to, its own included
	held   []int // [B] of those, what the cache held before the step
	sums   int   // summaries among them
	first  int   // position of the first of those
}

func newPlayer(core *num.Core, a *agent, w *arena, rule summary.Rule) *player {
	b := w.Size()
	return &player{arena: w, probs: make([]float32, a.model.Shape.Actions), cache: summary.NewCache(core, a.model, rule, b, w.length), begins: make([]bool, b), seen: make([]int, b), held: make([]int, b)}
}

// Reset implements world.Policy.
func (p *player) Reset() { p.cache.Reset() }

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	p.see(obs, fresh)
	n := len(p.probs)
	for b := range actions {
		rl.Probabilities(p.cache.Out[b*(n+1):b*(n+1)+n], p.probs)
		if p.draw != nil {
			actions[b] = int32(p.draw.Categorical(p.probs))
		} else {
			actions[b] = int32(rl.Best(p.probs))
		}
	}
}

// see runs the network on what the trials show.
func (p *player) see(obs []float32, fresh []bool) {
	if fresh[0] {
		p.cache.Reset()
	}
	p.arena.mark(obs, fresh, p.begins)
	for b := range p.held {
		p.held[b], p.sums, p.first = p.cache.Entries(b)
		if p.cache.Rule.Episodes && p.begins[b] {
			p.held[b] = 0
		}
		p.seen[b] = p.held[b] + 1
	}
	p.cache.Step(obs, p.begins)
}

// sizes tells numbers carried and entries seen at the last step of environment b.
func (p *player) sizes(b, _ int) (memory, context int) {
	return p.held[b] * p.cache.Numbers(), p.seen[b]
}
