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
	a := w.game.reference(name, seed)
	if a == nil {
		return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %s", w.spec.Name, name, strings.Join(world.References(), ", ")).
			WithHint("choose one of the four")
	}
	return &policy{act: a, stride: w.spec.Obs, width: w.shape.width()}, nil
}

// policy plays an act in every environment.
type policy struct {
	act           act
	stride, width int
	new           bool
}

// Reset makes the next observations the first of their episodes.
func (p *policy) Reset() { p.new = true }

// Act chooses for the batch.
func (p *policy) Act(obs []float32, fresh []bool, actions []int32) {
	for b := range actions {
		actions[b] = p.act(b, obs[b*p.stride:b*p.stride+p.width], p.new || fresh[b])
	}
	p.new = false
}
