package pipe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

type text struct {
	Text *string `json:"text"`
}

func (t text) Check() error {
	if t.Text == nil {
		return errors.New("text is missing")
	}
	return nil
}

// start starts this program as a child in a mode and closes it when the test ends.
func start(t *testing.T, o Options, mode ...string) *Process {
	t.Helper()
	timeout := o.Timeout
	o.Timeout = 0 // the greeting takes what this program takes to start
	p, err := Start(t.Context(), append([]string{os.Args[0], "child"}, mode...), o)
	if err != nil {
		t.Fatal(err)
	}
	if timeout > 0 {
		p.options.Timeout = timeout
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func say(t *testing.T, p *Process, said string) (string, error) {
	t.Helper()
	var out text
	err := p.Call(t.Context(), "echo", map[string]string{"text": said}, &out)
	if err != nil {
		return "", err
	}
	return *out.Text, nil
}

func TestACallGetsItsOwnReplyFromSeveralGoroutines(t *testing.T) {
	p := start(t, Options{}, "echo")
	var all sync.WaitGroup
	for _, said := range []string{"", "plain", "ünï\u2028cödé", "two\nlines", strings.Repeat("long ", 100_000)} {
		all.Go(func() {
			for range 20 {
				if got, err := say(t, p, said); err != nil || got != said {
					t.Errorf("said %.20q, got %.20q, %v", said, got, err)
				}
			}
		})
	}
	all.Wait()
}

func TestAProcessThatMisbehavesIsAnErrorThatSaysHow(t *testing.T) {
	cases := []struct {
		name string
		mode []string
		code lab.Code
		want string // in the message
	}{
		{"it dies, and its last lines and exit status are told", []string{"die"}, lab.Unavailable, "writes no more and did not answer \"echo\" (exit status 3); its last lines:\n  the disk is full"},
		{"it hangs", []string{"hang"}, lab.Unavailable, "did not answer \"echo\" within 300ms and was killed; its last lines:\n  waiting for ever"},
		{"it closes its input and hangs", []string{"deaf"}, lab.Unavailable, "did not answer"},
		{"it stops in the middle of a line", []string{"torn"}, lab.Unavailable, "stopped in the middle of a line and did not answer \"echo\" (exit status 0); it wrote nothing to stderr"},
		{"another id", []string{"fixed", `{"id":77,"out":{"text":"x"}}`}, lab.Invalid, "has another id, want 2"},
		{"no id", []string{"fixed", `{"out":{"text":"x"}}`}, lab.Invalid, "has another id, want 2"},
		{"no JSON", []string{"fixed", `loading the model ...`}, lab.Invalid, `the line "loading the model ..." is no reply`},
		{"a list", []string{"fixed", `[1]`}, lab.Invalid, "is no reply"},
		{"two objects on a line", []string{"fixed", `{"id":ID,"out":{"text":"x"}} {}`}, lab.Invalid, "more stands behind the object"},
		{"a field of the envelope that is not known", []string{"fixed", `{"id":ID,"output":{"text":"x"}}`}, lab.Invalid, `unknown field "output"`},
		{"neither out nor error", []string{"fixed", `{"id":ID}`}, lab.Invalid, "must have either out or an error"},
		{"both out and error", []string{"fixed", `{"id":ID,"out":{"text":"x"},"error":{"message":"no"}}`}, lab.Invalid, "must have either out or an error"},
		{"an error without a message", []string{"fixed", `{"id":ID,"error":{}}`}, lab.Invalid, "must have either out or an error"},
		{"out is no object", []string{"fixed", `{"id":ID,"out":null}`}, lab.Invalid, "out is \"null\", want an object"},
		{"a field of another shape", []string{"fixed", `{"id":ID,"out":{"text":3}}`}, lab.Invalid, "cannot unmarshal number"},
		{"a misspelt field", []string{"fixed", `{"id":ID,"out":{"txet":"x"}}`}, lab.Invalid, `unknown field "txet"`},
		{"a field that is missing", []string{"fixed", `{"id":ID,"out":{}}`}, lab.Invalid, "text is missing"},
		{"bytes that are no text", []string{"bytes"}, lab.Invalid, "is not UTF-8"},
		{"a line beyond the limit", []string{"huge"}, lab.Invalid, "a line is longer than 65536 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, Options{Timeout: timeoutOf(c.mode[0]), Limit: 64 << 10}, c.mode...)
			_, err := say(t, p, "x")
			if lab.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "" {
				t.Fatalf("error %v (%s, hint %q), want one of code %s with %q", err, lab.CodeOf(err), lab.HintOf(err), c.code, c.want)
			}
			if _, again := say(t, p, "x"); again != err {
				t.Errorf("the next call says %v, want the same error", again)
			}
			if p.cmd.ProcessState == nil {
				t.Error("the process was not waited for")
			}
		})
	}
}

// timeoutOf is short where a timeout is what is tested, and otherwise longer than any machine needs.
func timeoutOf(mode string) time.Duration {
	if mode == "hang" || mode == "deaf" {
		return 300 * time.Millisecond
	}
	return time.Minute
}

func TestAnErrorObjectIsReturnedAndTheProcessGoesOn(t *testing.T) {
	for code, want := range map[string]lab.Code{"invalid": lab.Invalid, "unavailable": lab.Unavailable, "": lab.Unavailable, "odd": lab.Unavailable} {
		p := start(t, Options{}, "fixed", `{"id":ID,"error":{"code":"`+code+`","message":"no \u001b[31mmaze","hint":"ask for a maze"}}`)
		for range 2 {
			_, err := say(t, p, "x")
			if lab.CodeOf(err) != want || lab.HintOf(err) != "ask for a maze" || !strings.Contains(err.Error(), `refused "echo": no [31mmaze; it wrote nothing`) {
				t.Errorf("code %q: error %v of code %s", code, err, lab.CodeOf(err))
			}
		}
	}
}

func TestAFloodOnStderrIsReadAndItsLastLinesAreKept(t *testing.T) {
	p := start(t, Options{}, "flood")
	if got, err := say(t, p, "x"); got != "done" || err != nil {
		t.Fatal(got, err)
	}
	_ = p.Close()
	last := p.tail.last()
	if len(last) != 20 || last[0] != "line 19980 of a flood" || last[19] != "line 19999 of a flood" {
		t.Errorf("%d lines are kept: %q", len(last), last)
	}
}

func TestCancellingEndsACallAtAnyMoment(t *testing.T) {
	p := start(t, Options{}, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- p.Call(ctx, "echo", nil, nil) }()
	go func() { failed <- p.Call(ctx, "echo", nil, nil) }() // one of the two waits for its turn
	cancel()
	for range 2 {
		if err := <-failed; !errors.Is(err, context.Canceled) || lab.CodeOf(err) != lab.Cancelled {
			t.Errorf("error %v, want a cancelled one", err)
		}
	}
	if err := p.Call(ctx, "echo", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled one", err)
	}
}

func TestClosingEndsACallThatIsUnderWay(t *testing.T) {
	p := start(t, Options{}, "hang")
	failed := make(chan error)
	go func() { failed <- p.Call(context.Background(), "echo", nil, nil) }()
	for p.turnTaken() {
		runtime.Gosched()
	}
	_ = p.Close()
	if err := <-failed; lab.CodeOf(err) != lab.Cancelled {
		t.Errorf("error %v, want a cancelled one", err)
	}
}

// turnTaken says that nobody calls yet.
func (p *Process) turnTaken() bool { return len(p.turn) == 1 }

func TestARequestBeyondTheLimitIsRefusedAndTheProcessGoesOn(t *testing.T) {
	p := start(t, Options{Limit: 1000}, "echo")
	if _, err := say(t, p, strings.Repeat("x", 1000)); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("error %v, want an invalid one", err)
	}
	if got, err := say(t, p, "short"); got != "short" || err != nil {
		t.Error(got, err)
	}
}

