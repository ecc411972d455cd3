package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Options of a Writer. The zero value is what a run wants.
type Options struct {
	// Now is the clock of the frames; nil means time.Now.
	Now func() time.Time
	// Delay is the longest an event waits for its way to the disk; 0 means half a second, which with the time the disk takes keeps
	// the loss of a power cut under one second.
	Delay time.Duration
	// Repair makes Resume repair a damaged record first (see Repair); without it damage is an error.
	Repair bool
	// Reopen makes Resume go on with a record that ended as cancelled or failed: its End event, which tells how a process fared and
	// not what the run found, is cut. Without it such a record is a conflict. A record that ended as done is never reopened.
	Reopen bool

	wrap func(file) file // tests put a failing disk here
}

// file is what a Writer needs of a file.
type file interface {
	io.WriteCloser
	Sync() error
}

// bufferSize is how many bytes of frames wait before Emit writes them itself. Emit blocks only when the disk is slower than the run
// by this much.
const bufferSize = 256 << 10

// Writer appends events to one record. It implements lab.Emitter; several goroutines may call it.
//
// An error of the disk is kept: every later call returns it, and it says how many events are safe.
type Writer struct {
	path  string
	now   func() time.Time
	delay time.Duration
	lock  *Lock
	cut   int64
	kept  string // where Repair left the damaged file

	io   sync.Mutex // held while bytes go to the file, so that they go in order; taken before mu
	file file

	mu     sync.Mutex
	enc    *encoder
	verify *verifier // not nil while recorded events are played again
	buf    []byte    // frames that wait
	spare  []byte    // the other buffer
	next   int64     // number of the next event
	safe   int64     // events below are on disk
	err    error
	closed bool

	wake chan struct{} // one slot: there is something to bring to the disk; more wakings than one say nothing new
	quit chan struct{}
	bg   sync.WaitGroup
}

// Create begins a new record. It returns lab.Conflict when there is one at path already or another process holds it.
func Create(path string, opts Options) (*Writer, error) {
	lock, err := AcquireLock(path+".lock", "")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, errors.Join(createError(path, err), lock.Release())
	}
	if err := start(f, path); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path), lock.Release())
	}
	return newWriter(path, f, lock, opts), nil
}

func createError(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return lab.Errorf(lab.Conflict, "record %q exists already", path).
			WithHint("continue it, or remove it to begin anew")
	}
	return unavailable(err, "record %q cannot be made", path)
}

// start writes the header and makes the file's name durable.
func start(f *os.File, path string) error {
	if _, err := f.WriteAt(appendHeader(nil), 0); err != nil {
		return unavailable(err, "record %q cannot be made", path)
	}
	if err := f.Sync(); err != nil {
		return unavailable(err, "record %q cannot be made", path)
	}
	if _, err := f.Seek(headerSize, io.SeekStart); err != nil {
		return unavailable(err, "record %q cannot be made", path)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes new names in a folder survive a power cut. Windows keeps its names itself and has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return unavailable(err, "folder %q cannot be opened", dir)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return unavailable(err, "folder %q cannot be brought to the disk", dir)
	}
	return nil
}

// newWriter takes over an open file that stands at its end, and its lock.
func newWriter(path string, f file, lock *Lock, opts Options) *Writer {
	if opts.wrap != nil {
		f = opts.wrap(f)
	}
	w := &Writer{
		path: path, file: f, lock: lock, now: opts.Now, delay: opts.Delay, enc: newEncoder(),
		wake: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.delay <= 0 {
		w.delay = time.Second / 2
	}
	w.bg.Go(w.keepSafe)
	return w
}

// Emit appends the event. It returns when the event is in the buffer; checkpoint and end events are on disk when it returns. While
// recorded events are played again it compares instead (see Resume).
func (w *Writer) Emit(ev lab.Event) error {
	w.mu.Lock()
	code, payload, err := w.admit(ev)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	if w.verify != nil {
		err := w.compare(ev.Kind(), payload)
		w.mu.Unlock()
		return err
	}
	first := len(w.buf) == 0
	w.buf = appendFrame(w.buf, code, w.next, w.now().UnixMilli(), payload)
	w.next++
	full := len(w.buf) >= bufferSize
	w.mu.Unlock()

	if code == codeOf(lab.KindCheckpoint) || code == codeOf(lab.KindEnd) {
		return w.drain(true)
	}
	if first {
		w.stir()
	}
	if full {
		return w.drain(false)
	}
	return nil
}

// Copy appends an event of another record as it is, byte for byte but for its time. A writer that still plays events again takes none.
func (w *Writer) Copy(f Frame) error {
	w.mu.Lock()
	if w.err == nil && (w.closed || w.verify != nil) {
		w.mu.Unlock()
		return lab.Errorf(lab.Internal, "record %q takes no copied event now", w.path)
	}
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	w.buf = appendFrame(w.buf, codeOf(f.Kind), w.next, w.now().UnixMilli(), f.Payload)
	w.next++
	full := len(w.buf) >= bufferSize
	w.mu.Unlock()
	if full {
		return w.drain(false)
	}
	return nil
}

// admit encodes the event when the writer may take it. The caller holds mu.
func (w *Writer) admit(ev lab.Event) (byte, []byte, error) {
	if w.err != nil {
		return 0, nil, w.err
	}
	if w.closed {
		return 0, nil, lab.Errorf(lab.Internal, "record %q is closed, event of kind %q came late", w.path, ev.Kind())
	}
	return w.enc.encode(ev)
}

// stir wakes the goroutine that brings events to the disk.
func (w *Writer) stir() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
}

