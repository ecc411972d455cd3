package notebook

import (
	"bytes"
	"encoding/json"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Base says which state an operation was made for, and when. It stands in every operation.
type Base struct {
	Revision int64 `json:"revision"` // of the state that its author saw
	At       int64 `json:"at"`       // unix milliseconds; Apply reads no clock
}

func (b Base) base() Base { return b }

// Op is one edit of a notebook. The set is closed: Ops lists it.
type Op interface {
	// Type is the discriminator in JSON.
	Type() string
	base() Base
	// target is the cell that the edit concerns and the hash of the text that its author saw; ok is false where it concerns none.
	target() (cell, hash string, ok bool)
}

// InsertCell puts a new cell after another one. Kind prose takes Text as it is; other kinds put it between fences.
type InsertCell struct {
	Base
	After string `json:"after"` // id, "" for the top
	Kind  Kind   `json:"kind"`
	Text  string `json:"text"`
}

// DeleteCell removes a cell and the blank lines after it.
type DeleteCell struct {
	Base
	Cell string `json:"cell"`
	Hash string `json:"hash"`
}

// MoveCell puts a cell, as it is, after another one.
type MoveCell struct {
	Base
	Cell  string `json:"cell"`
	Hash  string `json:"hash"`
	After string `json:"after"` // id, "" for the top
}

// SetCell replaces the text between the fences of a cell. The text may be broken: the cell then has problems and no value.
type SetCell struct {
	Base
	Cell string `json:"cell"`
	Hash string `json:"hash"`
	Text string `json:"text"`
}

// SetProse replaces the text of a prose cell. Headings in it begin cells of their own.
type SetProse struct {
	Base
	Cell string `json:"cell"`
	Hash string `json:"hash"`
	Text string `json:"text"`
}

// SetField gives one key of a cell a value and touches no other line; null takes the key away. Path is the key; a key inside a key stands
// after a slash: fast/seeds, lstm/agent.kind. In a set-up cell the path is the knob, or kind, in whichever form the cell is written; a
// new kind takes the knobs away that it does not have. A value that would be a problem is refused and changes nothing.
type SetField struct {
	Base
	Cell  string          `json:"cell"`
	Hash  string          `json:"hash"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// SetFields gives several keys of one cell values, each as SetField does, as one edit: all of them or none. What is wrong between one key and
// the next (another kind of sweep, without the keys that it needs) is nobody's problem.
type SetFields struct {
	Base
	Cell   string       `json:"cell"`
	Hash   string       `json:"hash"`
	Fields []FieldValue `json:"fields"`
}

// FieldValue is a key and its new value, null to take the key away.
type FieldValue struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// SetTitle replaces the title in the front matter.
type SetTitle struct {
	Base
	Title string `json:"title"`
}

// SetSource replaces the whole text, for the text twin of a notebook and for a merge with a file that was changed outside.
type SetSource struct {
	Base
	Text string `json:"text"`
}

// Undo takes the last edit back, byte for byte. The last 200 edits can be undone.
type Undo struct{ Base }

// Redo does again what Undo took back.
type Redo struct{ Base }

// Ops lists an empty operation of every type.
func Ops() []Op {
	return []Op{&InsertCell{}, &DeleteCell{}, &MoveCell{}, &SetCell{}, &SetProse{}, &SetField{}, &SetFields{}, &SetTitle{}, &SetSource{}, &Undo{}, &Redo{}}
}

// Type names the operation in JSON.
func (*InsertCell) Type() string { return "insert-cell" }

// Type names the operation in JSON.
func (*DeleteCell) Type() string { return "delete-cell" }

// Type names the operation in JSON.
func (*MoveCell) Type() string { return "move-cell" }

// Type names the operation in JSON.
func (*SetCell) Type() string { return "set-cell" }

// Type names the operation in JSON.
func (*SetProse) Type() string { return "set-prose" }

// Type names the operation in JSON.
func (*SetField) Type() string { return "set-field" }

// Type names the operation in JSON.
func (*SetFields) Type() string { return "set-fields" }

// Type names the operation in JSON.
func (*SetTitle) Type() string { return "set-title" }

// Type names the operation in JSON.
func (*SetSource) Type() string { return "set-source" }

// Type names the operation in JSON.
func (*Undo) Type() string { return "undo" }

// Type names the operation in JSON.
func (*Redo) Type() string { return "redo" }

func (Base) target() (string, string, bool)          { return "", "", false }
func (o *DeleteCell) target() (string, string, bool) { return o.Cell, o.Hash, true }
func (o *MoveCell) target() (string, string, bool)   { return o.Cell, o.Hash, true }
func (o *SetCell) target() (string, string, bool)    { return o.Cell, o.Hash, true }
func (o *SetProse) target() (string, string, bool)   { return o.Cell, o.Hash, true }
func (o *SetField) target() (string, string, bool)   { return o.Cell, o.Hash, true }
func (o *SetFields) target() (string, string, bool)  { return o.Cell, o.Hash, true }

// MarshalOp writes an operation as one JSON object with its type.
func MarshalOp(op Op) ([]byte, error) {
	raw, err := json.Marshal(op)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "operation %s cannot be written: %w", op.Type(), err)
	}
	head, err := json.Marshal(op.Type())
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "operation type %q: %w", op.Type(), err)
	}
	return append(append([]byte(`{"type":`), head...), append([]byte(","), raw[1:]...)...), nil
}

// UnmarshalOp reads what MarshalOp writes. Unknown types and unknown keys are errors of code invalid.
func UnmarshalOp(raw []byte) (Op, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, lab.Errorf(lab.Invalid, "the operation is no JSON object: %v", err)
	}
	var name string
	if err := json.Unmarshal(fields["type"], &name); err != nil {
		return nil, lab.Errorf(lab.Invalid, "the operation has no type, want %s", oneOf(opNames())).WithHint("add \"type\"")
	}
	delete(fields, "type")
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "operation %q: %w", name, err)
	}
	for _, op := range Ops() {
		if op.Type() != name {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(rest))
		dec.DisallowUnknownFields()
		if err := dec.Decode(op); err != nil {
			return nil, lab.Errorf(lab.Invalid, "operation %q cannot be read: %v", name, err)
		}
		return op, nil
	}
	return nil, lab.Errorf(lab.Invalid, "operation type is %s, want %s", schema.Show(name), oneOf(opNames())).WithHint("%s", nearHint(name, opNames()))
}

func opNames() []string {
	var names []string
	for _, op := range Ops() {
		names = append(names, op.Type())
	}
	return names
}
