package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// labyrinth: a maze with walls between cells, entered at a border cell. To escape is to find the exit on the opposite border; to explore
// is to step on every free cell.
//
// Observation: the 3 x 3 cells around the agent (at the upper and left border the package's window is shifted: it begins at the border
// and is filled up with walls below or at the right), then the action before. Escape: reward -1/1024 a step and +1 at the exit, which ends
// the episode. Explore: 1/F for each new of F free cells besides the start, else -1/1024. An episode has at most 1023 steps, since the
// package stops one step before its limit.
type labyrinth struct {
	side    int // of the grid, walls included
	escape  bool
	envs    []labyrinthEnv
	grid    []uint8 // [B][side*side]
	visited []bool  // [B][side*side]
	slow    float32
	found   float32
}

type labyrinthEnv struct {
	At, Steps int32
	Before    int32 // action, stay at the start
	Left      int32 // free cells not visited
	Free      int32 // free cells besides the start
	Exit      int32 // cell, also where it is only a wall
	Pay       float32
	Out       bool
}

// Cells of the grid, in the package's numbers; 4 is the package's "hidden", which no observation holds.
const (
	mazeFree uint8 = iota
	mazeWall
	mazeStart
	mazeExit
	mazeKinds = 5
)

// Actions; stay stands for "none yet" in the first observation.
const (
	goLeft int32 = iota
	goRight
	goUp
	goDown
	stay
)

const mazeLimit = 1024

func newLabyrinth(rooms int, escape bool, batch int) (*labyrinth, shape) {
	side := 2*rooms + 1
	g := &labyrinth{side: side, escape: escape, envs: make([]labyrinthEnv, batch), grid: make([]uint8, batch*side*side), visited: make([]bool, batch*side*side)}
	g.slow, g.found = float32(-1.0/mazeLimit), float32(-1.0/mazeLimit+1.0)
	s := shape{actSpace: []int{4}, actions: []string{"left", "right", "up", "down"}, horizon: mazeLimit - 1, numbers: []string{"visited", "free"}}
	for i := range 9 {
		s.space = append(s.space, mazeKinds)
		s.obsNames = append(s.obsNames, each(fmt.Sprintf("view %s", cellName(i, 3)), []string{"free", "wall", "start", "exit", "hidden"})...)
	}
	s.space = append(s.space, 5)
	s.obsNames = append(s.obsNames, each("went", []string{"left", "right", "up", "down", "nowhere yet"})...)
	return g, s
}

func (g *labyrinth) of(b int) (grid []uint8, visited []bool) {
	n := g.side * g.side
	return g.grid[b*n : (b+1)*n], g.visited[b*n : (b+1)*n]
}

// begin digs a maze by hunt and kill: a walk to random rooms not yet dug until there is none beside it, then again from random rooms
// already dug. Entrance and exit lie on opposite borders.
func (g *labyrinth) begin(b int, seed uint64) {
	grid, _ := g.of(b)
	d := digger{side: g.side, grid: grid, key: seed}
	d.dig()
	e := &g.envs[b]
	e.At, e.Exit = d.entrances()
	g.open(b)
}

// open sets entrance and exit and counts what is free.
func (g *labyrinth) open(b int) {
	grid, visited := g.of(b)
	start, exit := g.envs[b].At, g.envs[b].Exit
	e := labyrinthEnv{At: start, Exit: exit, Before: stay}
	for _, c := range grid {
		if c == mazeFree {
			e.Free++
		}
	}
	grid[start] = mazeStart
	if e.Left = e.Free; g.escape {
		grid[exit] = mazeExit
		e.Left++
	}
	e.Pay = float32(1 / float64(e.Free))
	clear(visited)
	visited[start] = true
	g.envs[b] = e
}

func (g *labyrinth) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e := &g.envs[b]
		grid, visited := g.of(b)
		e.At, e.Before = g.moved(grid, e.At, a), a
		e.Steps++
		reward[b], why[b] = g.slow, 0
		if !visited[e.At] {
			visited[e.At] = true
			e.Left--
			if !g.escape {
				reward[b] = e.Pay
			}
		}
		switch {
		case g.escape && grid[e.At] == mazeExit:
			reward[b], why[b], e.Out = g.found, terminal, true
		case !g.escape && e.Left == 0:
			why[b] = terminal
		}
		if e.Steps == mazeLimit-1 {
			why[b] |= horizon
		}
		g.write(b, out.of(b))
	}
}

// moved is the cell after an action: the next one, or the same at a wall and at the border.
func (g *labyrinth) moved(grid []uint8, at, action int32) int32 {
	side := int32(g.side)
	next := at
	switch x, y := at%side, at/side; {
	case action == goLeft && x > 0:
		next = at - 1
	case action == goRight && x < side-1:
		next = at + 1
	case action == goUp && y > 0:
		next = at - side
	case action == goDown && y < side-1:
		next = at + side
	}
	if grid[next] == mazeWall {
		return at
	}
	return next
}

