package darkroom

import "github.com/loci-lab/loci/backend/world"

// Reference returns one of world.References. Memory-free and full-memory see only the observations, but for being told when the goal is
// drawn anew.
func (w *Room) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{w}, nil
	case world.Random:
		return world.Uniform(actions, seed), nil
	case world.MemoryFree:
		return &tour{w: w, next: w.spiral()}, nil
	case world.FullMemory:
		n := len(w.places)
		return &keeper{w: w, known: make([]int32, n), toward: make([]int32, n), been: make([]bool, n*w.rules.Grid*w.rules.Grid)}, nil
	}
	return nil, w.unknown(name)
}

// toward goes the shortest way, columns first: between doors and sign that way meets none of them on the way from the middle.
func (r *rules) toward(from, to int32) int32 {
	g := int32(r.Grid)
	switch {
	case from%g < to%g:
		return right
	case from%g > to%g:
		return left
	case from/g < to/g:
		return down
	}
	return up
}

// oracle knows the goal.
type oracle struct{ w *Room }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, act []int32) {
	for b := range act {
		e := &p.w.places[b]
		act[b] = p.w.toward(e.Agent, e.Goal)
	}
}

// tour goes the same way in every episode: in the dark room a spiral from the middle, so that it meets as many cells as there are steps;
// with doors always to the same one. Without memory no other way finds the goal more often.
type tour struct {
	w    *Room
	next []int32 // [cell] action
}

func (p *tour) Reset() {}

func (p *tour) Act(obs []float32, _ []bool, act []int32) {
	for b := range act {
		act[b] = p.next[p.w.cell(obs[b*p.w.spec.Obs:])]
	}
}

// cell reads the agent's cell from an observation.
func (r *rules) cell(row []float32) int32 {
	for i, x := range row[:r.Grid*r.Grid] {
		if x == 1 {
			return int32(i)
		}
	}
	return 0
}

// spiral gives each cell the action that goes on: right, down, left, up, in runs of 1, 1, 2, 2, 3, 3 and so on.
func (w *Room) spiral() []int32 {
	next := make([]int32, w.rules.Grid*w.rules.Grid)
	if w.doors() {
		return next // up, to the first door
	}
	cell, run, turn := w.start(), 1, [4]int32{right, down, left, up}
	for i := 0; cell >= 0; i++ {
		for range run {
			next[cell] = turn[i%4]
			to := w.moved(cell, turn[i%4])
			if to == cell { // the wall behind the last cell
				return next
			}
			cell = to
		}
		run += i % 2
	}
	return next
}

// keeper searches cell by cell, the nearest first, or reads the sign, and goes to the goal once it is known.
type keeper struct {
	w      *Room
	known  []int32 // [B] goal plus one, 0 while it is not known
	toward []int32 // [B] cell that the last action led to
	been   []bool  // [B][cells]
}

func (p *keeper) Reset() {
	clear(p.known)
	clear(p.been)
}

func (p *keeper) Act(obs []float32, fresh []bool, act []int32) {
	o, cells := p.w.spec.Obs, p.w.rules.Grid*p.w.rules.Grid
	for b := range act {
		row, been := obs[b*o:(b+1)*o], p.been[b*cells:(b+1)*cells]
		if e := &p.w.places[b]; fresh[b] || e.Since == 0 && e.T == 0 {
			p.known[b] = 0
			clear(been)
		} else {
			p.learn(b, row)
		}
		at := p.w.cell(row)
		been[at] = true
		switch {
		case p.known[b] > 0:
			act[b] = p.w.toward(at, p.known[b]-1)
		case p.w.doors():
			act[b] = p.w.toward(at, p.w.signCell())
		default:
			act[b] = p.w.toward(at, p.nearest(at, been))
		}
		p.toward[b] = p.w.moved(at, act[b])
	}
}

// learn reads the goal from the sign, or from the reward for the cell that the last action led to.
func (p *keeper) learn(b int, row []float32) {
	if row[p.w.Present()+actions] == 1 {
		p.known[b] = p.toward[b] + 1
	}
	if !p.w.doors() {
		return
	}
	for i, x := range row[p.w.rules.Grid*p.w.rules.Grid:][:4] {
		if x == 1 {
			p.known[b] = p.w.doorCells()[i] + 1
		}
	}
}

// nearest is the first of the cells nearest to at that were not visited, at itself when all were.
func (p *keeper) nearest(at int32, been []bool) int32 {
	g, best, least := int32(p.w.rules.Grid), at, int32(1<<30)
	for cell := range g * g {
		d := abs(cell/g-at/g) + abs(cell%g-at%g)
		if !been[cell] && d < least {
			best, least = cell, d
		}
	}
	return best
}

func abs(x int32) int32 {
	if x < 0 {
		return -x
	}
	return x
}
