package web

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

// withStates gives a kit a real timeline.
func withStates(t *testing.T) (func(*Config), *store.Store) {
	t.Helper()
	st, _, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "library.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(c *Config) { c.States = st }, st
}

func (k *kit) corridors(path, value string) Notebook {
	return k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage(value)})
}

func TestTheTimelineKeepsWhatStoodBeforeAndAStateForEveryRun(t *testing.T) {
	states, _ := withStates(t)
	k := newKit(t, states)
	path, _ := k.mine()
	k.corridors(path, "9")
	var job Job
	k.post("/api/job?path="+path, JobRequest{Budget: "fast"}, &job)
	k.edit(path, Operation{Type: "delete-cell", Cell: k.corridors(path, "7").cell(t, "chart-success").ID})
	k.post("/api/job?path="+path, JobRequest{Budget: "fast"}, &job)

	var page StatePage
	k.get("/api/notebook/states?path="+path, &page)
	if len(page.States) != 3 || page.More {
		t.Fatalf("states %+v, want one before the first edit and one a run", page)
	}
	newest, before, first := page.States[0], page.States[1], page.States[2]
	if newest.Why != "run" || len(newest.Changes) != 2 || newest.Changes[0].Cell != "world" || newest.Changes[1].How != "removed" {
		t.Errorf("newest state %+v, want a changed world and a removed chart", newest)
	}
	if before.Why != "run" || len(before.Changes) != 1 || first.Why != "minute" || !first.First {
		t.Errorf("older states %+v, %+v", before, first)
	}

	var detail StateDetail
	k.get("/api/notebook/state/"+idText(first.ID)+"?path="+path, &detail)
	if detail.Removed != 1 || detail.Added < 3 || len(detail.Hunks) == 0 {
		t.Errorf("restoring the first state takes %d lines away and adds %d, want 1 and those of the chart", detail.Removed, detail.Added)
	}
	n := k.edit(path, Operation{Type: "restore", State: first.ID})
	if got := string(n.cell(t, "world").field(t, "corridors").Value); got != "5" {
		t.Errorf("corridors %s after restoring, want 5", got)
	}
	n = k.edit(path, Operation{Type: "undo"})
	if got := string(n.cell(t, "world").field(t, "corridors").Value); got != "7" {
		t.Errorf("corridors %s after undoing the restoration, want 7", got)
	}
}

func idText(id int64) string {
	b, _ := json.Marshal(id)
	return string(b)
}

func TestAStateOfAnotherNotebookIsNotRestored(t *testing.T) {
	states, st := withStates(t)
	k := newKit(t, states)
	path, _ := k.mine()
	foreign := store.NotebookState{Path: "notebooks/other.md", Text: "x", Why: store.ForRun}
	if _, err := st.CreateNotebookState(t.Context(), &foreign); err != nil {
		t.Fatal(err)
	}
	body := `{"type":"restore","state":` + idText(foreign.ID) + `}`
	e := k.refused(k.do(k.request(http.MethodPost, "/api/notebook/op?path="+path, body)), http.StatusNotFound)
	if !strings.Contains(e.Msg, "is not one of notebook") {
		t.Errorf("refusal %+v", e)
	}
}

func TestWorkIsKeptOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &countedStates{}
		k := newKit(t, func(c *Config) { c.States = kept })
		path, _ := k.mine()
		for i := range 150 { // an edit a second
			k.corridors(path, idText(int64(i%90+6)))
			time.Sleep(time.Second) // of the bubble's clock
		}
		if kept.n < 3 || kept.n > 4 {
			t.Errorf("%d states in 150 s, want the one before and one a minute", kept.n)
		}
		if err := k.s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// countedStates counts what it is asked to keep.
type countedStates struct {
	StateIndex
	n int
}

func (c *countedStates) CreateNotebookState(context.Context, *store.NotebookState) (bool, error) {
	c.n++
	return true, nil
}

func TestABoundThatMovedAfterRunsBeganIsShownWithItsOldValue(t *testing.T) {
	states, _ := withStates(t)
	k := newKit(t, states)
	path, _ := k.mine()
	k.edit(path, Operation{Type: "insert-cell", After: "run", Kind: "claim", Source: "name: gates\nvalue: last(success, lstm)\nholds: \">= 0.2\"\n"})
	var job Job
	k.post("/api/job?path="+path, JobRequest{Budget: "laptop"}, &job)
	k.edit(path, Operation{Type: "set-field", Cell: "claim-gates", Field: "holds", Value: json.RawMessage(`">= 0.1"`)})
	var res Results
	k.get("/api/results?path="+path, &res)
	if len(res.Moved) != 1 || res.Moved[0].Claim != "gates" || res.Moved[0].Was != ">= 0.2" {
		t.Errorf("moved bounds %+v, want that of gates, which was >= 0.2", res.Moved)
	}
	k.edit(path, Operation{Type: "undo"})
	if k.get("/api/results?path="+path, &res); len(res.Moved) != 0 {
		t.Errorf("moved bounds %+v after undo, want none", res.Moved)
	}
}

