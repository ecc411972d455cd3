package replay

import (
	"encoding/binary"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// keep writes what a store holds: a head that says how it was made, counts, and slices of numbers or marks, little endian.
func keep(w io.Writer, head string, count []int, parts ...any) error {
	if err := binary.Write(w, binary.LittleEndian, uint32(len(head))); err != nil {
		return err
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	for _, c := range count {
		if err := binary.Write(w, binary.LittleEndian, int64(c)); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err := binary.Write(w, binary.LittleEndian, p); err != nil {
			return err
		}
	}
	return nil
}

// restore reads what keep wrote. The counts, each at most its limit, are read before parts are asked for.
func restore(r io.Reader, head string, count []int, parts func() []any, limits ...int) error {
	var n uint32
	if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
		return lab.Errorf(lab.Invalid, "kept %s cannot be read: %w", head, err)
	}
	got := make([]byte, min(n, 1<<12))
	if _, err := io.ReadFull(r, got); err != nil {
		return lab.Errorf(lab.Invalid, "kept %s cannot be read: %w", head, err)
	}
	if string(got) != head {
		return lab.Errorf(lab.Invalid, "kept state is of %q, want %q", got, head).WithHint("restore with the set-up that was kept")
	}
	for i := range count {
		var c int64
		if err := binary.Read(r, binary.LittleEndian, &c); err != nil {
			return lab.Errorf(lab.Invalid, "kept %s cannot be read: %w", head, err)
		}
		if c < 0 || c > int64(limits[i]) {
			return lab.Errorf(lab.Invalid, "kept %s has a count of %d, want 0 to %d", head, c, limits[i])
		}
		count[i] = int(c)
	}
	for _, p := range parts() {
		if err := binary.Read(r, binary.LittleEndian, p); err != nil {
			return lab.Errorf(lab.Invalid, "kept %s cannot be read: %w", head, err)
		}
	}
	return nil
}
