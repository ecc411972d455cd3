package record

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gofrs/flock"

	"github.com/loci-lab/loci/backend/lab"
)

// Lock is an advisory lock on a name: of all processes one at a time has it, and the system frees it when that process ends,
// however it ends.
type Lock struct {
	flock *flock.Flock
}

// ownerAt is where the owner's line begins in the lock file. Byte 0 is what the lock itself covers on systems whose locks are
// mandatory, so that the others can still read who holds it.
const (
	ownerAt   = 1
	ownerSize = 255
)

// AcquireLock takes the lock file at path at once or fails with lab.Conflict that names the owner's process and note. note is one
// line for the person who meets the lock, for example an address; it may be empty.
func AcquireLock(path, note string) (*Lock, error) {
	for {
		fl := flock.New(path, flock.SetPermissions(0o644))
		got, err := fl.TryLock()
		if err != nil {
			return nil, unavailable(err, "lock %q cannot be taken", path)
		}
		if !got {
			return nil, lab.Errorf(lab.Conflict, "%q is in use by %s", strings.TrimSuffix(path, ".lock"), lockOwner(path)).
				WithHint("use that process, or stop it and try again")
		}
		if sameFile(fl, path) {
			l := &Lock{flock: fl}
			if err := l.Sign(note); err != nil {
				return nil, errors.Join(err, l.Release())
			}
			return l, nil
		}
		// The owner before us removed the file between our open and our lock: the name is another file now.
		if err := fl.Close(); err != nil {
			return nil, unavailable(err, "lock %q cannot be let go", path)
		}
	}
}

func sameFile(fl *flock.Flock, path string) bool {
	held, err := fl.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}

// Sign writes who holds the lock into it: this process and the note, which replaces the one before.
func (l *Lock) Sign(note string) error {
	line := fmt.Sprintf("process %d", os.Getpid())
	if note != "" {
		line += " (" + note + ")"
	}
	f, err := os.OpenFile(l.flock.Path(), os.O_WRONLY, 0)
	if err != nil {
		return unavailable(err, "lock %q cannot be signed", l.flock.Path())
	}
	b := fmt.Appendf(nil, "%-*s", ownerSize-1, line)
	if _, err := f.WriteAt(append(b[:ownerSize-1], '\n'), ownerAt); err != nil {
		return errors.Join(unavailable(err, "lock %q cannot be signed", l.flock.Path()), f.Close())
	}
	return f.Close()
}

// lockOwner reads who holds the lock, for messages.
func lockOwner(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "another process"
	}
	defer f.Close()
	b := make([]byte, ownerSize)
	n, _ := f.ReadAt(b, ownerAt)
	owner := string(bytes.TrimSpace(bytes.Trim(b[:n], "\x00")))
	if owner == "" {
		return "another process"
	}
	return owner
}

// Release removes the lock file and frees the lock.
func (l *Lock) Release() error {
	// Removed while held: whoever opened it before will see that the name is gone and try again. Systems that refuse to remove an
	// open file leave it there, which does no harm.
	_ = os.Remove(l.flock.Path())
	return l.flock.Close()
}

// unavailable makes an error of a failed call to the system.
func unavailable(err error, format string, args ...any) *lab.Error {
	e := lab.Errorf(lab.Unavailable, "%s: %w", fmt.Sprintf(format, args...), err)
	switch {
	case isFull(err):
		return e.WithHint("free space on the disk and try again")
	case errors.Is(err, fs.ErrPermission), isReadOnly(err):
		return e.WithHint("allow writing there, or choose another data folder with LOCI_HOME")
	}
	return e.WithHint("check the disk and try again")
}
