// Package pipetest plays programs outside of Loci in tests: from a script of requests and replies, such as the transcripts of
// docs/line-protocol.md, without another program.
package pipetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// mode is the first argument that makes a test program play a script.
const mode = "play-a-script"

// Lines of a script begin with > for what is asked or < for what is answered. These stand for what no line can say.
const (
	Any  = "> any" // whatever is asked
	Die  = "< die" // no reply, but a line on standard error and exit status 7
	Hang = "< hang"
)

// Main runs a package's tests, or plays a script where the program was started as Command says. TestMain calls it.
func Main(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == mode {
		os.Exit(play(os.Args[2]))
	}
	os.Exit(m.Run())
}

// Command returns a command that plays a script: each > line is what must be asked next, in any order of fields, each < line is the reply,
// in which ID stands for the number of the request. What is not in the script ends the program with a line on standard error.
func Command(t *testing.T, script ...string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(strings.Join(script, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{os.Args[0], mode, path}
}

func play(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	script := strings.Split(string(text), "\n")
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		if len(script) < 2 {
			fmt.Fprintln(os.Stderr, "the script is over and this is asked:", in.Text())
			return 8
		}
		if script[0] != Any && !Equal("> "+in.Text(), script[0]) {
			fmt.Fprintf(os.Stderr, "asked %s\nwant  %s\n", in.Text(), script[0])
			return 8
		}
		if code := answer(script[1], in.Text()); code != 0 {
			return code
		}
		script = script[2:]
	}
	return 0
}

func answer(reply, request string) int {
	switch reply {
	case Die:
		fmt.Fprintln(os.Stderr, "this program has had enough")
		return 7
	case Hang:
		select {}
	}
	var q struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal([]byte(request), &q); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	fmt.Println(strings.ReplaceAll(strings.TrimPrefix(reply, "< "), "ID", fmt.Sprint(q.ID)))
	return 0
}

// Equal tells whether two lines of a script hold the same JSON value behind the same mark.
func Equal(a, b string) bool {
	var x, y any
	return len(a) > 2 && len(b) > 2 && a[0] == b[0] && json.Unmarshal([]byte(a[2:]), &x) == nil && json.Unmarshal([]byte(b[2:]), &y) == nil && reflect.DeepEqual(x, y)
}

// Transcript returns the script that stands in a document between ```transcript NAME and ```.
func Transcript(t *testing.T, document, name string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```transcript "+name+"\n")
	body, _, closed := strings.Cut(rest, "\n```")
	if script := strings.Split(body, "\n"); ok && closed && len(script)%2 == 0 {
		return script
	}
	t.Fatalf("%s has no transcript %s of whole exchanges", document, name)
	return nil
}

// Python returns a Python 3, or skips the test where there is none.
func Python(t *testing.T) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	return python
}

// Speak asks a program what a script asks and compares its replies with the script's.
func Speak(t *testing.T, script []string, program string, args ...string) {
	t.Helper()
	var asked strings.Builder
	for i := 0; i < len(script); i += 2 {
		asked.WriteString(strings.TrimPrefix(script[i], "> ") + "\n")
	}
	c := exec.CommandContext(t.Context(), program, args...)
	c.Stdin = strings.NewReader(asked.String())
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	replies := strings.Split(strings.TrimRight(string(out), "\r\n"), "\n")
	if len(replies) != len(script)/2 {
		t.Fatalf("%d replies to %d requests: %q", len(replies), len(script)/2, replies)
	}
	for i, reply := range replies {
		if !Equal("< "+reply, script[2*i+1]) {
			t.Errorf("asked  %s\ngot    < %s\nwant   %s", script[2*i], reply, script[2*i+1])
		}
	}
}
