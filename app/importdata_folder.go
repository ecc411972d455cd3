package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/world/dataset"
)

// dataStore is where imported data lie: a folder a name, with the file under its hash and a note about it. The note is written last and
// whole, so that at any moment a name stands for one whole file or for none.
type dataStore struct{ dir string }

func (c *cli) data() dataStore { return dataStore{filepath.Join(c.cfg.Home, "data")} }

// aboutFile is the note in the folder of a name.
const aboutFile = "about.json"

// dataAbout is what is known of imported data.
type dataAbout struct {
	Name     string          `json:"name"`
	Layout   string          `json:"layout"`
	File     string          `json:"file"` // in the folder of the name
	Original string          `json:"original"`
	Hash     string          `json:"hash"`
	Bytes    int             `json:"bytes"`
	Imported string          `json:"imported"` // day
	Summary  json.RawMessage `json:"summary"`
}

// dataName is what data may be called.
var dataName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func checkDataName(name string) error {
	if dataName.MatchString(name) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "data cannot be called %q, want 1 to 63 of a-z, 0-9, - and _, a letter or digit first", name).WithHint("give another --name")
}

// nameOf is the name of a file that is imported without one.
func nameOf(path string) string {
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(base)), "-_")
}

// read returns the note of a name; not-found says how to import it.
func (s dataStore) read(name string) (about dataAbout, err error) {
	if err := checkDataName(name); err != nil {
		return about, err
	}
	text, err := os.ReadFile(filepath.Join(s.dir, name, aboutFile))
	if errors.Is(err, fs.ErrNotExist) {
		return about, lab.Errorf(lab.NotFound, "data %q were not imported, there are %q", name, s.names()).
			WithHint("loci import-data locomo|gsm8k|jsonl FILE --name %s", name)
	}
	if err != nil {
		return about, lab.Errorf(lab.Unavailable, "the note about data %q cannot be read: %w", name, err).WithHint("make the data folder readable")
	}
	if err := json.Unmarshal(text, &about); err != nil || about.Name != name || about.File != filepath.Base(about.File) {
		return about, lab.Errorf(lab.Invalid, "the note about data %q is damaged: %v", name, err).WithHint("import them again: loci import-data LAYOUT FILE --name %s --replace", name)
	}
	return about, nil
}

// find is lab.Bench.Data.
func (s dataStore) find(name string) (lab.DataFile, error) {
	about, err := s.read(name)
	if err != nil {
		return lab.DataFile{}, err
	}
	return lab.DataFile{Name: name, Layout: about.Layout, Path: filepath.Join(s.dir, name, about.File), Hash: about.Hash}, nil
}

// names lists what was imported, in alphabetical order.
func (s dataStore) names() []string {
	names := []string{}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return names // nothing was imported yet
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(s.dir, e.Name(), aboutFile)); err == nil && dataName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// add keeps a copy of a file that was checked. A name that is taken is an error of code conflict unless its file has the same content, or
// it is to be replaced.
func (s dataStore) add(about dataAbout, text []byte, replace bool) (dataAbout, error) {
	about.Hash, about.Bytes, about.Imported = dataset.Hash(text), len(text), time.Now().UTC().Format(time.DateOnly)
	about.File = about.Hash[:16] + filepath.Ext(about.Original)
	dir := filepath.Join(s.dir, about.Name)
	err := s.locked(func() error {
		if old, err := s.read(about.Name); err == nil && !replace && (old.Hash != about.Hash || old.Layout != about.Layout) {
			return lab.Errorf(lab.Conflict, "there are data %q already, of layout %s with hash %.12s", about.Name, old.Layout, old.Hash).
				WithHint("choose another --name, or say --replace")
		}
		note, err := json.Marshal(about)
		if err != nil {
			return lab.Errorf(lab.Internal, "the note about data %q: %w", about.Name, err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return s.unwritable(about.Name, err)
		}
		if err := errors.Join(file.Replace(filepath.Join(dir, about.File), text, 0o600), file.Replace(filepath.Join(dir, aboutFile), append(note, '\n'), 0o600)); err != nil {
			return s.unwritable(about.Name, err)
		}
		return s.tidy(dir, about.File)
	})
	return about, err
}

// tidy removes what the note no longer names.
func (s dataStore) tidy(dir, keep string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s.unwritable(filepath.Base(dir), err)
	}
	for _, e := range entries {
		if e.Name() != keep && e.Name() != aboutFile {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return s.unwritable(filepath.Base(dir), err)
			}
		}
	}
	return nil
}

// remove forgets a name: the note goes first.
func (s dataStore) remove(name string) error {
	return s.locked(func() error {
		if _, err := s.read(name); err != nil && lab.CodeOf(err) != lab.Invalid || !dataName.MatchString(name) {
			return err
		}
		dir := filepath.Join(s.dir, name)
		if err := errors.Join(os.Remove(filepath.Join(dir, aboutFile)), os.RemoveAll(dir)); err != nil {
			return s.unwritable(name, err)
		}
		return nil
	})
}

func (s dataStore) unwritable(name string, err error) error {
	return lab.Errorf(lab.Unavailable, "data %q cannot be written: %w", name, err).WithHint("free space, make the data folder writable, or choose another with LOCI_HOME")
}

// locked does something while no other process changes the folder.
func (s dataStore) locked(do func() error) (err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s.unwritable("", err)
	}
	lock, err := record.AcquireLock(filepath.Join(s.dir, ".lock"), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	return do()
}
