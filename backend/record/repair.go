package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/lab"
)

// Repaired says what Repair did. Kept is "" when the record was whole and nothing was touched.
type Repaired struct {
	Events int64  // whole events that the record has now
	Kept   string // where the damaged file stands, unchanged
	Damage Damage
}

// Repair makes a damaged record end before its damage. The damaged file keeps its bytes under the name PATH.broken-N; the events
// before the damage are copied to the record's name. A record with nothing worse than a torn tail is left as it is.
func Repair(path string) (Repaired, error) {
	lock, err := AcquireLock(path+".lock", "")
	if err != nil {
		return Repaired{}, err
	}
	report, err := repairLocked(path)
	return report, errors.Join(err, lock.Release())
}

func repairLocked(path string) (Repaired, error) {
	f, err := os.Open(path)
	if err != nil {
		return Repaired{}, unavailable(err, "record %q cannot be read", path)
	}
	defer f.Close() // again where it was replaced, which does no harm
	info, err := f.Stat()
	if err != nil {
		return Repaired{}, unavailable(err, "record %q cannot be read", path)
	}
	if torn, err := checkHeader(f, path, info.Size()); err != nil || torn {
		return Repaired{}, err
	}
	end, damage, err := measure(f, path, info.Size())
	if err != nil || damage == nil {
		return Repaired{Events: end.Seq}, err
	}
	kept, err := replaceWithPrefix(f, path, end.Offset)
	return Repaired{Events: end.Seq, Kept: kept, Damage: *damage}, err
}

// measure finds where the readable part ends and what damage, if any, ends it.
func measure(f io.ReaderAt, path string, size int64) (Position, *Damage, error) {
	scan := newScanner(f, Position{}, size)
	for {
		_, err := scan.next()
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF):
			return scan.at, nil, nil
		case !errors.Is(err, errBroken):
			return scan.at, nil, unavailable(err, "record %q cannot be read", path)
		}
		later, found, err := findLater(f, scan.at, size)
		if err != nil || !found {
			return scan.at, nil, err
		}
		return scan.at, &Damage{Path: path, At: scan.at, Later: later}, nil
	}
}

// replaceWithPrefix gives the damaged file a second name, then puts a copy of its first bytes in its place in one step: at every
// moment both names hold all that they should.
func replaceWithPrefix(f *os.File, path string, bytes int64) (kept string, err error) {
	tmp := path + ".repair.tmp"
	if err := copyPrefix(f, tmp, bytes); err != nil {
		return "", unavailable(err, "record %q cannot be repaired", path)
	}
	_ = f.Close() // some systems rename no open file
	if kept, err = keepAside(path); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, path); err != nil {
		return kept, unavailable(err, "record %q cannot be repaired; the damaged file is %q", path, kept)
	}
	return kept, syncFolder(filepath.Dir(path))
}

func copyPrefix(f io.ReaderAt, to string, bytes int64) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(f, 0, bytes))
	return errors.Join(err, out.Sync(), out.Close())
}

// keepAside links the file to the first free name PATH.broken-N, or renames it where links are not known.
func keepAside(path string) (string, error) {
	for n := 1; n < 1000; n++ {
		kept := fmt.Sprintf("%s.broken-%d", path, n)
		if _, err := os.Lstat(kept); err == nil {
			continue
		}
		if os.Link(path, kept) == nil {
			return kept, nil
		}
		if err := os.Rename(path, kept); err != nil {
			return "", unavailable(err, "damaged record %q cannot be put aside", path)
		}
		return kept, nil
	}
	return "", lab.Errorf(lab.Unavailable, "damaged record %q cannot be put aside: 999 names are taken", path).
		WithHint("remove old %s.broken-* files", path)
}
