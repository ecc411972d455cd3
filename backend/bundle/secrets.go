package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Known is a stored secret that no shared file may hold.
type Known struct {
	Name  string
	Value lab.Secret
}

// shortest is the fewest bytes of a value that are searched for: shorter ones stand in any text by chance.
const shortest = 5

// mostLeaks is how many places are told.
const mostLeaks = 50

// Leak is a place that looks like a secret. It never holds the value.
type Leak struct {
	Part  string `json:"part"`
	Place string `json:"place"` // line and column, or event
	Kind  string `json:"kind"`  // stored secret NAME, or what kind of key it looks like
}

func (h Leak) String() string { return fmt.Sprintf("%s, %s: %s", h.Part, h.Place, h.Kind) }

// SecretsError says where secrets stand; nothing was written.
type SecretsError struct{ Leaks []Leak }

func (e *SecretsError) Error() string {
	lines := make([]string, len(e.Leaks))
	for i, h := range e.Leaks {
		lines[i] = h.String()
	}
	return "what looks like a secret stands in the experiment, and nothing was written:\n   " + strings.Join(lines, "\n   ")
}

// Lab returns the error as users see it.
func (e *SecretsError) Lab() error {
	err := lab.Errorf(lab.Invalid, "%w", e)
	first := e.Leaks[0].Part
	if run, ok := strings.CutPrefix(first, runsFolder); ok {
		key, _, _ := strings.Cut(run, "/")
		return err.WithHint("take it out where it came from and run again, or leave the whole part out: --without runs/%s", key)
	}
	return err.WithHint("take it out of the notebook; if it was ever shared, make a new key at the service")
}

// hunter searches parts for stored secrets and for the shapes of known keys, also behind JSON escapes, percent signs and base64.
type hunter struct {
	values []needle
	shapes []shape
	hits   []Leak
	seen   map[Leak]bool
}

type needle struct {
	kind string
	text []byte
}

// newHunter also names the secrets that are too short to be searched for.
func newHunter(known []Known) (h *hunter, short []string) {
	h = &hunter{shapes: shapes(), seen: map[Leak]bool{}}
	for _, k := range known {
		v := k.Value.Reveal()
		if len(v) < shortest {
			short = append(short, k.Name)
			continue
		}
		kind := "stored secret " + k.Name
		for _, text := range []string{v, hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))} {
			h.values = append(h.values, needle{kind, []byte(text)})
		}
		for _, text := range encodings(v) {
			h.values = append(h.values, needle{kind, []byte(text)})
		}
	}
	return h, short
}

// encodings are the characters that base64 makes of a value wherever it begins within a longer text: those at both ends, which depend
// on the neighbours, are cut off.
func encodings(v string) []string {
	var out []string
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + v))
			from := (shift*8 + 5) / 6
			whole := (shift + len(v)) * 8 / 6
			if text = text[from:whole]; len(text) >= shortest+1 && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

func (h *hunter) hit(part, place, kind string) {
	hit := Leak{Part: part, Place: place, Kind: kind}
	if len(h.hits) < mostLeaks && !h.seen[hit] {
		h.seen[hit] = true
		h.hits = append(h.hits, hit)
	}
}

// lines searches a text line by line, and whole for values of several lines.
func (h *hunter) lines(part string, text []byte) {
	for _, n := range h.values {
		if bytes.IndexByte(n.text, '\n') < 0 {
			continue
		}
		if i := bytes.Index(text, n.text); i >= 0 {
			h.hit(part, place(text, i), n.kind)
		}
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		for _, f := range h.look(line) {
			h.hit(part, fmt.Sprintf("line %d%s", number, column(f.at)), f.kind)
		}
	}
}

// event searches the payload of one event.
func (h *hunter) event(part string, seq int64, kind lab.Kind, payload []byte) {
	for _, f := range h.look(payload) {
		h.hit(part, fmt.Sprintf("event %d (%s)%s", seq, kind, column(f.at)), f.kind)
	}
}

