package record

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/loci-lab/loci/backend/lab"
)

// Resume opens a record to continue its run. It reads to the last whole frame, cuts a torn tail (Writer.Cut says how much) and
// never changes a whole frame. last is the newest recorded checkpoint that usable accepts, with found true; the run must be restored
// from it, or begun anew when found is false.
//
// A run that goes on from a checkpoint plays events again that the record holds already. The writer compares each of them with the
// recorded one, kind and payload, until the tail is reached, and only then appends: the record never loses or changes an event.
// A difference is lab.Conflict and is kept like an error of the disk. While Verifying is true the run must not emit how it was
// stopped (an End event): it just closes the writer, and the record stays that of an interrupted run.
//
// Errors: not-found without a file, conflict when another process holds the record or it has ended (see Options.Reopen), invalid
// when it is damaged (see Options.Repair) or no record, unavailable for the disk.
func Resume(path string, usable func(lab.Checkpoint) bool, opts Options) (w *Writer, last lab.Checkpoint, found bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, last, false, lab.Errorf(lab.NotFound, "record %q does not exist", path).WithHint("start the run from its beginning")
	}
	lock, err := AcquireLock(path+".lock", "")
	if err != nil {
		return nil, last, false, err
	}
	w, cp, found, err := resumeLocked(path, lock, usable, opts)
	if err != nil {
		return nil, last, false, errors.Join(err, lock.Release())
	}
	return w, cp, found, nil
}

func resumeLocked(path string, lock *Lock, usable func(lab.Checkpoint) bool, opts Options) (*Writer, lab.Checkpoint, bool, error) {
	var none lab.Checkpoint
	kept := ""
	if opts.Repair {
		report, err := repairLocked(path)
		if err != nil {
			return nil, none, false, err
		}
		kept = report.Kept
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, none, false, unavailable(err, "record %q cannot be opened for writing", path)
	}
	s, cut, err := settle(f, path, opts.Reopen)
	if err != nil {
		return nil, none, false, errors.Join(err, f.Close())
	}
	cp, from, found := s.lastUsable(usable)
	var v *verifier
	if from != s.end {
		if v, err = newVerifier(path, from, s.end); err != nil {
			return nil, none, false, errors.Join(err, f.Close())
		}
	}
	w := newWriter(path, f, lock, opts)
	w.cut, w.kept, w.verify, w.next, w.safe = cut, kept, v, from.Seq, s.end.Seq
	return w, cp, found, nil
}

// survey is what one pass over a record finds.
type survey struct {
	end         Position // behind the last whole frame
	size        int64    // of the file
	lastFrame   Position
	lastKind    lab.Kind
	endStatus   string
	checkpoints []mark
}

// mark is a checkpoint event and the position behind it.
type mark struct {
	cp    lab.Checkpoint
	after Position
}

func (s survey) lastUsable(usable func(lab.Checkpoint) bool) (lab.Checkpoint, Position, bool) {
	for i := len(s.checkpoints) - 1; i >= 0 && usable != nil; i-- {
		if m := s.checkpoints[i]; usable(m.cp) {
			return m.cp, m.after, true
		}
	}
	if s.end.Seq == 0 {
		return lab.Checkpoint{}, s.end, false
	}
	return lab.Checkpoint{}, Position{Offset: headerSize}, false
}

// settle makes the file end at a frame border, with the write position there, and surveys it.
func settle(f *os.File, path string, reopen bool) (s survey, cut int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return s, 0, unavailable(err, "record %q cannot be read", path)
	}
	torn, err := checkHeader(f, path, info.Size())
	if err != nil {
		return s, 0, err
	}
	if torn { // killed while it was made: nothing was lost
		s.end, s.size = Position{Offset: headerSize}, headerSize
		return s, 0, start(f, path)
	}
	if s, err = inspect(f, path, info.Size()); err != nil {
		return s, 0, err
	}
	if s.lastKind == lab.KindEnd {
		if err := s.reopen(path, reopen); err != nil {
			return s, 0, err
		}
	}
	cut = s.size - s.end.Offset
	return s, cut, truncate(f, path, s.end.Offset)
}

