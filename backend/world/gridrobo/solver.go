package gridrobo

// solve is the scripted solver: the next action of a task, from the board as it stands. It needs no plan from step to step, so that it
// goes on from whatever chance did in between.
func (s *board) solve(g, task int32) int32 {
	kind, x, y := parts(task)
	if s.holds(g, task) {
		return Skip
	}
	switch kind {
	case touch:
		return toward(g, s.Cell[robot], s.Cell[x])
	case lift:
		return s.take(g, x)
	case touchWith:
		if s.Held == y {
			return toward(g, s.Cell[robot], s.Cell[x])
		}
		return s.take(g, y)
	case stack:
		return s.build(g, x, y)
	case far, near:
		if s.Held == y {
			x = y // the one in the hand goes to its place by the other
		}
	}
	return s.carry(g, task, x)
}

// toward goes the shortest way, rows first; it skips on arrival.
func toward(g, from, to int32) int32 {
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
	return Skip
}

// do walks to a cell and acts there.
func (s *board) do(g, cell, action int32) int32 {
	if walk := toward(g, s.Cell[robot], cell); walk != Skip {
		return walk
	}
	return action
}

// take gets an object into the empty hand: what is held, and what lies on the object, goes to a free cell first.
func (s *board) take(g, x int32) int32 {
	if s.Held != nothing {
		return s.drop(g)
	}
	if cover := s.cover(x); cover != nothing {
		x = cover
	}
	return s.do(g, s.Cell[x], Lift)
}

// drop puts what is held on the nearest free cell.
func (s *board) drop(g int32) int32 {
	return s.do(g, s.nearest(g, func(cell int32) bool { return s.height(cell) == 0 }), Put)
}

// nearest cell to the robot that is right, the first of equals; nothing where none is.
func (s *board) nearest(g int32, right func(cell int32) bool) int32 {
	best, least := int32(nothing), int32(1<<20)
	for cell := range g * g {
		if d := steps(g, s.Cell[robot], cell); d < least && right(cell) {
			best, least = cell, d
		}
	}
	return best
}

// build stacks x on y: y must lie on the floor with nothing on it first.
func (s *board) build(g, x, y int32) int32 {
	cover := s.cover(y)
	switch {
	case s.Held == x && cover == nothing && s.On[y] == nothing:
		return s.do(g, s.Cell[y], Put)
	case s.Held != nothing:
		return s.drop(g)
	case cover != nothing:
		return s.take(g, cover)
	case s.On[y] != nothing:
		return s.take(g, y)
	}
	return s.take(g, x)
}

// carry brings an object to the nearest cell where it solves the task. A stack of two in the only such cell is taken down.
func (s *board) carry(g, task, x int32) int32 {
	if s.Held != x {
		if c := middle(g); task%kinds == centre && s.Held == nothing && s.height(c) == 2 {
			return s.take(g, s.top(c))
		}
		return s.take(g, x)
	}
	after := *s
	cell := s.nearest(g, func(cell int32) bool {
		after.Held, after.Cell[x] = nothing, cell
		return s.height(cell) < 2 && after.holds(g, task)
	})
	if cell == nothing {
		return s.drop(g)
	}
	return s.do(g, cell, Put)
}
