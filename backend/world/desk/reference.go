package desk

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// Reference returns a yardstick: the oracle looks at the hidden state; full-memory reads the observations and remembers what decides;
// memory-free reads the present observation and guesses the rest; random draws actions.
func (d *Desk) Reference(name string, seed uint64) (control.Policy, error) {
	switch name {
	case world.Oracle:
		return &script{desk: d}, nil
	case world.FullMemory, world.MemoryFree:
		return &reader{keeps: name == world.FullMemory, seed: seed}, nil
	case world.Random:
		return &random{seed: seed}, nil
	}
	return nil, lab.Errorf(lab.NotFound, "desk: reference %q is unknown, want one of %q", name, world.References())
}

// near is how close to the centre of a cell the script brings the arm before it presses, cells.
const near = 0.2

// approach moves the arm at an observed place towards the centre of a cell, or presses there.
func approach(arm [2]float32, c int, action []float32) {
	x, y := float32(c%side)+0.5-arm[0], float32(c/side)+0.5-arm[1]
	if math.Abs(float64(x)) < near && math.Abs(float64(y)) < near {
		action[0], action[1], action[2] = 0, 0, 1
		return
	}
	action[0], action[1], action[2] = min(max(x/reach, -1), 1), min(max(y/reach, -1), 1), -1
}

func rest(action []float32) { action[0], action[1], action[2] = 0, 0, -1 }

// script is the oracle, and the teacher of imitation.
type script struct{ desk *Desk }

func (s *script) Reset() {}

func (s *script) Act(_ []float32, _ []bool, actions []float32) {
	for b := range s.desk.tables {
		e, a := &s.desk.tables[b], actions[3*b:3*b+3]
		if s.desk.idle(e) {
			rest(a)
			continue
		}
		approach(e.Arm, s.goal(e), a)
	}
}

// goal is the cell to be pressed next.
func (s *script) goal(e *table) int {
	switch e.Task {
	case Shell:
		return cups()[e.Target]
	case Colour:
		for c, h := range e.Patches {
			if h == e.Target {
				return c
			}
		}
	}
	return buttons()[e.Order[e.Pressed]]
}

// reader acts on observations alone.
type reader struct {
	keeps bool
	seed  uint64
	drawn uint64
	known []memo
}

// memo is what a table's observations told so far.
type memo struct {
	cell    int        // of the ball, -1 unknown
	hue     [2]float32 // of the cue
	cue     bool
	pressed int
}

func (r *reader) Reset() { r.known, r.drawn = nil, 0 }

func (r *reader) Act(obs []float32, fresh []bool, actions []float32) {
	if len(r.known) != len(fresh) {
		r.known = make([]memo, len(fresh))
	}
	for b, f := range fresh {
		m := &r.known[b]
		if f || !r.keeps {
			*m = memo{cell: -1}
		}
		o, a := obs[b*Obs:(b+1)*Obs], actions[3*b:3*b+3]
		m.look(o)
		if o[Obs-1] == 0 {
			rest(a)
			continue
		}
		approach(armOf(o), r.goal(m, o), a)
		if o[Cells*Features+Order] == 1 {
			r.push(m, o, a)
		}
	}
}

// look notes a ball, and a colour while the arm may not act.
func (m *memo) look(o []float32) {
	for c := range Cells {
		f := o[Features*c : Features*(c+1)]
		if f[featBall] == 1 {
			m.cell = c
		}
		if o[Cells*Features+Colour] == 1 && o[Obs-1] == 0 && f[featObject] == 1 {
			m.hue, m.cue = [2]float32{f[featHue1], f[featHue2]}, true
		}
	}
}

func armOf(o []float32) [2]float32 {
	for c := range Cells {
		if f := o[Features*c:]; f[featArm] == 1 {
			return [2]float32{float32(c%side) + 0.5 + f[featX], float32(c/side) + 0.5 + f[featY]}
		}
	}
	return [2]float32{}
}

// goal is the cell to press next as far as is known; what is not known is guessed, the same object as long as the arm is above it.
func (r *reader) goal(m *memo, o []float32) int {
	switch {
	case o[Cells*Features+Order] == 1:
		return ordered(o, m.pressed)
	case m.cell >= 0:
		return m.cell
	case m.cue:
		for c := range Cells {
			if f := o[Features*c:]; f[featObject] == 1 && f[featHue1] == m.hue[0] && f[featHue2] == m.hue[1] {
				return c
			}
		}
	}
	return nearest(o)
}

// ordered is the cell of press i of the instruction.
func ordered(o []float32, i int) int {
	for b := range Buttons {
		if o[Cells*Features+3+Buttons*i+b] == 1 {
			return buttons()[b]
		}
	}
	return 0
}

// nearest is the cell of the object nearest to the arm: a guess that needs no memory to be kept.
func nearest(o []float32) int {
	arm, best, at := armOf(o), math.Inf(1), 0
	for c := range Cells {
		if o[Features*c+featObject] == 1 {
			x, y := float64(arm[0])-float64(c%side)-0.5, float64(arm[1])-float64(c/side)-0.5
			if dist := x*x + y*y; dist < best {
				best, at = dist, c
			}
		}
	}
	return at
}

// push counts presses; without memory the arm above a button of the order presses it or goes on to the next, by a coin.
func (r *reader) push(m *memo, o, a []float32) {
	if r.keeps {
		if a[2] > 0 {
			m.pressed++
		}
		return
	}
	arm := armOf(o)
	for i := range Presses {
		if cell(arm) != ordered(o, i) {
			continue
		}
		r.drawn++
		if i == Presses-1 || world.Unit(world.Draw(r.seed, r.drawn)) < 0.5 {
			approach(arm, ordered(o, i), a)
		} else {
			approach(arm, ordered(o, i+1), a)
		}
		return
	}
}

// random draws every number of an action.
type random struct {
	seed  uint64
	drawn uint64
}

func (r *random) Reset() { r.drawn = 0 }

func (r *random) Act(_ []float32, _ []bool, actions []float32) {
	for i := range actions {
		actions[i] = 2*unit(r.seed, r.drawn) - 1
		r.drawn++
	}
}
