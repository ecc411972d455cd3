package factored

import (
	"fmt"
	"math/bits"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// buttons is ButtonGrid(g, b): a player on a grid with buttons, which toggle when the player steps on them, that is, really moved. A
// step from a state in which all are on pays 1 and lays out new buttons and a new place of the player (that the player is placed anew
// and the action of that step is lost are inferences). The observation has three planes: player, buttons, buttons that are on.
type buttons struct {
	g, b, horizon int
	chance        float64
}

func (f *buttons) spec() world.Spec {
	s := world.Spec{Name: ButtonGrid, Obs: 3 * f.g * f.g, Horizon: f.horizon, Actions: []string{"up", "down", "left", "right", "stay"}}
	for _, plane := range []string{"player", "button", "on"} {
		s.ObsNames = append(s.ObsNames, cellNames(plane, f.g)...)
	}
	return s
}

func cellNames(what string, g int) (names []string) {
	for c := range g * g {
		names = append(names, fmt.Sprintf("%s at %d,%d", what, c/g, c%g))
	}
	return names
}

func (f *buttons) continuing() bool { return true }

// begin places the player and the buttons on different cells.
func (f *buttons) begin(seed uint64) (s State) {
	free := uint64(1)<<(f.g*f.g) - 1
	for i := range f.b + 1 {
		cell := nth(free, world.Pick(world.Draw(seed, uint64(i)), bits.OnesCount64(free)))
		free &^= 1 << cell
		if i == 0 {
			s.Player = cell
		} else {
			s.Sites |= 1 << cell
		}
	}
	return s
}

// nth is the place of set bit number n of x, from 0.
func nth(x uint64, n int) int32 {
	for range n {
		x &= x - 1
	}
	return int32(bits.TrailingZeros64(x))
}

// The moves, in the order of the actions of both grids.
const (
	up int32 = iota
	down
	left
	right
)

// move returns the cell beside a cell, or the cell itself at a border.
func move(cell, action int32, g int32) int32 {
	row, col := cell/g, cell%g
	switch action {
	case up:
		row = max(row-1, 0)
	case down:
		row = min(row+1, g-1)
	case left:
		col = max(col-1, 0)
	case right:
		col = min(col+1, g-1)
	}
	return row*g + col
}

func (f *buttons) step(s *State, action int32, r uint64) (float32, bool) {
	if s.On == s.Sites {
		*s = f.begin(r)
		return 1, false
	}
	if to := move(s.Player, action, int32(f.g)); to != s.Player {
		s.Player = to
		s.On ^= s.Sites & (1 << to)
	}
	if world.Unit(r) < f.chance {
		s.On = s.Sites
	}
	return 0, false
}

func (f *buttons) write(s *State, obs []float32) {
	n := f.g * f.g
	clear(obs[:n])
	obs[s.Player] = 1
	bitsOf(s.Sites, obs[n:2*n])
	bitsOf(s.On, obs[2*n:])
}

func (f *buttons) read(obs []float32, s *State) {
	n := f.g * f.g
	s.Player, s.Sites, s.On = place(obs[:n]), ofBits(obs[n:2*n]), ofBits(obs[2*n:])
}

func (f *buttons) predictable(s *State) bool { return s.On != s.Sites }

func (f *buttons) enough(paid float32, _ bool) bool { return int(paid) >= f.horizon/(2*f.g*f.b+2) }

// planSpace: for each cell and set of buttons the first action of the way, and a queue.
func (f *buttons) planSpace() int { return 2 * f.g * f.g << f.b }

// plan searches breadth first over cells and sets of buttons that are on, for the nearest state in which all are.
func (f *buttons) plan(s *State, space []int16) int32 {
	var sites [4]int32
	count := 0
	for x := s.Sites; x != 0 && count < len(sites); x &= x - 1 {
		sites[count] = int32(bits.TrailingZeros64(x))
		count++
	}
	number := func(cell int32, on uint64) int32 {
		k := cell
		for i := range count {
			k += int32(on>>sites[i]&1) << i * int32(f.g*f.g)
		}
		return k
	}
	nodes := len(space) / 2
	first, queue := space[:nodes], space[nodes:]
	for i := range first {
		first[i] = -1
	}
	if s.On == s.Sites {
		return 4
	}
	start := number(s.Player, s.On)
	first[start] = 4
	queue[0] = int16(start)
	for head, tail := 0, 1; head < tail; head++ {
		k := int32(queue[head])
		cell, on := k%int32(f.g*f.g), uint64(0)
		for i := range count {
			on |= uint64(k/int32(f.g*f.g)>>i&1) << sites[i]
		}
		for a := up; a <= right; a++ {
			to := move(cell, a, int32(f.g))
			next := on ^ s.Sites&(1<<to)
			n := number(to, next)
			if to == cell || first[n] >= 0 {
				continue
			}
			if first[n] = first[k]; k == start {
				first[n] = int16(a)
			}
			if next == s.Sites {
				return int32(first[n])
			}
			queue[tail] = int16(n)
			tail++
		}
	}
	return 4
}

func (f *buttons) scene(s *State) lab.Scene {
	out := lab.Scene{W: f.g, H: f.g}
	for c := range f.g * f.g {
		m := lab.Mark{X: c % f.g, Y: c / f.g, Shape: "floor"}
		switch {
		case s.On>>c&1 == 1:
			m.Shape, m.Label = "goal", "on"
		case s.Sites>>c&1 == 1:
			m.Shape, m.Label = "cue", "off"
		}
		out.Marks = append(out.Marks, m)
	}
	out.Marks = append(out.Marks, lab.Mark{X: int(s.Player) % f.g, Y: int(s.Player) / f.g, Shape: "agent", Label: "player", Tone: 1})
	return out
}

func (f *buttons) saw(s *State) string {
	return fmt.Sprintf("player at %d,%d; %d of %d buttons on", int(s.Player)/f.g, int(s.Player)%f.g, bits.OnesCount64(s.On), bits.OnesCount64(s.Sites))
}
