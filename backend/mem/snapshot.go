package mem

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// WriteState keeps a value as JSON with its length before it, so that several follow each other in one stream.
func WriteState(w io.Writer, state any) error {
	text, err := json.Marshal(state)
	if err != nil {
		return lab.Errorf(lab.Internal, "the state of a memory cannot be written: %w", err)
	}
	if err := binary.Write(w, binary.LittleEndian, int64(len(text))); err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// ReadState reads what WriteState wrote, and no byte more. A broken state is an error of code invalid.
func ReadState(r io.Reader, state any) error {
	var size int64
	if err := binary.Read(r, binary.LittleEndian, &size); err != nil || size < 0 {
		return lab.Errorf(lab.Invalid, "the kept state of a memory begins with no length: %d, %v", size, err)
	}
	var text bytes.Buffer
	// Copying grows with what is there: a length that lies asks for no memory.
	if n, err := io.Copy(&text, io.LimitReader(r, size)); err != nil || n < size {
		return lab.Errorf(lab.Invalid, "the kept state of a memory ends after %d of %d bytes: %v", n, size, err)
	}
	if err := json.Unmarshal(text.Bytes(), state); err != nil {
		return lab.Errorf(lab.Invalid, "the kept state of a memory cannot be read: %w", err)
	}
	return nil
}

// bankState is a bank as it is kept.
type bankState struct {
	Name    string       `json:"name"`
	Next    int          `json:"next"`
	Entries []*lab.Entry `json:"entries"`
}

func writeBank(w io.Writer, b *Bank) error {
	return WriteState(w, bankState{b.Name, b.next, b.All()})
}

func readBank(r io.Reader, b *Bank) error {
	var s bankState
	if err := ReadState(r, &s); err != nil {
		return err
	}
	if s.Name != b.Name {
		return lab.Errorf(lab.Invalid, "the kept bank is %q, want %q", s.Name, b.Name)
	}
	var l list
	for _, e := range s.Entries {
		if e == nil || strings.TrimSpace(e.ID) == "" {
			return lab.Errorf(lab.Invalid, "the kept bank %q has an entry without an id", b.Name)
		}
		if _, ok := l.get(e.ID); ok {
			return lab.Errorf(lab.Invalid, "the kept bank %q has the entry %q twice", b.Name, e.ID)
		}
		if n, err := strconv.Atoi(e.ID); err == nil && n >= s.Next {
			return lab.Errorf(lab.Invalid, "the kept bank %q has the entry %q, and its next one is %d", b.Name, e.ID, s.Next)
		}
		l.add(tidy(e))
	}
	b.list, b.next = l, s.Next
	return nil
}
