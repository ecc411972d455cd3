package pipe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// linesOf is the slow reference of readLine: all lines of a text, and why there is no more.
func linesOf(all []byte, limit int) (lines []string, end error) {
	parts := strings.Split(string(all), "\n")
	for _, part := range parts[:len(parts)-1] {
		if len(part) > limit {
			return lines, errTooLong
		}
		lines = append(lines, part)
	}
	switch last := parts[len(parts)-1]; {
	case len(last) > limit:
		return lines, errTooLong
	case last != "":
		return lines, errTorn
	}
	return lines, io.EOF
}

func FuzzLinesAreReadAsTheyStand(f *testing.F) {
	f.Add([]byte("{}\n{}\n"), 8)
	f.Add([]byte("\n\n\r\n"), 0)
	f.Add([]byte("no end"), 6)
	f.Add([]byte(strings.Repeat("long ", 40)+"\nshort\n"), 64)
	f.Fuzz(func(t *testing.T, all []byte, limit int) {
		limit = min(max(limit, 0), 1000)
		want, end := linesOf(all, limit)
		for _, in := range []io.Reader{bytes.NewReader(all), iotest.OneByteReader(bytes.NewReader(all))} {
			r := bufio.NewReaderSize(in, 16)
			for i := 0; ; i++ {
				got, err := readLine(r, limit)
				if err != nil {
					if i != len(want) || !errors.Is(err, end) {
						t.Fatalf("after %d lines of %d: %v, want %v", i, len(want), err, end)
					}
					break
				}
				if i >= len(want) || string(got) != want[i] {
					t.Fatalf("line %d is %q, want %q", i, got, want)
				}
			}
		}
	})
}

func FuzzAReplyIsTakenOrRefusedWithAReason(f *testing.F) {
	for _, s := range []string{`{"id":1,"out":{"text":"x"}}`, `{"id":1,"error":{"message":"no"}}`, `{"id":1,"out":null}`, `{"id":1,"out":[]}`, `null`, ``, `{"id":1.0,"out":{}}`, "\xff", `{"id":1,"out":{"version":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var out text
		refused, err := decode(line, 1, &out)
		switch {
		case err != nil && err.Error() == "":
			t.Fatal("an error says nothing")
		case err == nil && !utf8.Valid(line):
			t.Fatalf("%q is taken", line)
		case err == nil && refused == nil && out.Text == nil:
			t.Fatalf("%q is taken without its text", line)
		case refused != nil && refused.Message == "":
			t.Fatalf("%q refuses without a message", line)
		}
		h := hello{rest: new(named)}
		if _, err := decode(line, 1, &h); err == nil && refused == nil && h.version != Version {
			t.Fatalf("%q is taken as version %d", line, h.version)
		}
	})
}

func FuzzTheTailHoldsNoMoreThanItMay(f *testing.F) {
	f.Add([]byte("a\nb\n\x1b[2J\n"), 3)
	f.Fuzz(func(t *testing.T, all []byte, cut int) {
		var whole, parts tail
		whole.take(all)
		cut = min(max(cut, 0), len(all))
		parts.take(all[:cut])
		parts.take(all[cut:])
		a, b := whole.last(), parts.last()
		if strings.Join(a, "\n") != strings.Join(b, "\n") || len(a) > tailLines {
			t.Fatalf("%q in one piece is %q in two", a, b)
		}
		for _, l := range a {
			if len(l) > 3*tailBytes || !utf8.ValidString(l) || strings.ContainsAny(l, "\x1b\x00\n\r") {
				t.Fatalf("line %q is kept", l)
			}
		}
	})
}

func TestAnErrorOfAShapeKeepsItsCause(t *testing.T) {
	_, err := decode([]byte(`{"id":1,"out":{"version":3}}`), 1, &hello{})
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "version is 3, want 1") {
		t.Error(err)
	}
}
