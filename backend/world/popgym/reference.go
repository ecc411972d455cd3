package popgym

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. Memory-free and full-memory see only the observations; the oracle looks inside. What each
// does, and where full memory is not the best possible, stands beside each task.
func (w *World) Reference(name string, seed uint64) (world.Policy, error) {
	if name == world.Random {
		return world.Uniform(len(w.spec.Actions), seed), nil
	}
	p := &policy{make: func() act { return w.game.reference(name, seed) }, stride: w.spec.Obs, width: w.shape.width()}
	if p.Reset(); p.act == nil {
		return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %s", w.spec.Name, name, strings.Join(world.References(), ", ")).
			WithHint("choose one of the four")
	}
	return p, nil
}

// policy plays an act in every environment.
type policy struct {
	make          func() act
	act           act
	stride, width int
	start         bool // the next observations are the first of their episodes
}

// Reset begins as if nothing had been seen and no chance drawn.
func (p *policy) Reset() { p.act, p.start = p.make(), true }

// Act chooses for the batch.
func (p *policy) Act(obs []float32, fresh []bool, actions []int32) {
	for b := range actions {
		actions[b] = p.act(b, obs[b*p.stride:b*p.stride+p.width], p.start || fresh[b])
	}
	p.start = false
}
