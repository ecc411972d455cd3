package world

import (
	"encoding/binary"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// headLimit bounds the head of a kept state, so that a broken file cannot ask for much memory.
const headLimit = 1 << 16

// WriteState keeps a world: the head says which world, knobs and size wrote it, the parts are of fixed size (encoding/binary).
func WriteState(w io.Writer, head string, parts ...any) error {
	if err := binary.Write(w, binary.LittleEndian, uint32(len(head))); err != nil {
		return err
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	for _, p := range parts {
		if err := binary.Write(w, binary.LittleEndian, p); err != nil {
			return err
		}
	}
	return nil
}

// ReadState reads what WriteState wrote and nothing beyond it. Another head is lab.Invalid; the parts are then untouched.
func ReadState(r io.Reader, head string, parts ...any) error {
	var n uint32
	if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
		return lab.Errorf(lab.Invalid, "kept state of a world cannot be read: %w", err)
	}
	if n > headLimit {
		return lab.Errorf(lab.Invalid, "kept state of a world has a head of %d bytes, want at most %d", n, headLimit)
	}
	got := make([]byte, n)
	if _, err := io.ReadFull(r, got); err != nil {
		return lab.Errorf(lab.Invalid, "kept state of a world cannot be read: %w", err)
	}
	if string(got) != head {
		return lab.Errorf(lab.Invalid, "kept state is of world %q, want %q", got, head).
			WithHint("restore it with the knobs and the batch size that it was kept with")
	}
	for _, p := range parts {
		if err := binary.Read(r, binary.LittleEndian, p); err != nil {
			return lab.Errorf(lab.Invalid, "kept state of world %q cannot be read: %w", head, err)
		}
	}
	return nil
}