func TestOnePageWritesAndTheOthersTakeOver(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	hello := func(req PageRequest) string {
		var a PageAnswer
		k.post("/api/notebook/page?path="+path, req, &a)
		return a.Writer
	}
	if w := hello(PageRequest{Page: "one"}); w != "one" {
		t.Errorf("the first page is told that %q writes", w)
	}
	if w := hello(PageRequest{Page: "two"}); w != "one" {
		t.Errorf("the second page is told that %q writes", w)
	}
	edit := `{"type":"set-title","source":"Other","page":"two"}`
	e := k.refused(k.do(k.request(http.MethodPost, "/api/notebook/op?path="+path, edit)), http.StatusConflict)
	if e.Code != string(lab.Conflict) || !strings.Contains(e.Hint, "take over") {
		t.Errorf("refusal %+v", e)
	}
	if w := hello(PageRequest{Page: "two", Take: true}); w != "two" {
		t.Errorf("after taking over %q writes", w)
	}
	if n := k.edit(path, Operation{Type: "set-title", Source: "Other", Page: "two"}); n.Title != "Other" || n.Writer != "two" {
		t.Errorf("title %q, writer %q", n.Title, n.Writer)
	}
	hello(PageRequest{Page: "two", Leave: true})
	if w := hello(PageRequest{Page: "one"}); w != "one" {
		t.Errorf("after the writer left %q writes", w)
	}
}

func TestAPageThatIsNotHeardLosesTheRightToWrite(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	k := newKit(t, func(c *Config) { c.Now = func() time.Time { return now } })
	path, _ := k.mine()
	var a PageAnswer
	k.post("/api/notebook/page?path="+path, PageRequest{Page: "one"}, &a)
	now = now.Add(writerSilence + time.Second)
	if k.post("/api/notebook/page?path="+path, PageRequest{Page: "two"}, &a); a.Writer != "two" {
		t.Errorf("%q writes", a.Writer)
	}
}

func TestABrokenCellOffersItsLastGoodText(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	before := k.corridors(path, "9").cell(t, "world").Source
	n := k.edit(path, Operation{Type: "set-source", Cell: "world", Source: "endless-t-maze: {corridors: [9\n"})
	if c := n.cell(t, "world"); c.Good != before || len(n.Problems) == 0 {
		t.Errorf("good text %q, want %q", c.Good, before)
	}
	if c := n.cell(t, "agent"); c.Good != "" {
		t.Errorf("a cell without problems offers %q", c.Good)
	}
	n = k.edit(path, Operation{Type: "set-source", Cell: "world", Source: before})
	if c := n.cell(t, "world"); c.Good != "" || len(n.Problems) != 0 {
		t.Errorf("after going back: %q, problems %v", c.Good, n.Problems)
	}
}

func TestANewNotebookBeginsBlankFromAPaperOrAsACopy(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		name, path, title string
		req               NewRequest
	}{
		{"blank", "notebooks/new-notebook.md", "New notebook", NewRequest{From: "blank", Paper: "memory-rewriting"}},
		{"blank with a title", "notebooks/does-it-forget.md", "Does it forget?", NewRequest{From: "blank", Paper: "memory-rewriting", Title: "Does it forget?"}},
		{"a paper", "notebooks/memory-rewriting.md", "Is retention enough?", NewRequest{From: "paper", Paper: "memory-rewriting"}},
		{"a copy under a free name", "notebooks/memory-rewriting-2.md", "Is retention enough?", NewRequest{From: "copy", Path: "experiments/memory-rewriting.md"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n Notebook
			k.post("/api/notebook/new", c.req, &n)
			if n.Path != c.path || n.Title != c.title || len(n.Problems) != 0 || n.ReadOnly {
				t.Errorf("notebook %s %q, problems %v; want %s %q", n.Path, n.Title, n.Problems, c.path, c.title)
			}
			if _, err := os.Stat(filepath.Join(k.home, filepath.FromSlash(n.Path))); err != nil {
				t.Error(err)
			}
		})
	}
	body := `{"from":"nothing"}`
	if e := k.refused(k.do(k.request(http.MethodPost, "/api/notebook/new", body)), http.StatusBadRequest); !strings.Contains(e.Msg, "want one of") {
		t.Errorf("refusal %+v", e)
	}
}

func TestStaleNamesTheFieldsThatChangedSinceRunsWereMade(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	k.owner.sections = map[string]json.RawMessage{"agent": json.RawMessage(`{"kind":"lstm","width":64}`)}
	k.owner.stored = []store.Run{{Key: "old", Arm: "lstm", Seed: 0, Notebook: path, State: store.Done,
		Setup: lab.Setup{Sections: map[string]json.RawMessage{"agent": json.RawMessage(`{"kind":"lstm","width":32}`)}}}}
	k.owner.state = map[string]string{"laptop-gru-0": sched.Done}
	var s Stale
	k.get("/api/notebook/stale?path="+path, &s)
	if len(s.Fields) != 1 || s.Fields[0].Path != "agent.width" || s.Fields[0].Was != "32" || strings.Join(s.Fields[0].Arms, " ") != "lstm" {
		t.Errorf("fields %+v, want agent.width that was 32 for lstm", s.Fields)
	}
	if len(s.Runs) != 1 || s.Runs[0].With != "agent.width 32" {
		t.Errorf("runs %+v", s.Runs)
	}
}
