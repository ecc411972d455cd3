package record

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// errBroken says that the bytes at the scanner's position are no whole frame: a torn tail, or damage.
var errBroken = errors.New("no whole frame here")

// scanner reads frames one after the other, up to limit bytes of the file. It keeps one buffer.
type scanner struct {
	r     *bufio.Reader
	at    Position
	limit int64
	buf   []byte
}

func newScanner(f io.ReaderAt, from Position, limit int64) *scanner {
	if from.Offset == 0 {
		from = Position{Offset: headerSize}
	}
	left := max(0, limit-from.Offset)
	section := io.NewSectionReader(f, from.Offset, left)
	return &scanner{r: bufio.NewReaderSize(section, int(min(left, 256<<10))), at: from, limit: limit}
}

// next returns the frame at the scanner's position; io.EOF when there is nothing left, errBroken when the bytes there are no whole
// frame. After an error the position stays.
func (s *scanner) next() (Frame, error) {
	left := s.limit - s.at.Offset
	if left <= 0 {
		return Frame{}, io.EOF
	}
	if left < frameExtra {
		return Frame{}, errBroken
	}
	s.buf = grow(s.buf, prefixSize)
	if err := s.fill(s.buf); err != nil {
		return Frame{}, err
	}
	p, ok := parsePrefix(s.buf)
	if !ok || p.seq != s.at.Seq || p.length+frameExtra > left {
		return Frame{}, errBroken
	}
	whole := int(p.length) + frameExtra
	s.buf = grow(s.buf, whole)
	if err := s.fill(s.buf[prefixSize:]); err != nil {
		return Frame{}, err
	}
	if !checksumHolds(s.buf) {
		return Frame{}, errBroken
	}
	f := Frame{
		Seq: p.seq, Kind: p.kind, Time: time.UnixMilli(p.unixMS).UTC(), Payload: s.buf[prefixSize : whole-4],
		At: s.at, Next: Position{Offset: s.at.Offset + int64(whole), Seq: p.seq + 1},
	}
	s.at = f.Next
	return f, nil
}

// fill reads b whole. The file may shrink under us when another process repairs it: that is a broken frame, not a failure.
func (s *scanner) fill(b []byte) error {
	_, err := io.ReadFull(s.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errBroken
	}
	return err
}

// grow returns b with length n and its first bytes kept.
func grow(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	bigger := make([]byte, n, n+n/4+64)
	copy(bigger, b)
	return bigger
}

// Damage tells where a record is broken although whole frames follow: a flaw of the disk or another program's write, no torn tail.
type Damage struct {
	Path  string
	At    Position // first frame that cannot be read
	Later Position // whole frame found behind it
}

func (d *Damage) err() *lab.Error {
	return lab.Errorf(lab.Invalid, "record %q is damaged: event %d at byte %d cannot be read, but event %d at byte %d is whole", d.Path, d.At.Seq, d.At.Offset, d.Later.Seq, d.Later.Offset).
		WithHint("run `loci doctor --repair`: it keeps the damaged file beside the record and continues from the %d events before the damage", d.At.Seq)
}

// findLater looks behind a broken frame for a whole one of a later or the same number. found is false when there is none, which
// makes the rest of the file a torn tail.
func findLater(f io.ReaderAt, broken Position, size int64) (later Position, found bool, err error) {
	const chunk = 1 << 20
	buf := make([]byte, min(chunk+prefixSize, size-broken.Offset))
	last := broken.Seq + (size-broken.Offset)/frameExtra // no more frames fit
	for base := broken.Offset + 1; base+frameExtra <= size; base += chunk {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-base)], base)
		if err != nil && !errors.Is(err, io.EOF) {
			return Position{}, false, err
		}
		for i := 0; i < chunk && i+prefixSize <= n; i++ {
			p, ok := parsePrefix(buf[i:])
			at := Position{Offset: base + int64(i), Seq: p.seq}
			if !ok || p.seq < broken.Seq || p.seq > last || at.Offset+p.length+frameExtra > size {
				continue
			}
			whole, err := wholeFrame(f, at.Offset, p.length)
			if err != nil || whole {
				return at, whole, err
			}
		}
	}
	return Position{}, false, nil
}

func wholeFrame(f io.ReaderAt, offset, length int64) (bool, error) {
	frame := make([]byte, length+frameExtra)
	if _, err := f.ReadAt(frame, offset); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return checksumHolds(frame), nil
}

// headerState is what the first bytes of a file are.
type headerState int

const (
	headerWhole headerState = iota
	headerTorn              // a beginning of a header, as a kill during Create leaves it
	headerAlien             // something else
)

// readHeader looks at the first bytes of a file of that size.
func readHeader(f io.ReaderAt, size int64) (state headerState, version uint32, err error) {
	b := make([]byte, min(size, headerSize))
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return headerAlien, 0, err
	}
	want := appendHeader(nil)
	if size < headerSize {
		if string(b) == string(want[:len(b)]) {
			return headerTorn, 0, nil
		}
		return headerAlien, 0, nil
	}
	version = binary.LittleEndian.Uint32(b[len(magic):])
	sum := binary.LittleEndian.Uint32(b[headerSize-4:])
	if string(b[:len(magic)]) != magic || sum != crc32.Checksum(b[:headerSize-4], castagnoli) {
		return headerAlien, 0, nil
	}
	return headerWhole, version, nil
}

// checkHeader turns readHeader into an error; torn tells that the file ends inside its header.
func checkHeader(f io.ReaderAt, path string, size int64) (torn bool, err error) {
	state, version, err := readHeader(f, size)
	switch {
	case err != nil:
		return false, lab.Errorf(lab.Unavailable, "record %q cannot be read: %w", path, err)
	case state == headerAlien:
		return false, lab.Errorf(lab.Invalid, "file %q is no record: it does not begin with a whole record header", path).
			WithHint("name a record, or move the file away and run again")
	case state == headerWhole && version != Version:
		return false, lab.Errorf(lab.Invalid, "record %q has format version %d, want %d", path, version, Version).
			WithHint("open it with the version of Loci that wrote it")
	}
	return state == headerTorn, nil
}
