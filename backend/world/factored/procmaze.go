package factored

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// carved is ProcMaze(g): a maze carved depth first, new in every episode, with player and goal on different cells. A step costs 1; it
// ends the episode at the goal, to which the player is moved by chance now and then. The observation is player, goal, passages to the
// right and passages downwards, each a bit for each place.
//
// On holds the passages to the right, row by row, g-1 a row; Sites those downwards, g a row, g-1 rows.
type carved struct {
	g, horizon int
	chance     float64
}

func (f *carved) spec() world.Spec {
	g := f.g
	s := world.Spec{Name: ProcMaze, Obs: 2*g*g + 2*g*(g-1), Horizon: f.horizon, Actions: []string{"up", "down", "left", "right"}}
	s.ObsNames = append(cellNames("player", g), cellNames("goal", g)...)
	for i := range g * (g - 1) {
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("open right of %d,%d", i/(g-1), i%(g-1)))
	}
	for i := range g * (g - 1) {
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("open below %d,%d", i/g, i%g))
	}
	return s
}

func (f *carved) continuing() bool { return false }

// open tells whether there is a passage from a cell that way.
func (f *carved) open(s *State, cell, action int32) bool {
	g := int32(f.g)
	row, col := cell/g, cell%g
	switch {
	case action == right && col < g-1:
		return s.On>>(row*(g-1)+col)&1 == 1
	case action == left && col > 0:
		return s.On>>(row*(g-1)+col-1)&1 == 1
	case action == down && row < g-1:
		return s.Sites>>(row*g+col)&1 == 1
	case action == up && row > 0:
		return s.Sites>>((row-1)*g+col)&1 == 1
	}
	return false
}

// carve opens the passage from a cell that way.
func (f *carved) carve(s *State, cell, action int32) {
	g := int32(f.g)
	row, col := cell/g, cell%g
	switch action {
	case right:
		s.On |= 1 << (row*(g-1) + col)
	case left:
		s.On |= 1 << (row*(g-1) + col - 1)
	case down:
		s.Sites |= 1 << (row*g + col)
	case up:
		s.Sites |= 1 << ((row-1)*g + col)
	}
}

// begin carves a maze depth first from the player's cell, with a stack of the way back.
func (f *carved) begin(seed uint64) (s State) {
	n := f.g * f.g
	s.Player = int32(world.Pick(world.Draw(seed, 0), n))
	s.Goal = (s.Player + 1 + int32(world.Pick(world.Draw(seed, 1), n-1))) % int32(n)
	var stack [25]int32
	stack[0] = s.Player
	depth, seen, draw := 1, uint64(1)<<s.Player, uint64(2)
	for depth > 0 {
		cell, count := stack[depth-1], 0
		var ways [4]int32
		for a := up; a <= right; a++ {
			if to := move(cell, a, int32(f.g)); to != cell && seen>>to&1 == 0 {
				ways[count] = a
				count++
			}
		}
		if count == 0 {
			depth--
			continue
		}
		a := ways[world.Pick(world.Draw(seed, draw), count)]
		draw++
		f.carve(&s, cell, a)
		stack[depth] = move(cell, a, int32(f.g))
		seen |= 1 << stack[depth]
		depth++
	}
	return s
}

func (f *carved) step(s *State, action int32, r uint64) (float32, bool) {
	if f.open(s, s.Player, action) {
		s.Player = move(s.Player, action, int32(f.g))
	}
	if world.Unit(r) < f.chance {
		s.Player = s.Goal
	}
	return -1, s.Player == s.Goal
}

func (f *carved) write(s *State, obs []float32) {
	n, p := f.g*f.g, f.g*(f.g-1)
	clear(obs[:2*n])
	obs[s.Player] = 1
	obs[n+int(s.Goal)] = 1
	bitsOf(s.On, obs[2*n:2*n+p])
	bitsOf(s.Sites, obs[2*n+p:])
}

func (f *carved) read(obs []float32, s *State) {
	n, p := f.g*f.g, f.g*(f.g-1)
	s.Player, s.Goal = place(obs[:n]), place(obs[n:2*n])
	s.On, s.Sites = ofBits(obs[2*n:2*n+p]), ofBits(obs[2*n+p:])
}

func (f *carved) predictable(*State) bool             { return true }
func (f *carved) enough(_ float32, reached bool) bool { return reached }
func (f *carved) planSpace() int                      { return 2 * f.g * f.g }

// plan searches breadth first from the goal; the action that leads from a cell to the one it was found from is the best there.
func (f *carved) plan(s *State, space []int16) int32 {
	n := f.g * f.g
	best, queue := space[:n], space[n:]
	for i := range best {
		best[i] = -1
	}
	best[s.Goal], queue[0] = int16(up), int16(s.Goal)
	for head, tail := 0, 1; head < tail; head++ {
		cell := int32(queue[head])
		for a := up; a <= right; a++ {
			to := move(cell, a, int32(f.g))
			if to == cell || best[to] >= 0 || !f.open(s, cell, a) {
				continue
			}
			best[to] = int16(a ^ 1) // up and down, left and right differ in the lowest bit
			queue[tail] = int16(to)
			tail++
		}
	}
	return max(int32(best[s.Player]), 0)
}

// scene draws cells at even places and passages or walls between them.
func (f *carved) scene(s *State) lab.Scene {
	size := 2*f.g - 1
	out := lab.Scene{W: size, H: size}
	for y := range size {
		for x := range size {
			cell, free := int32(y/2*f.g+x/2), true
			switch {
			case x%2 == 1 && y%2 == 1:
				free = false
			case x%2 == 1:
				free = f.open(s, cell, right)
			case y%2 == 1:
				free = f.open(s, cell, down)
			}
			m := lab.Mark{X: x, Y: y, Shape: "floor"}
			if !free {
				m.Shape = "wall"
			}
			out.Marks = append(out.Marks, m)
		}
	}
	at := func(cell int32) (x, y int) { return 2 * (int(cell) % f.g), 2 * (int(cell) / f.g) }
	x, y := at(s.Goal)
	out.Marks = append(out.Marks, lab.Mark{X: x, Y: y, Shape: "goal", Label: "goal"})
	x, y = at(s.Player)
	out.Marks = append(out.Marks, lab.Mark{X: x, Y: y, Shape: "agent", Label: "player", Tone: 1})
	return out
}

func (f *carved) saw(s *State) string {
	return fmt.Sprintf("player at %d,%d; goal at %d,%d", int(s.Player)/f.g, int(s.Player)%f.g, int(s.Goal)/f.g, int(s.Goal)%f.g)
}
