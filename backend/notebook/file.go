package notebook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Hash identifies the bytes of the document; Save compares it with the file.
func (d *Document) Hash() string { return hash(Print(d)) }

// Load reads a notebook file. The error is about the file (not-found, unavailable); what is wrong inside it are the document's Problems.
func Load(path string, vocab Vocabulary) (*Document, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError("read", path, err)
	}
	d, _ := Parse(path, src, vocab)
	return d, nil
}

// Save writes the document in place of the file, whole or not at all: into a file beside it, synced, then renamed over it, so that a
// power cut leaves the old or the new text. The file keeps its mode, and a link stays a link. base is the hash of what was read or
// written last; a file that has changed since is left alone and the error is a conflict (Merge is the way on). base "" makes a new file
// and refuses an existing one. The answer is the hash to give next time.
func Save(path string, d *Document, base string) (string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode, err := unchanged(path, base)
	if err != nil {
		return "", err
	}
	src := Print(d)
	if err := file.Replace(path, src, mode); err != nil {
		return "", fileError("write", path, err)
	}
	return hash(src), nil
}

// unchanged compares the file with what the caller knows and returns the mode to keep.
func unchanged(path, base string) (fs.FileMode, error) {
	src, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && base == "":
		return 0o644, nil
	case errors.Is(err, fs.ErrNotExist):
		return 0, lab.Errorf(lab.Conflict, "%s was deleted or moved since it was read", path).WithHint("save it under a new name")
	case err != nil:
		return 0, fileError("read", path, err)
	case base == "":
		return 0, lab.Errorf(lab.Conflict, "%s exists already", path).WithHint("choose another name")
	case hash(src) != base:
		return 0, lab.Errorf(lab.Conflict, "%s was changed outside since it was read", path).WithHint("read it again and merge the two texts")
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fileError("read", path, err)
	}
	return info.Mode().Perm(), nil
}

func fileError(verb, path string, err error) *lab.Error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return lab.Errorf(lab.NotFound, "there is no file %q", path).WithHint("check the path")
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return lab.Errorf(lab.Unavailable, "%s may not be %s: %w", path, map[string]string{"read": "read", "write": "written"}[verb], err).
			WithHint("make the file and its folder writable, or save a copy elsewhere")
	case errors.Is(err, syscall.ENOSPC):
		return lab.Errorf(lab.Unavailable, "the disk is full, %s keeps its old text: %w", path, err).WithHint("free some space and save again")
	}
	return lab.Errorf(lab.Unavailable, "cannot %s %s: %w", verb, path, err).WithHint("check the path and the disk")
}
