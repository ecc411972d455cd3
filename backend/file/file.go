// Package file writes files so that after a crash, a power cut or on a full disk each is the old one or the new one, whole.
package file

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace puts text in the place of the file, or makes it, with that mode. Nothing is left beside it when it fails; the error is the
// operating system's.
func Replace(path string, text []byte, mode fs.FileMode) error {
	return ReplaceWith(path, mode, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// ReplaceWith is Replace for a text that fill writes. An error of fill comes back as it is.
func ReplaceWith(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // of this account alone until it is whole
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(tmp, 1<<16)
	if err = fill(w); err == nil {
		err = errors.Join(w.Flush(), tmp.Chmod(mode), tmp.Sync())
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes the names in a folder last. Systems that cannot sync a folder have made them last by other means.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	err = f.Sync()
	_ = f.Close()
	if errors.Is(err, syscall.EIO) {
		return err
	}
	return nil
}
