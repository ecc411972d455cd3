package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/pipe"
	"github.com/loci-lab/loci/backend/pipe/pipetest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

const (
	document = "../../../docs/line-protocol.md"
	example  = "../../../docs/examples/ten_line_memory.py"
	greeted  = `< {"id":ID,"out":{"version":1,"name":"liar"}}`
)

func TestMain(m *testing.M) { pipetest.Main(m) }

// events keeps the operations of a bank and rebuilds it from them.
type events struct {
	t      *testing.T
	all    []lab.Memory
	replay mem.Replay
}

func (e *events) Emit(ev lab.Event) error {
	e.t.Helper()
	op := ev.(lab.Memory)
	if err := e.replay.Apply(op); err != nil {
		e.t.Error(err)
	}
	e.all = append(e.all, op)
	return nil
}

// cut goes back to the first n operations, as a record does whose run goes on from a checkpoint.
func (e *events) cut(n int) {
	e.t.Helper()
	first := e.all[:n]
	e.all, e.replay = nil, mem.Replay{}
	for _, ev := range first {
		must(e.t, e.Emit(ev))
	}
}

func open(t *testing.T, command []string) (*Memory, *events, error) {
	t.Helper()
	e := &events{t: t}
	m, err := New(t.Context(), Knobs{Command: command, Timeout: 60, K: 1}, mem.Env{Log: &mem.Log{Emit: e}}, nil)
	if err == nil {
		t.Cleanup(func() { _ = m.Close() })
	}
	return m, e, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told plays what the transcript of the document shows.
func told(t *testing.T, command []string) *events {
	t.Helper()
	ctx := t.Context()
	m, e, err := open(t, command)
	must(t, err)
	must(t, m.Write(ctx, lab.Experience{Kind: lab.ToldTurn, Key: "where is the cup", Text: "the cup is in the hall", When: 1, Labels: []string{"secret"}}))
	must(t, m.Write(ctx, lab.Experience{Kind: lab.OneStep, Key: "door", Text: "door green paid", When: 2, Scored: true, Reward: 1, Success: true}))
	r, err := m.Read(ctx, mem.Query{Text: "which door", Now: 3})
	must(t, err)
	if !reflect.DeepEqual(r.Lines(), []string{"door green paid"}) || len(r.Hits) != 2 || r.Hits[1].Used || r.Hits[1].Why == "" {
		t.Errorf("recalled %+v", r)
	}
	must(t, m.Manage(ctx, mem.Outcome{At: mem.AfterStep, Now: 3, Used: append(r.IDs(), "gone"), Scored: true, Reward: 1, Success: true}))
	var kept bytes.Buffer
	must(t, m.Snapshot(&kept))
	must(t, m.Restore(&kept))
	return e
}

func TestTheTranscriptOfTheDocumentIsWhatIsSpoken(t *testing.T) {
	e := told(t, pipetest.Command(t, pipetest.Transcript(t, document, "ten_line_memory.py")...))
	if len(e.all) != 3 || e.all[2].Op != lab.OpRead || e.all[0].Reason != "all is kept" || e.all[2].Size != 2 {
		t.Errorf("%+v", e.all)
	}
}

func TestTheTenLinesOfPythonAreTheMemoryOfTheDocument(t *testing.T) {
	python := pipetest.Python(t)
	pipetest.Speak(t, pipetest.Transcript(t, document, "ten_line_memory.py"), python, example)
	told(t, []string{python, example})
}

func TestAProgramThatDiedIsStartedAgainByRestoreWithItsState(t *testing.T) {
	python := pipetest.Python(t)
	m, e, err := open(t, []string{python, example})
	must(t, err)
	for _, text := range []string{"a cup", "a door", "a lamp"} {
		must(t, m.Write(t.Context(), lab.Experience{Kind: lab.ToldTurn, Text: text}))
	}
	var kept bytes.Buffer
	must(t, m.Snapshot(&kept))
	must(t, m.Write(t.Context(), lab.Experience{Kind: lab.ToldTurn, Text: "lost"}))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = m.process.Close()
	if _, err := m.Read(gone, mem.Query{Text: "lamp"}); err == nil {
		t.Fatal("a program that ended answers")
	}
	must(t, m.Restore(bytes.NewReader(kept.Bytes())))
	e.cut(3)
	r, err := m.Read(t.Context(), mem.Query{Text: "lamp"})
	must(t, err)
	if !reflect.DeepEqual(r.Lines(), []string{"a lamp"}) || m.Banks()[0].Len() != 3 {
		t.Errorf("recalled %q of %d", r.Lines(), m.Banks()[0].Len())
	}
	other, _, err := open(t, []string{python, example})
	must(t, err)
	must(t, other.Restore(bytes.NewReader(kept.Bytes())))
	var again bytes.Buffer
	must(t, other.Snapshot(&again))
	if !bytes.Equal(kept.Bytes(), again.Bytes()) {
		t.Errorf("kept %q, then %q", kept.Bytes(), again.Bytes())
	}
	must(t, other.Close())
	if err := other.Restore(bytes.NewReader(kept.Bytes())); err == nil {
		t.Error("a memory that was closed is started again")
	}
}

// wrote is a reply that writes entry a.
const wrote = `< {"id":ID,"out":{"changes":[{"op":"write","entry":{"id":"a","text":"one","numbers":{"uses":1},"labels":["x"]}}]}}`

func TestALieEndsTheRunAndIsNamed(t *testing.T) {
	entryA := `{"id":"a","text":"one","numbers":{"uses":1},"labels":["x"]}`
	cases := []struct{ name, verb, reply, want string }{
		{"an id that is there already", "write", `{"changes":[{"op":"write","entry":` + entryA + `}]}`, `change 0 (write): entry "a" is there already`},
		{"a change of what is not there", "write", `{"changes":[{"op":"change","entry":{"id":"b","text":"x"}}]}`, `entry "b" is not there, 1 others are`},
		{"a deletion of what is not there", "manage", `{"changes":[{"op":"delete","id":"a"},{"op":"delete","id":"a"}]}`, `change 1 (delete): entry "a" is not there`},
		{"an operation that does not exist", "manage", `{"changes":[{"op":"read","id":"a"}]}`, `op is "read", want one of write, change, delete, merge`},
		{"a write without an entry", "manage", `{"changes":[{"op":"write","id":"b"}]}`, `want entry with write and change`},
		{"an entry without an id", "manage", `{"changes":[{"op":"write","entry":{"text":"x"}}]}`, `entry has no id`},
		{"a merge into another id", "manage", `{"changes":[{"op":"merge","ids":["a"],"entry":{"id":"b","text":"x"}}]}`, `has id "b", want "a"`},
		{"a merge of one twice", "manage", `{"changes":[{"op":"merge","ids":["a","a"],"entry":` + entryA + `}]}`, `"a" is named twice`},
		{"a text that changed in silence", "read", `{"hits":[{"entry":{"id":"a","text":"two","numbers":{"uses":1},"labels":["x"]},"score":1}]}`, `entry "a" is {ID:a Text:two`},
		{"a number that changed in silence", "read", `{"hits":[{"entry":{"id":"a","text":"one","numbers":{"uses":2},"labels":["x"]},"score":1}]}`, `by all changes that were told`},
		{"an entry that was never written", "read", `{"hits":[{"entry":{"id":"b","text":"x"},"score":1}]}`, `entry "b" is not there`},
		{"an entry recalled twice", "read", `{"hits":[{"entry":` + entryA + `,"score":1},{"entry":` + entryA + `,"score":1}]}`, `"a" is recalled twice`},
		{"a hit without a score", "read", `{"hits":[{"entry":` + entryA + `}]}`, `entry "a" has no score`},
		{"a read without hits", "read", `{}`, `hits is missing`},
		{"a misspelt field", "read", `{"hits":[{"entry":` + entryA + `,"scroe":1}]}`, `unknown field "scroe"`},
		{"a snapshot without entries", "snapshot", `{"state":1}`, `state or entries is missing`},
		{"a snapshot that lost an entry", "snapshot", `{"state":1,"entries":[]}`, `there are 0 entries, and 1 by all changes`},
		{"a snapshot with an entry twice", "snapshot", `{"state":1,"entries":[` + entryA + `,` + entryA + `]}`, `"a" is there twice`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _, err := open(t, pipetest.Command(t, pipetest.Any, greeted, pipetest.Any, wrote, pipetest.Any, `< {"id":ID,"out":`+c.reply+`}`))
			must(t, err)
			must(t, m.Write(t.Context(), lab.Experience{Kind: lab.ToldTurn, Text: "one"}))
			err = act(t, m, c.verb)
			if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"`+c.verb+`"`) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if again := m.Manage(t.Context(), mem.Outcome{}); again == nil || again.Error() != err.Error() {
				t.Errorf("then %v", again)
			}
		})
	}
}

func act(t *testing.T, m *Memory, verb string) (err error) {
	switch verb {
	case "write":
		err = m.Write(t.Context(), lab.Experience{Kind: lab.ToldTurn, Text: "two"})
	case "read":
		_, err = m.Read(t.Context(), mem.Query{Text: "one"})
	case "manage":
		err = m.Manage(t.Context(), mem.Outcome{})
	case "snapshot":
		err = m.Snapshot(new(bytes.Buffer))
	}
	return err
}

func TestEveryChangeIsMirrored(t *testing.T) {
	m, e, err := open(t, pipetest.Command(t,
		pipetest.Any, greeted,
		pipetest.Any, `< {"id":ID,"out":{"changes":[{"op":"write","entry":{"id":"x","text":"one two"}},{"op":"write","entry":{"id":"y","text":"three"}},{"op":"write","entry":{"id":"z","text":"four"}}]}}`,
		pipetest.Any, `< {"id":ID,"out":{"changes":[{"op":"change","entry":{"id":"y","text":"three","numbers":{"uses":1}},"reason":"it was used"},{"op":"merge","ids":["x","z"],"entry":{"id":"z","text":"one two four"},"reason":"they are alike"}]}}`,
		pipetest.Any, `< {"id":ID,"out":{"hits":[{"entry":{"id":"z","text":"one two four"},"score":0.5,"parts":{"near":0.25,"old":0.25}},{"entry":{"id":"y","text":"three","numbers":{"uses":1}},"score":2,"why":"read lately"}],"changes":[{"op":"delete","id":"y","reason":"never read"}],"reason":"near plus old"}}`,
	))
	must(t, err)
	must(t, m.Write(t.Context(), lab.Experience{Kind: lab.ToldTurn, Text: "x"}))
	must(t, m.Manage(t.Context(), mem.Outcome{}))
	r, err := m.Read(t.Context(), mem.Query{Text: "q", K: 2, Tokens: 3})
	must(t, err)
	want := []lab.Hit{{Entry: "2", Rank: 1, Score: 0.5, Parts: map[string]lab.Float{"near": 0.25, "old": 0.25}, Used: true}, {Entry: "1", Rank: 2, Score: 2, Parts: map[string]lab.Float{"score": 2}, Why: "read lately"}}
	if !reflect.DeepEqual(r.Hits, want) || !reflect.DeepEqual(r.Lines(), []string{"one two four"}) {
		t.Errorf("recalled %+v", r)
	}
	var ops []string
	for _, ev := range e.all {
		ops = append(ops, string(ev.Op)+" "+ev.Entry)
	}
	if got := strings.Join(ops, ", "); got != "write 0, write 1, write 2, change 1, delete 0, merge 2, read , delete 1" {
		t.Errorf("operations are %s", got)
	}
	if b := m.Banks()[0]; b.Len() != 1 || b.Tokens() != 3 || len(m.ours) != 1 || len(m.theirs) != 1 {
		t.Errorf("the bank has %d entries of %d tokens", b.Len(), b.Tokens())
	}
}

func TestAProgramThatDiesHangsOrIsLeftWaitingStopsTheRun(t *testing.T) {
	m, _, err := open(t, pipetest.Command(t, pipetest.Any, greeted, pipetest.Any, pipetest.Die))
	must(t, err)
	if err := act(t, m, "write"); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "had enough") {
		t.Error(err)
	}
	m, _, err = open(t, pipetest.Command(t, pipetest.Any, greeted, pipetest.Any, pipetest.Hang))
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- m.Manage(ctx, mem.Outcome{}) }()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAProgramThatCannotBeStartedAgainLeavesAMemoryThatCanBeClosed(t *testing.T) {
	command := pipetest.Command(t, pipetest.Any, greeted, pipetest.Any, `< {"id":ID,"out":{"state":null,"entries":[]}}`)
	m, _, err := open(t, command)
	must(t, err)
	var kept bytes.Buffer
	must(t, m.Snapshot(&kept))
	_ = m.process.Close()
	m.knobs.Command = []string{"/no/such/program"}
	if err := m.Restore(&kept); lab.CodeOf(err) != lab.Unavailable {
		t.Errorf("restored: %v", err)
	}
	if err := m.Manage(t.Context(), mem.Outcome{}); err == nil {
		t.Error("a program that ended answers")
	}
	must(t, m.Close())
}

func TestTheKindIsChosenLikeEveryOther(t *testing.T) {
	kinds := schema.Section{Name: mem.Section, Kinds: Kinds()}
	if err := kinds.Check(); err != nil {
		t.Fatal(err)
	}
	raw, err := schema.Resolve(kinds, pipe.Kind, nil, "laptop")
	must(t, err)
	setup := lab.Setup{Sections: map[string]json.RawMessage{mem.Section: raw}}
	if _, err := Open(t.Context(), setup, mem.Env{}, nil); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Errorf("without a command: %v", err)
	}
	setup.Sections[mem.Section] = json.RawMessage(`{"kind":"none"}`)
	if _, err := Open(t.Context(), setup, mem.Env{Draw: rng.New(1, "memory")}, nil); err != nil {
		t.Error(err)
	}
	no := lab.Errorf(lab.Invalid, "nobody looked at this command")
	setup.Sections[mem.Section] = json.RawMessage(`{"kind":"outside","command":["true"],"timeout":1,"k":5}`)
	if m, err := Open(t.Context(), setup, mem.Env{}, func([]string) error { return no }); !errors.Is(err, no) || m != nil {
		t.Errorf("a command that is not allowed: %v, %v", m, err)
	}
}
