package notebook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// FuzzParse: never a panic, Print gives the bytes back, and parsing what was printed gives the same cells and problems.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{good, rewriting, front, "", "---", "---\n---", front + "```yaml agent", front + "~~~~yaml rl\nkind: ppo\n~~~~\n",
		front + "# a\n#b\n####### c\n\n\n```go\n# no heading\n```\n", front + "```yaml world\n? {a: 1}\n: b\n```\n", front + "```yaml arms\na: &x {b: *x}\n```",
		front + "```yaml cases\n: {}\n? \n```\n", front + "```yaml run\nseeds: [[1]]\nfast:\n  seeds: 0x1\n```\r\n", front + "```yaml note\ntext: |\n  a\n  b\n```\n"} {
		f.Add([]byte(seed))
	}
	files, err := filepath.Glob("testdata/problems/*.md")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d notebooks with mistakes (%v), want at least 100", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, problems := Parse("fuzz.md", src, testVocab{})
		if string(Print(d)) != string(src) {
			t.Fatal("Print gives other bytes back")
		}
		again, more := Parse("fuzz.md", Print(d), testVocab{})
		if !reflect.DeepEqual(d.Cells, again.Cells) || !reflect.DeepEqual(problems, more) || d.Front != again.Front {
			t.Fatal("parsing what was printed gives another document")
		}
		invariants(t, d)
		runs, err := Resolve(d, "fast", Overrides{})
		if len(problems) > 0 && err == nil {
			t.Fatalf("%d problems, but %d runs", len(problems), len(runs))
		}
		if err != nil && lab.CodeOf(err) == lab.Internal {
			t.Fatalf("an internal error: %v", err)
		}
	})
}

// invariants hold for every document, however broken.
func invariants(t *testing.T, d *Document) {
	t.Helper()
	text, at, seen := string(Print(d)), 0, map[string]bool{}
	for _, c := range d.Cells {
		if c.Span.Start < at || c.Span.End < c.Span.Start || text[c.Span.Start:c.Span.End] != c.raw {
			t.Fatalf("cell %s has the wrong span %+v", c.ID, c.Span)
		}
		if seen[c.ID] {
			t.Fatalf("two cells have the id %s", c.ID)
		}
		if placeOf(text, c.Span.Start).Line != c.Span.First {
			t.Fatalf("cell %s begins on line %d, not %d", c.ID, placeOf(text, c.Span.Start).Line, c.Span.First)
		}
		if !json.Valid(c.JSON()) {
			t.Fatalf("cell %s has a value that JSON cannot hold", c.ID)
		}
		seen[c.ID], at = true, c.Span.End
	}
	for _, p := range d.problems {
		if p.Line < 1 || p.Column < 1 || p.Msg == "" || p.Hint == "" {
			t.Fatalf("problem without a place, message or hint: %+v", p)
		}
		if p.Cell != "" && !seen[p.Cell] {
			t.Fatalf("problem of a cell that is not there: %+v", p)
		}
	}
}

// FuzzApply: random operations keep the invariants, a replay of those that were applied gives the same state, and undo restores the
// bytes. The input is a program: each operation takes a few bytes.
func FuzzApply(f *testing.F) {
	for _, seed := range []string{"", "\x00\x01\x02\x03\x04\x05", "\x05\x03\x00\x05\x02\x01\x05\x08\x07", "\x02\x08\x01\x08\x08\x09\x09", "\x01\x00\x01\x00\x01\x00\x08\x08\x08",
		"\x03\x02\x01\x03\x04\x05\x04\x01\x02\x00\x01\x02\x03", "\x05\x06\x07\x05\x05\x05\x05\x04\x03\x05\x07\x0a\x06\x00\x01\x07\x02\x08\x09"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 64 {
			program = program[:64]
		}
		start := newFuzzState()
		s := start
		var log []Op
		for next := (&tape{program}); len(next.b) > 0; {
			op := randomOp(s, next)
			text := string(Print(s.Doc))
			after, effects, err := Apply(s, op)
			if string(Print(s.Doc)) != text {
				t.Fatal("Apply changed the state that it was given")
			}
			if err != nil {
				if after.Doc != s.Doc || after.Revision != s.Revision || effects != nil {
					t.Fatalf("%s failed and changed the state", op.Type())
				}
				continue
			}
			if after.Revision != s.Revision {
				log = append(log, op)
				checkUndo(t, after, text, op)
			}
			invariants(t, after.Doc)
			s = after
		}
		replay(t, start, log, s)
	})
}

