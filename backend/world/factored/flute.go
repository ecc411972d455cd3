package factored

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// flute is PanFlute(n): pipe i of n has i cells. Action i puts a bit at the mouth of pipe i; all bits move one cell a step and fall
// off at the end. A step pays 1 if the last cells of all pipes are set in the state before it. So the longest pipe must be blown
// first and n blows make one reward: the planned optimum is 1/n a step.
//
// On holds the cells, pipe after pipe, each from its mouth to its end.
type flute struct {
	n, horizon int
	chance     float64
}

// cells is the number of cells of all pipes, and the place of the first cell of pipe n (from 0).
func cells(n int) int { return n * (n + 1) / 2 }

func (f *flute) spec() world.Spec {
	s := world.Spec{Name: PanFlute, Obs: cells(f.n), Horizon: f.horizon}
	for p := range f.n {
		s.Actions = append(s.Actions, fmt.Sprintf("blow %d", p+1))
		for c := range p + 1 {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("pipe %d cell %d", p+1, c+1))
		}
	}
	return s
}

func (f *flute) continuing() bool { return true }

func (f *flute) begin(uint64) State { return State{} }

// lasts has the bits of the last cells of all pipes, mouths those of the first.
func (f *flute) lasts() (x uint64) {
	for p := range f.n {
		x |= 1 << (cells(p+1) - 1)
	}
	return x
}

func (f *flute) mouths() (x uint64) {
	for p := range f.n {
		x |= 1 << cells(p)
	}
	return x
}

func (f *flute) step(s *State, action int32, r uint64) (reward float32, over bool) {
	last := f.lasts()
	if s.On&last == last {
		reward = 1
	}
	all := uint64(1)<<cells(f.n) - 1
	s.On = (s.On&^last)<<1&^f.mouths()&all | 1<<cells(int(action))
	if world.Unit(r) < f.chance {
		s.On |= last
	}
	return reward, false
}

func (f *flute) write(s *State, obs []float32)    { bitsOf(s.On, obs) }
func (f *flute) read(obs []float32, s *State)     { s.On = ofBits(obs) }
func (f *flute) predictable(*State) bool          { return true }
func (f *flute) planSpace() int                   { return 0 }
func (f *flute) enough(paid float32, _ bool) bool { return int(paid) >= (f.horizon-1)/f.n }

// plan finds the smallest d > 0 such that all pipes can sound together d steps from now: each pipe longer than d has a bit already that
// arrives then, and each of length up to d can be blown in time, one a step, pipe d now. A reward takes n blows whatever is done, so
// that the nearest one is best.
func (f *flute) plan(s *State, _ []int16) int32 {
	for d := 1; d < f.n; d++ {
		ready := true
		for length := d + 1; length <= f.n && ready; length++ {
			ready = s.On>>(cells(length-1)+length-1-d)&1 == 1
		}
		if ready {
			return int32(d - 1)
		}
	}
	return int32(f.n - 1)
}

// scene draws a pipe a row, mouths on the left, and the player beside the pipe that was blown last.
func (f *flute) scene(s *State) lab.Scene {
	out := lab.Scene{W: f.n + 1, H: f.n}
	for p := range f.n {
		for c := range p + 1 {
			m := lab.Mark{X: c + 1, Y: p, Shape: "floor"}
			if c == p {
				m.Shape = "goal"
			}
			out.Marks = append(out.Marks, m)
			if s.On>>(cells(p)+c)&1 == 1 {
				out.Marks = append(out.Marks, lab.Mark{X: c + 1, Y: p, Shape: "cube", Label: "air"})
			}
		}
	}
	label := "nothing blown yet"
	if s.Last >= 0 {
		label = fmt.Sprintf("blew %d", s.Last+1)
	}
	out.Marks = append(out.Marks, lab.Mark{X: 0, Y: int(max(s.Last, 0)), Shape: "agent", Label: label, Tone: 1})
	return out
}

func (f *flute) saw(s *State) string {
	pipes := make([]string, f.n)
	for p := range f.n {
		text := make([]byte, p+1)
		for c := range text {
			text[c] = '.'
			if s.On>>(cells(p)+c)&1 == 1 {
				text[c] = 'o'
			}
		}
		pipes[p] = string(text)
	}
	return "pipes " + strings.Join(pipes, " ")
}
