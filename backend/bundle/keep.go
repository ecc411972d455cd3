package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// ImportedFile lies beside the record of a run that came from an experiment file and says where it came from.
const ImportedFile = "imported.json"

// Origin says where something imported came from.
type Origin struct {
	Title    string `json:"title"`
	Author   string `json:"author"`
	Made     Made   `json:"made"`
	Detail   Detail `json:"detail"`
	Imported string `json:"imported"` // date, YYYY-MM-DD
}

// Origin says where what is taken in now comes from.
func (f *File) Origin(now time.Time) Origin {
	m := f.Manifest
	return Origin{Title: m.Title, Author: m.Author, Made: m.Made, Detail: m.Detail, Imported: now.UTC().Format(time.DateOnly)}
}

// Write keeps it in a file.
func (o Origin) Write(path string) error {
	text, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		return lab.Errorf(lab.Internal, "where a file came from cannot be written: %w", err)
	}
	if err := file.Replace(path, append(text, '\n'), 0o644); err != nil {
		return unavailable(err, path)
	}
	return nil
}

// ReadOrigin reads what Write kept; false where nothing was.
func ReadOrigin(path string) (Origin, bool) {
	var o Origin
	text, err := os.ReadFile(path)
	return o, err == nil && json.Unmarshal(text, &o) == nil
}

// String says it on one line: when it was taken in, whose it is, and where it was made.
func (o Origin) String() string {
	words := []string{"imported " + o.Imported}
	if o.Author != "" {
		words = append(words, "by "+o.Author)
	}
	for _, w := range []string{o.Made.Date, o.Made.Machine} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, ", ")
}

// Kept says what became of the runs of a file.
type Kept struct {
	Added     []string `json:"added"`     // keys of runs that are new here
	Same      []string `json:"same"`      // that were here already with the same results
	Conflicts []string `json:"conflicts"` // that are here with other results; what is here stays
}

// Where says where runs lie on this computer.
type Where struct {
	Record func(key string) (string, error)               // path of a run's record, which may not exist
	Index  func(ctx context.Context, record string) error // takes a record into the library
	Now    time.Time                                      // when it is taken in
}

// Keep puts the records of a checked file beside those of this computer. A run that is here already is never touched. Nothing is run,
// and a run that cannot be read stops it with what was added before in place.
func (f *File) Keep(ctx context.Context, w Where) (Kept, error) {
	k := Kept{Added: []string{}, Same: []string{}, Conflicts: []string{}}
	for _, r := range f.Manifest.Runs {
		state, err := f.keep(ctx, w, r)
		if err != nil {
			return k, err
		}
		switch state {
		case added:
			k.Added = append(k.Added, r.Key)
		case same:
			k.Same = append(k.Same, r.Key)
		case conflict:
			k.Conflicts = append(k.Conflicts, r.Key)
		}
	}
	return k, nil
}

type outcome int

const (
	added outcome = iota
	same
	conflict
)

func (f *File) keep(ctx context.Context, w Where, r Run) (outcome, error) {
	to, err := w.Record(r.Key)
	if err != nil {
		return added, err
	}
	folder := filepath.Dir(to)
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return added, unavailable(err, folder)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(folder), ".import-")
	if err != nil {
		return added, unavailable(err, folder)
	}
	defer os.RemoveAll(tmp)
	if err := f.unpack(ctx, r, tmp, filepath.Base(to), w.Now); err != nil {
		return added, err
	}
	if _, err := os.Stat(to); err == nil {
		return compare(filepath.Join(tmp, filepath.Base(to)), to)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return added, unavailable(err, folder)
	}
	if err := os.Rename(tmp, folder); err != nil {
		if entries, rerr := os.ReadDir(folder); rerr == nil && len(entries) > 0 {
			return conflict, nil // a folder without a record: somebody is about to write one
		}
		return added, unavailable(err, folder)
	}
	if err := file.SyncDir(filepath.Dir(folder)); err != nil {
		return added, unavailable(err, folder)
	}
	return added, w.Index(ctx, to)
}

func unavailable(err error, path string) error {
	return lab.Errorf(lab.Unavailable, "%q cannot be written: %w", path, err).WithHint("free space, or set LOCI_HOME to a folder that can be written")
}

