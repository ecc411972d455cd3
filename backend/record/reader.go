package record

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// sparse is how many frames lie between two places of the index: a jump reads at most so many.
const sparse = 128

// Reader reads one record, also one that another process still writes. It is for one goroutine at a time.
type Reader struct {
	path    string
	f       *os.File
	end     Position   // behind the last whole frame seen
	places  []Position // of the frames 0, sparse, 2*sparse, ...
	eps     episodes
	damage  *Damage
	ended   bool        // the last frame is an End
	pending bool        // the header is not whole yet
	visit   func(Frame) // while the record is opened; nil for none
}

// Open reads the whole record once, checks every frame and makes an index. A torn tail is left out. Damage before whole frames is
// not an error here, so that what stands before it can be read: Damage tells, and iterations end with that error.
func Open(path string) (*Reader, error) { return OpenWith(path, nil) }

// OpenWith is Open that shows visit every event while it reads them: whoever needs something of all of them reads the file once and not
// twice. The payload is valid until visit returns. Events that come later are not shown; Frames has them.
func OpenWith(path string, visit func(Frame)) (*Reader, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lab.Errorf(lab.NotFound, "record %q does not exist", path)
	}
	if err != nil {
		return nil, unavailable(err, "record %q cannot be read", path)
	}
	r := &Reader{path: path, f: f, end: Position{Offset: headerSize}, pending: true, eps: newEpisodes(), visit: visit}
	if err := r.Refresh(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.visit = nil
	return r, nil
}

// Close frees the file.
func (r *Reader) Close() error { return r.f.Close() }

// Len returns the number of whole events seen so far.
func (r *Reader) Len() int64 { return r.end.Seq }

// End returns the position behind the last whole event seen so far.
func (r *Reader) End() Position { return r.end }

// Ended tells whether the last event seen is an End.
func (r *Reader) Ended() bool { return r.ended }

// Damage returns where the record is damaged, nil when it is not.
func (r *Reader) Damage() *Damage { return r.damage }

// Refresh takes in what was written since. A frame that is not whole yet waits for the next call.
func (r *Reader) Refresh() error {
	if r.damage != nil {
		return nil
	}
	info, err := r.f.Stat()
	if err != nil {
		return unavailable(err, "record %q cannot be read", r.path)
	}
	if r.pending {
		torn, err := checkHeader(r.f, r.path, info.Size())
		if err != nil || torn {
			return err
		}
		r.pending = false
	}
	if info.Size() < r.end.Offset {
		return lab.Errorf(lab.Conflict, "record %q was cut to %d bytes while it was read to byte %d", r.path, info.Size(), r.end.Offset).
			WithHint("open it again")
	}
	return r.take(info.Size())
}

// take reads frames up to size bytes of the file into the index.
func (r *Reader) take(size int64) error {
	scan := newScanner(r.f, r.end, size)
	for {
		frame, err := scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errBroken):
			return r.judge(size)
		case err != nil:
			return unavailable(err, "record %q cannot be read", r.path)
		}
		if frame.Seq%sparse == 0 {
			r.places = append(r.places, frame.At)
		}
		r.eps.note(frame)
		if r.visit != nil {
			r.visit(frame)
		}
		r.end, r.ended = frame.Next, frame.Kind == lab.KindEnd
	}
}

// judge tells a torn or growing tail from damage.
func (r *Reader) judge(size int64) error {
	later, found, err := findLater(r.f, r.end, size)
	if err != nil {
		return unavailable(err, "record %q cannot be read", r.path)
	}
	if found {
		r.damage = &Damage{Path: r.path, At: r.end, Later: later}
	}
	return nil
}

// Frames yields the events from sequence number from on, of the given kinds or of all when none is given, up to what the last
// Refresh saw. Payloads of other kinds are not decoded. A damaged record yields its good events and then the error.
func (r *Reader) Frames(from int64, kinds ...lab.Kind) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		scan := newScanner(r.f, r.place(from), r.end.Offset)
		for {
			frame, err := scan.next()
			if errors.Is(err, io.EOF) {
				if r.damage != nil {
					yield(Frame{}, r.damage.err())
				}
				return
			}
			if err != nil {
				yield(Frame{}, unavailable(err, "event %d of record %q cannot be read", scan.at.Seq, r.path))
				return
			}
			if frame.Seq < from || !wanted(kinds, frame.Kind) {
				continue
			}
			if !yield(frame, nil) {
				return
			}
		}
	}
}

