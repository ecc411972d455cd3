package ballet

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what the agent of environment b sees, and nothing else.
func (s *Stage) Saw(b int) string {
	p := &s.plays[b].script
	if !s.asks(b) {
		f := p.Frames[s.stands[b].Step]
		if f.Look < 0 {
			return "nobody dances"
		}
		return fmt.Sprintf("the %s at %s %s", Look(int(f.Look)), placeName(s.spec.Name, int(f.Place)), moveName(f.Move))
	}
	if p.Shown >= 0 {
		return fmt.Sprintf("question: what did the %s dance?", Look(int(p.Shown)))
	}
	places := ""
	for i, name := range Directions() {
		for _, e := range p.Events {
			if int(e.Place) == i {
				places += " " + name
			}
		}
	}
	return fmt.Sprintf("question: who danced %s? dancers stand at%s", s.dances[p.Told].Name, places)
}

// Scene draws environment b: a ballet as a square with the agent in the middle and the dancers round it, rooms as a grid.
func (s *Stage) Scene(b int) lab.Scene {
	if s.spec.Name == Ballet {
		return s.square(b)
	}
	return s.house(b)
}

// square draws a ballet. Who has not danced yet, or stands, is a ghost; the dancer is a cue one cell off its place, as its move goes; at
// the question the right place is the goal.
func (s *Stage) square(b int) lab.Scene {
	const middle, away = 5, 3
	p, asks := &s.plays[b].script, s.asks(b)
	scene := lab.Scene{W: 2*middle + 1, H: 2*middle + 1, Marks: []lab.Mark{{X: middle, Y: middle, Shape: "agent", Label: "watches", Tone: 1}}}
	if asks {
		scene.Marks[0].Label = "who danced " + s.dances[p.Told].Name + "?"
	}
	for i, e := range p.Events {
		at := offsets()[e.Place]
		m := lab.Mark{X: middle + away*at[0], Y: middle + away*at[1], Shape: "ghost", Label: Look(int(e.Look)), Tone: 2 + i}
		if asks && i == p.Asked {
			m.Shape = "goal"
		}
		if !asks {
			if f := p.Frames[s.stands[b].Step]; f.Look == e.Look {
				m.Shape, m.Label = "cue", fmt.Sprintf("%s %s", Look(int(e.Look)), moveName(f.Move))
				if f.Move > still {
					m.X, m.Y = m.X+offsets()[f.Move-1][0], m.Y+offsets()[f.Move-1][1]
				}
			}
		}
		scene.Marks = append(scene.Marks, m)
	}
	return scene
}

// house draws rooms row by row, three in a row, or as many as a square of them has; where the agent is the dancer is a cue, and at the
// question the room that is asked about is the goal.
func (s *Stage) house(b int) lab.Scene {
	p, columns := &s.plays[b].script, 3
	if s.spec.Name == Visits {
		columns = 4
	} else if s.Layout.Places == 16 || s.Layout.Places == 4 {
		columns = map[int]int{16: 4, 4: 2}[s.Layout.Places]
	}
	rows := (s.Layout.Places + columns - 1) / columns
	scene := lab.Scene{W: columns, H: rows}
	for i := range s.Layout.Places {
		scene.Marks = append(scene.Marks, lab.Mark{X: i % columns, Y: i / columns, Shape: "floor"})
	}
	agent := lab.Mark{Shape: "agent", Label: "watches", Tone: 1}
	if s.asks(b) {
		last := int(p.Frames[len(p.Frames)-1].Place)
		agent.X, agent.Y = last%columns, last/columns
		scene.Marks = append(scene.Marks, agent)
		at := int(p.Events[p.Asked].Place)
		scene.Marks = append(scene.Marks, lab.Mark{X: at % columns, Y: at / columns, Shape: "goal", Label: "what did the " + Look(int(p.Shown)) + " dance?", Tone: 1})
		return scene
	}
	f := p.Frames[s.stands[b].Step]
	x, y := int(f.Place)%columns, int(f.Place)/columns
	agent.X, agent.Y = x, y
	scene.Marks = append(scene.Marks, agent)
	scene.Marks = append(scene.Marks, lab.Mark{X: x, Y: y, Shape: "cue", Label: fmt.Sprintf("%s %s", Look(int(f.Look)), moveName(f.Move)), Tone: 2 + int(f.Place)})
	return scene
}