func newFuzzState() State {
	d, _ := Parse("fuzz.md", []byte(good), testVocab{})
	return NewState(d)
}

func checkUndo(t *testing.T, s State, want string, op Op) {
	t.Helper()
	var back Op = &Undo{Base{Revision: s.Revision}}
	if op.Type() == "undo" {
		back = &Redo{Base{Revision: s.Revision}}
	}
	before, _, err := Apply(s, back)
	if err != nil || string(Print(before.Doc)) != want {
		t.Fatalf("%s after %s does not restore the bytes (%v)", back.Type(), op.Type(), err)
	}
}

func replay(t *testing.T, s State, log []Op, want State) {
	t.Helper()
	for _, op := range log {
		raw, err := MarshalOp(op)
		if err != nil {
			t.Fatal(err)
		}
		if op, err = UnmarshalOp(raw); err != nil {
			t.Fatal(err)
		}
		if s, _, err = Apply(s, op); err != nil {
			t.Fatalf("replay of %s: %v", raw, err)
		}
	}
	if string(Print(s.Doc)) != string(Print(want.Doc)) || s.Revision != want.Revision || len(s.undo) != len(want.undo) || len(s.redo) != len(want.redo) {
		t.Fatal("the replay gives another state")
	}
}

// tape hands out bytes; after the end it hands out zeros.
type tape struct{ b []byte }

func (t *tape) pick(n int) int {
	if len(t.b) == 0 || n == 0 {
		return 0
	}
	v := int(t.b[0]) % n
	t.b = t.b[1:]
	return v
}

func randomOp(s State, next *tape) Op {
	texts := []string{"", "Prose.", "# Head\n\ntext\n", "kind: gru\nwidth: 3\n", "name: c2\nvalue: last(success, lstm)\nholds: '>= 1'", "```\n", "~~~", "a:\n  b: 1 # c\n\n",
		"lstm: {agent.width: 3}\n", "```yaml rl\nkind: ppo\n```", "x\r\ny\r\n", "{a: 1}"}
	values := []string{"null", "1", "2.5", `"gru"`, "true", `["lstm"]`, `{"agent.width": 2}`, `"a: #b"`, "1e3", `"0-1"`, `"two\nlines"`, `{}`, "[]"}
	paths := []string{"kind", "width", "corridors", "seeds", "fast/seeds", "fast", "lstm/agent.width", "corridors/n1", "gru", "value", "holds", "name", "why", "budget", "metric", "x/y/z"}
	kinds := append(FencedKinds(), Prose)
	ids := append(cellIDs(s.Doc), "")
	base := Base{Revision: s.Revision, At: int64(next.pick(256))}
	switch next.pick(len(Ops())) {
	case 0:
		return &InsertCell{base, ids[next.pick(len(ids))], kinds[next.pick(len(kinds))], texts[next.pick(len(texts))]}
	case 1:
		return &DeleteCell{base, ids[next.pick(len(ids))], ""}
	case 2:
		return &MoveCell{base, ids[next.pick(len(ids))], "", ids[next.pick(len(ids))]}
	case 3:
		return &SetCell{base, ids[next.pick(len(ids))], "", texts[next.pick(len(texts))]}
	case 4:
		return &SetProse{base, ids[next.pick(len(ids))], "", texts[next.pick(len(texts))]}
	case 5:
		return &SetField{base, ids[next.pick(len(ids))], "", paths[next.pick(len(paths))], json.RawMessage(values[next.pick(len(values))])}
	case 6:
		return &SetTitle{base, texts[next.pick(len(texts))]}
	case 7:
		return &SetSource{base, []string{good, front + texts[next.pick(len(texts))], texts[next.pick(len(texts))]}[next.pick(3)]}
	case 8:
		return &Undo{base}
	case 9:
		op := &SetFields{base, ids[next.pick(len(ids))], "", nil}
		for range next.pick(4) {
			op.Fields = append(op.Fields, FieldValue{paths[next.pick(len(paths))], json.RawMessage(values[next.pick(len(values))])})
		}
		return op
	}
	return &Redo{base}
}
