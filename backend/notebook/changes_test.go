package notebook

import (
	"fmt"
	"testing"
)

func TestChangesNameTheCellsThatTwoTextsDoNotShare(t *testing.T) {
	for _, c := range []struct {
		name string
		ops  []Op
		want string
	}{
		{"nothing", nil, "[]"},
		{"a knob", []Op{field("agent", "width", "32")}, "[{agent agent  changed}]"},
		{"a title", []Op{&SetTitle{Title: "Other"}}, "[{front   changed}]"},
		{"a new note at the end", []Op{&InsertCell{After: "prose-3", Kind: NoteKind, Text: "text: seen"}}, "[{note-1 note  added}]"},
		{"a claim that went", []Op{&DeleteCell{Cell: "claim-gates"}}, "[{claim-gates claim gates removed}]"},
		{"a claim that moved to the top", []Op{&MoveCell{Cell: "claim-gates"}}, "[{claim-gates claim gates moved}]"},
		{"a knob and a chart that went", []Op{field("agent", "width", "32"), &DeleteCell{Cell: "chart-success"}},
			"[{agent agent  changed} {chart-success chart success removed}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, good)
			before := s.Doc
			for _, op := range c.ops {
				s = must(t, s, at(op, s.Revision))
			}
			if got := fmt.Sprint(Changes(before, s.Doc)); got != c.want {
				t.Errorf("changes %s, want %s", got, c.want)
			}
		})
	}
}

// at makes an operation one for a revision.
func at(op Op, revision int64) Op {
	switch op := op.(type) {
	case *SetField:
		op.Revision = revision
	case *DeleteCell:
		op.Revision = revision
	case *SetTitle:
		op.Revision = revision
	case *InsertCell:
		op.Revision = revision
	case *MoveCell:
		op.Revision = revision
	}
	return op
}
