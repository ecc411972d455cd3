// Package dataset reads imported files of real data: whole, of the content that a run was planned with, and with errors that name file,
// record and field, what stands there and what is legal.
package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Limit is the most bytes of a data file.
const Limit = 256 << 20

// Read returns the bytes of an imported file. Bytes of another hash than the file was imported with are an error of code conflict: the
// run key names the hash, so numbers of other data must not pass for these.
func Read(f lab.DataFile) ([]byte, error) {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "data %q cannot be read: %w", f.Name, err).WithHint("import the file again: loci import-data %s FILE --name %s --replace", f.Layout, f.Name)
	}
	if got := Hash(text); got != f.Hash {
		return nil, lab.Errorf(lab.Conflict, "data %q have hash %.12s, and were imported with %.12s: the file was changed since", f.Name, got, f.Hash).
			WithHint("import the file again: loci import-data %s FILE --name %s --replace", f.Layout, f.Name)
	}
	return text, nil
}

// Open finds an imported file by its name and reads it. A bench that finds none is an error of code not-found.
func Open(bench lab.Bench, name, layout string) ([]byte, error) {
	if bench.Data == nil {
		return nil, lab.Errorf(lab.NotFound, "data %q are not here: nothing can be imported where this runs", name).
			WithHint("loci import-data %s FILE --name %s, and run the notebook on the same computer", layout, name)
	}
	f, err := bench.Data(name)
	if err != nil {
		return nil, err
	}
	if f.Layout != layout {
		return nil, lab.Errorf(lab.Invalid, "data %q have layout %q, and world %s wants its own", name, f.Layout, layout).
			WithHint("name data of layout %s, or import the file as such: loci import-data %s FILE --name %s --replace", layout, layout, name)
	}
	return Read(f)
}

// Hash is the SHA-256 of some bytes, hexadecimal.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Fault is an error about one value: "FILE: record N, field PATH is FOUND, want LEGAL". Records are counted from 1, as people do.
func Fault(file string, record int, field string, found json.RawMessage, want string) *lab.Error {
	return lab.Errorf(lab.Invalid, "%s: record %d, field %s is %s, want %s", file, record, field, Show(found), want).
		WithHint("mend field %s of record %d, or leave the record out", field, record)
}

// most is how much of a value an error shows, bytes.
const most = 60

// Show quotes a value of a file for an error, shortened.
func Show(value json.RawMessage) string {
	text := string(bytes.ToValidUTF8(value, []byte("\uFFFD")))
	switch {
	case len(value) == 0:
		return "missing"
	case len(text) <= most:
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// Syntax puts an error of encoding/json at its place in the file. first is the line on which text begins, from 1.
func Syntax(file string, text []byte, first int, err error) *lab.Error {
	at := len(text)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(min(max(s.Offset-1, 0), int64(len(text))))
	}
	line := first + bytes.Count(text[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(text[:at], '\n')
	return lab.Errorf(lab.Invalid, "%s:%d:%d: this is no JSON: %v", file, line, column, err).WithHint("mend the file there, or get it again from its source")
}

// Text reads a value that must be a text with something in it.
func Text(value json.RawMessage) (text string, ok bool) {
	if json.Unmarshal(value, &text) != nil || isNull(value) {
		return "", false
	}
	return text, text != ""
}

// Answer reads a value that is a text or, as in real files, a number or a truth value, which are then written as they stand.
func Answer(value json.RawMessage) (text string, ok bool) {
	if text, ok := Text(value); ok {
		return text, true
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case json.Number, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

func isNull(value json.RawMessage) bool { return string(bytes.TrimSpace(value)) == "null" }
