package app

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// Where a value lies.
const (
	inKeyStore = "key store"
	inFile     = "encrypted file"
)

// secretIndex is the list of names, without values. The key stores of most systems cannot list what they keep, and the encrypted file
// could only after its passphrase.
type secretIndex struct {
	Version int               `json:"version"`
	Folder  string            `json:"folder"` // keeps the values of two data folders apart in one key store
	Kept    map[string]string `json:"kept"`   // name -> inKeyStore or inFile
}

func readSecretIndex(path string) (*secretIndex, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &secretIndex{Version: secretFormat, Folder: rand.Text()[:12], Kept: map[string]string{}}, nil
	}
	if err != nil {
		return nil, secretFileError("read", path, err)
	}
	return parseSecretIndex(path, text)
}

func parseSecretIndex(path string, text []byte) (*secretIndex, error) {
	wrong := func(format string, args ...any) error {
		e := lab.Errorf(lab.Invalid, format, args...)
		e.Msg = "the list of secrets " + path + " cannot be used: " + e.Msg
		return e.WithHint("put %s back from a copy, or move it away and set the secrets again", path)
	}
	x := &secretIndex{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(x); err != nil {
		return nil, wrong("%w", err)
	}
	if x.Version != secretFormat || x.Folder == "" {
		return nil, wrong("it has format %d and folder %q, want format %d and a folder", x.Version, x.Folder, secretFormat)
	}
	for name, where := range x.Kept {
		if lab.CheckSecretName(name) != nil || where != inKeyStore && where != inFile {
			return nil, wrong("%q is kept in %q, want a name kept in %q or %q", name, where, inKeyStore, inFile)
		}
	}
	if x.Kept == nil {
		x.Kept = map[string]string{}
	}
	return x, nil
}

// with returns the list with the name kept there, or without the name where there is nowhere.
func (x *secretIndex) with(name, where string) *secretIndex {
	y := *x
	y.Kept = maps.Clone(x.Kept)
	y.Kept[name] = where
	if where == "" {
		delete(y.Kept, name)
	}
	return &y
}

func (x *secretIndex) write(path string) error {
	text, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return lab.Errorf(lab.Internal, "the list of secrets cannot be written: %w", err)
	}
	if err := file.Replace(path, append(text, '\n'), 0o600); err != nil {
		return secretFileError("written", path, err)
	}
	return nil
}
