package arcade

import (
	"math/bits"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. One picture shows all that matters, so memory-free and full-memory plan as the oracle does:
// it reads the cells from the world, they read them from the observation.
func (w *World) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &planner{w: w, inside: true}, nil
	case world.Random:
		return world.Uniform(actions, seed), nil
	case world.MemoryFree, world.FullMemory:
		return &planner{w: w}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "arcade: reference %q is unknown, want one of %q", name, world.References()).
		WithHint("name one of %q", world.References())
}

// planner plays each game by its rules.
type planner struct {
	w      *World
	inside bool // reads the world, not the observation
}

// Reset implements world.Policy.
func (p *planner) Reset() {}

// Act implements world.Policy.
func (p *planner) Act(obs []float32, _ []bool, acts []int32) {
	for b := range acts {
		var e play
		if p.inside {
			e = p.w.plays[b]
		} else {
			e = p.w.read(obs[b*Obs : (b+1)*Obs])
		}
		acts[b] = p.w.plan(&e)
	}
}

// read takes the cells out of an observation.
func (w *World) read(row []float32) (e play) {
	e.Self = int32(bits.TrailingZeros64(mask(row[plane(w.knobs.Game, selfRole)*cells:])))
	e.Things, e.Marks = mask(row[plane(w.knobs.Game, thingRole)*cells:]), mask(row[plane(w.knobs.Game, markRole)*cells:])
	if w.knobs.Game == Paddle {
		e.Dir = int32(bits.TrailingZeros64(e.Things))%side - int32(bits.TrailingZeros64(e.Marks))%side
	}
	return e
}

func mask(row []float32) (m uint64) {
	for c, v := range row[:cells] {
		if v > 0.5 {
			m |= 1 << c
		}
	}
	return m
}

func (w *World) plan(e *play) int32 {
	switch w.knobs.Game {
	case Avoid:
		return e.dodge()
	case Paddle:
		return e.follow()
	case Push:
		return e.shove()
	}
	return e.tour()
}

// dodge stays where no stone lands next; of the places that are safe it prefers those near the middle.
func (e *play) dodge() int32 {
	best, action := int32(1<<30), Stay
	for _, a := range [3]int32{Stay, Left, Right} {
		to := shifted(e.Self, a, 0)
		if e.Things>>(to-side)&1 == 1 {
			continue
		}
		column := to % side
		if far := max(2-column, column-3, 0); far < best {
			best, action = far, a
		}
	}
	return action
}

// follow goes to where the ball will land.
func (e *play) follow() int32 {
	at := int32(bits.TrailingZeros64(e.Things))
	column, dir := at%side, e.Dir
	for row := at / side; row < side-1; row++ {
		if column+dir < 0 || column+dir >= side {
			dir = -dir
		}
		column += dir
	}
	return towards(e.Self%side, column)
}

func towards(from, to int32) int32 {
	switch {
	case to < from:
		return Left
	case to > from:
		return Right
	}
	return Stay
}

// distances writes the steps from a cell to every cell around walls; cells out of reach get a large number.
func distances(from int32, walls uint64, d *[cells]int32) {
	for i := range d {
		d[i] = 1 << 20
	}
	var queue [cells]int32
	queue[0], d[from] = from, 0
	for head, tail := 0, 1; head < tail; head++ {
		at := queue[head]
		for a := Up; a < Stay; a++ {
			if to := shifted(at, a, walls); d[to] > d[at]+1 {
				d[to] = d[at] + 1
				queue[tail] = to
				tail++
			}
		}
	}
}

// step is the first action of a shortest way from one cell to another.
func step(from, to int32, walls uint64) int32 {
	var d [cells]int32
	distances(to, walls, &d)
	for a := Up; a < Stay; a++ {
		if d[shifted(from, a, walls)] < d[from] {
			return a
		}
	}
	return Stay
}

// tour walks the shortest way to the dot.
func (e *play) tour() int32 { return step(e.Self, int32(bits.TrailingZeros64(e.Things)), e.Marks) }

// shove pushes the box along the axis on which it is nearer to being behind it, row or column first.
func (e *play) shove() int32 {
	box, target := int32(bits.TrailingZeros64(e.Things)), int32(bits.TrailingZeros64(e.Marks))
	var d [cells]int32
	distances(e.Self, e.Things, &d)
	best, action := int32(1<<30), Stay
	for a := Up; a < Stay; a++ {
		next, behind := shifted(box, a, 0), shifted(box, opposite(a), 0)
		if next == box || behind == box || apart(next, target) >= apart(box, target) {
			continue
		}
		if d[behind] < best {
			best = d[behind]
			if action = a; behind != e.Self {
				action = step(e.Self, behind, e.Things)
			}
		}
	}
	return action
}

func opposite(a int32) int32 { return [4]int32{Down, Up, Right, Left}[a] }
