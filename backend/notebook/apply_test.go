package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// open parses the good notebook.
func open(t *testing.T, src string) State {
	t.Helper()
	d, problems := Parse("good.md", []byte(src), testVocab{})
	if len(problems) > 0 {
		t.Fatalf("the notebook has problems: %v", problems)
	}
	return NewState(d)
}

func field(cell, path, value string) Op {
	return &SetField{Cell: cell, Path: path, Value: json.RawMessage(value)}
}

// fields sets several: path, value, path, value.
func fields(cell string, pairs ...string) Op {
	op := &SetFields{Cell: cell}
	for i := 0; i < len(pairs); i += 2 {
		op.Fields = append(op.Fields, FieldValue{pairs[i], json.RawMessage(pairs[i+1])})
	}
	return op
}

// diff lists the lines that differ, with - and +.
func diff(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out []string
	for _, l := range a {
		out = append(out, "-"+l)
	}
	for _, l := range b {
		out = append(out, "+"+l)
	}
	return strings.Join(out, "\n")
}

func TestAnEditChangesItsLinesAndNoOthers(t *testing.T) {
	for _, c := range []struct {
		name string
		op   Op
		want string
	}{
		{"a knob that is there keeps its comment", field("agent", "width", "128"),
			"-width: 64            # numbers in the state\n+width: 128            # numbers in the state"},
		{"a key that is not there gets a line", field("run", "model", `"endpoint here"`), "+model: endpoint here"},
		{"null takes a knob away", field("rl", "rate", "null"), "-rate: 3e-4"},
		{"a world in short form keeps it", field("world", "length", "7"),
			"-endless-t-maze: {corridors: 5, length: 5}\n+endless-t-maze: {corridors: 5, length: 7}"},
		{"a new knob of a world in short form", field("world", "regime", `"uniform"`),
			"-endless-t-maze: {corridors: 5, length: 5}\n+endless-t-maze: {corridors: 5, length: 5, regime: uniform}"},
		{"the first knob of a world in short form goes", field("world", "corridors", "null"),
			"-endless-t-maze: {corridors: 5, length: 5}\n+endless-t-maze: {length: 5}"},
		{"seeds of the run", field("run", "seeds", `"100-104"`), "-seeds: 5\n+seeds: 100-104"},
		{"a field inside a field", field("run", "fast/seeds", "3"),
			"-fast: {arms: [lstm, gru], cases: [n5], seeds: 2}\n+fast: {arms: [lstm, gru], cases: [n5], seeds: 3}"},
		{"a list", field("run", "fast/arms", `["lstm"]`),
			"-fast: {arms: [lstm, gru], cases: [n5], seeds: 2}\n+fast: {arms: [lstm], cases: [n5], seeds: 2}"},
		{"an override of an arm that had none", field("arms", "lstm/agent.forget_bias", "2"), "-lstm: {}\n+lstm: {agent.forget_bias: 2}"},
		{"a new arm", field("arms", "mlp", `{"agent.kind": "rnn", "agent.width": 32}`), "+mlp: {agent.kind: rnn, agent.width: 32}"},
		{"an override of a case in block form", field("cases", "corridors/n1/world.corridors", "2"),
			"-  n1: {world.corridors: 1}\n+  n1: {world.corridors: 2}"},
		{"a new case in block form", field("cases", "corridors/n10", `{"world.corridors": 10}`), "+  n10: {world.corridors: 10}"},
		{"a bound keeps its quotes because it needs them", field("claim-gates", "holds", `">= 0.3"`), "-holds: \">= 0.2\"\n+holds: '>= 0.3'"},
		{"a sentence", field("claim-gates", "why", `"gates: they help"`), "+why: 'gates: they help'"},
		{"the title", &SetTitle{Title: "Retention: is it enough?"}, "-title: Is retention enough?\n+title: 'Retention: is it enough?'"},
		{"prose", &SetProse{Cell: "prose-3", Text: "The very end."}, "-The end.\n+The very end."},
		{"several fields at once", fields("run", "seeds", `"0-3"`, "model", `"tiny"`), "-seeds: 5\n-budget: laptop\n-fast: {arms: [lstm, gru], cases: [n5], seeds: 2}\n+seeds: 0-3\n+budget: laptop\n+fast: {arms: [lstm, gru], cases: [n5], seeds: 2}\n+model: tiny"},
		{"a cell as text", &SetCell{Cell: "rl", Text: "kind: ppo\nsteps: 2000"}, "-steps: 1e6\n-rate: 3e-4\n+steps: 2000"},
		{"a new cell at the end", &InsertCell{After: "prose-3", Kind: NoteKind, Text: "text: seen"}, "+```yaml note\n+text: seen\n+```\n+"},
		{"a new cell in between", &InsertCell{After: "run", Kind: Prose, Text: "Then it runs."}, "+Then it runs.\n+"},
		{"a new cell at the top", &InsertCell{Kind: Prose, Text: "First."}, "+First.\n+"},
		{"a deleted cell takes its blank line along", &DeleteCell{Cell: "prose-1"}, "-# Is retention enough?\n-\n-Success over $n$ corridors is a product.\n-"},
		{"the last cell leaves no blank line", &DeleteCell{Cell: "prose-3"}, "-The end.\n-"},
		{"a move to where it is", &MoveCell{Cell: "run", After: "cases"}, ""},
		{"the same value in another form", field("rl", "steps", "1000000"), "-steps: 1e6\n+steps: 1000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, good)
			next, _, err := Apply(s, c.op)
			if err != nil {
				t.Fatal(err)
			}
			if got := diff(good, string(Print(next.Doc))); got != c.want {
				t.Errorf("changed\n%s\nwant\n%s", got, c.want)
			}
			if len(next.Doc.Problems()) > 0 {
				t.Errorf("problems: %v", next.Doc.Problems())
			}
		})
	}
}

