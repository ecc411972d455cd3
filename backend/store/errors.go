package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/mattn/go-sqlite3"

	"github.com/loci-lab/loci/backend/lab"
)

// damageError says that the database itself is broken.
type damageError struct{ cause string }

func (e *damageError) Error() string { return "library is damaged: " + e.cause }

// isDamage tells whether the database file must be made anew.
func isDamage(err error) bool {
	if _, ok := errors.AsType[*damageError](err); ok {
		return true
	}
	se, ok := errors.AsType[sqlite3.Error](err)
	return ok && (se.Code == sqlite3.ErrCorrupt || se.Code == sqlite3.ErrNotADB)
}

// sqlError gives an error of the driver its code and the hint that helps. Errors of ours pass unchanged.
func sqlError(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*lab.Error](err); ok {
		return err
	}
	what := fmt.Sprintf(format, args...)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return lab.Errorf(lab.Cancelled, "%s: %w", what, err)
	}
	if isDamage(err) {
		return lab.Errorf(lab.Unavailable, "%s: the library is damaged: %w", what, err).
			WithHint("end Loci and start it again: the library is then rebuilt from the records")
	}
	se, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return plainError(err, what)
	}
	return driverError(se, what)
}

func plainError(err error, what string) error {
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return lab.Errorf(lab.Unavailable, "%s: the library is closed: %w", what, err)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return lab.Errorf(lab.NotFound, "%s: there is no such row: %w", what, err)
	}
	return lab.Errorf(lab.Internal, "%s: %w", what, err)
}

func driverError(se sqlite3.Error, what string) error {
	switch se.Code {
	case sqlite3.ErrFull:
		return lab.Errorf(lab.Unavailable, "%s: the disk is full: %w", what, se).
			WithHint("free space on the disk; the records of finished runs are safe")
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return lab.Errorf(lab.Unavailable, "%s: %w", what, se).
			WithHint("allow writing in the data folder, or choose another with LOCI_HOME")
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return lab.Errorf(lab.Conflict, "%s: another program holds the library: %w", what, se).
			WithHint("close the program that has the library open")
	case sqlite3.ErrConstraint:
		if se.ExtendedCode == sqlite3.ErrConstraintUnique || se.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return lab.Errorf(lab.Conflict, "%s: it exists already: %w", what, se)
		}
		return lab.Errorf(lab.Invalid, "%s: %w", what, se)
	case sqlite3.ErrIoErr:
		return lab.Errorf(lab.Unavailable, "%s: %w", what, se).WithHint("check the disk and try again")
	}
	return lab.Errorf(lab.Internal, "%s: %w", what, se)
}

// diskError gives an error of the file system its code.
func diskError(err error, format string, args ...any) error {
	e := lab.Errorf(lab.Unavailable, "%s: %w", fmt.Sprintf(format, args...), err)
	if errors.Is(err, fs.ErrPermission) {
		return e.WithHint("allow writing there, or choose another data folder with LOCI_HOME")
	}
	return e.WithHint("check the disk, or choose another data folder with LOCI_HOME")
}