func place(text []byte, at int) string {
	return fmt.Sprintf("line %d", 1+bytes.Count(text[:at], []byte{'\n'}))
}

func column(at int) string {
	if at < 0 {
		return ", inside an encoded stretch"
	}
	return fmt.Sprintf(", byte %d", at)
}

type find struct {
	kind string
	at   int // -1 inside an encoded stretch
}

// depth is how many layers of encoding are taken off: JSON inside JSON inside a web address.
const depth = 3

// look finds what stands in a text as it is or encoded. Each kind is told once.
func (h *hunter) look(text []byte) []find {
	var out []find
	h.layer(text, depth, true, &out)
	return out
}

func (h *hunter) layer(text []byte, left int, plain bool, out *[]find) {
	add := func(kind string, at int) {
		if !plain {
			at = -1
		}
		if !slices.ContainsFunc(*out, func(f find) bool { return f.kind == kind }) {
			*out = append(*out, find{kind, at})
		}
	}
	for _, n := range h.values {
		if i := bytes.Index(text, n.text); i >= 0 {
			add(n.kind, i)
		}
	}
	if kind, at := keyShape(h.shapes, text); at >= 0 {
		add(kind, at)
	}
	if left == 0 {
		return
	}
	if next, ok := unescaped(text); ok {
		h.layer(next, left-1, false, out)
	}
	if next, ok := unpercented(text); ok {
		h.layer(next, left-1, false, out)
	}
	for _, next := range unbased(text) {
		h.layer(next, 0, false, out)
	}
}

// unescaped resolves the escapes of JSON strings; ok is false where there is none.
func unescaped(text []byte) ([]byte, bool) {
	if bytes.IndexByte(text, '\\') < 0 {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, ok := hex4(text[i+1:])
			if !ok {
				out = append(out, '\\', 'u')
				continue
			}
			out = utf8.AppendRune(out, r)
			i += 4
		default:
			out = append(out, c)
		}
	}
	return out, true
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var v [2]byte
	if _, err := hex.Decode(v[:], b[:4]); err != nil {
		return 0, false
	}
	return rune(v[0])<<8 | rune(v[1]), true
}

// unpercented resolves %XX and the plus of web addresses.
func unpercented(text []byte) ([]byte, bool) {
	if bytes.IndexByte(text, '%') < 0 {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	changed := false
	for i := 0; i < len(text); i++ {
		var v [1]byte
		if text[i] == '%' && i+3 <= len(text) {
			if _, err := hex.Decode(v[:], text[i+1:i+3]); err == nil {
				out = append(out, v[0])
				i += 2
				changed = true
				continue
			}
		}
		out = append(out, text[i])
	}
	return out, changed
}

// leastBased is the shortest stretch of base64 that is looked into: what it holds has 18 bytes.
const leastBased = 24

const leastReadable = 12

// readable tells whether bytes hold a stretch of text as long as the shortest key: what words happen to decode to does not.
func readable(b []byte) bool {
	n := 0
	for _, c := range b {
		n++
		if c < ' ' || c > '~' {
			n = 0
		}
		if n == leastReadable {
			return true
		}
	}
	return false
}

// unbased decodes every long stretch of base64 characters, from each of the four places at which it may begin.
func unbased(text []byte) [][]byte {
	var out [][]byte
	is := func(c byte) bool { return wordy(c) || c == '+' || c == '/' }
	for i := 0; i < len(text); {
		n := run(text[i:], is)
		if n < leastBased {
			i += n + 1
			continue
		}
		stretch := bytes.Map(func(r rune) rune {
			switch r {
			case '-':
				return '+'
			case '_':
				return '/'
			}
			return r
		}, text[i:i+n])
		for shift := range 4 {
			part := stretch[shift:]
			part = part[:len(part)/4*4]
			dec := make([]byte, base64.RawStdEncoding.DecodedLen(len(part)))
			if k, err := base64.RawStdEncoding.Decode(dec, part); err == nil && readable(dec[:k]) {
				out = append(out, dec[:k])
			}
		}
		i += n
	}
	return out
}
