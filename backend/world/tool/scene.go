package tool

import "github.com/loci-lab/loci/backend/lab"

// sceneWidth is the number of records of one row of the picture.
const sceneWidth = 6

// Scene draws the database as a grid of records, with what became different since the start, above it the user turn with the last answer
// and its reply, and in the last row the tests with those that hold, and the safety flags that were raised.
func (e *Episode) Scene() lab.Scene {
	s := lab.Scene{W: sceneWidth}
	s.Marks = append(s.Marks, lab.Mark{X: 0, Y: 0, Shape: "goal", Label: e.User()})
	if n := len(e.s.Steps); n > 0 {
		s.Marks = append(s.Marks, lab.Mark{X: 1, Y: 0, Shape: "agent", Label: e.s.Steps[n-1].Action.String()},
			lab.Mark{X: 2, Y: 0, Shape: "cue", Label: e.told})
	} else {
		s.Marks = append(s.Marks, lab.Mark{X: 1, Y: 0, Shape: "agent", Label: "nothing done yet"})
	}
	for i, name := range e.s.Notes {
		s.Marks = append(s.Marks, lab.Mark{X: min(3+i, sceneWidth-1), Y: 0, Shape: "ghost", Label: "read note " + name})
	}
	n := e.drawRecords(&s)
	s.H = 1 + (n+sceneWidth-1)/sceneWidth + 1
	e.drawTests(&s)
	return s
}

// drawRecords draws every record that is or was there and returns their number.
func (e *Episode) drawRecords(s *lab.Scene) (n int) {
	put := func(shape, label string) {
		s.Marks = append(s.Marks, lab.Mark{X: n % sceneWidth, Y: 1 + n/sceneWidth, Shape: shape, Label: label})
	}
	changes := e.c.Start.Diff(&e.s.Data)
	for i := range e.c.Start.Records {
		r := &e.c.Start.Records[i]
		put("floor", r.String())
		for _, c := range changes {
			switch {
			case c.Kind != r.Kind || c.Name != r.Name:
			case c.Field == "":
				put("ghost", "removed")
			default:
				put("cube", c.Field+": "+blank(c.Before)+" becomes "+blank(c.After))
			}
		}
		n++
	}
	for _, c := range changes {
		if c.After == "added" && c.Field == "" {
			put("cube", "added "+e.s.Data.Find(c.Kind, c.Name).String())
			n++
		}
	}
	return n
}

// drawTests draws the last row.
func (e *Episode) drawTests(s *lab.Scene) {
	for i, t := range e.c.Tests {
		shape, word := "cue", "open: "
		if t.Holds(&e.s) {
			shape, word = "goal", "holds: "
		}
		s.Marks = append(s.Marks, lab.Mark{X: min(i, sceneWidth-1), Y: s.H - 1, Shape: shape, Label: word + t.Name})
	}
	for _, flag := range e.s.Flags {
		s.Marks = append(s.Marks, lab.Mark{X: sceneWidth - 1, Y: s.H - 1, Shape: "wall", Label: "safety flag: " + flag})
	}
}

// String is the record in words for a person.
func (r *Record) String() string {
	text := r.Kind + " " + r.Name
	for i, f := range r.Fields {
		text += []string{": ", ", "}[min(i, 1)] + f.Name + " " + blank(f.Value)
	}
	return text
}

func blank(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}
