package gridrobo

// What stands on the board. The robot comes after the objects in all arrays.
const (
	objects = 3
	robot   = objects
	bodies  = objects + 1
	nothing = -1
)

// Colours names the objects.
func Colours() []string { return []string{"red", "green", "blue"} }

// Actions.
const (
	Up int32 = iota
	Down
	Left
	Right
	Lift
	Put
	Skip
	actions int = iota
)

// board is where everything is. Fields are exported and of fixed size because encoding/binary keeps them.
type board struct {
	Cell [bodies]int32  // row by row from the top left
	Held int32          // object in the robot's hand, or nothing
	On   [objects]int32 // object that lies below, or nothing
}

// play changes the board by one action. A held object goes where the robot goes. Lifting takes the upper object of the robot's cell;
// putting places on the floor or on a single object, never on a stack.
func (s *board) play(g, action int32) {
	switch action {
	case Lift:
		if top := s.top(s.Cell[robot]); s.Held == nothing && top != nothing {
			s.Held, s.On[top] = top, nothing
		}
	case Put:
		if s.Held != nothing && s.height(s.Cell[robot]) < 2 {
			s.On[s.Held], s.Held = s.top(s.Cell[robot]), nothing
		}
	default:
		s.Cell[robot] = moved(g, s.Cell[robot], action)
		if s.Held != nothing {
			s.Cell[s.Held] = s.Cell[robot]
		}
	}
}

// moved is where an action leads from a cell.
func moved(g, cell, action int32) int32 {
	switch row, column := cell/g, cell%g; {
	case action == Up && row > 0:
		return cell - g
	case action == Down && row < g-1:
		return cell + g
	case action == Left && column > 0:
		return cell - 1
	case action == Right && column < g-1:
		return cell + 1
	}
	return cell
}

// height counts the objects that lie on a cell.
func (s *board) height(cell int32) (n int) {
	for i := range int32(objects) {
		if i != s.Held && s.Cell[i] == cell {
			n++
		}
	}
	return n
}

// top is the object on a cell that none lies on, or nothing.
func (s *board) top(cell int32) int32 {
	for i := range int32(objects) {
		if i != s.Held && s.Cell[i] == cell && s.cover(i) == nothing {
			return i
		}
	}
	return nothing
}

// cover is the object that lies on this one, or nothing.
func (s *board) cover(object int32) int32 {
	for i := range int32(objects) {
		if s.On[i] == object {
			return i
		}
	}
	return nothing
}

// status of an object as the robot sees it: -1 below another, +1 held or on top of another, 0 on the floor.
func (s *board) status(object int32) int32 {
	switch {
	case s.cover(object) != nothing:
		return -1
	case s.Held == object || s.On[object] != nothing:
		return 1
	}
	return 0
}

// apart gives rows and columns between two cells.
func apart(g, a, b int32) (rows, columns int32) {
	rows, columns = a/g-b/g, a%g-b%g
	return max(rows, -rows), max(columns, -columns)
}

// steps between two cells.
func steps(g, a, b int32) int32 {
	rows, columns := apart(g, a, b)
	return rows + columns
}
