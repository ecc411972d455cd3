package rl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Part is one named piece of a state that is kept between two units of work.
type Part struct {
	Name  string
	State lab.Snapshotter
}

// partLimit bounds one part that a reader accepts, bytes.
const partLimit = 4 << 30

// WriteParts writes parts one after the other, each with the length of its name (2 bytes), its name, the length of its contents
// (8 bytes, little endian as all) and its contents, so that no part can read into the next.
func WriteParts(w io.Writer, parts ...Part) error {
	for _, p := range parts {
		var body bytes.Buffer
		if err := p.State.Snapshot(&body); err != nil {
			return lab.Errorf(lab.CodeOf(err), "keeping %s: %w", p.Name, err)
		}
		head := binary.LittleEndian.AppendUint16(nil, uint16(len(p.Name)))
		head = binary.LittleEndian.AppendUint64(append(head, p.Name...), uint64(body.Len()))
		if _, err := w.Write(head); err != nil {
			return err
		}
		if _, err := body.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// ReadParts reads what WriteParts wrote into the same parts in the same order. A part of another name, or one that does not take all
// of its contents, is an error; what was read before it has changed by then, so the caller drops the whole state.
func ReadParts(r io.Reader, parts ...Part) error {
	for _, p := range parts {
		body, err := readPart(r, p.Name)
		if err != nil {
			return err
		}
		if err := p.State.Restore(body); err != nil {
			return lab.Errorf(lab.Invalid, "restoring %s: %w", p.Name, err)
		}
		if body.N > 0 {
			return lab.Errorf(lab.Invalid, "restoring %s: %d bytes were left over", p.Name, body.N).WithHint("restore with the set-up that was kept")
		}
	}
	return nil
}

func readPart(r io.Reader, want string) (*io.LimitedReader, error) {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:2]); err != nil {
		return nil, cutShort(want, err)
	}
	name := make([]byte, binary.LittleEndian.Uint16(length[:2]))
	if _, err := io.ReadFull(r, name); err != nil {
		return nil, cutShort(want, err)
	}
	if string(name) != want {
		return nil, lab.Errorf(lab.Invalid, "kept state has part %q, want %q", name, want).WithHint("restore with the set-up that was kept")
	}
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, cutShort(want, err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > partLimit {
		return nil, lab.Errorf(lab.Invalid, "part %q has %d bytes, want at most %d", want, n, int64(partLimit))
	}
	return &io.LimitedReader{R: r, N: int64(n)}, nil
}

func cutShort(part string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return lab.Errorf(lab.Invalid, "kept state ends before part %q: %w", part, io.ErrUnexpectedEOF)
	}
	return err
}

// Stream makes a random stream a part of a kept state.
func Stream(s *rng.Stream) lab.Snapshotter { return streamState{s} }

type streamState struct{ s *rng.Stream }

func (s streamState) Snapshot(w io.Writer) error {
	b, err := s.s.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func (s streamState) Restore(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<10))
	if err != nil {
		return err
	}
	return s.s.UnmarshalBinary(b)
}

// Weights makes parameters, and their optimiser where it is not nil, a part of a kept state.
func Weights(params []*num.Tensor, opt *nn.Adam) lab.Snapshotter { return weights{params, opt} }

type weights struct {
	params []*num.Tensor
	opt    *nn.Adam
}

func (s weights) Snapshot(w io.Writer) error { return nn.Save(w, s.params, s.opt) }

func (s weights) Restore(r io.Reader) error { return nn.Load(r, s.params, s.opt) }

// number makes one number a part of a kept state.
type number struct{ x *float64 }

func (n number) Snapshot(w io.Writer) error {
	_, err := w.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(*n.x)))
	return err
}

func (n number) Restore(r io.Reader) error {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return err
	}
	*n.x = math.Float64frombits(binary.LittleEndian.Uint64(b[:]))
	return nil
}