func TestAWriteToAProcessThatDoesNotReadEndsInTime(t *testing.T) {
	p := start(t, Options{Timeout: 300 * time.Millisecond}, "hang")
	if err := p.Call(t.Context(), "echo", strings.Repeat("x", 4<<20), nil); lab.CodeOf(err) != lab.Unavailable {
		t.Errorf("error %v, want an unavailable one", err)
	}
}

func TestNothingIsLeftOfAProcess(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, mode := range []string{"echo", "die", "hang", "torn", "outlive", "deaf"} {
		p := start(t, Options{Timeout: 300 * time.Millisecond, Grace: 100 * time.Millisecond}, mode)
		if mode != "outlive" {
			_, _ = say(t, p, "x")
		}
		_, _ = p.Close(), p.Close()
		if p.cmd.ProcessState == nil {
			t.Errorf("%s: the process was not waited for", mode)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines are left of %d", n, before)
	}
}

// TestGrandchildrenEndWithTheirFamily: a grandchild holds a connection, whose end is its own.
func TestGrandchildrenEndWithTheirFamily(t *testing.T) {
	for mode, want := range map[string]lab.Code{"family": "", "orphan": lab.Unavailable} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p := start(t, Options{}, mode, l.Addr().String())
		if _, err := say(t, p, "x"); err != nil && lab.CodeOf(err) != want {
			t.Errorf("%s: error %v", mode, err)
		} else if err == nil && want != "" {
			t.Errorf("%s: no error", mode)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = p.Close()
		_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the grandchild lives on: %v", mode, err)
		}
		_ = c.Close()
	}
}

