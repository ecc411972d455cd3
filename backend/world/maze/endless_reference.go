package maze

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. Both memory-free and full-memory see only the observations; the oracle looks inside.
func (m *Endless) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &endlessOracle{m}, nil
	case world.Random:
		return world.Uniform(m.knobs.Alphabet+1, seed), nil
	case world.MemoryFree:
		return &endlessBlind{maze: m, turns: world.Uniform(m.knobs.Alphabet, seed)}, nil
	case world.FullMemory:
		return &endlessKeeper{maze: m, cue: make([]int32, len(m.runs))}, nil
	}
	return nil, unknownReference(m.spec.Name, name)
}

func unknownReference(name, reference string) error {
	return lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", name, reference, world.References()).
		WithHint("name one of %q", world.References())
}

// endlessOracle reads the cue of the corridor from the world.
type endlessOracle struct{ maze *Endless }

func (p *endlessOracle) Reset() {}

func (p *endlessOracle) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = Forward
		if e := &p.maze.runs[b]; e.Position == e.Length {
			actions[b] = Turn(int(e.Cue))
		}
	}
}

// endlessBlind walks on and guesses at junctions: a junction looks the same whatever the cue was, so no memory-free policy turns
// right with more than one in Alphabet.
type endlessBlind struct {
	maze  *Endless
	turns world.Policy
}

func (p *endlessBlind) Reset() { p.turns.Reset() }

func (p *endlessBlind) Act(obs []float32, fresh []bool, actions []int32) {
	p.turns.Act(obs, fresh, actions)
	for b := range actions {
		actions[b] = Turn(int(actions[b]))
		if obs[b*p.maze.spec.Obs+p.maze.junction()] == 0 {
			actions[b] = Forward
		}
	}
}

// endlessKeeper remembers the latest cue, which is all that matters.
type endlessKeeper struct {
	maze *Endless
	cue  []int32 // [B]
}

func (p *endlessKeeper) Reset() { clear(p.cue) }

func (p *endlessKeeper) Act(obs []float32, _ []bool, actions []int32) {
	w, cues := p.maze.spec.Obs, p.maze.knobs.Alphabet
	for b := range actions {
		row := obs[b*w : (b+1)*w]
		for c := range cues {
			if row[1+c] == 1 {
				p.cue[b] = int32(c)
			}
		}
		actions[b] = Forward
		if row[p.maze.junction()] == 1 {
			actions[b] = Turn(int(p.cue[b]))
		}
	}
}
