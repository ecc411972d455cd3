package arcade

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Saw puts into words what environment b shows.
func (w *World) Saw(b int) string {
	e := &w.plays[b]
	parts := []string{fmt.Sprintf("%s: %s at %s", w.knobs.Game, meaning(w.knobs.Game, plane(w.knobs.Game, selfRole)), place(int(e.Self)))}
	if e.Things != 0 {
		parts = append(parts, places(meaning(w.knobs.Game, plane(w.knobs.Game, thingRole)), e.Things))
	}
	if w.knobs.Game != Collect && e.Marks != 0 {
		parts = append(parts, places(meaning(w.knobs.Game, plane(w.knobs.Game, markRole)), e.Marks))
	}
	return strings.Join(parts, "; ")
}

func place(c int) string { return fmt.Sprintf("row %d, column %d", c/side+1, c%side+1) }

func places(name string, mask uint64) string {
	var at []string
	for ; mask != 0; mask &= mask - 1 {
		at = append(at, place(bits.TrailingZeros64(mask)))
	}
	return name + " at " + strings.Join(at, " and ")
}

// Scene draws environment b.
func (w *World) Scene(b int) lab.Scene {
	e := &w.plays[b]
	row := make([]float32, Obs)
	row[plane(w.knobs.Game, selfRole)*cells+int(e.Self)] = 1
	set(row[plane(w.knobs.Game, thingRole)*cells:], e.Things)
	set(row[plane(w.knobs.Game, markRole)*cells:], e.Marks)
	return w.Picture(row)
}

// Picture draws planes [Obs], real or imagined: a cell is drawn where its number is above one half. Exactly one player is drawn, where its
// plane is largest.
func (w *World) Picture(row []float32) lab.Scene {
	s := lab.Scene{W: side, H: side}
	game := w.knobs.Game
	for c := range cells {
		s.Marks = append(s.Marks, lab.Mark{X: c % side, Y: c / side, Shape: "floor"})
	}
	for _, role := range []int{markRole, thingRole, noRole} {
		p := plane(game, role)
		for c := range cells {
			if row[p*cells+c] > 0.5 {
				s.Marks = append(s.Marks, drawn(meaning(game, p), c))
			}
		}
	}
	p, self := plane(game, selfRole), 0
	for c := range cells {
		if row[p*cells+c] > row[p*cells+self] {
			self = c
		}
	}
	s.Marks = append(s.Marks, lab.Mark{X: self % side, Y: self / side, Shape: "agent", Label: meaning(game, p), Tone: 1})
	return s
}

func drawn(name string, c int) lab.Mark {
	m := lab.Mark{X: c % side, Y: c / side, Label: name}
	switch name {
	case "wall":
		m.Shape, m.Label = "wall", ""
	case "dot", "target":
		m.Shape, m.Tone = "goal", 3
	case "trail":
		m.Shape = "ghost"
	case "stone", "ball", "box":
		m.Shape, m.Tone = "cube", 2
	default:
		m.Shape, m.Label = "ghost", "no such thing here"
	}
	return m
}
