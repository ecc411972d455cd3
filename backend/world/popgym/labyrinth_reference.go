package popgym

import "github.com/loci-lab/loci/backend/world"

// reference: the observation holds the action before, so that memory-free can follow the wall at its right hand, which finds every cell
// of a maze without circles: these two tasks need no memory to succeed, as the package itself warns. Full-memory goes the shortest known
// way to the exit, once seen, or to the nearest cell not visited; the oracle knows the whole maze.
func (g *labyrinth) reference(name string, _ uint64) act {
	switch name {
	case world.Oracle, world.FullMemory:
		w := &walker{game: g, omniscient: name == world.Oracle, from: make([]int32, g.side*g.side), queue: make([]int32, g.side*g.side)}
		w.seen = make([]bool, len(g.grid))
		return w.act
	case world.MemoryFree:
		return alongTheWall
	}
	return nil
}

// alongTheWall turns right where it can, else goes straight, left or back. The start counts as a wall, so that it is left once and for
// all; there, nothing was done before, and the place of the start in the window tells the border.
func alongTheWall(_ int, row []float32, _ bool) int32 {
	var view [9]int32
	for i := range view {
		view[i] = oneIn(row[i*mazeKinds : (i+1)*mazeKinds])
	}
	open := func(action int32) bool {
		kind := uint8(view[[4]int{3, 5, 1, 7}[action]])
		return kind == mazeFree || kind == mazeExit
	}
	heading := oneIn(row[9*mazeKinds:])
	if heading == stay {
		switch {
		case uint8(view[1]) == mazeStart:
			return goDown
		case uint8(view[3]) == mazeStart:
			return goRight
		case open(goUp):
			return goUp
		}
		return goLeft
	}
	right := [4]int32{goUp, goDown, goRight, goLeft}
	for turn, a := 0, right[heading]; turn < 4; turn++ {
		if open(a) {
			return a
		}
		a = right[right[right[a]]] // a turn to the left
	}
	return heading
}

// walker plans on what it has seen. It takes the agent's cell from the game: where it stands from where it began follows from its
// actions and what it saw, and no plan depends on more.
type walker struct {
	game        *labyrinth
	omniscient  bool
	seen        []bool  // [B][side*side]
	from, queue []int32 // [side*side] of the search
}

func (w *walker) act(b int, _ []float32, fresh bool) int32 {
	g := w.game
	n := g.side * g.side
	seen := w.seen[b*n : (b+1)*n]
	if fresh {
		clear(seen)
	}
	x, y, wide, high := g.window(g.envs[b].At)
	for r := range high {
		for c := range wide {
			seen[(y+r)*g.side+x+c] = true
		}
	}
	return w.toward(b, seen)
}

// toward searches breadth first for the exit, then for a cell not visited, and returns the first step.
func (w *walker) toward(b int, seen []bool) int32 {
	g := w.game
	grid, visited := g.of(b)
	goal, known := int32(-1), g.escape && (w.omniscient || seen[g.envs[b].Exit])
	for i := range w.from {
		w.from[i] = -1
	}
	at := g.envs[b].At
	w.from[at], w.queue[0] = stay, at
	for head, tail := 0, 1; head < tail && goal < 0; head++ {
		for a := range stay {
			next := g.moved(grid, w.queue[head], a)
			if w.from[next] >= 0 || !w.omniscient && !seen[next] {
				continue
			}
			w.from[next], w.queue[tail] = a, next
			tail++
			if known && grid[next] == mazeExit || !known && !visited[next] {
				goal = next
				break
			}
		}
	}
	return w.first(goal, at)
}

// first walks back from the goal to the first step; no goal is any step.
func (w *walker) first(goal, at int32) int32 {
	side, step := int32(w.game.side), goLeft
	for goal >= 0 && goal != at {
		step = w.from[goal]
		goal -= [4]int32{-1, 1, -side, side}[step]
	}
	return step
}
