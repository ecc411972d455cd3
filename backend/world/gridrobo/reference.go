package gridrobo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The oracle is the scripted solver on the true board. Memory-free and full-memory read the
// board from observations and play the first task that what they saw allows: a task is out where its condition and the reward disagreed.
// In mode id both know the task.
func (w *World) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{w}, nil
	case world.Random:
		return world.Uniform(actions, seed), nil
	case world.MemoryFree:
		return &guesser{world: w, out: make([]uint32, len(w.envs))}, nil
	case world.FullMemory:
		return &guesser{world: w, out: make([]uint32, len(w.envs)), keep: true}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

type oracle struct{ world *World }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, acts []int32) {
	for b := range acts {
		e := &p.world.envs[b]
		acts[b] = e.Board.solve(int32(p.world.knobs.Grid), e.task())
	}
}

// guesser rules tasks out and plays the first that is left.
type guesser struct {
	world *World
	out   []uint32 // [B] a bit for each task that is out
	keep  bool     // from step to step
}

func (p *guesser) Reset() { clear(p.out) }

func (p *guesser) Act(obs []float32, fresh []bool, acts []int32) {
	width, g := p.world.spec.Obs, int32(p.world.knobs.Grid)
	for b := range acts {
		row := obs[b*width : (b+1)*width]
		s := read(g, row)
		if fresh[b] || !p.keep {
			p.out[b] = 0
		}
		if !fresh[b] {
			p.out[b] |= p.ruledOut(g, &s, row[rewardAt] == 1)
		}
		acts[b] = s.solve(g, p.task(p.out[b], row))
	}
}

func (p *guesser) ruledOut(g int32, s *board, paid bool) (out uint32) {
	for t := range int32(p.world.knobs.Tasks) {
		if s.holds(g, t) != paid {
			out |= 1 << t
		}
	}
	return out
}

// task is the one named, or the first that is not out.
func (p *guesser) task(out uint32, row []float32) int32 {
	for t := range int32(p.world.knobs.Tasks) {
		if p.world.knobs.Mode == ID && row[taskAt+t] == 1 || p.world.knobs.Mode == Blind && out>>t&1 == 0 {
			return t
		}
	}
	return 0
}

// read makes the board from an observation. Of two objects at the robot's cell that are both held or on top, it takes the first for the
// held one: the observation does not tell them apart.
func read(g int32, row []float32) (s board) {
	for i := range s.Cell {
		s.Cell[i] = number(g, row[2*i+1])*g + number(g, row[2*i])
	}
	s.Held, s.On = nothing, [objects]int32{nothing, nothing, nothing}
	below := int32(nothing)
	for i := range int32(objects) {
		if row[2*bodies+i] < 0 {
			below = i
		}
	}
	for i := range int32(objects) {
		if row[2*bodies+i] > 0 && (below == nothing || s.Cell[i] != s.Cell[below] || second(&s, row, i, below)) {
			s.Held = i
			break
		}
	}
	for i := range int32(objects) {
		if row[2*bodies+i] > 0 && i != s.Held {
			s.On[i] = below
		}
	}
	return s
}

// second tells whether a second object lies above the one below, so that this one must be the held one of the two.
func second(s *board, row []float32, object, below int32) bool {
	for i := range int32(objects) {
		if i != object && row[2*bodies+i] > 0 && s.Cell[i] == s.Cell[below] {
			return true
		}
	}
	return false
}

// number is the row or column of a place in [-1, 1].
func number(g int32, x float32) int32 { return int32((x+1)*float32(g-1)/2 + 0.5) }
