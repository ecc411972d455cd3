package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

// mine makes a notebook of the reader's own and returns its path and file.
func (k *kit) mine() (path, file string) {
	k.t.Helper()
	var n Notebook
	k.post("/api/notebook/copy?path=experiments/memory-rewriting.md", CopyRequest{Name: "mine"}, &n)
	return n.Path, filepath.Join(k.home, "notebooks", "mine.md")
}

func (k *kit) edit(path string, op Operation) Notebook {
	k.t.Helper()
	var res OpResult
	k.post("/api/notebook/op?path="+path, op, &res)
	return res.Notebook
}

func (n Notebook) cell(t *testing.T, id string) Cell {
	t.Helper()
	for _, c := range n.Cells {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no cell %q", id)
	return Cell{}
}

func (c Cell) field(t *testing.T, path string) FormField {
	t.Helper()
	for _, f := range c.Fields {
		if f.Field.Path == path {
			return f
		}
	}
	t.Fatalf("cell %q has no field %q", c.ID, path)
	return FormField{}
}

func TestANotebookArrivesWithItsForms(t *testing.T) {
	k := newKit(t)
	var n Notebook
	k.get("/api/notebook?path=experiments/memory-rewriting.md", &n)
	if !n.ReadOnly || n.Title != "Is retention enough?" || n.Paper != "memory-rewriting" || n.Revision == 0 || len(n.Problems) != 0 {
		t.Errorf("notebook %+v", n)
	}
	prose := n.Cells[0]
	for _, want := range []string{"<h1", `<span class="math">n</span>`, `<a href="https://example.org/p" rel="noopener noreferrer nofollow" target="_blank">`} {
		if !strings.Contains(prose.HTML, want) {
			t.Errorf("prose %s lacks %s", prose.HTML, want)
		}
	}
	agent := n.cell(t, "agent")
	if agent.Choice != "lstm" || strings.Join(agent.Kinds, " ") != "lstm gru" {
		t.Errorf("agent chooses %q of %q", agent.Choice, agent.Kinds)
	}
	if f := agent.field(t, "width"); string(f.Value) != "32" || !f.Set {
		t.Errorf("width %s, set %v; want 32 as the file says", f.Value, f.Set)
	}
	world := n.cell(t, "world")
	if f := world.field(t, "corridors"); string(f.Value) != "5" || !f.Set {
		t.Errorf("corridors %s, set %v", f.Value, f.Set)
	}
	if f := world.field(t, "noise"); string(f.Value) != "0" || f.Set {
		t.Errorf("noise %s, set %v; want the default", f.Value, f.Set)
	}
	if arms := string(n.cell(t, "arms").Value); arms != `{"lstm":{},"gru":{"agent.kind":"gru"}}` {
		t.Errorf("arms %s, want the order of the file", arms)
	}
}

func TestAnEditIsAppliedUndoneAndDoneAgain(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	set := Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("9")}
	if n := k.edit(path, set); string(n.cell(t, "world").field(t, "corridors").Value) != "9" || !n.CanUndo || n.CanRedo {
		t.Errorf("after the edit: %+v", n.cell(t, "world"))
	}
	if n := k.edit(path, Operation{Type: "undo"}); string(n.cell(t, "world").field(t, "corridors").Value) != "5" || n.CanUndo || !n.CanRedo {
		t.Errorf("after undo: %+v", n.cell(t, "world"))
	}
	if n := k.edit(path, Operation{Type: "redo"}); string(n.cell(t, "world").field(t, "corridors").Value) != "9" {
		t.Errorf("after redo: %+v", n.cell(t, "world"))
	}
	both := k.edit(path, Operation{Type: "set-fields", Cell: "world", Fields: []FieldValue{{"corridors", json.RawMessage("7")}, {"noise", json.RawMessage("0.5")}}})
	if w := both.cell(t, "world"); string(w.field(t, "corridors").Value) != "7" || string(w.field(t, "noise").Value) != "0.5" {
		t.Errorf("after an edit of two fields: %+v", w)
	}
	n := k.edit(path, Operation{Type: "undo"})
	if string(n.cell(t, "world").field(t, "corridors").Value) != "9" {
		t.Errorf("after its undo: %+v", n.cell(t, "world"))
	}
	n = k.edit(path, Operation{Type: "set-choice", Cell: "agent", Choice: "gru"})
	if c := n.cell(t, "agent"); c.Choice != "gru" || string(c.field(t, "width").Value) != "32" {
		t.Errorf("after the choice: %+v", c)
	}
	n = k.edit(path, Operation{Type: "insert-cell", After: "agent", Kind: "prose", Source: "A thought."})
	n = k.edit(path, Operation{Type: "set-source", Cell: n.Cells[3].ID, Source: "A <b>second</b> thought."})
	if c := n.Cells[3]; c.Source != "A <b>second</b> thought.\n" || strings.Contains(c.HTML, "<b>") {
		t.Errorf("prose %q %q", c.Source, c.HTML)
	}
}

