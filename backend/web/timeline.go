package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/store"
)

// StateIndex keeps the timeline of notebooks; store.Store fulfils it.
type StateIndex interface {
	FindNotebookState(ctx context.Context, id int64) (store.NotebookState, error)
	FindNotebookStates(ctx context.Context, f store.StateFilter) ([]store.NotebookState, error)
	CreateNotebookState(ctx context.Context, n *store.NotebookState) (kept bool, err error)
}

const (
	mostStates = 100
	// around is how many unchanged lines stand round a change.
	around = 3
)

// keepState keeps the present text of a notebook on its timeline: for the minute at most once a minute, and the store refuses an equal
// text. Editing never fails for it: the file is the truth.
func (n *notebooks) keepState(ctx context.Context, b *book, why string) {
	if n.states == nil || (why == store.EveryMinute && (b.keptText == b.text || n.now().Sub(b.keptAt) < time.Minute)) {
		return
	}
	state := store.NotebookState{Path: b.at.path, Revision: b.state.Revision, Text: string(notebook.Print(b.state.Doc)), At: n.now(), Why: why}
	kept, err := n.states.CreateNotebookState(ctx, &state)
	if err != nil {
		n.log.Warn("a state of a notebook was not kept", "notebook", b.at.path, "error", err)
	}
	b.keptAt = state.At
	if kept {
		b.keptText = b.text
	}
}

func (s *Server) notebookSource(r *http.Request) (any, error) {
	var out Source
	err := s.notebooks.with(r.URL.Query().Get("path"), func(b *book) error {
		out = Source{string(notebook.Print(b.state.Doc)), b.edition}
		return nil
	})
	return out, err
}

func (s *Server) states(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 30, mostStates)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil || s.cfg.States == nil {
		return StatePage{States: []StateRow{}}, err
	}
	path := r.URL.Query().Get("path")
	if _, err := s.notebooks.places.find(path); err != nil {
		return nil, err
	}
	found, err := s.cfg.States.FindNotebookStates(r.Context(), store.StateFilter{Path: path, Limit: limit + 1, Offset: offset})
	if err != nil {
		return nil, err
	}
	out := StatePage{States: []StateRow{}, More: len(found) > limit}
	docs := make([]*notebook.Document, len(found))
	for i, f := range found {
		if docs[i], err = s.stateDoc(r.Context(), f.ID); err != nil {
			return nil, err
		}
	}
	for i, f := range found[:min(limit, len(found))] {
		row := rowOfState(f)
		if row.First = i+1 == len(found); !row.First {
			row.Changes = changesOf(docs[i+1], docs[i])
		}
		out.States = append(out.States, row)
	}
	return out, nil
}

func rowOfState(n store.NotebookState) StateRow {
	return StateRow{ID: n.ID, AtMS: millis(n.At), Why: n.Why, Changes: []CellChange{}}
}

func changesOf(before, after *notebook.Document) []CellChange {
	out := []CellChange{}
	for _, c := range notebook.Changes(before, after) {
		out = append(out, CellChange{c.Cell, string(c.Kind), c.Name, c.How})
	}
	return out
}

// stateDoc reads the text of a state as a document.
func (s *Server) stateDoc(ctx context.Context, id int64) (*notebook.Document, error) {
	n, err := s.cfg.States.FindNotebookState(ctx, id)
	if err != nil {
		return nil, err
	}
	doc, _ := notebook.Parse(n.Path, []byte(n.Text), s.cfg.Vocabulary)
	return doc, nil
}

// stateOf finds a state of a notebook.
func (s *Server) stateOf(ctx context.Context, path string, id int64) (store.NotebookState, error) {
	if s.cfg.States == nil {
		return store.NotebookState{}, lab.Errorf(lab.NotFound, "notebook %q has no timeline", path)
	}
	n, err := s.cfg.States.FindNotebookState(ctx, id)
	if err == nil && n.Path != path {
		err = lab.Errorf(lab.NotFound, "state %d is not one of notebook %q", id, path).WithHint("choose one of its timeline")
	}
	return n, err
}

func (s *Server) state(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "state %q is no number", r.PathValue("id"))
	}
	path := r.URL.Query().Get("path")
	n, err := s.stateOf(r.Context(), path, id)
	if err != nil {
		return nil, err
	}
	now, err := s.notebooks.document(path)
	if err != nil {
		return nil, err
	}
	then, _ := notebook.Parse(path, []byte(n.Text), s.cfg.Vocabulary)
	out := StateDetail{Row: rowOfState(n), Changes: changesOf(now, then), Hunks: hunks(string(notebook.Print(now)), n.Text)}
	for _, h := range out.Hunks {
		for _, l := range h.Lines {
			switch l.Mark {
			case "+":
				out.Added++
			case "-":
				out.Removed++
			}
		}
	}
	return out, nil
}

// hunks compares two texts line by line.
func hunks(now, then string) []DiffHunk {
	a, b := textLines(now), textLines(then)
	out := []DiffHunk{}
	for _, group := range difflib.NewMatcher(a, b).GetGroupedOpCodes(around) {
		var h DiffHunk
		for _, op := range group {
			if op.Tag == 'e' {
				h.add(" ", a, op.I1, op.I2)
				continue
			}
			h.add("-", a, op.I1, op.I2)
			h.add("+", b, op.J1, op.J2)
		}
		if slices.ContainsFunc(h.Lines, func(l DiffLine) bool { return l.Mark != " " }) {
			out = append(out, h)
		}
	}
	return out
}

func (h *DiffHunk) add(mark string, lines []string, from, to int) {
	for i := from; i < to; i++ {
		h.Lines = append(h.Lines, DiffLine{mark, lines[i], i + 1})
	}
}

func textLines(text string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// movedBounds lists the claims whose bound was another one when runs of the notebook began.
func (s *Server) movedBounds(ctx context.Context, path string, doc *notebook.Document) []MovedBound {
	out := []MovedBound{}
	if s.cfg.States == nil || len(doc.Claims()) == 0 {
		return out
	}
	runs, err := s.cfg.States.FindNotebookStates(ctx, store.StateFilter{Path: path, Why: store.ForRun, Limit: mostStates})
	if err != nil {
		s.cfg.Log.Warn("the timeline of a notebook cannot be read", "notebook", path, "error", err)
		return out
	}
	for _, n := range runs { // newest first
		then := s.boundsAt(ctx, n.ID)
		for _, c := range doc.Claims() {
			was, ok := then[c.Name]
			known := slices.ContainsFunc(out, func(m MovedBound) bool { return m.Claim == c.Name })
			if ok && !known && was.value == strings.Join(c.Value, "\n") && was.holds != strings.Join(c.Holds, ", ") {
				out = append(out, MovedBound{c.Name, was.holds, millis(n.At)})
			}
		}
	}
	return out
}

// bound is what a claim said when runs began.
type bound struct{ value, holds string }

// boundsAt reads the claims of a state. States never change, so each is read once.
func (s *Server) boundsAt(ctx context.Context, id int64) map[string]bound {
	s.cards.Lock()
	had, ok := s.bounds[id]
	s.cards.Unlock()
	if ok {
		return had
	}
	doc, err := s.stateDoc(ctx, id)
	if err != nil {
		return nil
	}
	out := map[string]bound{}
	for _, c := range doc.Claims() {
		out[c.Name] = bound{strings.Join(c.Value, "\n"), strings.Join(c.Holds, ", ")}
	}
	s.cards.Lock()
	s.bounds[id] = out
	s.cards.Unlock()
	return out
}
