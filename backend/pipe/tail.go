package pipe

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// What is kept of what a process writes for people.
const (
	tailLines = 20
	tailBytes = 400 // of one line
)

// tail keeps the last lines of a stream.
type tail struct {
	mu    sync.Mutex
	lines []string
	open  []byte // the line that has no end yet
}

// follow reads a stream to its end, so that who writes it never waits, and keeps its last lines.
func (t *tail) follow(r io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.Read(buffer)
		t.take(buffer[:n])
		if err != nil {
			return
		}
	}
}

func (t *tail) take(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		part, rest, ended := bytes.Cut(b, []byte{'\n'})
		t.open = append(t.open, part[:min(len(part), tailBytes-len(t.open))]...)
		if !ended {
			return
		}
		t.lines = append(t.lines, string(t.open))
		t.lines, t.open, b = t.lines[max(0, len(t.lines)-tailLines):], t.open[:0], rest
	}
}

// last returns the last lines that are not blank, oldest first.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := append(slices.Clone(t.lines), string(t.open))
	for i, l := range all {
		all[i] = printable(strings.TrimRight(l, " \t\r"))
	}
	all = slices.DeleteFunc(all, func(l string) bool { return l == "" })
	return all[max(0, len(all)-tailLines):]
}

// printable leaves out what would steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