// keepSafe brings events to the disk, at most delay after the first that waits.
func (w *Writer) keepSafe() {
	for {
		select {
		case <-w.quit:
			return
		case <-w.wake:
		}
		timer := time.NewTimer(w.delay)
		select {
		case <-w.quit:
			timer.Stop()
			return
		case <-timer.C:
			_ = w.drain(true) // kept in w.err for the next caller
		}
	}
}

// drain writes what waits; with sync all events so far are on disk afterwards.
func (w *Writer) drain(sync bool) error {
	w.io.Lock()
	defer w.io.Unlock()
	w.mu.Lock()
	if w.err != nil || w.verify != nil || (len(w.buf) == 0 && (!sync || w.safe == w.next)) {
		defer w.mu.Unlock()
		return w.err
	}
	out, upto := w.buf, w.next
	w.buf, w.spare = w.spare[:0], nil
	w.mu.Unlock()

	err := w.put(out, sync)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = out[:0]
	if err != nil {
		w.err = w.broken(err)
		return w.err
	}
	if sync {
		w.safe = upto
	}
	return nil
}

func (w *Writer) put(b []byte, sync bool) error {
	if len(b) > 0 {
		if _, err := w.file.Write(b); err != nil {
			return err
		}
	}
	if sync {
		return w.file.Sync()
	}
	return nil
}

// broken says what is safe after the disk failed. The caller holds mu.
func (w *Writer) broken(err error) error {
	e := unavailable(err, "record %q cannot be written; %s", w.path, safeWords(w.safe))
	hint := "free space on the disk"
	if !isFull(err) {
		hint = "check the disk"
	}
	return e.WithHint("%s and run again: the run continues from its last checkpoint", hint)
}

func safeWords(safe int64) string {
	if safe == 0 {
		return "no event is on disk"
	}
	return fmt.Sprintf("events up to %d are on disk", safe-1)
}

// Flush brings all events so far to the disk.
func (w *Writer) Flush() error { return w.drain(true) }

// Close brings all events to the disk, waits for the goroutine of the writer, and frees the record. Later calls return what the first did.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		defer w.mu.Unlock()
		return w.err
	}
	w.closed = true
	w.mu.Unlock()
	close(w.quit)
	w.bg.Wait()

	err := w.drain(true)
	w.io.Lock()
	defer w.io.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if cerr := w.file.Close(); cerr != nil && err == nil {
		err = w.broken(cerr)
		w.err = err
	}
	if w.verify != nil {
		_ = w.verify.file.Close() // opened for reading
	}
	if lerr := w.lock.Release(); lerr != nil && err == nil {
		err = unavailable(lerr, "lock of record %q cannot be let go", w.path)
		w.err = err
	}
	return err
}

// Seq returns the sequence number of the next event.
func (w *Writer) Seq() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

// Safe returns how many events are on disk.
func (w *Writer) Safe() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.safe
}

// Cut returns how many bytes of a torn tail Resume cut.
func (w *Writer) Cut() int64 { return w.cut }

// Kept returns where Resume with Options.Repair left the damaged file, "" when there was no damage.
func (w *Writer) Kept() string { return w.kept }
