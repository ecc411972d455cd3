package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Options of Write and WritePage.
type Options struct {
	Detail  Detail
	Names   *Names   // left out of everything; nil leaves nothing out
	Secrets []Known  // none of them may stand in the file
	Without []string // parts or runs to leave out, as runs/KEY
	// Progress hears how many of how many bytes were read, and what is being read. nil hears nothing.
	Progress func(done, total int64, part string)
}

// Write makes an archive at path, whole or not at all. Every part is searched for secrets while it is written; where one is found the
// error is a *SecretsError with all places, and nothing stays.
//
// Errors: invalid for secrets and damaged records, unavailable for the disk, cancelled.
func Write(ctx context.Context, path string, e Experiment, opt Options) (Manifest, error) {
	var m Manifest
	err := file.ReplaceWith(path, 0o644, func(w io.Writer) error {
		var err error
		m, err = writeTo(ctx, w, e, opt)
		return err
	})
	return m, diskError(err, path)
}

// diskError puts what the system says of a file into our words; our own errors stay.
func diskError(err error, path string) error {
	if err == nil {
		return nil
	}
	if found, ok := errors.AsType[*SecretsError](err); ok {
		return found.Lab()
	}
	if _, ours := errors.AsType[*lab.Error](err); ours {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return lab.Errorf(lab.Cancelled, "stopped; nothing was written")
	}
	return lab.Errorf(lab.Unavailable, "%q cannot be written, and nothing is left of it: %w", path, err).WithHint("free space, or choose another folder")
}

// writer is an archive that is being made.
type writer struct {
	ctx   context.Context
	opt   Options
	hunt  *hunter
	scrub scrub
	zip   *zip.Writer
	parts []Part
	done  int64
	total int64
}

func writeTo(ctx context.Context, w io.Writer, e Experiment, opt Options) (Manifest, error) {
	hunt, _ := newHunter(opt.Secrets)
	a := &writer{ctx: ctx, opt: opt, hunt: hunt, scrub: newScrub(opt.Names), zip: zip.NewWriter(w)}
	if err := checkWithout(e, opt.Without); err != nil {
		return Manifest{}, err
	}
	e.Runs = slices.DeleteFunc(slices.Clone(e.Runs), func(r Run) bool { return without(opt.Without, runsFolder+r.Key) })
	slices.SortFunc(e.Runs, func(a, b Run) int { return strings.Compare(a.Key, b.Key) })
	a.total = bytesOf(e.Runs, opt.Detail)
	notebook := notebookFolder + e.Name
	if err := a.text(notebook, e.Notebook); err != nil {
		return Manifest{}, err
	}
	if err := a.json(resultsName, e.Results); err != nil {
		return Manifest{}, err
	}
	for _, r := range e.Runs {
		if err := a.run(r); err != nil {
			return Manifest{}, err
		}
	}
	setups := map[string]lab.Setup{}
	for _, r := range e.Runs {
		setups[r.Key] = r.Setup
	}
	if err := a.json(setupsName, setups); err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: Format, Kind: kind, Title: e.Title, Author: e.Author, Sentence: e.Sentence, Budget: e.Budget, Notebook: notebook,
		Detail: opt.Detail, Made: e.Made, Wants: e.Wants, Runs: e.Runs, LeftOut: opt.Without, Parts: a.parts}
	if err := a.json(manifestName, m); err != nil {
		return Manifest{}, err
	}
	if len(a.hunt.hits) > 0 {
		return Manifest{}, &SecretsError{Leaks: a.hunt.hits}
	}
	return m, a.zip.Close()
}

// checkWithout refuses names of nothing, so that a slip of the pen does not share what should stay.
func checkWithout(e Experiment, names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(e.Runs, func(r Run) bool { return without([]string{n}, runsFolder+r.Key) }) {
			return lab.Errorf(lab.Invalid, "there is no run %q to leave out", n).WithHint("name it as the message did: --without runs/KEY")
		}
	}
	return nil
}

// part begins a part and returns where it is written; done closes it.
func (a *writer) part(name string) (w io.Writer, done func(), err error) {
	if err := a.ctx.Err(); err != nil {
		return nil, nil, err
	}
	entry, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}) // no time: the same content, the same bytes
	if err != nil {
		return nil, nil, err
	}
	c := &counted{w: entry, hash: sha256.New(), a: a, name: name}
	return c, func() {
		if name != manifestName {
			a.parts = append(a.parts, Part{Name: name, Bytes: c.n, Hash: hex.EncodeToString(c.hash.Sum(nil))})
		}
	}, nil
}

