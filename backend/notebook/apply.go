package notebook

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// UndoSteps is how many edits can be taken back.
const UndoSteps = 200

// State is an open notebook. It is a value: Apply makes a new one and leaves the old one as it was. The same operations on the same text
// give the same state, so an owner may store either.
type State struct {
	Doc      *Document
	Revision int64 // rises by one with every edit, undo and redo included
	EditedMS int64 // unix milliseconds of the last edit, as its operation says; 0 before the first
	undo     []splice
	redo     []splice
}

// NewState opens a document.
func NewState(d *Document) State { return State{Doc: d} }

// CanUndo tells whether there is an edit to take back.
func (s State) CanUndo() bool { return len(s.undo) > 0 }

// CanRedo tells whether there is an edit to do again.
func (s State) CanRedo() bool { return len(s.redo) > 0 }

// splice is an edit of the text: at an offset, old was replaced by new. It is its own way back.
type splice struct {
	at       int
	old, new string
}

// spliceOf finds the smallest splice between two texts.
func spliceOf(before, after string) splice {
	at, most := 0, min(len(before), len(after))
	for at < most && before[at] == after[at] {
		at++
	}
	end := 0
	for end < most-at && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	return splice{at, before[at : len(before)-end], after[at : len(after)-end]}
}

func (s splice) do(text string) string   { return text[:s.at] + s.new + text[s.at+len(s.old):] }
func (s splice) back(text string) string { return text[:s.at] + s.old + text[s.at+len(s.new):] }

// Effect is what the owner of a notebook must do after an edit. The set is closed.
type Effect interface{ effect() }

// SaveFile: the text changed and belongs on the disk within a second.
type SaveFile struct{}

// CellsChanged: these cells are new, or their text, value, place or problems changed; viewers want them.
type CellsChanged struct{ IDs []string }

// CellsRemoved: these ids exist no more.
type CellsRemoved struct{ IDs []string }

// PlanChanged: set-up, arms, cases or the run cell mean something else now, so the runs must be planned again.
type PlanChanged struct{}

func (SaveFile) effect()     {}
func (CellsChanged) effect() {}
func (CellsRemoved) effect() {}
func (PlanChanged) effect()  {}

// Apply changes a notebook by one operation. It reads no clock and does no I/O. An operation whose author saw another state is applied
// only where the cell that it names still has the text that it was made for; otherwise it lost a race: the error is a conflict, and, as
// with every error, the state comes back as it was. An edit that changes no byte has no effects and keeps the revision.
func Apply(s State, op Op) (State, []Effect, error) {
	if err := race(s, op); err != nil {
		return s, nil, err
	}
	switch op.(type) {
	case *Undo:
		return s.travel(op, false)
	case *Redo:
		return s.travel(op, true)
	}
	before := string(Print(s.Doc))
	after, err := edit(s.Doc, op)
	if err != nil || after == before {
		return s, nil, err
	}
	next := State{Doc: s.Doc.again(after), Revision: s.Revision + 1, EditedMS: op.base().At}
	if err := accepted(s.Doc, next.Doc, op); err != nil {
		return s, nil, err
	}
	next.undo = append(slices.Clone(s.undo), spliceOf(before, after))
	if len(next.undo) > UndoSteps {
		next.undo = next.undo[len(next.undo)-UndoSteps:]
	}
	return next, effects(s.Doc, next.Doc), nil
}

// race tells whether somebody else's edit came first.
func race(s State, op Op) error {
	cell, hash, ok := op.target()
	if !ok {
		if op.base().Revision == s.Revision {
			return nil
		}
		return lost("the notebook is at revision %d, the operation was made for %d", s.Revision, op.base().Revision)
	}
	c, ok := s.Doc.Cell(cell)
	switch {
	case ok && (hash == c.Hash() || hash == "" && op.base().Revision == s.Revision):
		return nil
	case ok:
		return lost("cell %q has changed since", cell)
	case op.base().Revision == s.Revision:
		return lab.Errorf(lab.NotFound, "there is no cell %q, want %s", cell, oneOf(cellIDs(s.Doc))).WithHint("%s", nearHint(cell, cellIDs(s.Doc)))
	}
	return lost("cell %q was deleted or renamed since", cell)
}

