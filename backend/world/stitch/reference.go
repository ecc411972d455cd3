package stitch

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The memory-free one and the one with full memory see the observations alone.
func (m *Maze) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &walker{maze: m, oracle: true}, nil
	case world.FullMemory:
		return &walker{maze: m, cue: make([]int32, len(m.runs))}, nil
	case world.MemoryFree:
		return &walker{maze: m}, nil
	case world.Random:
		return world.Uniform(len(m.spec.Actions), seed), nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// walker goes straight on and turns at the hub: as the hidden bit says, as the cue said that it remembers, or always to the left, since a
// hub looks the same whatever the cue was.
type walker struct {
	maze   *Maze
	oracle bool
	cue    []int32 // [B]; nil without memory
}

func (p *walker) Reset() { clear(p.cue) }

func (p *walker) Act(obs []float32, _ []bool, actions []int32) {
	w := p.maze.spec.Obs
	for b := range actions {
		row, bit := obs[b*w:(b+1)*w], int32(0)
		if p.cue != nil {
			if row[obsCue+2] == 0 {
				p.cue[b] = int32(row[obsCue+1])
			}
			bit = p.cue[b]
		}
		if p.oracle {
			bit = p.maze.runs[b].Bit
		}
		actions[b] = Forward
		if row[obsPlace+1] == 1 {
			actions[b] = Left + bit
		}
	}
}