// counted counts and hashes what is written, tells the progress and hears that nobody waits any more.
type counted struct {
	w    io.Writer
	hash hash.Hash
	n    int64
	a    *writer
	name string
}

func (c *counted) Write(b []byte) (int, error) {
	if err := c.a.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.w.Write(b)
	c.n += int64(n)
	_, _ = c.hash.Write(b[:n]) // a hash takes everything
	if strings.HasPrefix(c.name, runsFolder) {
		c.a.done += int64(n)
	}
	if c.a.opt.Progress != nil {
		c.a.opt.Progress(c.a.done, max(c.a.total, c.a.done), c.name)
	}
	return n, err
}

func (a *writer) text(name string, text []byte) error {
	text = a.scrub.text(text)
	a.hunt.lines(name, text)
	w, done, err := a.part(name)
	if err != nil {
		return err
	}
	if _, err = w.Write(text); err == nil {
		done()
	}
	return err
}

// json writes a value a field a line, so that a place in it can be told.
func (a *writer) json(name string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return lab.Errorf(lab.Internal, "%s cannot be written: %w", name, err)
	}
	return a.text(name, append(text, '\n'))
}

// run writes the record of a run and, where they are wanted, its checkpoints.
func (a *writer) run(r Run) error {
	folder := runsFolder + r.Key + "/"
	if a.opt.Detail.Weights {
		found, err := checkpoints(filepath.Dir(r.Record))
		if err != nil {
			return err
		}
		for _, name := range found {
			if err := a.copy(folder+name, filepath.Join(filepath.Dir(r.Record), name)); err != nil {
				return err
			}
		}
	}
	rec, err := record.Open(r.Record)
	if err != nil {
		return named(err, r)
	}
	defer rec.Close()
	w, done, err := a.part(folder + recordName)
	if err != nil {
		return err
	}
	err = rec.Extract(w, func(f record.Frame) ([]byte, bool, error) {
		if !a.opt.Detail.has(classOf(f.Kind)) {
			return nil, false, nil
		}
		payload, err := a.scrub.payload(f.Kind, f.Payload)
		if err == nil {
			a.hunt.event(folder+recordName, f.Seq, f.Kind, payload)
		}
		return payload, true, err
	})
	if err == nil {
		done()
	}
	return named(err, r)
}

// named says which run's record is meant.
func named(err error, r Run) error {
	if lab.CodeOf(err) == lab.Invalid {
		return lab.Errorf(lab.Invalid, "run %s (%s, seed %d): %w", r.Key, r.Arm, r.Seed, err).WithHint("leave it out: --without runs/%s", r.Key)
	}
	return err
}

// overlap is how much of a stretch of weights is looked at again with the next one, so that no secret hides on the border.
const overlap = 1 << 10

// copy writes a file of weights, searched stretch by stretch.
func (a *writer) copy(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%s cannot be read: %w", name, err)
	}
	defer f.Close()
	w, done, err := a.part(name)
	if err != nil {
		return err
	}
	buf, kept, from := make([]byte, 1<<20), 0, 0
	for {
		n, err := f.Read(buf[kept:])
		if n > 0 {
			a.raw(name, buf[:kept+n], from-kept)
			if _, err := w.Write(buf[kept : kept+n]); err != nil {
				return err
			}
			from += n
			tail := min(overlap, kept+n)
			copy(buf, buf[kept+n-tail:kept+n])
			kept = tail
		}
		if errors.Is(err, io.EOF) {
			done()
			return nil
		}
		if err != nil {
			return lab.Errorf(lab.Unavailable, "%s cannot be read: %w", name, err)
		}
	}
}

// raw searches bytes that are no text for what stands there as it is; numbers make shapes by chance, so those need their whole length.
func (a *writer) raw(name string, b []byte, from int) {
	for _, n := range a.hunt.values {
		if i := bytes.Index(b, n.text); i >= 0 {
			a.hunt.hit(name, fmt.Sprintf("byte %d", from+i), n.kind)
		}
	}
	if kind, at := keyShape(a.hunt.shapes, b); at >= 0 {
		a.hunt.hit(name, fmt.Sprintf("byte %d", from+at), kind)
	}
}

// checkpoints lists the checkpoints of a run's folder by name.
func checkpoints(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "folder of a run cannot be read: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() && checkpointName.MatchString(e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}