func TestWrongEditsChangeNothingAndSayWhy(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	var before, after Notebook
	k.get("/api/notebook?path="+path, &before)
	cases := []struct {
		name, path, body, word string
		status                 int
	}{
		{"a value out of range", path, `{"type":"set-field","cell":"world","field":"corridors","value":1000}`, "1000", 400},
		{"an unknown operation", path, `{"type":"explode"}`, "explode", 400},
		{"no JSON", path, `{`, "not understood", 400},
		{"a shipped notebook", "experiments/memory-rewriting.md", `{"type":"undo"}`, "ships with Loci", 409},
		{"a cell that is gone", path, `{"type":"set-source","cell":"nowhere","source":"x"}`, "nowhere", 404},
		{"nothing to undo", path, `{"type":"undo"}`, "undo", 400},
		{"no clash to settle", path, `{"type":"take-theirs"}`, "choice", 409},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := k.refused(k.do(k.request("POST", "/api/notebook/op?path="+c.path, c.body)), c.status)
			if !strings.Contains(e.Msg, c.word) {
				t.Errorf("message %q lacks %q", e.Msg, c.word)
			}
		})
	}
	if k.get("/api/notebook?path="+path, &after); digest(before) != digest(after) {
		t.Error("a refused edit changed the notebook")
	}
}

func TestAnEditThatLostARaceIsAConflict(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	var n Notebook
	k.get("/api/notebook?path="+path, &n)
	world, agent := n.cell(t, "world"), n.cell(t, "agent")
	k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("7"), Revision: n.Revision})
	late := Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("8"), Revision: n.Revision, Hash: world.Hash}
	body, err := json.Marshal(late)
	if err != nil {
		t.Fatal(err)
	}
	if e := k.refused(k.do(k.request("POST", "/api/notebook/op?path="+path, string(body))), 409); e.Code != "conflict" {
		t.Errorf("error %+v", e)
	}
	n = k.edit(path, Operation{Type: "set-field", Cell: "agent", Field: "width", Value: json.RawMessage("16"), Revision: n.Revision, Hash: agent.Hash})
	if string(n.cell(t, "agent").field(t, "width").Value) != "16" || string(n.cell(t, "world").field(t, "corridors").Value) != "7" {
		t.Error("an edit of another cell is no race")
	}
}

func TestEditsReachTheDiskWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		path, file := k.mine()
		before := k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("9")})
		pass(time.Second)
		if text := read(t, file); !strings.Contains(text, "corridors: 9") {
			t.Errorf("after a second the file says %s", text)
		}
		var n Notebook
		if k.get("/api/notebook?path="+path, &n); n.SavedMS == 0 || n.Revision <= before.Revision {
			t.Errorf("saved at %d, revision %d after %d: the page would not show the save", n.SavedMS, n.Revision, before.Revision)
		}
		if err := k.s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestClosingWritesWhatIsNotOnDiskYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		path, file := k.mine()
		k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("11")})
		if err := k.s.Close(); err != nil {
			t.Fatal(err)
		}
		if text := read(t, file); !strings.Contains(text, "corridors: 11") {
			t.Errorf("the file says %s", text)
		}
	})
}

func TestAChangeFromOutsideIsTakenInMergedOrAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		path, file := k.mine()
		var n Notebook
		later := func(change func(string) string) { // another program saves, a moment later than we read
			t.Helper()
			text := change(read(t, file))
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			stamp := time.Now().Add(time.Hour)
			if err := os.Chtimes(file, stamp, stamp); err != nil {
				t.Fatal(err)
			}
		}
		swap := func(old, new string) func(string) string {
			return func(text string) string { return strings.Replace(text, old, new, 1) }
		}
		settle := func() {
			t.Helper()
			pass(time.Second)
			k.get("/api/notebook?path="+path, &n)
		}

		later(swap("corridors: 5", "corridors: 6"))
		if settle(); string(n.cell(t, "world").field(t, "corridors").Value) != "6" || n.Clash || !n.CanUndo {
			t.Errorf("a change of an untouched notebook was not taken in: %+v", n.Problems)
		}

		k.edit(path, Operation{Type: "set-field", Cell: "agent", Field: "width", Value: json.RawMessage("128")})
		later(swap("corridors: 6", "corridors: 7"))
		settle()
		if text := read(t, file); !strings.Contains(text, "corridors: 7") || !strings.Contains(text, "width: 128") || n.Clash {
			t.Errorf("changes of two places were not merged: %s", text)
		}

		k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("20")})
		later(swap("corridors: 7", "corridors: 30"))
		if settle(); !n.Clash || len(n.Problems) == 0 || !strings.Contains(n.Problems[0].Msg, "changed outside") {
			t.Fatalf("a clash was not asked about: %+v", n.Problems)
		}
		if text := read(t, file); !strings.Contains(text, "corridors: 30") {
			t.Errorf("the text of the other program was overwritten: %s", text)
		}
		n = k.edit(path, Operation{Type: "keep-mine"})
		if settle(); n.Clash || !strings.Contains(read(t, file), "corridors: 20") {
			t.Errorf("our text was not written after the choice: %s", read(t, file))
		}

		k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("21")})
		later(swap("corridors: 20", "corridors: 31"))
		settle()
		n = k.edit(path, Operation{Type: "take-theirs"})
		if settle(); n.Clash || string(n.cell(t, "world").field(t, "corridors").Value) != "31" || !strings.Contains(read(t, file), "corridors: 31") {
			t.Errorf("the text of the file was not taken: %s", read(t, file))
		}
		if err := k.s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
