package darkkey

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. Memory-free walks a fixed tour of the room, full-memory searches without going twice
// where nothing was and then goes straight; both see only observations.
func (m *Room) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{m}, nil
	case world.Random:
		return world.Uniform(actions, seed), nil
	case world.MemoryFree:
		return &tourist{m}, nil
	case world.FullMemory:
		return &seeker{room: m, known: make([]notes, len(m.Envs))}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// toward goes the shortest way, rows first; it stays on arrival.
func (m *Room) toward(from, to int32) int32 {
	g := int32(m.knobs.Grid)
	switch {
	case from/g < to/g:
		return Down
	case from/g > to/g:
		return Up
	case from%g < to%g:
		return Right
	case from%g > to%g:
		return Left
	}
	return Stay
}

// distance in steps.
func (m *Room) distance(a, b int32) int32 {
	g := int32(m.knobs.Grid)
	rows, columns := a/g-b/g, a%g-b%g
	return max(rows, -rows) + max(columns, -columns)
}

// place reads the agent's cell from an observation.
func (m *Room) place(row []float32) int32 {
	g, cell := m.knobs.Grid, 0
	for i := range g {
		if row[i] == 1 {
			cell += g * i
		}
		if row[g+i] == 1 {
			cell += i
		}
	}
	return int32(cell)
}

// oracle reads key and door from the world.
type oracle struct{ room *Room }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, acts []int32) {
	for b := range acts {
		e := &p.room.Envs[b]
		to := e.Key
		if e.Has == 1 {
			to = e.Door
		}
		acts[b] = p.room.toward(e.Agent, to)
	}
}

// tourist walks a cycle through all cells, through all but one where the number of rows is odd: what it does depends on its cell alone.
type tourist struct{ room *Room }

func (p *tourist) Reset() {}

func (p *tourist) Act(obs []float32, _ []bool, acts []int32) {
	w := p.room.Width()
	for b := range acts {
		acts[b] = p.room.tour(p.room.place(obs[b*w : (b+1)*w]))
	}
}

// tour goes right along even rows and left along odd ones, leaves column 0 free on the way down and returns along it. With an odd
// number of rows the last two are walked in a zigzag that leaves out the cell at the bottom left.
func (m *Room) tour(cell int32) int32 {
	g := int32(m.knobs.Grid)
	row, column := cell/g, cell%g
	if g%2 == 1 && row >= g-2 {
		return m.zigzag(row, column)
	}
	switch {
	case column == 0 && row > 0:
		return Up
	case row%2 == 0 && column < g-1:
		return Right
	case row%2 == 0:
		return Down
	case column > 1 || row == g-1:
		return Left
	}
	return Down
}

// zigzag walks the last two rows leftwards: columns counted from the right are gone down where even, up where odd.
func (m *Room) zigzag(row, column int32) int32 {
	g := int32(m.knobs.Grid)
	top, down := row == g-2, (g-1-column)%2 == 0
	switch {
	case column == 0:
		return Up
	case top && down:
		return Down
	case !top && !down:
		return Up
	}
	return Left
}

// notes are what the full-memory reference knows of one trial.
type notes struct {
	key, door  int32  // cells, -1 while unknown
	bare, with uint64 // [G*G bits, and one word more] cells trodden without and with the key
	bare2      uint64
	with2      uint64
	agent      int32 // where it stands, and where the last action led
	has        bool
}

// tread marks a cell; rooms have at most 81 of them.
func (n *notes) tread(cell int32) {
	low, high := &n.bare, &n.bare2
	if n.has {
		low, high = &n.with, &n.with2
	}
	if cell < 64 {
		*low |= 1 << cell
	} else {
		*high |= 1 << (cell - 64)
	}
}

// trodden tells whether a cell was visited: with the key where it is held, at all where not.
func (n *notes) trodden(cell int32) bool {
	low, high := n.with, n.with2
	if !n.has {
		low, high = n.bare|n.with, n.bare2|n.with2
	}
	if cell < 64 {
		return low>>cell&1 == 1
	}
	return high>>(cell-64)&1 == 1
}

// seeker searches the nearest cell that it has not seen and goes straight where it knows the way.
type seeker struct {
	room  *Room
	known []notes // [B]
}

func (p *seeker) Reset() {
	for b := range p.known {
		p.known[b] = notes{key: -1, door: -1}
	}
}

func (p *seeker) Act(obs []float32, fresh []bool, acts []int32) {
	m, w := p.room, p.room.Width()
	for b := range acts {
		n, row := &p.known[b], obs[b*w:(b+1)*w]
		if fresh[b] {
			*n = notes{key: -1, door: -1}
		}
		p.learn(n, m.place(row), row[2*m.knobs.Grid] == 1, row[2*m.knobs.Grid+1] == 1, fresh[b])
		acts[b] = m.toward(n.agent, p.goal(n))
		n.tread(n.agent)
	}
}

// learn takes in an observation. A reward at the beginning of an episode was paid where the last action led, not where the agent is.
// With reward and beginning together the key may have been it, too, at the last step of an episode: it was, where none was held.
func (p *seeker) learn(n *notes, agent int32, paid, begins, fresh bool) {
	m := p.room
	stepped := agent
	if begins && !fresh {
		stepped = m.moved(n.agent, m.toward(n.agent, p.goal(n)))
	}
	if !fresh {
		if paid && n.has {
			n.door = stepped
		} else if paid {
			n.key, n.has = stepped, true
		}
		n.tread(stepped)
	}
	if begins {
		n.has = false
	}
	n.agent = agent
}

// goal is where to go: key or door where known, else the nearest cell not trodden, else the middle.
func (p *seeker) goal(n *notes) int32 {
	m := p.room
	switch {
	case !n.has && n.key >= 0:
		return n.key
	case n.has && n.door >= 0:
		return n.door
	}
	best, least := m.middle(), int32(1<<20)
	for cell := range int32(m.knobs.Grid * m.knobs.Grid) {
		if d := m.distance(n.agent, cell); !n.trodden(cell) && cell != m.middle() && d < least && (!n.has || cell != n.key) {
			best, least = cell, d
		}
	}
	return best
}