func lost(format string, args ...any) error {
	return lab.Errorf(lab.Conflict, format, args...).WithHint("look at the notebook as it is now and do it again")
}

func cellIDs(d *Document) []string {
	var ids []string
	for _, c := range d.Cells {
		ids = append(ids, c.ID)
	}
	return ids
}

// again parses a new text of the same file.
func (d *Document) again(text string) *Document {
	next, _ := Parse(d.File, []byte(text), d.vocab)
	return next
}

// travel goes one step back or forth in the history.
func (s State) travel(op Op, forth bool) (State, []Effect, error) {
	from, to := s.undo, s.redo
	if forth {
		from, to = s.redo, s.undo
	}
	if len(from) == 0 {
		return s, nil, lab.Errorf(lab.Invalid, "there is nothing to %s", op.Type()).WithHint("edit the notebook first")
	}
	step := from[len(from)-1]
	text := string(Print(s.Doc))
	if forth {
		text = step.do(text)
	} else {
		text = step.back(text)
	}
	next := State{Doc: s.Doc.again(text), Revision: s.Revision + 1, EditedMS: op.base().At}
	from, to = slices.Clone(from[:len(from)-1]), append(slices.Clone(to), step)
	next.undo, next.redo = from, to
	if forth {
		next.undo, next.redo = to, from
	}
	return next, effects(s.Doc, next.Doc), nil
}

// edit returns the text after an operation.
func edit(d *Document, op Op) (string, error) {
	switch op := op.(type) {
	case *InsertCell:
		return insertCell(d, op)
	case *DeleteCell:
		return deleteCell(d, op)
	case *MoveCell:
		return moveCell(d, op)
	case *SetCell:
		return setCell(d, op)
	case *SetProse:
		return setProse(d, op)
	case *SetField:
		return setFields(d, op.Cell, []FieldValue{{op.Path, op.Value}})
	case *SetFields:
		return setFields(d, op.Cell, op.Fields)
	case *SetTitle:
		return setTitle(d, op)
	case *SetSource:
		return setSource(d, op)
	}
	return "", lab.Errorf(lab.Internal, "operation %q has no edit", op.Type())
}

// effects compares two documents.
func effects(before, after *Document) []Effect {
	out := []Effect{SaveFile{}}
	var changed, removed []string
	for i, c := range after.Cells {
		j := before.index(c.ID)
		if j < 0 || !sameCell(before, after, j, i) {
			changed = append(changed, c.ID)
		}
	}
	for _, c := range before.Cells {
		if after.index(c.ID) < 0 {
			removed = append(removed, c.ID)
		}
	}
	if changed != nil {
		out = append(out, CellsChanged{changed})
	}
	if removed != nil {
		out = append(out, CellsRemoved{removed})
	}
	if planText(before) != planText(after) {
		out = append(out, PlanChanged{})
	}
	return out
}

func sameCell(before, after *Document, i, j int) bool {
	a, b := before.Cells[i], after.Cells[j]
	return i == j && a.raw == b.raw && string(a.JSON()) == string(b.JSON()) && slices.Equal(problemTexts(before, a.ID), problemTexts(after, b.ID))
}

func problemTexts(d *Document, cell string) []string {
	var out []string
	for _, p := range d.problems {
		if p.Cell == cell {
			out = append(out, p.Msg)
		}
	}
	return out
}

// planText holds all that Resolve reads.
func planText(d *Document) string {
	var out strings.Builder
	out.WriteString(d.Front.Paper)
	for _, c := range d.Cells {
		if c.Kind.single() || c.Kind == SweepKind {
			out.WriteString("\n" + c.ID + " " + string(c.JSON()))
		}
	}
	broken, _ := json.Marshal(len(d.problems) > 0)
	return out.String() + string(broken)
}
