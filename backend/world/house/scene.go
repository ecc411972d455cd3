package house

import "github.com/loci-lab/loci/backend/lab"

// sceneWidth is the number of places of one row of the picture.
const sceneWidth = 6

// Scene draws the flat as a grid of places with the agent, the things that lie about, and, in the last row, what a person must know to judge
// the next action: the task and the rules that bear on it.
func (e *episode) Scene() lab.Scene {
	l := e.w.lex
	s := lab.Scene{W: sceneWidth}
	n := 0
	for p, name := range l.places {
		if !e.w.stands(p) {
			continue
		}
		x, y := n%sceneWidth, n/sceneWidth
		n++
		s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "floor", Label: name + e.detail(p)})
		if p == e.at {
			s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "agent", Label: e.inHand()})
		}
		for i, spot := range e.lies {
			if spot == p {
				s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "cube", Label: l.name(e.task.things[i])})
			}
		}
	}
	s.H = (n+sceneWidth-1)/sceneWidth + 1
	s.Marks = append(s.Marks, lab.Mark{X: 0, Y: s.H - 1, Shape: "goal", Label: e.task.Sentence})
	for i, fact := range e.w.factsOf(&e.task, e.clock) {
		s.Marks = append(s.Marks, lab.Mark{X: min(i+1, sceneWidth-1), Y: s.H - 1, Shape: "cue", Label: fact})
	}
	return s
}

func (e *episode) detail(place int) string {
	switch {
	case place == panel && e.on != none:
		return ", " + e.w.lex.switches[e.on] + " on"
	case e.w.lex.placeKinds[place] == aReceptacle && e.isOpen(place):
		return ", open"
	}
	return ""
}

func (e *episode) inHand() string {
	v := e.view()
	if !v.holds {
		return "agent, hands free"
	}
	if i := e.task.index(v.held); i >= 0 && e.ready[i] {
		return "agent with " + e.w.lex.states[e.task.Family.state()] + " " + e.w.lex.name(v.held)
	}
	return "agent with " + e.w.lex.name(v.held)
}

// Facts are the lines that hold for a task in episode number clock and that no text tells: what a perfect memory would recall.
func (w *World) Facts(t Task, clock uint64) []string { return w.factsOf(&t, clock) }

func (w *World) factsOf(t *Task, clock uint64) (lines []string) {
	l, r := w.lex, w.rules
	if t.Family == Serve {
		who := l.persons[t.person] + " " + l.needs[t.need]
		return []string{who + " : take " + l.items[r.likes(t.person, t.need, clock)] + " works",
			who + " : put in " + l.seats[r.seat(t.person, clock)] + " works"}
	}
	state := t.Family.state()
	for i := range t.count() {
		name := l.name(t.things[i])
		if t.place != none {
			lines = append(lines, name+" : look in "+l.receptacles[r.homeOf(t.things[i])]+" works")
			continue
		}
		if state != raw {
			a := r.fits[state][t.things[i].tag]
			if powered(state) {
				lines = append(lines, l.appliances[a]+" : use "+l.switches[r.power[a]]+" works")
			}
			lines = append(lines, verbOf(state)+" "+name+" : use "+l.appliances[a]+" works")
		}
		if t.Family != Look {
			lines = append(lines, "store "+name+" : put in "+l.receptacles[r.holds[classOf(t.things[i].noun)]]+" works")
		}
	}
	return lines
}
