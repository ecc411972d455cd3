package bandit

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what the agent of environment b sees.
func (w *Bandit) Saw(b int) string {
	e := &w.blocks[b]
	if e.Pulls == 0 {
		return "a new block: nothing was pulled yet"
	}
	return fmt.Sprintf("arm %d paid %.2f at pull %d", e.Arms[e.Pulls-1]+1, e.Rewards[e.Pulls-1], e.Pulls)
}

// Scene draws the block so far: a row for each arm with its mean in the first column, a column for each pull, and in it what was paid.
// The mean is hidden from the agent: a ghost, and a goal for the best arm.
func (w *Bandit) Scene(b int) lab.Scene {
	e := &w.blocks[b]
	s := lab.Scene{W: w.knobs.Pulls + 1, H: w.knobs.Arms}
	best := w.best(e)
	for a := range w.knobs.Arms {
		shape := "ghost"
		if a == best {
			shape = "goal"
		}
		s.Marks = append(s.Marks, lab.Mark{X: 0, Y: a, Shape: shape, Label: fmt.Sprintf("%.1f", e.Means[a])})
	}
	for t := range e.Pulls {
		a := int(e.Arms[t])
		s.Marks = append(s.Marks, lab.Mark{X: int(t) + 1, Y: a, Shape: "cube", Label: fmt.Sprintf("%.1f", e.Rewards[t]), Tone: a + 1})
	}
	at := lab.Mark{X: min(int(e.Pulls)+1, w.knobs.Pulls), Y: 0, Shape: "agent", Label: fmt.Sprintf("pull %d", e.Pulls+1)}
	if e.Pulls > 0 {
		at.Y = int(e.Arms[e.Pulls-1])
	}
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks, at)}
}
