package rl

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// JSON makes a value, given by its address, a part of a kept state. Unknown fields are errors: they are of another version.
func JSON(value any) lab.Snapshotter { return jsonState{value} }

type jsonState struct{ value any }

func (s jsonState) Snapshot(w io.Writer) error {
	text, err := json.Marshal(s.value)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func (s jsonState) Restore(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(s.value)
}
