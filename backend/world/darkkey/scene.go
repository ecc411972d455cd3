package darkkey

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what the agent of environment b sees, and nothing else.
func (m *Room) Saw(b int) string {
	e, g := &m.Envs[b], m.knobs.Grid
	text := fmt.Sprintf("row %d, column %d", int(e.Agent)/g+1, int(e.Agent)%g+1)
	if e.Reward > 0 {
		text += ", rewarded"
	}
	if e.Start == 1 {
		text += ", an episode begins"
	}
	return text
}

// Scene draws the room of environment b. Key and door are ghosts: the agent does not see them. A held key is drawn with the agent.
func (m *Room) Scene(b int) lab.Scene {
	e, g := &m.Envs[b], m.knobs.Grid
	s := lab.Scene{W: g, H: g}
	for cell := range g * g {
		s.Marks = append(s.Marks, lab.Mark{X: cell % g, Y: cell / g, Shape: "floor"})
	}
	label := fmt.Sprintf("episode %d, step %d", e.Out.Episodes+1, e.Inner)
	if e.Has == 1 {
		label += ", has the key"
	} else {
		s.Marks = append(s.Marks, lab.Mark{X: int(e.Key) % g, Y: int(e.Key) / g, Shape: "ghost", Label: "key", Tone: 2})
	}
	s.Marks = append(s.Marks, lab.Mark{X: int(e.Door) % g, Y: int(e.Door) / g, Shape: "ghost", Label: "door", Tone: 3},
		lab.Mark{X: int(e.Agent) % g, Y: int(e.Agent) / g, Shape: "agent", Label: label, Tone: 1})
	return s
}
