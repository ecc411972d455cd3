package popgym

import (
	"math/bits"

	"github.com/loci-lab/loci/backend/world"
)

// reference: memory-free looks at random cells, since the observation does not say where. Full-memory is a solver that is sound but not
// the best: it marks as safe or mined what one observation, or two of which one covers part of the other, prove, and else looks where
// the rule of three of its observations gives the fewest mines.
func (g *minesweeper) reference(name string, seed uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			state, _ := g.of(b)
			for cell, c := range state {
				if c == cellClear {
					return int32(cell)
				}
			}
			return 0
		}
	case world.MemoryFree:
		drawn := uint64(0)
		return func(int, []float32, bool) int32 {
			drawn++
			return int32(world.Pick(world.Draw(seed, drawn), g.n*g.n))
		}
	case world.FullMemory:
		s := &sweeper{game: g, all: ^uint64(0) >> (64 - g.n*g.n), boards: make([]sweeperBoard, len(g.envs))}
		for cell := range g.n * g.n {
			for around := range g.neighbours(cell) {
				s.around[cell] |= 1 << around
			}
		}
		return s.act
	}
	return nil
}

// sweeper solves boards of at most 64 cells: a set of cells is a word.
type sweeper struct {
	game   *minesweeper
	all    uint64
	around [64]uint64
	boards []sweeperBoard
	facts  [65]fact
}

// sweeperBoard is what one board has shown.
type sweeperBoard struct {
	viewed uint64
	count  [64]int8
	last   int32
}

// fact: of those cells, so many are mined.
type fact struct {
	cells uint64
	mines int
}

func (s *sweeper) act(b int, row []float32, fresh bool) int32 {
	e := &s.boards[b]
	if fresh {
		*e = sweeperBoard{}
	} else {
		e.viewed |= 1 << e.last
		e.count[e.last] = int8(oneIn(row))
	}
	safe, mined := s.prove(e)
	if safe == 0 {
		safe = 1 << s.likeliest(e, mined)
	}
	e.last = int32(bits.TrailingZeros64(safe))
	return e.last
}

// prove returns the cells that cannot be mined and those that must be.
func (s *sweeper) prove(e *sweeperBoard) (safe, mined uint64) {
	for {
		n := s.gather(e, safe, mined)
		newSafe, newMined := uint64(0), uint64(0)
		for _, f := range s.facts[:n] {
			learn(f, &newSafe, &newMined)
			for _, o := range s.facts[:n] {
				if o.cells != f.cells && o.cells&^f.cells == 0 {
					learn(fact{f.cells &^ o.cells, f.mines - o.mines}, &newSafe, &newMined)
				}
			}
		}
		newMined &^= newSafe // boards that contradict themselves come from actions that another policy chose
		if newSafe == 0 && newMined == 0 {
			return safe, mined
		}
		safe, mined = safe|newSafe, mined|newMined
	}
}

func learn(f fact, safe, mined *uint64) {
	switch {
	case f.cells == 0:
	case f.mines == 0:
		*safe |= f.cells
	case f.mines == bits.OnesCount64(f.cells):
		*mined |= f.cells
	}
}

// gather writes the facts about cells of which nothing is proved yet, that of the whole board last.
func (s *sweeper) gather(e *sweeperBoard, safe, mined uint64) (n int) {
	open := s.all &^ e.viewed &^ safe &^ mined
	for cell := range s.game.n * s.game.n {
		if e.viewed>>cell&1 == 1 && s.around[cell]&open != 0 {
			s.facts[n] = fact{s.around[cell] & open, int(e.count[cell]) - bits.OnesCount64(s.around[cell]&mined)}
			n++
		}
	}
	s.facts[n] = fact{open, s.game.mines - bits.OnesCount64(mined)}
	return n + 1
}

// likeliest is the open cell with the smallest share of mines: the greatest share among the facts that speak of it, the whole board's
// where none does.
func (s *sweeper) likeliest(e *sweeperBoard, mined uint64) int {
	n := s.gather(e, 0, mined)
	whole := s.facts[n-1]
	best, least := bits.TrailingZeros64(whole.cells|1<<63)%(s.game.n*s.game.n), 2.0
	for open := whole.cells; open != 0; open &= open - 1 {
		cell := bits.TrailingZeros64(open)
		share, told := 0.0, false
		for _, f := range s.facts[:n-1] {
			if f.cells>>cell&1 == 1 {
				share, told = max(share, f.share()), true
			}
		}
		if !told {
			share = whole.share()
		}
		if share < least {
			best, least = cell, share
		}
	}
	return best
}

func (f fact) share() float64 { return float64(f.mines) / float64(bits.OnesCount64(f.cells)) }
