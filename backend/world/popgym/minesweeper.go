package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// minesweeper: mines lie under a board of n x n; each action looks at a cell.
//
// Observation: how many mines lie on the cell and its eight neighbours, 0 at the start; not which cell. With c cells without mine:
// reward 1/c for a new one, -0.5/(c-2) for one seen before, -0.5-1/c for a mine, which ends the episode as the last clear cell does.
// The package counts the time before it moves on, so that c+1 steps are possible.
type minesweeper struct {
	n, mines   int
	envs       []minesweeperEnv
	state      []uint8 // [B][n*n] cellClear, cellMine, cellViewed
	near       []uint8 // [B][n*n] mines on the cell and around it
	win, again float32
	blow       float32
	values     int // of an observation
}

type minesweeperEnv struct {
	Steps, Left int32 // steps made, clear cells not seen
	Last        int32 // what the observation says
	Again       int32 // cells looked at twice
	Blown       bool
}

const (
	cellClear uint8 = iota
	cellMine
	cellViewed
)

func newMinesweeper(n, mines, batch int) (*minesweeper, shape) {
	g := &minesweeper{n: n, mines: mines, envs: make([]minesweeperEnv, batch), values: min(mines+1, 10)}
	g.state, g.near = make([]uint8, batch*n*n), make([]uint8, batch*n*n)
	clean := n*n - mines
	win := 1 / float64(clean)
	g.win, g.again, g.blow = float32(win), float32(-0.5/float64(clean-2)), float32(-0.5-win)
	s := shape{space: []int{g.values}, actSpace: []int{n, n}, actions: cells(n, n), horizon: clean + 1, numbers: []string{"cleared", "looked twice", "blown"}}
	for i := range g.values {
		s.obsNames = append(s.obsNames, fmt.Sprintf("%d mines near", i))
	}
	return g, s
}

func (g *minesweeper) of(b int) (state, near []uint8) {
	n := g.n * g.n
	return g.state[b*n : (b+1)*n], g.near[b*n : (b+1)*n]
}

// begin lays the mines, every choice of cells equally likely.
func (g *minesweeper) begin(b int, seed uint64) {
	state, _ := g.of(b)
	clear(state)
	drawn := uint64(0)
	for left := g.mines; left > 0; drawn++ {
		if cell := world.Pick(world.Draw(seed, drawn), len(state)); state[cell] == cellClear {
			state[cell] = cellMine
			left--
		}
	}
	g.open(b)
}

// open counts the mines laid.
func (g *minesweeper) open(b int) {
	state, near := g.of(b)
	g.envs[b] = minesweeperEnv{Left: int32(len(state) - g.mines)}
	clear(near)
	for cell, s := range state {
		if s == cellMine {
			for around := range g.neighbours(cell) {
				near[around]++
			}
		}
	}
}

// neighbours yields a cell and those around it.
func (g *minesweeper) neighbours(cell int) func(yield func(int) bool) {
	row, column := cell/g.n, cell%g.n
	return func(yield func(int) bool) {
		for r := max(row-1, 0); r <= min(row+1, g.n-1); r++ {
			for c := max(column-1, 0); c <= min(column+1, g.n-1); c++ {
				if !yield(r*g.n + c) {
					return
				}
			}
		}
	}
}

func (g *minesweeper) step(actions []int32, out rows, reward []float32, why []uint8) {
	cells := g.n * g.n
	for b, a := range actions {
		e, cell := &g.envs[b], b*cells+int(a)
		why[b] = 0
		switch g.state[cell] {
		case cellMine:
			reward[b], why[b], e.Blown = g.blow, terminal, true
		case cellViewed:
			reward[b] = g.again
			e.Again++
		default:
			g.state[cell] = cellViewed
			reward[b] = g.win
			if e.Left--; e.Left == 0 {
				why[b] = terminal
			}
		}
		if int(e.Steps) == cells-g.mines {
			why[b] |= horizon
		}
		e.Steps++
		e.Last = int32(g.near[cell])
		hot(out.of(b), uint8(e.Last))
	}
}

func (g *minesweeper) write(b int, row []float32) { hot(row, uint8(g.envs[b].Last)) }

// Success is every clear cell seen.
func (g *minesweeper) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	n := [maxNumbers]float64{float64(int32(g.n*g.n-g.mines) - e.Left), float64(e.Again)}
	if e.Blown {
		n[2] = 1
	}
	return e.Left == 0, n
}

func (g *minesweeper) scene(b int) lab.Scene {
	state, near := g.of(b)
	e := &g.envs[b]
	s := lab.Scene{W: g.n, H: g.n + 1}
	for cell, c := range state {
		m := lab.Mark{X: cell % g.n, Y: cell / g.n}
		switch c {
		case cellMine:
			m.Shape, m.Label = "ghost", "mine"
		case cellViewed:
			m.Shape, m.Label = "floor", fmt.Sprint(near[cell])
		default:
			continue
		}
		s.Marks = append(s.Marks, m)
	}
	label := fmt.Sprintf("%d to clear, saw %d", e.Left, e.Last)
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks, lab.Mark{X: 0, Y: g.n, Shape: "agent", Label: label, Tone: 1})}
}

func (g *minesweeper) saw(b int) string { return fmt.Sprintf("%d mines near", g.envs[b].Last) }

func (g *minesweeper) parts() []any { return []any{g.state, g.near, g.envs} }
