package stitch

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Place is where a cell is drawn on a grid of 8 columns and 5 rows: corridor A above, B below, the loop under B, exits on the right.
func Place(cell int) (x, y int) {
	switch c := int32(cell); {
	case c < CellB:
		return int(c), 0
	case c < CellLoop:
		return int(c - CellB), 3
	case c < CellHub:
		return int(c-CellLoop) + 1, 4
	case c == CellHub:
		return 4, 2
	case c < CellR:
		return int(c-CellL) + 5, 1
	default:
		return int(c-CellR) + 5, 3
	}
}

// Scene draws the maze with the hidden bit: the paying exit is the goal.
func (m *Maze) Scene(b int) lab.Scene {
	e := &m.runs[b]
	s := lab.Scene{W: 8, H: 5, Marks: []lab.Mark{{X: 1, Y: 1, Shape: "wall", Label: "trap"}}}
	for c := range Cells {
		x, y := Place(c)
		mark := lab.Mark{X: x, Y: y, Shape: "floor"}
		switch int32(c) {
		case CellA:
			mark.Label = "A"
		case CellB:
			mark.Label = "B"
		case CellHub:
			mark.Label = "hub"
		case CellL + 2 + 3*e.Bit:
			mark.Shape, mark.Label = "goal", "pays"
		}
		s.Marks = append(s.Marks, mark)
	}
	if e.Cell == CellA+1 || e.Cell == CellB+1 {
		x, y := Place(int(e.Cell))
		s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "cue", Label: []string{"left", "right"}[e.Bit]})
	}
	x, y := Place(int(e.Cell))
	s.Marks = append(s.Marks, lab.Mark{X: x, Y: y, Shape: "agent", Label: fmt.Sprintf("from %s", letter(e.Start)), Tone: 1})
	return s
}

func letter(start int32) string { return []string{"A", "B"}[start] }

// Saw puts what environment b shows into words, nuisance bits last.
func (m *Maze) Saw(b int) string {
	e := &m.runs[b]
	obs := make([]float32, m.spec.Obs)
	m.write(e, obs)
	var words []string
	for i, x := range obs[:obsBits] {
		if x == 1 && i != obsLetter+2 && i != obsCue+2 {
			words = append(words, m.spec.ObsNames[i])
		}
	}
	bits := ""
	for _, x := range obs[obsBits:] {
		bits += fmt.Sprint(int(x))
	}
	if bits != "" {
		words = append(words, "bits "+bits)
	}
	return strings.Join(words, ", ")
}

// StateName puts a true state into words.
func StateName(state int) string {
	cell, bit := int32(state/2), state%2
	names := []string{"A1", "A2", "A3", "B1", "B2", "B3", "S1", "S2", "S3", "hub", "L1", "L2", "L3", "R1", "R2", "R3"}
	return names[cell] + []string{" left", " right"}[bit]
}
