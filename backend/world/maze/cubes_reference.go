package maze

import "github.com/loci-lab/loci/backend/world"

// Reference returns one of world.References. Memory-free and full-memory see only the observations; the oracle looks inside. The
// full-memory reference scores as the oracle at every level: see Cubes for why level extreme leaves nothing to guess.
func (c *Cubes) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &cubesOracle{c}, nil
	case world.Random:
		return world.Uniform(cubesActions, seed), nil
	case world.MemoryFree:
		return &cubesBlind{c}, nil
	case world.FullMemory:
		return &cubesKeeper{cubes: c, believed: make([][maxCubes]int32, len(c.boards))}, nil
	}
	return nil, unknownReference(ColorCubes, name)
}

// toward goes the shortest way, rows first, and takes on arrival.
func toward(from, to, g int32) int32 {
	switch {
	case from/g < to/g:
		return GoDown
	case from/g > to/g:
		return GoUp
	case from%g < to%g:
		return GoRight
	case from%g > to%g:
		return GoLeft
	}
	return Take
}

// place reads the agent's cell and the target colour from an observation.
func (c *Cubes) place(row []float32) (agent, target int32) {
	g := int32(c.knobs.Grid)
	return g*oneIn(row[:g]) + oneIn(row[g:2*g]), oneIn(row[2*g : 2*g+int32(c.knobs.Cubes)])
}

func oneIn(row []float32) int32 {
	for i, x := range row {
		if x == 1 {
			return int32(i)
		}
	}
	return -1
}

// cubesOracle reads the cubes from the world.
type cubesOracle struct{ cubes *Cubes }

func (p *cubesOracle) Reset() {}

func (p *cubesOracle) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		e := &p.cubes.boards[b]
		actions[b] = toward(e.Agent, e.Cubes[e.Target], int32(p.cubes.knobs.Grid))
	}
}

// cubesBlind goes to one fixed cell for each colour and takes there: whatever is remembered of no map, no cell is likelier than
// another. One cell a colour, so that it does not return to where it just took a cube.
type cubesBlind struct{ cubes *Cubes }

func (p *cubesBlind) Reset() {}

func (p *cubesBlind) Act(obs []float32, _ []bool, actions []int32) {
	w, g := p.cubes.spec.Obs, int32(p.cubes.knobs.Grid)
	for b := range actions {
		agent, target := p.cubes.place(obs[b*w : (b+1)*w])
		actions[b] = toward(agent, target, g)
	}
}

// cubesKeeper keeps a map, changes in it what an update shows to have changed, and goes by it.
type cubesKeeper struct {
	cubes    *Cubes
	believed [][maxCubes]int32 // [B][N] cell of each colour
}

func (p *cubesKeeper) Reset() { clear(p.believed) }

func (p *cubesKeeper) Act(obs []float32, _ []bool, actions []int32) {
	w, k := p.cubes.spec.Obs, &p.cubes.knobs
	for b := range actions {
		row := obs[b*w : (b+1)*w]
		planes := row[p.cubes.planes():]
		switch shown := 2*k.Grid + k.Cubes; {
		case row[shown+int(MapColoured)] == 1:
			p.copyMap(b, planes)
		case row[shown+int(MapHidden)] == 0:
			p.findMoved(b, planes[k.Cubes*k.Grid*k.Grid:])
		}
		agent, target := p.cubes.place(row)
		actions[b] = toward(agent, p.believed[b][target], int32(k.Grid))
	}
}

// copyMap takes a coloured map as it is.
func (p *cubesKeeper) copyMap(b int, planes []float32) {
	cells := p.cubes.knobs.Grid * p.cubes.knobs.Grid
	for i := range p.cubes.knobs.Cubes {
		p.believed[b][i] = oneIn(planes[i*cells : (i+1)*cells])
	}
}

// findMoved reads an update without colours: the cube whose cell is empty now moved to the cell where none was believed.
func (p *cubesKeeper) findMoved(b int, plane []float32) {
	moved, landed, known := -1, int32(-1), uint64(0)
	for i := range p.cubes.knobs.Cubes {
		cell := p.believed[b][i]
		if known |= 1 << cell; plane[cell] == 0 {
			moved = i
		}
	}
	for cell, x := range plane {
		if x == 1 && known&(1<<cell) == 0 {
			landed = int32(cell)
		}
	}
	if moved >= 0 && landed >= 0 {
		p.believed[b][moved] = landed
	}
}
