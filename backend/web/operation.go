package web

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/store"
)

// operationTypes lists what a page may do to a notebook.
func operationTypes() []string {
	return []string{"set-field", "set-fields", "set-choice", "set-source", "set-title", "insert-cell", "delete-cell", "move-cell", "undo", "redo", "keep-mine", "take-theirs", "restore"}
}

func (s *Server) notebookOp(r *http.Request) (any, error) {
	var o Operation
	if err := decode(r, &o); err != nil {
		return nil, err
	}
	path := r.URL.Query().Get("path")
	var out OpResult
	err := s.notebooks.with(path, func(b *book) error {
		if b.at.readOnly() {
			return lab.Errorf(lab.Conflict, "notebook %q ships with Loci and cannot be changed", path).WithHint("make a copy of it first")
		}
		if err := b.mayWrite(o.Page, s.notebooks.now()); err != nil {
			return err
		}
		if b.text == b.opened { // what stood there before the first edit belongs to the timeline too
			s.notebooks.keepState(r.Context(), b, store.EveryMinute)
		}
		if err := s.edit(r.Context(), b, o); err != nil {
			return err
		}
		out.Notebook = s.notebooks.view(b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.notebooks.changed(path)
	return out, nil
}

// edit applies a page's operation.
func (s *Server) edit(ctx context.Context, b *book, o Operation) error {
	base := notebook.Base{Revision: b.madeFor(o), At: s.notebooks.now().UnixMilli()}
	switch o.Type {
	case "keep-mine", "take-theirs":
		return s.notebooks.settle(b, o.Type == "take-theirs")
	case "restore":
		state, err := s.stateOf(ctx, b.at.path, o.State)
		if err != nil {
			return err
		}
		return b.apply(&notebook.SetSource{Base: base, Text: state.Text})
	}
	op, err := b.op(o, base)
	if err != nil {
		return err
	}
	return b.apply(op)
}

// settle ends a clash: with the text of this page, which is then written over the file, or with that of the file.
func (n *notebooks) settle(b *book, theirs bool) error {
	if b.theirs == nil {
		return lab.Errorf(lab.Conflict, "no text of %q waits for a choice", b.at.path).WithHint("reload the page")
	}
	if theirs {
		b.become(b.theirs, b.theirs, n.now())
		return nil
	}
	b.base, b.theirs, b.dirty = b.theirs, nil, true
	b.edition++
	return nil
}

// madeFor turns the revision that a page saw into the one of the document. Pages see saves as revisions too.
func (b *book) madeFor(o Operation) int64 {
	if o.Revision == 0 && o.Hash == "" || o.Revision >= b.text {
		return b.state.Revision
	}
	return b.state.Revision - 1
}

// op turns a page's operation into one of the document.
func (b *book) op(o Operation, base notebook.Base) (notebook.Op, error) {
	switch o.Type {
	case "set-field":
		return &notebook.SetField{Base: base, Cell: o.Cell, Hash: o.Hash, Path: o.Field, Value: orNull(o.Value)}, nil
	case "set-fields":
		op := &notebook.SetFields{Base: base, Cell: o.Cell, Hash: o.Hash}
		for _, f := range o.Fields {
			op.Fields = append(op.Fields, notebook.FieldValue{Path: f.Field, Value: orNull(f.Value)})
		}
		return op, nil
	case "set-choice":
		choice, err := json.Marshal(o.Choice)
		if err != nil {
			return nil, err
		}
		return &notebook.SetField{Base: base, Cell: o.Cell, Hash: o.Hash, Path: "kind", Value: choice}, nil
	case "set-source":
		return b.setSource(o, base), nil
	case "set-title":
		return &notebook.SetTitle{Base: base, Title: o.Source}, nil
	case "insert-cell":
		return &notebook.InsertCell{Base: base, After: o.After, Kind: notebook.Kind(o.Kind), Text: o.Source}, nil
	case "delete-cell":
		return &notebook.DeleteCell{Base: base, Cell: o.Cell, Hash: o.Hash}, nil
	case "move-cell":
		return &notebook.MoveCell{Base: base, Cell: o.Cell, Hash: o.Hash, After: o.After}, nil
	case "undo":
		return &notebook.Undo{Base: base}, nil
	case "redo":
		return &notebook.Redo{Base: base}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "operation %q is unknown, want one of %q", o.Type, operationTypes())
}

// setSource sets the text of prose, of a cell with fences, or of the whole file.
func (b *book) setSource(o Operation, base notebook.Base) notebook.Op {
	if o.Cell == "" {
		return &notebook.SetSource{Base: base, Text: o.Source}
	}
	if c, ok := b.state.Doc.Cell(o.Cell); ok && c.Kind == notebook.Prose {
		return &notebook.SetProse{Base: base, Cell: o.Cell, Hash: o.Hash, Text: o.Source}
	}
	return &notebook.SetCell{Base: base, Cell: o.Cell, Hash: o.Hash, Text: o.Source}
}