func TestAnotherKindTakesTheKnobsAwayThatItLacks(t *testing.T) {
	const cell = "kind: lstm           # gated\nclamp: true\nwidth: 32            # numbers\n"
	src := strings.Replace(front+"```yaml world\nendless-t-maze: {length: 3, noise: 0}\n```\n\n```yaml agent\nAGENT```\n", "AGENT", cell, 1)
	s := must(t, open(t, src), field("agent", "kind", `"gru"`))
	if got, want := diff(src, string(Print(s.Doc))), "-kind: lstm           # gated\n-clamp: true\n+kind: gru           # gated"; got != want {
		t.Errorf("changed\n%s\nwant\n%s", got, want)
	}
	op := field("world", "kind", `"color-cubes"`).(*SetField)
	op.Revision = 1
	s = must(t, s, op)
	if world, _ := s.Doc.Cell("world"); world.Text != "color-cubes: {}\n" {
		t.Errorf("world in short form became %q", world.Text)
	}
}

func TestAMovedCellIsTheSameCellElsewhere(t *testing.T) {
	s := open(t, good)
	next, _, err := Apply(s, &MoveCell{Cell: "claim-gates", After: "prose-1"})
	if err != nil {
		t.Fatal(err)
	}
	ids := cellIDs(next.Doc)
	want := []string{"prose-1", "claim-gates", "world", "agent", "rl", "prose-2", "arms", "cases", "run", "chart-success", "prose-3"}
	if !slices.Equal(ids, want) {
		t.Fatalf("cells %v, want %v", ids, want)
	}
	before, _ := s.Doc.Cell("claim-gates")
	moved, _ := next.Doc.Cell("claim-gates")
	if before.Hash() != moved.Hash() {
		t.Error("the move changed the text of the cell")
	}
	back, _, err := Apply(next, &MoveCell{Base: Base{Revision: 1}, Cell: "claim-gates", After: "run"})
	if err != nil || string(Print(back.Doc)) != good {
		t.Errorf("moving it back gives another text (%v):\n%s", err, diff(good, string(Print(back.Doc))))
	}
}

func TestARefusedEditSaysWhyAndChangesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		op   Op
		code lab.Code
		msg  string
	}{
		{"a value out of bounds", field("agent", "width", "1000"), lab.Invalid, "agent.width is 1000, want 1 to 512"},
		{"one of several values out of bounds", fields("agent", "forget_bias", "2", "width", "1000"), lab.Invalid, "agent.width is 1000, want 1 to 512"},
		{"several fields of prose", fields("prose-1", "kind", "1"), lab.Invalid, `cell "prose-1" has no field ""`},
		{"a knob that is none", field("agent", "lamda", "1"), lab.Invalid, `agent "lstm" has no knob "lamda", want one of "width", "forget_bias", "clamp"`},
		{"a kind that is none", field("agent", "kind", `"transformer"`), lab.Invalid, `agent has no kind "transformer", want one of "lstm", "gru", "rnn", "mlp"`},
		{"a kind that an arm's knob does not fit", field("arms", "gru/agent.clamp", "true"), lab.Invalid, `agent "gru" has no knob "clamp", want one of "width"`},
		{"an arm that a claim reads", field("arms", "gru", "null"), lab.Invalid, `there is no arm "gru", want one of lstm, clamped, rnn`},
		{"a text that ends its fence", &SetCell{Cell: "agent", Text: "kind: lstm\n```\nmore"}, lab.Invalid, "the text would end its cell or swallow the next one"},
		{"prose that opens a cell", &SetProse{Cell: "prose-3", Text: "```yaml rl\nkind: ppo\n```"}, lab.Invalid, "the text would end its cell or swallow the next one"},
		{"prose that swallows what follows", &SetProse{Cell: "prose-1", Text: "~~~\ncode"}, lab.Invalid, "the text would end its cell or swallow the next one"},
		{"prose of nothing", &SetProse{Cell: "prose-1", Text: " \n"}, lab.Invalid, "the text is empty, want some prose"},
		{"prose into a fence", &SetProse{Cell: "agent", Text: "x"}, lab.Invalid, `cell "agent" is of kind agent, want prose`},
		{"a kind of cell that is none", &InsertCell{Kind: "calim", Text: "x: 1"}, lab.Invalid, `cell kind is "calim", want one of prose, world, agent, memory, rl, arms, cases, run, sweep, chart, table, claim, memory-view, note`},
		{"a cell that never was", &DeleteCell{Cell: "claim-x"}, lab.NotFound, `there is no cell "claim-x", want one of prose-1, world, agent, rl, prose-2, arms, cases, run, claim-gates, chart-success, prose-3`},
		{"a title of two lines", &SetTitle{Title: "a\nb"}, lab.Invalid, `the title is "a\nb", want one line of text`},
		{"no undo before an edit", &Undo{}, lab.Invalid, "there is nothing to undo"},
		{"another revision", &SetTitle{Base: Base{Revision: 3}, Title: "x"}, lab.Conflict, "the notebook is at revision 0, the operation was made for 3"},
		{"another text of the cell", &DeleteCell{Cell: "agent", Hash: "0"}, lab.Conflict, `cell "agent" has changed since`},
		{"a cell that somebody deleted", &DeleteCell{Base: Base{Revision: 7}, Cell: "gone", Hash: "0"}, lab.Conflict, `cell "gone" was deleted or renamed since`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, good)
			next, effects, err := Apply(s, c.op)
			if lab.CodeOf(err) != c.code || err == nil || err.Error() != c.msg {
				t.Errorf("error %v (%s)\nwant  %s (%s)", err, lab.CodeOf(err), c.msg, c.code)
			}
			if next.Doc != s.Doc || next.Revision != 0 || effects != nil || next.CanUndo() {
				t.Errorf("the state changed: revision %d, effects %v", next.Revision, effects)
			}
		})
	}
}

func TestAnEditForAnUnchangedCellWinsARace(t *testing.T) {
	s := open(t, good)
	agent, _ := s.Doc.Cell("agent")
	s, _, err := Apply(s, &SetTitle{Title: "Another"})
	if err != nil {
		t.Fatal(err)
	}
	op := field("agent", "width", "32").(*SetField)
	if _, _, err := Apply(s, op); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("without the hash: %v, want a conflict", err)
	}
	op.Hash = agent.Hash()
	if _, _, err := Apply(s, op); err != nil {
		t.Errorf("with the hash of the text as it still is: %v", err)
	}
}

func TestUndoAndRedoRestoreTheBytes(t *testing.T) {
	s := open(t, good)
	texts := []string{good}
	for i := range UndoSteps + 5 {
		var err error
		op := field("agent", "width", fmt.Sprint(i+100)).(*SetField)
		op.Revision, op.At = s.Revision, int64(i)
		if s, _, err = Apply(s, op); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(Print(s.Doc)))
	}
	last := len(texts) - 1
	for i := 1; i <= UndoSteps; i++ {
		s = must(t, s, &Undo{Base{Revision: s.Revision}})
		if string(Print(s.Doc)) != texts[last-i] {
			t.Fatalf("undo %d gives another text", i)
		}
	}
	if s.CanUndo() {
		t.Errorf("more than %d steps can be undone", UndoSteps)
	}
	for i := UndoSteps - 1; i >= 0; i-- {
		s = must(t, s, &Redo{Base{Revision: s.Revision}})
		if string(Print(s.Doc)) != texts[last-i] {
			t.Fatalf("redo to %d gives another text", last-i)
		}
	}
	s = must(t, s, &Undo{Base{Revision: s.Revision}})
	s = must(t, s, &SetTitle{Base: Base{Revision: s.Revision}, Title: "new"})
	if s.CanRedo() {
		t.Error("an edit after an undo leaves a redo that would not fit")
	}
}