func wanted(kinds []lab.Kind, kind lab.Kind) bool {
	return len(kinds) == 0 || slices.Contains(kinds, kind)
}

// place returns the indexed position at or before a sequence number.
func (r *Reader) place(seq int64) Position {
	if seq >= r.end.Seq {
		return r.end
	}
	i := max(0, seq) / sparse
	return r.places[i]
}

// At returns one event by its sequence number; its payload is the caller's to keep.
func (r *Reader) At(seq int64) (Frame, error) {
	if seq < 0 || seq >= r.end.Seq {
		return Frame{}, lab.Errorf(lab.NotFound, "record %q has no event %d, want 0 to %d", r.path, seq, r.end.Seq-1)
	}
	for frame, err := range r.Frames(seq) {
		return frame, err
	}
	return Frame{}, lab.Errorf(lab.Internal, "event %d of record %q is in the index but not in the file", seq, r.path)
}

// Tail yields events like Frames and then follows the growing record, looking for news every interval. It ends when ctx is done
// (yielding ctx.Err()), after an End event, or with an error.
func (r *Reader) Tail(ctx context.Context, interval time.Duration, from int64, kinds ...lab.Kind) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			for frame, err := range r.Frames(from, kinds...) {
				if !yield(frame, err) || err != nil {
					return
				}
			}
			if r.ended {
				return
			}
			from = max(from, r.end.Seq)
			if err := r.news(ctx, ticker); err != nil {
				yield(Frame{}, err)
				return
			}
		}
	}
}

// news waits until the record has more whole events or is damaged.
func (r *Reader) news(ctx context.Context, ticker *time.Ticker) error {
	before := r.end.Seq
	for {
		if err := r.Refresh(); err != nil {
			return err
		}
		if r.end.Seq > before || r.damage != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// CopyFrom copies the bytes from offset to the last whole event into w and returns the offset for the next call. A copy of the
// record that asks with its own size grows to the same bytes, whatever connection is lost in between. offset must be 0 or the end of
// a frame.
func (r *Reader) CopyFrom(w io.Writer, offset int64) (next int64, err error) {
	if offset < 0 || offset > r.end.Offset {
		return offset, lab.Errorf(lab.Invalid, "record %q cannot be copied from byte %d, want 0 to %d", r.path, offset, r.end.Offset).
			WithHint("the copy is of another record: remove it and copy from byte 0")
	}
	if r.pending {
		return 0, nil
	}
	n, err := io.Copy(w, io.NewSectionReader(r.f, offset, r.end.Offset-offset))
	if err != nil {
		return offset + n, unavailable(err, "record %q cannot be copied from byte %d", r.path, offset+n)
	}
	return offset + n, nil
}

// Scan yields the events from a position on without an index, up to the present end of the file: for those who kept the Next of the
// last event they read. A torn tail ends it silently; damage is an error.
func Scan(path string, from Position) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		s, err := openScan(path, from)
		if err != nil {
			yield(Frame{}, err)
			return
		}
		defer s.f.Close()
		for {
			frame, err := s.frame()
			if err == nil && frame.Kind == "" {
				return
			}
			if !yield(frame, err) || err != nil {
				return
			}
		}
	}
}

// IsRecord tells whether the file at path begins like a record. Files that cannot be read do not.
func IsRecord(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	state, _, err := readHeader(f, headerSize)
	return err == nil && state == headerWhole
}

// fileScan is a scanner with the file it reads.
type fileScan struct {
	scan *scanner
	f    *os.File
	path string
	size int64
}

func openScan(path string, from Position) (*fileScan, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lab.Errorf(lab.NotFound, "record %q does not exist", path)
	}
	if err != nil {
		return nil, unavailable(err, "record %q cannot be read", path)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(unavailable(err, "record %q cannot be read", path), f.Close())
	}
	size := info.Size()
	torn, err := checkHeader(f, path, size)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if torn {
		size = 0
	}
	return &fileScan{scan: newScanner(f, from, size), f: f, path: path, size: size}, nil
}

// frame returns the next frame, one without kind at the end.
func (s *fileScan) frame() (Frame, error) {
	frame, err := s.scan.next()
	switch {
	case err == nil:
		return frame, nil
	case errors.Is(err, io.EOF):
		return Frame{Seq: s.scan.at.Seq}, nil
	case errors.Is(err, errBroken):
		return Frame{Seq: s.scan.at.Seq}, tornOrDamaged(s.f, s.path, s.scan.at, s.size)
	}
	return Frame{}, unavailable(err, "record %q cannot be read", s.path)
}
