package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// battleship: ships of 2, 3, 3 and 4 cells lie on a board of n x n; each action shoots at a cell.
//
// Observation: 1 for a hit, 0 for a miss, for water and for a cell that was shot at before; not where. Reward 1/12 for a hit, else
// -1/(n*n-12): every cell once comes to 0, only hits to 1, and only repeated misses to less than -1. The episode ends when all ships are
// sunk, or after n*n steps.
type battleship struct {
	n     int
	envs  []battleshipEnv
	board []uint8 // [B][n*n] bits: shipCell, shotCell
	hit   float32
	miss  float32
}

type battleshipEnv struct{ Steps, Hits, Last int32 }

const (
	shipCell uint8 = 1 << iota
	shotCell
)

// fleet is the lengths of the ships, shipCells their sum.
func fleet() [4]int { return [4]int{2, 3, 3, 4} }

const shipCells = 12

func newBattleship(n, batch int) (*battleship, shape) {
	g := &battleship{n: n, envs: make([]battleshipEnv, batch), board: make([]uint8, batch*n*n)}
	g.hit, g.miss = float32(1.0/shipCells), float32(-1/float64(n*n-shipCells))
	return g, shape{space: []int{2}, obsNames: []string{"miss", "hit"}, actSpace: []int{n, n}, actions: cells(n, n), horizon: n * n,
		numbers: []string{"hits", "misses"}}
}

func (g *battleship) of(b int) []uint8 { return g.board[b*g.n*g.n : (b+1)*g.n*g.n] }

// begin places the ships one by one, each at a place and in a direction drawn anew until it fits, as the package does.
func (g *battleship) begin(b int, seed uint64) {
	g.envs[b] = battleshipEnv{}
	board := g.of(b)
	clear(board)
	drawn := uint64(0)
	for _, length := range fleet() {
		for placed := false; !placed; drawn++ {
			placed = g.place(board, length, world.Draw(seed, drawn))
		}
	}
}

// place puts a ship where 64 random bits say, or nowhere if it would leave the board or cross another.
func (g *battleship) place(board []uint8, length int, r uint64) bool {
	row, column := world.Pick(r<<32, g.n), world.Pick(r>>32<<40, g.n)
	step, end := 1, &column
	if r>>62&1 == 0 {
		step, end = g.n, &row
	}
	if r>>63 == 1 { // towards the smaller numbers: the same ship from its other end
		*end -= length - 1
	}
	if *end < 0 || *end+length > g.n {
		return false
	}
	from := row*g.n + column
	for i := range length {
		if board[from+i*step] != 0 {
			return false
		}
	}
	for i := range length {
		board[from+i*step] = shipCell
	}
	return true
}

func (g *battleship) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, cell := &g.envs[b], &g.board[b*g.n*g.n+int(a)]
		reward[b], why[b], e.Last = g.miss, 0, 0
		if *cell == shipCell {
			e.Hits++
			reward[b], e.Last = g.hit, 1
		}
		*cell |= shotCell
		e.Steps++
		if e.Hits == shipCells {
			why[b] = terminal
		}
		if int(e.Steps) >= g.n*g.n {
			why[b] |= horizon
		}
		g.write(b, out.of(b))
	}
}

func (g *battleship) write(b int, row []float32) {
	row[1] = float32(g.envs[b].Last)
	row[0] = 1 - row[1]
}

// Success is all ships sunk.
func (g *battleship) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	return e.Hits == shipCells, [maxNumbers]float64{float64(e.Hits), float64(e.Steps - e.Hits)}
}

// reference: memory-free shoots at random, since the observation says nothing of where. Full-memory shoots where most placements of the
// four ships could lie that cross no miss, those through known hits first: sound and strong, not proved the best.
func (g *battleship) reference(name string, seed uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			for cell, c := range g.of(b) {
				if c == shipCell {
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
		h := &hunter{n: g.n, known: make([]uint8, len(g.board)), last: make([]int32, len(g.envs)), weight: make([]float32, g.n*g.n)}
		return h.act
	}
	return nil
}

// hunter remembers what each shot came to.
type hunter struct {
	n      int
	known  []uint8   // [B][n*n] 0 unknown, else knownMiss or knownHit
	last   []int32   // [B] cell shot at
	weight []float32 // [n*n] scratch
}

const (
	knownMiss uint8 = 1 + iota
	knownHit
)

func (h *hunter) act(b int, row []float32, fresh bool) int32 {
	known := h.known[b*h.n*h.n : (b+1)*h.n*h.n]
	if fresh {
		clear(known)
	} else if known[h.last[b]] == 0 {
		known[h.last[b]] = knownMiss + uint8(row[1])
	}
	clear(h.weight)
	for _, length := range fleet() {
		for cell := range known {
			if cell%h.n+length <= h.n {
				h.weigh(known, cell, 1, length)
			}
			if cell/h.n+length <= h.n {
				h.weigh(known, cell, h.n, length)
			}
		}
	}
	best := int32(-1)
	for cell, k := range known {
		if k == 0 && (best < 0 || h.weight[cell] > h.weight[best]) {
			best = int32(cell)
		}
	}
	h.last[b] = max(best, 0)
	return h.last[b]
}

// weigh adds one placement to the unknown cells that it covers: 1, and twenty times as much for every hit that it goes through.
func (h *hunter) weigh(known []uint8, from, step, length int) {
	w := float32(1)
	for i := range length {
		switch known[from+i*step] {
		case knownMiss:
			return
		case knownHit:
			w *= 20
		}
	}
	for i := range length {
		if known[from+i*step] == 0 {
			h.weight[from+i*step] += w
		}
	}
}

func (g *battleship) scene(b int) lab.Scene {
	e := &g.envs[b]
	s := lab.Scene{W: g.n, H: g.n + 1}
	for cell, c := range g.of(b) {
		m := lab.Mark{X: cell % g.n, Y: cell / g.n}
		switch c {
		case shipCell:
			m.Shape, m.Label = "ghost", "ship"
		case shotCell:
			m.Shape, m.Label = "floor", "miss"
		case shipCell | shotCell:
			m.Shape, m.Label, m.Tone = "cube", "hit", 3
		default:
			continue
		}
		s.Marks = append(s.Marks, m)
	}
	label := fmt.Sprintf("%d of %d hit, %s", e.Hits, shipCells, progress(int(e.Steps), g.n*g.n))
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks, lab.Mark{X: 0, Y: g.n, Shape: "agent", Label: label, Tone: 1})}
}

func (g *battleship) saw(b int) string { return []string{"miss", "hit"}[g.envs[b].Last] }

func (g *battleship) parts() []any { return []any{g.board, g.envs} }
