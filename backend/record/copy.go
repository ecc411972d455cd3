package record

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Copy follows a record that another computer writes. It is given the bytes of the original in order and keeps whole frames only, each
// with its checksum, so that what stands in the file is a record at any time. One process at a time copies into a file.
//
// The original may lose what a killed writer left behind its last whole frame, and the End of a cancelled run when that run goes on.
// Neither enters a copy: it never has to give anything back.
type Copy struct {
	path string
	f    *os.File
	lock *Lock
	at   Position // behind the last whole frame that is kept
	done bool     // an End is kept
}

// OpenCopy opens the copy at path, or makes it. What a kill left behind its last whole frame is cut off, and so is the End of a cancelled
// run, which goes on.
// Errors: conflict when another process writes the file, invalid when it is damaged or no record, unavailable for the disk.
func OpenCopy(path string) (*Copy, error) {
	lock, err := AcquireLock(path+".lock", "")
	if err != nil {
		return nil, err
	}
	c := &Copy{path: path, lock: lock}
	if err := c.open(); err != nil {
		if c.f != nil {
			err = errors.Join(err, c.f.Close())
		}
		return nil, errors.Join(err, lock.Release())
	}
	return c, nil
}

func (c *Copy) open() error {
	f, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return unavailable(err, "record %q cannot be opened for writing", c.path)
	}
	c.f = f
	info, err := f.Stat()
	if err != nil {
		return unavailable(err, "record %q cannot be read", c.path)
	}
	if info.Size() == 0 {
		return nil // its header comes with the first bytes of the original
	}
	torn, err := checkHeader(f, c.path, info.Size())
	if err != nil {
		return err
	}
	if torn {
		return truncate(f, c.path, 0)
	}
	s, err := inspect(f, c.path, info.Size())
	if err != nil {
		return err
	}
	if s.lastKind == lab.KindEnd {
		if s.endStatus == lab.StatusCancelled {
			s.end = s.lastFrame // the run goes on
		} else {
			c.done = true
		}
	}
	c.at = s.end
	return truncate(f, c.path, s.end.Offset)
}

// Offset is how many bytes of the original are kept: where to go on reading it.
func (c *Copy) Offset() int64 { return c.at.Offset }

// Seq is the number of events that are kept.
func (c *Copy) Seq() int64 { return c.at.Seq }

// Ended tells whether the End is kept. Nothing comes after it.
func (c *Copy) Ended() bool { return c.done }

// Take keeps the whole frames at the head of b, which are the bytes of the original from Offset on, and shows each to see. What is left of b
// belongs to a frame that is not whole yet: Offset says where to read again. last says that nobody writes the original any more, so that
// the End of a cancelled run is one. A frame that see refuses is kept, and its error returned.
// Errors: invalid where b does not go on as a record does, unavailable for the disk.
func (c *Copy) Take(b []byte, last bool, see func(Frame) error) error {
	head, err := c.header(b)
	if err != nil || head < 0 {
		return err
	}
	var frames []Frame
	at := c.at
	if at.Offset == 0 {
		at.Offset = headerSize
	}
	start, end := head, head
	for !c.done {
		f, size, err := c.frame(b[end:], at)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		if f.Kind == lab.KindEnd {
			if c.done, err = final(f, last); err != nil || !c.done {
				break
			}
		}
		frames = append(frames, f)
		at, end = f.Next, end+size
	}
	if err := c.keep(b[:end], start, at); err != nil {
		return err
	}
	for _, f := range frames {
		if err := see(f); err != nil {
			return err
		}
	}
	return nil
}

// header wants the header at the head of a copy's first bytes. It returns where the frames begin in b, or -1 when b ends inside it.
func (c *Copy) header(b []byte) (int, error) {
	if c.at.Offset > 0 {
		return 0, nil
	}
	want := appendHeader(nil)
	n := min(len(b), len(want))
	if string(b[:n]) != string(want[:n]) {
		return 0, lab.Errorf(lab.Invalid, "what was read for %q does not begin as a record of version %d does", c.path, Version).
			WithHint("use the same version of Loci there as here")
	}
	if n < len(want) {
		return -1, nil
	}
	return n, nil
}

// frame reads the frame at the head of b; size 0 says that it is not whole yet.
func (c *Copy) frame(b []byte, at Position) (f Frame, size int, err error) {
	if len(b) < frameExtra {
		return Frame{}, 0, nil
	}
	p, ok := parsePrefix(b)
	if !ok || p.seq != at.Seq {
		return Frame{}, 0, c.broken(at)
	}
	if p.length+frameExtra > int64(len(b)) {
		return Frame{}, 0, nil
	}
	size = int(p.length) + frameExtra
	if !checksumHolds(b[:size]) {
		return Frame{}, 0, c.broken(at)
	}
	next := Position{Offset: at.Offset + int64(size), Seq: at.Seq + 1}
	return Frame{Seq: p.seq, Kind: p.kind, Time: time.UnixMilli(p.unixMS).UTC(), Payload: b[prefixSize : size-4], At: at, Next: next}, size, nil
}

func (c *Copy) broken(at Position) error {
	return lab.Errorf(lab.Invalid, "the original of %q is broken at byte %d, event %d", c.path, at.Offset, at.Seq).
		WithHint("it is read again; if that does not help, its disk is failing: run it elsewhere")
}

// final tells whether an End is kept: that of a run that was stopped is taken off again when the run goes on.
func final(f Frame, last bool) (bool, error) {
	ev, err := f.Event()
	if err != nil {
		return false, err
	}
	end, ok := ev.(lab.End)
	return ok && (last || end.Status != lab.StatusCancelled), nil
}

// keep appends what is whole: the frames from start on, and before them the header where the file has none yet.
func (c *Copy) keep(b []byte, start int, at Position) error {
	from := c.at.Offset
	if from > 0 {
		b = b[start:]
	}
	if len(b) == 0 {
		return nil
	}
	if _, err := c.f.WriteAt(b, from); err != nil {
		c.done = false
		return unavailable(errors.Join(err, c.f.Truncate(from)), "record %q cannot be written", c.path)
	}
	c.at = at
	if !c.done {
		return nil
	}
	if err := c.f.Sync(); err != nil {
		return unavailable(err, "record %q cannot be written", c.path)
	}
	return nil
}

// Close ends the copying.
func (c *Copy) Close() error {
	return errors.Join(c.f.Sync(), c.f.Close(), c.lock.Release())
}

var _ io.Closer = (*Copy)(nil)