func must(t *testing.T, s State, op Op) State {
	t.Helper()
	next, _, err := Apply(s, op)
	if err != nil {
		t.Fatalf("%s: %v", op.Type(), err)
	}
	return next
}

func TestEffectsNameWhatChanged(t *testing.T) {
	s := open(t, good)
	for _, c := range []struct {
		name string
		op   Op
		want string
	}{
		{"a knob", field("agent", "width", "32"), "[{} {[agent]} {}]"},
		{"prose", &SetProse{Cell: "prose-3", Text: "End."}, "[{} {[prose-3]}]"},
		{"the last cell", &DeleteCell{Cell: "prose-3"}, "[{} {[prose-3]}]"},
		{"nothing", field("agent", "width", "64"), "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, effects, err := Apply(s, c.op)
			if got := fmt.Sprint(effects); err != nil || got != c.want {
				t.Errorf("effects %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestABrokenTextIsKeptAndItsCellHasAProblem(t *testing.T) {
	s := must(t, open(t, good), &SetCell{Cell: "agent", Text: "kind: lstm\nwidth: [1"})
	cell, _ := s.Doc.Cell("agent")
	if cell.Value != nil || len(s.Doc.Problems()) != 1 || s.Doc.Problems()[0].Cell != "agent" {
		t.Fatalf("value %v, problems %v", cell.Value, s.Doc.Problems())
	}
	if _, err := Resolve(s.Doc, "", Overrides{}); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a broken notebook resolves: %v", err)
	}
	s = must(t, s, &Undo{Base{Revision: 1}})
	if string(Print(s.Doc)) != good {
		t.Error("undo does not bring the text back")
	}
}

func TestEveryOperationSurvivesJSON(t *testing.T) {
	for _, op := range Ops() {
		raw, err := MarshalOp(op)
		if err != nil {
			t.Fatal(err)
		}
		back, err := UnmarshalOp(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		again, err := MarshalOp(back)
		if err != nil || string(again) != string(raw) || back.Type() != op.Type() {
			t.Errorf("%s comes back as %s (%v)", raw, again, err)
		}
	}
	for raw, want := range map[string]string{
		`{"type":"set-titel"}`:        `operation type is "set-titel", want one of insert-cell, delete-cell, move-cell, set-cell, set-prose, set-field, set-fields, set-title, set-source, undo, redo`,
		`{"type":"undo","revison":1}`: `operation "undo" cannot be read: json: unknown field "revison"`,
		`{"revision":1}`:              `the operation has no type, want one of insert-cell, delete-cell, move-cell, set-cell, set-prose, set-field, set-fields, set-title, set-source, undo, redo`,
		`[1]`:                         `the operation is no JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage`,
	} {
		if _, err := UnmarshalOp([]byte(raw)); err == nil || err.Error() != want || !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%s: %v\nwant %s", raw, err, want)
		}
	}
}

func TestANotebookWithWindowsLineEndsKeepsThem(t *testing.T) {
	s := open(t, strings.ReplaceAll(good, "\n", "\r\n"))
	for _, op := range []Op{
		field("agent", "width", "128"), field("run", "model", `"endpoint x"`), field("cases", "corridors/n10", `{"world.corridors": 10}`),
		&InsertCell{After: "run", Kind: NoteKind, Text: "text: a\ndate: 2026-01-02"}, &SetProse{Cell: "prose-3", Text: "a\n\nb"},
		&SetTitle{Title: "Other"}, &MoveCell{Cell: "claim-gates"}, &DeleteCell{Cell: "chart-success"}, &SetCell{Cell: "rl", Text: "kind: ppo\nsteps: 5"},
	} {
		raw, err := MarshalOp(op)
		if err != nil {
			t.Fatal(err)
		}
		op, err = UnmarshalOp([]byte(strings.Replace(string(raw), `"revision":0`, fmt.Sprintf(`"revision":%d`, s.Revision), 1)))
		if err != nil {
			t.Fatal(err)
		}
		s = must(t, s, op)
		text := string(Print(s.Doc))
		if strings.Count(text, "\n") != strings.Count(text, "\r\n") || len(s.Doc.Problems()) > 0 {
			t.Fatalf("after %s: mixed line ends or problems %v", op.Type(), s.Doc.Problems())
		}
	}
}
