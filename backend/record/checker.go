package record

import (
	"bytes"
	"errors"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// Checker plays a record again: it compares the events that a run makes with those that the record holds, kind and payload. It changes
// nothing and holds no lock, so that any number may read one record. It implements lab.Emitter.
type Checker struct {
	scan *fileScan
	enc  *encoder
}

// OpenChecker begins at a position of the record at path.
func OpenChecker(path string, from Position) (*Checker, error) {
	s, err := openScan(path, from)
	if err != nil {
		return nil, err
	}
	return &Checker{scan: s, enc: newEncoder()}, nil
}

// Emit compares the next event. A difference is an error of code conflict that shows both.
func (c *Checker) Emit(ev lab.Event) error {
	_, payload, err := c.enc.encode(ev)
	if err != nil {
		return err
	}
	frame, err := c.scan.frame()
	if err != nil {
		return err
	}
	if frame.Kind == ev.Kind() && bytes.Equal(frame.Payload, payload) {
		return nil
	}
	if frame.Kind == "" {
		return lab.Errorf(lab.Conflict, "record %q ends before event %d, but played again the run gives a %s there", c.scan.path, frame.Seq, ev.Kind())
	}
	was, is := heads(frame.Payload, payload)
	return lab.Errorf(lab.Conflict, "event %d of record %q is %s %s, but played again it is %s %s", frame.Seq, c.scan.path, frame.Kind, was, ev.Kind(), is)
}

// Skip passes over the next event when it is of that kind.
func (c *Checker) Skip(kind lab.Kind) error {
	s := newScanner(c.scan.f, c.scan.scan.at, c.scan.size)
	frame, err := s.next()
	if errors.Is(err, io.EOF) || errors.Is(err, errBroken) || (err == nil && frame.Kind != kind) {
		return nil
	}
	if err != nil {
		return unavailable(err, "record %q cannot be read", c.scan.path)
	}
	c.scan.scan = newScanner(c.scan.f, frame.Next, c.scan.size)
	return nil
}

// Close frees the file.
func (c *Checker) Close() error { return c.scan.f.Close() }
