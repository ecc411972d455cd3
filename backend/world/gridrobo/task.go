package gridrobo

import "fmt"

// Kinds of task, in the order in which sets of tasks are filled: the first four already ask for walking, carrying, building and
// keeping apart.
const (
	touch = iota
	centre
	stack
	far
	lift
	corner
	touchWith
	near
	kinds
)

// Families names the kinds of task: task t is of family t mod 8.
func Families() []string {
	return []string{"touch", "centre", "stack", "far", "lift", "corner", "touch-with", "close"}
}

// parts of a task: its kind, the object it is about, and the second one where it has two.
func parts(task int32) (kind, x, y int32) {
	x = task / kinds
	return task % kinds, x, (x + 1) % objects
}

// TaskName says in words what a task wants.
func TaskName(task int) string {
	kind, x, y := parts(int32(task))
	a, b := Colours()[x], Colours()[y]
	switch kind {
	case touch:
		return "touch " + a
	case centre:
		return a + " to the centre"
	case stack:
		return fmt.Sprintf("stack %s on %s", a, b)
	case far:
		return fmt.Sprintf("%s far from %s", a, b)
	case lift:
		return "lift " + a
	case corner:
		return a + " to a corner"
	case touchWith:
		return fmt.Sprintf("touch %s with %s", a, b)
	}
	return fmt.Sprintf("%s close to %s", a, b)
}

// holds tells whether the task's condition is met: a reward of 1 for the step.
func (s *board) holds(g, task int32) bool {
	kind, x, y := parts(task)
	at := s.Cell[x]
	switch kind {
	case touch:
		return s.Cell[robot] == at
	case lift:
		return s.Held == x
	case touchWith:
		return s.Held == y && s.Cell[robot] == at
	case stack:
		return s.On[x] == y
	case centre:
		return s.Held != x && at == middle(g)
	case corner:
		return s.Held != x && isCorner(g, at)
	case far:
		return s.Held != x && s.Held != y && isFar(g, at, s.Cell[y])
	}
	return s.Held != x && s.Held != y && isNear(g, at, s.Cell[y])
}

func middle(g int32) int32 { return g/2*g + g/2 }

func isCorner(g, cell int32) bool {
	row, column := cell/g, cell%g
	return (row == 0 || row == g-1) && (column == 0 || column == g-1)
}

func isFar(g, a, b int32) bool { return steps(g, a, b) >= g-1 }

func isNear(g, a, b int32) bool {
	rows, columns := apart(g, a, b)
	return max(rows, columns) <= 1
}
