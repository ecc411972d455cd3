package record

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	checkpointPrefix = "checkpoint-"
	checkpointSuffix = ".ckpt"
)

// WriteCheckpoint keeps the state that snapshot writes in a file of folder dir, which belongs to one run, and returns the event that
// tells of it. The file appears whole or not at all and survives a power cut. unit counts the units of Advance completed and names
// the file. Of the checkpoints of earlier units only the newest stays, so that two are left.
func WriteCheckpoint(dir string, unit int64, snapshot func(io.Writer) error) (lab.Checkpoint, error) {
	if unit < 0 {
		return lab.Checkpoint{}, lab.Errorf(lab.Internal, "checkpoint of unit %d, want 0 or more", unit)
	}
	cp := lab.Checkpoint{Unit: unit, File: fmt.Sprintf("%s%012d%s", checkpointPrefix, unit, checkpointSuffix)}
	name := filepath.Join(dir, cp.File)
	tmp := name + ".tmp"
	sum, size, err := writeHashed(tmp, snapshot)
	if err != nil {
		return lab.Checkpoint{}, errors.Join(err, removeIfThere(tmp))
	}
	if err := os.Rename(tmp, name); err != nil {
		return lab.Checkpoint{}, unavailable(err, "checkpoint %q cannot be kept", name)
	}
	if err := syncFolder(dir); err != nil {
		return lab.Checkpoint{}, err
	}
	cp.Hash, cp.Bytes = sum, size
	return cp, dropOlder(dir, unit)
}

// writeHashed writes and syncs the file. An error of snapshot comes back as it is.
func writeHashed(path string, snapshot func(io.Writer) error) (sum string, size int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return "", 0, unavailable(err, "checkpoint %q cannot be made", path)
	}
	hash := sha256.New()
	count := &counter{w: io.MultiWriter(f, hash)}
	buf := bufio.NewWriterSize(count, 64<<10)
	if err := snapshot(buf); err != nil && count.err == nil {
		return "", 0, errors.Join(err, f.Close())
	}
	if err := errors.Join(buf.Flush(), f.Sync(), f.Close()); err != nil {
		return "", 0, unavailable(err, "checkpoint %q cannot be written; the one before it is whole", path)
	}
	return hex.EncodeToString(hash.Sum(nil)), count.n, nil
}

// counter counts bytes and remembers whether the disk failed, as opposed to who writes to it.
type counter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}

// dropOlder removes checkpoints below unit but the newest of them, and what kills left half written. Those above stay: a run that
// goes on from an older checkpoint writes them again.
func dropOlder(dir string, unit int64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return unavailable(err, "folder %q cannot be read", dir)
	}
	older := ""
	for _, e := range entries { // in the order of names, so of units
		name := e.Name()
		if strings.HasPrefix(name, checkpointPrefix) && strings.HasSuffix(name, checkpointSuffix+".tmp") {
			if err := removeIfThere(filepath.Join(dir, name)); err != nil {
				return err
			}
			continue
		}
		n, ok := unitOf(name)
		if !ok || n >= unit {
			continue
		}
		if older != "" {
			if err := removeIfThere(older); err != nil {
				return err
			}
		}
		older = filepath.Join(dir, name)
	}
	return nil
}

func unitOf(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, checkpointPrefix)
	if !ok {
		return 0, false
	}
	if digits, ok = strings.CutSuffix(digits, checkpointSuffix); !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable(err, "old checkpoint %q cannot be removed", path)
	}
	return nil
}

// CheckCheckpoint tells whether the file of cp in folder dir holds what was written: nil, or not-found, or invalid for other bytes.
func CheckCheckpoint(dir string, cp lab.Checkpoint) error {
	f, err := openCheckpoint(dir, cp)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return unavailable(err, "checkpoint %q cannot be read", cp.File)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); n != cp.Bytes || sum != cp.Hash {
		return lab.Errorf(lab.Invalid, "checkpoint %q has %d bytes and hash %.12s, want %d and %.12s", cp.File, n, sum, cp.Bytes, cp.Hash).
			WithHint("continue from an earlier checkpoint")
	}
	return nil
}

// OpenCheckpoint checks the file of cp like CheckCheckpoint and opens it for Restore.
func OpenCheckpoint(dir string, cp lab.Checkpoint) (io.ReadCloser, error) {
	if err := CheckCheckpoint(dir, cp); err != nil {
		return nil, err
	}
	return openCheckpoint(dir, cp)
}

// openCheckpoint refuses names that lead out of the folder: a record may come from a stranger.
func openCheckpoint(dir string, cp lab.Checkpoint) (*os.File, error) {
	if _, ok := unitOf(cp.File); !ok {
		return nil, lab.Errorf(lab.Invalid, "checkpoint file %q is no name of a checkpoint, want %sNUMBER%s", cp.File, checkpointPrefix, checkpointSuffix)
	}
	f, err := os.Open(filepath.Join(dir, cp.File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lab.Errorf(lab.NotFound, "checkpoint %q of unit %d is not in %q", cp.File, cp.Unit, dir)
	}
	if err != nil {
		return nil, unavailable(err, "checkpoint %q cannot be read", cp.File)
	}
	return f, nil
}