// reopen takes back the End event when that is allowed.
func (s *survey) reopen(path string, allowed bool) error {
	if !allowed || s.endStatus == lab.StatusDone {
		return lab.Errorf(lab.Conflict, "record %q has ended with event %d as %q and cannot be continued", path, s.end.Seq-1, s.endStatus).
			WithHint("use its results, or remove it to run again")
	}
	s.end, s.size = s.lastFrame, s.size-(s.end.Offset-s.lastFrame.Offset)
	return nil
}

func truncate(f *os.File, path string, end int64) error {
	err := f.Truncate(end)
	if err == nil {
		err = f.Sync() // a killed writer may have left whole events that are not on disk yet
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return unavailable(err, "record %q cannot be cut at its last whole event, byte %d", path, end)
	}
	return nil
}

// inspect reads all frames of a file with a whole header. Damage before a whole frame is an error.
func inspect(f io.ReaderAt, path string, size int64) (survey, error) {
	s := survey{size: size, end: Position{Offset: headerSize}}
	scan := newScanner(f, Position{}, size)
	for {
		frame, err := scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case errors.Is(err, errBroken):
			return s, tornOrDamaged(f, path, s.end, size)
		case err != nil:
			return s, unavailable(err, "record %q cannot be read", path)
		}
		if err := s.note(frame); err != nil {
			return s, err
		}
	}
}

func tornOrDamaged(f io.ReaderAt, path string, end Position, size int64) error {
	later, found, err := findLater(f, end, size)
	if err != nil {
		return unavailable(err, "record %q cannot be read", path)
	}
	if found {
		return (&Damage{Path: path, At: end, Later: later}).err()
	}
	return nil
}

func (s *survey) note(f Frame) error {
	s.lastFrame, s.lastKind, s.end = f.At, f.Kind, f.Next
	if f.Kind != lab.KindCheckpoint && f.Kind != lab.KindEnd {
		return nil
	}
	ev, err := f.Event()
	if err != nil {
		return err
	}
	switch ev := ev.(type) {
	case lab.Checkpoint:
		s.checkpoints = append(s.checkpoints, mark{cp: ev, after: f.Next})
	case lab.End:
		s.endStatus = ev.Status
	}
	return nil
}

// verifier reads the recorded events that the run plays again.
type verifier struct {
	file *os.File
	scan *scanner
	end  Position
}

func newVerifier(path string, from, end Position) (*verifier, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unavailable(err, "record %q cannot be read", path)
	}
	return &verifier{file: f, scan: newScanner(f, from, end.Offset), end: end}, nil
}

// compare checks one event against the record. The caller holds mu.
func (w *Writer) compare(kind lab.Kind, payload []byte) error {
	frame, err := w.verify.scan.next()
	if err != nil {
		w.err = lab.Errorf(lab.Unavailable, "event %d of record %q cannot be read again: %w", w.next, w.path, err).
			WithHint("check the disk and run again: no event was changed")
		return w.err
	}
	if frame.Kind != kind || !bytes.Equal(frame.Payload, payload) {
		was, is := heads(frame.Payload, payload)
		w.err = lab.Errorf(lab.Conflict, "event %d of record %q is %s %s, but the run now gives %s %s: the record was written by another build or set-up",
			w.next, w.path, frame.Kind, was, kind, is).
			WithHint("continue it with the build that began it, or remove the record and run again")
		return w.err
	}
	w.next = frame.Next.Seq
	if frame.Next != w.verify.end {
		return nil
	}
	_ = w.verify.file.Close() // opened for reading
	w.verify = nil
	return nil
}

// Verifying tells whether the run still plays events again that the record holds.
func (w *Writer) Verifying() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.verify != nil
}
