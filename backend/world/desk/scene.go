package desk

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// hueNames are words for the colours.
func hueNames() []string {
	return []string{"red", "orange", "yellow", "green", "cyan", "blue", "violet", "pink", "white"}
}

// Scene draws table b: what a person needs to know to judge the next action, the hidden part as a ghost.
func (d *Desk) Scene(b int) lab.Scene {
	e := &d.tables[b]
	s := lab.Scene{W: side, H: side}
	for c := range Cells {
		s.Marks = append(s.Marks, lab.Mark{X: c % side, Y: c / side, Shape: "floor"})
	}
	put := func(c int, shape, label string, tone int) {
		s.Marks = append(s.Marks, lab.Mark{X: c % side, Y: c / side, Shape: shape, Label: label, Tone: tone})
	}
	switch e.Task {
	case Shell:
		for i, c := range cups() {
			put(c, "cube", "cup", 0)
			if int32(i) == e.Target {
				put(c, map[bool]string{true: "cue", false: "ghost"}[d.shown(e)], "ball", 2)
			}
		}
	case Colour:
		if d.idle(e) {
			put(cueCell, map[bool]string{true: "cue", false: "ghost"}[d.shown(e)], hueNames()[e.Target], int(e.Target)+1)
		} else {
			for c, h := range e.Patches {
				if h >= 0 {
					put(c, map[bool]string{true: "goal", false: "cube"}[h == e.Target], hueNames()[h], int(h)+1)
				}
			}
		}
	case Order:
		for i, c := range buttons() {
			put(c, "cube", buttonLabel(e, int32(i)), 0)
		}
	}
	put(cell(e.Intruder), "ghost", "distractor", 0)
	put(cell(e.Arm), "agent", "arm", 1)
	return s
}

// buttonLabel says when a button has to be pressed, and whether it was.
func buttonLabel(e *table, button int32) string {
	for i, b := range e.Order {
		if b == button && int32(i) < e.Pressed {
			return fmt.Sprintf("%d pressed", i+1)
		} else if b == button {
			return fmt.Sprintf("%d", i+1)
		}
	}
	return ""
}

// Saw puts what table b shows into words.
func (d *Desk) Saw(b int) string {
	e := &d.tables[b]
	where := fmt.Sprintf("arm at %.1f, %.1f", e.Arm[0], e.Arm[1])
	switch {
	case e.Task == Shell && d.shown(e):
		return fmt.Sprintf("ball under cup %d; %s", e.Target+1, where)
	case e.Task == Colour && d.shown(e):
		return fmt.Sprintf("%s patch; %s", hueNames()[e.Target], where)
	case d.idle(e):
		return "wait; " + where
	case e.Task == Shell:
		return "three cups; " + where
	case e.Task == Colour:
		return "patches to choose among; " + where
	}
	return fmt.Sprintf("press %d, %d, %d; %s", e.Order[0]+1, e.Order[1]+1, e.Order[2]+1, where)
}