// window is the upper left cell of what is seen and how many rows and columns of it lie in the maze.
func (g *labyrinth) window(at int32) (x, y, wide, high int) {
	side := g.side
	ax, ay := int(at)%side, int(at)/side
	x, y = max(ax-1, 0), max(ay-1, 0)
	return x, y, min(ax+1, side-1) - x + 1, min(ay+1, side-1) - y + 1
}

func (g *labyrinth) write(b int, row []float32) {
	clear(row)
	e := &g.envs[b]
	grid, _ := g.of(b)
	x, y, wide, high := g.window(e.At)
	at := 0
	for r := range 3 {
		for c := range 3 {
			kind := mazeWall
			if r < high && c < wide {
				kind = grid[(y+r)*g.side+x+c]
			}
			row[at+int(kind)] = 1
			at += mazeKinds
		}
	}
	row[at+int(e.Before)] = 1
}

// Success is the exit found, or every free cell visited.
func (g *labyrinth) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	n := [maxNumbers]float64{float64(e.Free - e.Left), float64(e.Free)}
	if g.escape {
		n[0]++
		return e.Out, n
	}
	return e.Left == 0, n
}

func (g *labyrinth) scene(b int) lab.Scene {
	e, side := &g.envs[b], g.side
	grid, visited := g.of(b)
	s := lab.Scene{W: side, H: side}
	for cell, c := range grid {
		m := lab.Mark{X: cell % side, Y: cell / side}
		switch {
		case c == mazeWall:
			m.Shape = "wall"
		case c == mazeExit:
			m.Shape, m.Label, m.Tone = "goal", "exit", 3
		case visited[cell]:
			m.Shape = "floor"
		default:
			continue
		}
		s.Marks = append(s.Marks, m)
	}
	label := progress(int(e.Steps), mazeLimit-1)
	return lab.Scene{W: side, H: side, Marks: append(s.Marks, lab.Mark{X: int(e.At) % side, Y: int(e.At) / side, Shape: "agent", Label: label, Tone: 1})}
}

// saw writes the window row by row.
func (g *labyrinth) saw(b int) string {
	e := &g.envs[b]
	grid, _ := g.of(b)
	x, y, wide, high := g.window(e.At)
	text := make([]byte, 0, 16)
	for r := range 3 {
		for c := range 3 {
			kind := mazeWall
			if r < high && c < wide {
				kind = grid[(y+r)*g.side+x+c]
			}
			text = append(text, ".#SE"[kind])
		}
		text = append(text, '/')
	}
	return fmt.Sprintf("%s went %s", text[:len(text)-1], []string{"left", "right", "up", "down", "nowhere yet"}[e.Before])
}

func (g *labyrinth) parts() []any { return []any{g.grid, g.visited, g.envs} }

// digger makes a maze on a grid of odd side: rooms lie at odd rows and columns, passages between them.
type digger struct {
	side       int
	grid       []uint8
	key, drawn uint64
}

func (d *digger) pick(n int) int {
	d.drawn++
	return world.Pick(world.Draw(d.key, d.drawn), n)
}

// room is a random one.
func (d *digger) room() int {
	half := d.side / 2
	return (2*d.pick(half)+1)*d.side + 2*d.pick(half) + 1
}

// dig walks as often as the package does, once and then side*side times from random rooms, or until every room is dug.
func (d *digger) dig() {
	for i := range d.grid {
		d.grid[i] = mazeWall
	}
	at := d.room()
	d.grid[at] = mazeFree
	left := d.side/2*(d.side/2) - 1
	for trial := 0; trial <= d.side*d.side && left > 0; trial++ {
		if d.grid[at] == mazeFree {
			left -= d.walk(at)
		}
		at = d.room()
	}
}

// walk digs from room to room and returns how many it dug.
func (d *digger) walk(at int) (dug int) {
	for {
		var beside [4]int
		n := 0
		x, y := at%d.side, at/d.side
		for _, s := range [4]struct {
			ok bool
			by int
		}{{y > 1, -2 * d.side}, {y < d.side-2, 2 * d.side}, {x > 1, -2}, {x < d.side-2, 2}} {
			if s.ok && d.grid[at+s.by] == mazeWall {
				beside[n] = at + s.by
				n++
			}
		}
		if n == 0 {
			return dug
		}
		next := beside[d.pick(n)]
		d.grid[next], d.grid[(at+next)/2] = mazeFree, mazeFree
		at = next
		dug++
	}
}

// entrances draws the side of the start, then start and exit on opposite borders beside rooms.
func (d *digger) entrances() (start, exit int32) {
	border, a, b := d.pick(4), 2*d.pick(d.side/2)+1, 2*d.pick(d.side/2)+1
	last := d.side - 1
	one, other := a, last*d.side+b // upper and lower border
	if border >= 2 {
		one, other = a*d.side, b*d.side+last // left and right border
	}
	if border%2 == 1 {
		return int32(other), int32(one)
	}
	return int32(one), int32(other)
}
