package arcade

import (
	"math/bits"

	"github.com/loci-lab/loci/backend/world"
)

// bottom and top are the first cells of the last and of the first row.
const bottom = cells - side

// pick draws one of n, independent of the actions' outcomes but for how many were drawn before.
func (e *play) pick(n int) int {
	e.Draws++
	return world.Pick(world.Draw(e.Seed, e.Draws-1), n)
}

// free draws a cell of a mask.
func (e *play) free(mask uint64) int32 {
	for n := e.pick(bits.OnesCount64(mask)); n > 0; n-- {
		mask &= mask - 1
	}
	return int32(bits.TrailingZeros64(mask))
}

// level returns the walls of a level of Collect and the number of dots, which appear one after another.
func level(n int) (walls uint64, dots int32) {
	switch n {
	case 2: // a pillar in each quarter
		return cell(1, 1) | cell(1, 4) | cell(4, 1) | cell(4, 4), 2
	case 3: // a wall down the middle, with two gaps
		return cell(0, 3) | cell(2, 3) | cell(3, 3) | cell(5, 3), 2
	case 4: // two shelves
		return cell(2, 0) | cell(2, 1) | cell(2, 2) | cell(4, 3) | cell(4, 4) | cell(4, 5), 2
	}
	return 0, 3
}

func cell(row, column int) uint64 { return 1 << (row*side + column) }

// target is where the box belongs: row 3, column 3.
const target uint64 = 1 << 14

// stoneEvery is the number of steps from one stone to the next.
const stoneEvery = 2

// boxes are the cells where a box may start: one straight push from the target.
const boxes uint64 = 1<<13 | 1<<15 | 1<<8 | 1<<20

// begin starts the episode with that seed.
func (w *World) begin(e *play, seed uint64) {
	*e = play{Seed: seed, Episode: e.Episode, Last: e.Last}
	switch w.knobs.Game {
	case Avoid:
		e.Self = bottom + int32(e.pick(side))
		e.Things = 1 << e.pick(side)
		e.Clock = 1
	case Paddle:
		e.Self = bottom + int32(e.pick(side))
		e.launch()
	case Push:
		e.Marks = target
		e.Things = 1 << e.free(boxes)
		e.Self = e.free(all &^ e.Things)
	default:
		e.Marks, _ = level(w.knobs.Level)
		e.Self = e.free(all &^ e.Marks)
		e.dot()
	}
}

// spots are the cells where dots appear: free in every level.
const spots uint64 = 1 | 1<<5 | 1<<8 | 1<<22 | 1<<30 | 1<<35

// dot puts the next dot on a spot where the player is not.
func (e *play) dot() { e.Things = 1 << e.free(spots&^(1<<e.Self)) }

// launch puts a ball into the top row. Its trail stands where it would have come from, so that one picture tells the direction.
func (e *play) launch() {
	column := 1 + e.pick(side-2)
	e.Dir = int32(2*e.pick(2) - 1)
	e.Things, e.Marks = 1<<column, 1<<(column-int(e.Dir))
}

// shifted is where an action leads from a cell, walls and edges respected.
func shifted(from, action int32, walls uint64) int32 {
	row, column, to := from/side, from%side, from
	switch {
	case action == Up && row > 0:
		to = from - side
	case action == Down && row < side-1:
		to = from + side
	case action == Left && column > 0:
		to = from - 1
	case action == Right && column < side-1:
		to = from + 1
	}
	if walls>>to&1 == 1 {
		return from
	}
	return to
}

// sideways lets only left and right through.
func sideways(action int32) int32 {
	if action == Left || action == Right {
		return action
	}
	return Stay
}

// move plays one action: the reward, whether the game is over, and whether the episode, should it end here, is a success.
func (w *World) move(e *play, action int32) (reward float32, over, won bool) {
	switch w.knobs.Game {
	case Avoid:
		return e.avoid(action)
	case Paddle:
		return e.paddle(action)
	case Push:
		return e.push(action)
	}
	return e.collect(action, w.knobs.Level)
}

// collect: the player walks to a dot, and the next one appears until all were taken.
func (e *play) collect(action int32, n int) (reward float32, over, won bool) {
	_, dots := level(n)
	e.Self = shifted(e.Self, action, e.Marks)
	if e.Things>>e.Self&1 == 0 {
		return 0, false, false
	}
	e.Taken++
	if e.Taken < dots {
		e.dot()
	}
	return perfect / float32(dots), e.Taken == dots, e.Taken == dots
}

// avoid: the player moves, then all stones fall by one cell, and every second time a new one appears in the top row.
func (e *play) avoid(action int32) (reward float32, over, won bool) {
	e.Self = shifted(e.Self, sideways(action), 0)
	e.Things = e.Things << side & all
	if e.Clock++; e.Clock%stoneEvery == 1 {
		e.Things |= 1 << e.pick(side)
	}
	if e.Things>>e.Self&1 == 1 {
		return 0, true, false
	}
	return avoidReward, false, true
}

// paddle: the paddle moves, then the ball falls by one row and moves one column, turning round at an edge. In the last row it must meet
// the paddle, three cells wide, of which the middle one is shown; then a new one starts at the top.
func (e *play) paddle(action int32) (reward float32, over, won bool) {
	e.Self = shifted(e.Self, sideways(action), 0)
	at := int32(bits.TrailingZeros64(e.Things))
	column := at%side + e.Dir
	if column < 0 || column >= side {
		e.Dir = -e.Dir
		column = at%side + e.Dir
	}
	to := (at/side+1)*side + column
	e.Marks, e.Things = e.Things, 1<<to
	if to < bottom {
		return 0, false, true
	}
	if apart(to, e.Self) > 1 {
		return 0, true, false
	}
	e.launch()
	return paddleCatch, false, true
}

// push: the player pushes the box where it walks into it and there is room behind it. A box at the edge is lost.
func (e *play) push(action int32) (reward float32, over, won bool) {
	to := shifted(e.Self, action, 0)
	if e.Things>>to&1 == 0 || to == e.Self {
		e.Self = to
		return 0, false, false
	}
	next := shifted(to, action, 0)
	if next == to {
		return 0, false, false
	}
	goal := int32(bits.TrailingZeros64(e.Marks))
	reward = pushNearer * float32(apart(to, goal)-apart(next, goal))
	e.Self, e.Things = to, 1<<next
	if next == goal {
		return reward + pushArrived, true, true
	}
	row, column := next/side, next%side
	return reward, row == 0 || row == side-1 || column == 0 || column == side-1, false
}

// apart is the distance of two cells in steps.
func apart(a, b int32) int32 {
	rows, columns := a/side-b/side, a%side-b%side
	return max(rows, -rows) + max(columns, -columns)
}
