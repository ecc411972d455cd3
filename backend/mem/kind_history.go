package mem

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// NoneKnobs are those of a memory that keeps nothing: there are none.
type NoneKnobs struct{}

// none keeps nothing. It has no bank and no state.
type none struct{}

func openNone(any, Env) (Memory, error) { return none{}, nil }

func (none) Write(context.Context, lab.Experience) error  { return nil }
func (none) Read(context.Context, Query) (Reading, error) { return Reading{}, nil }
func (none) Manage(context.Context, Outcome) error        { return nil }
func (none) Banks() []*Bank                               { return nil }
func (none) Snapshot(io.Writer) error                     { return nil }
func (none) Restore(io.Reader) error                      { return nil }

// LastKnobs are those of the newest experiences.
type LastKnobs struct {
	N int `json:"n" doc:"how many of the newest experiences are kept and read" default:"8" min:"1" max:"100000" unit:"entries" symbol:"n" main:"true" group:"memory"`
}

// FullKnobs are those of the full history.
type FullKnobs struct{ RoomKnobs }

// history is all experiences in their order: the newest n, or as many as there is room for.
type history struct {
	ring   Ring
	reason string
}

func openLast(knobs any, env Env) (Memory, error) {
	n := knobs.(*LastKnobs).N
	return &history{Ring{NewBank("last", env.Log, env.Count), Budget{Entries: n}}, "the newest first"}, nil
}

func openFull(knobs any, env Env) (Memory, error) {
	return &history{Ring{NewBank("history", env.Log, env.Count), knobs.(*FullKnobs).budget()}, "everything, the newest first"}, nil
}

// Write keeps every experience as it is.
func (h *history) Write(_ context.Context, e lab.Experience) error {
	_, _, err := h.ring.Add(drawn(e), offered(e))
	return err
}

// Read returns the newest, the last of them last.
func (h *history) Read(_ context.Context, q Query) (Reading, error) {
	return whole(h.ring.Bank, q, q.limit(0), backwards(h.ring.All()), h.reason)
}

// Manage has nothing to do: what is over the budget goes when something is written.
func (h *history) Manage(context.Context, Outcome) error { return nil }
func (h *history) Banks() []*Bank                        { return []*Bank{h.ring.Bank} }
func (h *history) Snapshot(w io.Writer) error            { return h.ring.Snapshot(w) }
func (h *history) Restore(r io.Reader) error             { return h.ring.Bank.Restore(r) }

// ReflexionKnobs are those of notes after failures.
type ReflexionKnobs struct {
	Notes  int    `json:"notes" doc:"most notes" default:"3" min:"1" max:"1000" unit:"entries" symbol:"Ω" paper:"1 to 3" main:"true" group:"memory" pitfall:"all notes are read every time: many of them fill the prompt"`
	Tokens int    `json:"tokens" doc:"most tokens of all notes together; 0 for no limit" default:"0" min:"0" max:"1000000" unit:"tokens" group:"budget"`
	Of     string `json:"of" doc:"whose failures are noted: of whole tasks, of single steps, or of both" default:"both" enum:"task,step,both" group:"memory"`
}

// reflexion keeps a note of each failure, few of them, and reads them all.
//
// arXiv 2303.11366v4, sec. 3: after a failed trial its self-reflection is appended to a memory bounded by a number of experiences, which
// the next trial reads whole. Here the note is the text of the experience that failed; who writes it is the affair of the notebook.
type reflexion struct {
	ring  Ring
	knobs ReflexionKnobs
}

func openReflexion(knobs any, env Env) (Memory, error) {
	k := *knobs.(*ReflexionKnobs)
	return &reflexion{Ring{NewBank("notes", env.Log, env.Count), Budget{k.Notes, k.Tokens}}, k}, nil
}

// Write notes what failed. A note that is there already moves to the end.
func (m *reflexion) Write(_ context.Context, e lab.Experience) error {
	if !e.Scored || e.Success || !m.notes(e.Kind) {
		return nil
	}
	for _, old := range m.ring.All() {
		if old.Text == valid(e.Text) {
			if err := m.ring.Delete(old.ID, "the same failed again"); err != nil {
				return err
			}
		}
	}
	_, _, err := m.ring.Add(drawn(e), "a "+e.Kind+" failed")
	return err
}

func (m *reflexion) notes(kind string) bool {
	switch m.knobs.Of {
	case "task":
		return kind == lab.OneTask
	case "step":
		return kind != lab.OneTask
	}
	return true
}

// Read returns all notes, the last failure last.
func (m *reflexion) Read(_ context.Context, q Query) (Reading, error) {
	return whole(m.ring.Bank, q, q.limit(0), backwards(m.ring.All()), "all notes, the newest first")
}

func (m *reflexion) Manage(context.Context, Outcome) error { return nil }
func (m *reflexion) Banks() []*Bank                        { return []*Bank{m.ring.Bank} }
func (m *reflexion) Snapshot(w io.Writer) error            { return m.ring.Snapshot(w) }
func (m *reflexion) Restore(r io.Reader) error             { return m.ring.Bank.Restore(r) }
