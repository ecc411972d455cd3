// Package shell runs scripts of a POSIX shell on this computer or, over SSH, on another. Most callers want Local or Dial, then Run.
package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Shell runs scripts somewhere. It is safe for use by several goroutines.
type Shell interface {
	// Run gives the script to sh, in to its standard input (nil for none), and its standard output to out (nil drops it). A script that ends
	// with another status than 0 is an *Exit. Unavailable: the place cannot be reached, or was lost while the script ran; whether the
	// script ended is then not known. When ctx ends the script may go on there.
	Run(ctx context.Context, script string, in io.Reader, out io.Writer) error
	// Title is the place in words: "this computer", "anna@login.example.org".
	Title() string
	Close() error
}

// Exit is the end of a script with another status than 0.
type Exit struct {
	Status int
	Stderr string // its tail
}

func (e *Exit) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return fmt.Sprintf("exit status %d: %s", e.Status, e.Stderr)
}

// Output runs a script and returns what it printed, at most limit bytes; more is an error.
func Output(ctx context.Context, s Shell, script string, limit int64) ([]byte, error) {
	return Answer(ctx, s, script, nil, limit)
}

// Answer is Output of a script that reads in.
func Answer(ctx context.Context, s Shell, script string, in io.Reader, limit int64) ([]byte, error) {
	b := bounded{left: limit}
	if err := s.Run(ctx, script, in, &b); err != nil {
		return b.Bytes(), err
	}
	if b.left < 0 {
		return nil, lab.Errorf(lab.Unavailable, "%s answered with more than %d bytes", s.Title(), limit).
			WithHint("look whether its login script prints something, and make it silent for commands")
	}
	return b.Bytes(), nil
}

// bounded keeps what fits; left is negative once something did not.
type bounded struct {
	bytes.Buffer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left >= 0 {
		b.Buffer.Write(p)
	}
	return len(p), nil
}

// tail keeps the last bytes that were written.
type tail struct{ b []byte }

const tailBytes = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - tailBytes; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(string(t.b), "?")) }

// Quote makes one word of a script out of any text.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// Home is a path as a word of a script: a leading ~/ is the home folder there.
func Home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return `"$HOME"/` + Quote(rest)
	}
	return Quote(path)
}
