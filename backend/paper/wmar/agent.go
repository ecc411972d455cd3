package wmar

import (
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// carrier is what an agent carries while it plays B environments: the state of the model, and the latents of the present observation.
type carrier struct {
	H []float32 // [B][H]
	Z []float32 // [B][Z]

	feat, logits, p, value []float32
}

func newCarrier(m *model, b int) *carrier {
	return &carrier{H: make([]float32, b*m.h), Z: make([]float32, b*m.z)}
}

// act sees obs [B][O], of which fresh ones begin an episode, and writes actions: drawn from chance, or, where chance is nil, the likeliest
// ones on the likeliest latents. Then the state moves on.
func (c *carrier) act(m *model, b *behaviour, obs []float32, fresh []bool, chance *rng.Stream, actions []int32) {
	n := len(fresh)
	for i, f := range fresh {
		if f {
			clear(c.H[i*m.h : (i+1)*m.h])
		}
	}
	m.observe(n, obs, c.H, c.Z, chance)
	c.feat, c.logits = grow(c.feat, n*b.d), grow(c.logits, n*b.acts)
	c.p, c.value = grow(c.p, n*b.acts), grow(c.value, n)
	m.features(n, c.H, c.Z, c.feat)
	b.apply(b.actor, n, c.feat, c.logits)
	b.apply(b.critic, n, c.feat, c.value)
	for i := range n {
		p := c.p[i*b.acts : (i+1)*b.acts]
		rl.Probabilities(c.logits[i*b.acts:(i+1)*b.acts], p)
		if chance == nil {
			actions[i] = int32(rl.Best(p))
		} else {
			actions[i] = int32(chance.Categorical(p))
		}
	}
	m.move(n, c.H, c.Z, actions)
}

// greedy is the trained agent as a world.Policy.
type greedy struct {
	m *model
	b *behaviour
	c *carrier
}

// Reset implements world.Policy.
func (g *greedy) Reset() { clear(g.c.H) }

// Act implements world.Policy.
func (g *greedy) Act(obs []float32, fresh []bool, actions []int32) {
	g.c.act(g.m, g.b, obs, fresh, nil, actions)
}