func TestAGreetingMustBeOfThisVersionAndShape(t *testing.T) {
	for reply, want := range map[string]string{
		`{"id":1,"out":{"version":2,"name":"x"}}`: "version is 2, want 1",
		`{"id":1,"out":{"name":"x"}}`:             "version is , want 1",
		`{"id":1,"out":{"version":1}}`:            "name is missing",
		`{"id":1,"out":{"version":1,"nom":"x"}}`:  `unknown field "nom"`,
	} {
		_, err := Start(t.Context(), []string{os.Args[0], "child", "hello-fixed", reply}, Options{Hello: new(named)})
		if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", reply, err, want)
		}
	}
	var n named
	p, err := Start(t.Context(), []string{os.Args[0], "child", "hello-fixed", `{"id":1,"out":{"version":1,"name":"x"}}`}, Options{Hello: &n})
	if err != nil || n.Name != "x" {
		t.Fatal(n, err)
	}
	_ = p.Close()
}

type named struct {
	Name string `json:"name"`
}

func (n *named) Check() error {
	if n.Name == "" {
		return errors.New("name is missing")
	}
	return nil
}

func TestWhatCannotBeStartedSaysWhatToDo(t *testing.T) {
	no := lab.Errorf(lab.Invalid, "not allowed")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		command []string
		allow   func([]string) error
		want    lab.Code
	}{
		{"an empty command", t.Context(), nil, nil, lab.Invalid},
		{"a program without a name", t.Context(), []string{""}, nil, lab.Invalid},
		{"a program that is not there", t.Context(), []string{"/no/such/program"}, nil, lab.Unavailable},
		{"a command that is not allowed", t.Context(), []string{os.Args[0], "child", "echo"}, func([]string) error { return no }, lab.Invalid},
		{"a run that was stopped", gone, []string{os.Args[0], "child", "echo"}, nil, lab.Cancelled},
	} {
		if _, err := Start(c.ctx, c.command, Options{Allow: c.allow}); err == nil || lab.CodeOf(err) != c.want {
			t.Errorf("%s: error %v, want one of code %s", c.name, err, c.want)
		}
	}
}

func TestWhatIsLocisOwnInTheEnvironmentStaysHere(t *testing.T) {
	t.Setenv("LOCI_PASSPHRASE", "open sesame")
	t.Setenv("OTHER_VARIABLE", "seen")
	if got, err := say(t, start(t, Options{}, "environment"), ""); got != "seen" || err != nil {
		t.Error(got, err)
	}
}

func TestRefusingAReplyEndsTheProcess(t *testing.T) {
	p := start(t, Options{}, "echo")
	err := p.Refuse("read", "entry %q is not there", "7")
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), `answered "read" with what it may not: entry "7" is not there`) {
		t.Error(err)
	}
	if _, again := say(t, p, "x"); again != err {
		t.Error(again)
	}
}

func TestTheCommandsOfASetUpAreListedAndShown(t *testing.T) {
	setup := lab.Setup{Sections: map[string]json.RawMessage{
		"world":  json.RawMessage(`{"kind":"outside","command":["python3","a world.py","--n=3"],"timeout":60}`),
		"memory": json.RawMessage(`{"kind":"outside","command":["./m","\u001b[2J",""]}`),
		"agent":  json.RawMessage(`{"kind":"reader","command":["not","run"]}`),
		"rl":     json.RawMessage(`{"kind":"outside","command":[]}`),
	}}
	want := []Named{{"memory", []string{"./m", "\x1b[2J", ""}}, {"world", []string{"python3", "a world.py", "--n=3"}}}
	got := Commands(setup)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q", got)
	}
	if a, b := Show(got[0].Command), Show(got[1].Command); a != `./m "\x1b[2J" ""` || b != `python3 "a world.py" --n=3` {
		t.Errorf("%s, %s", a, b)
	}
}

func TestTheTailKeepsLinesShortAndPlain(t *testing.T) {
	var tl tail
	tl.follow(strings.NewReader("\n\nfirst\r\n\x1b[31mred\n" + strings.Repeat("y", 1_000_000) + "\n\xff\nopen"))
	if got, want := tl.last(), []string{"first", "[31mred", strings.Repeat("y", 400), "�", "open"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	tl.follow(io.LimitReader(strings.NewReader(""), 0))
}
