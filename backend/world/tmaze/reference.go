package tmaze

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. All junctions look alike, so the memory-free reference can do no better than to guess.
func (m *Maze) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{m}, nil
	case world.Random, world.MemoryFree:
		return world.Uniform(cues, seed), nil
	case world.FullMemory:
		return &keeper{obs: m.Width(), cue: make([]int32, len(m.Envs))}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// oracle reads the cue from the world.
type oracle struct{ maze *Maze }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = p.maze.Envs[b].Cue
	}
}

// keeper remembers the cue that it saw.
type keeper struct {
	obs int
	cue []int32 // [B]
}

func (p *keeper) Reset() { clear(p.cue) }

func (p *keeper) Act(obs []float32, _ []bool, actions []int32) {
	for b := range actions {
		row := obs[b*p.obs : (b+1)*p.obs]
		for c := range cues {
			if row[obsCue+c] == 1 {
				p.cue[b] = int32(c)
			}
		}
		actions[b] = p.cue[b]
	}
}