// unpack writes one run's parts into a folder and reads its record through.
func (f *File) unpack(ctx context.Context, r Run, dir, recordFile string, now time.Time) error {
	prefix := runsFolder + r.Key + "/"
	for _, p := range f.Manifest.Parts {
		name, ok := strings.CutPrefix(p.Name, prefix)
		if !ok {
			continue
		}
		if name == recordName {
			name = recordFile
		}
		if err := f.writePart(ctx, p, filepath.Join(dir, path.Base(name))); err != nil {
			return err
		}
	}
	if err := f.Origin(now).Write(filepath.Join(dir, ImportedFile)); err != nil {
		return err
	}
	return checkRecord(filepath.Join(dir, recordFile), r)
}

func (f *File) writePart(ctx context.Context, p Part, to string) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return unavailable(err, to)
	}
	sum := sha256.New()
	err = f.copyTo(ctx, teeTo{out, sum}, p.Name)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		if _, ours := errors.AsType[*lab.Error](err); ours {
			return err
		}
		return unavailable(err, to)
	}
	if hex.EncodeToString(sum.Sum(nil)) != p.Hash {
		return changed(p.Name)
	}
	return nil
}

// teeTo writes into a file and a hash.
type teeTo struct {
	file *os.File
	sum  interface{ Write(b []byte) (int, error) }
}

func (t teeTo) Write(b []byte) (int, error) {
	_, _ = t.sum.Write(b) // a hash takes everything
	return t.file.Write(b)
}

// checkRecord reads a stranger's record from end to end: it must be of the run it says, and every event must be one.
func checkRecord(path string, r Run) error {
	rec, err := record.Open(path)
	if err != nil {
		return refused("the record of run %s cannot be read: %v", r.Key, err)
	}
	defer rec.Close()
	for f, err := range rec.Frames(0) {
		if err != nil {
			return refused("the record of run %s is damaged: %v", r.Key, err)
		}
		ev, err := f.Event()
		if err != nil {
			return refused("the record of run %s is damaged: %v", r.Key, err)
		}
		if f.Seq > 0 {
			continue
		}
		if start, ok := ev.(lab.Start); !ok || start.Key != r.Key || start.Arm != r.Arm || start.Case != r.Case || start.Seed != r.Seed {
			return refused("the record of run %s is of another run", r.Key)
		}
	}
	if info, err := os.Stat(path); err != nil || rec.Len() == 0 || info.Size() != rec.End().Offset {
		return refused("the record of run %s has no whole end", r.Key)
	}
	return nil
}

// compare tells whether two records of one key came to the same: all that both hold but for times, and for where they were made.
func compare(mine, here string) (outcome, error) {
	a, err := record.Open(mine)
	if err != nil {
		return conflict, err
	}
	defer a.Close()
	b, err := record.Open(here)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return added, nil
		}
		return conflict, nil // what is here cannot be read: it stays, and the run is named
	}
	defer b.Close()
	ca, cb := contents(a), contents(b)
	for class, sum := range ca {
		if other, ok := cb[class]; ok && !bytes.Equal(sum, other) {
			return conflict, nil
		}
	}
	return same, nil
}

// contents hashes the events of a record by detail, those that depend on the machine left out.
func contents(r *record.Reader) map[string][]byte {
	sums := map[string][]byte{}
	hashes := map[string]interface {
		Write(b []byte) (int, error)
		Sum(b []byte) []byte
	}{}
	for f, err := range r.Frames(0) {
		if err != nil {
			return map[string][]byte{"results": nil} // damaged: equal to nothing but itself
		}
		class := classOf(f.Kind)
		if slices.Contains([]lab.Kind{lab.KindStart, lab.KindLog, lab.KindCheckpoint}, f.Kind) {
			continue
		}
		if hashes[class] == nil {
			hashes[class] = sha256.New()
		}
		_, _ = hashes[class].Write([]byte(f.Kind)) // a hash takes everything
		_, _ = hashes[class].Write(f.Payload)
	}
	for class, h := range hashes {
		sums[class] = h.Sum(nil)
	}
	return sums
}
