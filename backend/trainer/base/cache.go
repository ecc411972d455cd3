package base

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl"
)

const (
	paperFile   = "loci.json"         // beside the model: how it was made
	weightsFile = "model.safetensors" // what its hash is of
	pollEvery   = 200 * time.Millisecond
)

// cache is a folder of bases: each finished one in a folder of its own, one that is being made in a file KEY.part. The zero value keeps nothing.
type cache struct{ dir string }

// paper is what stands beside the model: enough to make it again and to see that it is whole.
type paper struct {
	Spec   Spec    `json:"spec"`
	Curve  []Point `json:"curve"`
	SHA256 string  `json:"sha256"` // of weightsFile
}

// part is what a base that is being made has beside the trainer's state.
type part struct {
	Step   int     `json:"step"`
	Curve  []Point `json:"curve"`
	Loss   float64 `json:"loss"`
	Tokens float64 `json:"tokens"`
}

func (c cache) folder(key string) string {
	if c.dir == "" {
		return ""
	}
	return filepath.Join(c.dir, key)
}

// cached takes a finished base from the cache. What is there and is no whole base is made again: it is put aside by the one who holds the
// lock, since another maker may just have put a whole one in its place.
func (m *Maker) cached() (bool, error) {
	dir := m.cache.folder(m.Key)
	if dir == "" {
		return false, nil
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, unreadable(dir, err)
	}
	whole, err := m.take(dir)
	if err != nil || whole || m.lock == nil {
		return whole, err
	}
	return false, m.cache.aside(dir)
}

// take reads a finished base; false when something of it is missing or was changed.
func (m *Maker) take(dir string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(dir, paperFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, unreadable(dir, err)
	}
	var p paper
	hash, failed := hashOf(filepath.Join(dir, weightsFile))
	if err != nil || failed != nil || json.Unmarshal(text, &p) != nil || hash != p.SHA256 {
		return false, nil
	}
	folder, err := llm.ReadFolder(dir)
	if err != nil || folder.Model.Shape != m.Spec.Shape {
		return false, nil
	}
	if words, ok := folder.Tokenizer.(*llm.Words); !ok || !slices.Equal(words.List(), m.words.List()) {
		return false, nil
	}
	m.model, m.curve = folder.Model, p.Curve
	return true, nil
}

// aside moves a damaged folder out of the way: a person may want to look at it, a run wants a whole base.
func (c cache) aside(dir string) error {
	to := dir + ".damaged"
	if err := errors.Join(os.RemoveAll(to), os.Rename(dir, to)); err != nil {
		return unreadable(dir, err)
	}
	return nil
}

func unreadable(path string, err error) error {
	return lab.Errorf(lab.Unavailable, "the warm start %q cannot be read or written: %w", path, err).
		WithHint("free space or make the folder writable; a warm start that is removed is made again")
}

func hashOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// lock waits until nobody else makes the base of that key.
func (c cache) lock(ctx context.Context, key string) (io.Closer, error) {
	if c.dir == "" {
		return io.NopCloser(nil), nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, unreadable(c.dir, err)
	}
	l := flock.New(filepath.Join(c.dir, key+".lock"))
	if ok, err := l.TryLockContext(ctx, pollEvery); err != nil || !ok {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unreadable(l.Path(), err)
	}
	return l, nil
}

// resume continues a base from the checkpoint that an ended process left. A checkpoint that cannot be used is dropped: the base begins anew.
func (c cache) resume(m *Maker) error {
	if c.dir == "" {
		return nil
	}
	file := c.folder(m.Key) + ".part"
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unreadable(file, err)
	}
	sum := sha256.Sum256(text[:max(len(text)-sha256.Size, 0)])
	if !bytes.HasSuffix(text, sum[:]) {
		return nil
	}
	fresh := new(bytes.Buffer)
	if err := m.train.Snapshot(fresh); err != nil {
		return err
	}
	var p part
	if err := rl.ReadParts(bytes.NewReader(text[:len(text)-sha256.Size]), rl.Part{Name: "base", State: rl.JSON(&p)}, rl.Part{Name: "trainer", State: m.train}); err != nil {
		return m.train.Restore(fresh)
	}
	m.step, m.kept, m.curve, m.loss, m.tokens = p.Step, p.Step, p.Curve, p.Loss, p.Tokens
	return nil
}

// keep writes a checkpoint of a base that is being made, and its hash behind it.
func (c cache) keep(m *Maker) error {
	if c.dir == "" {
		return nil
	}
	to := c.folder(m.Key) + ".part"
	var b bytes.Buffer
	p := part{m.step, m.curve, m.loss, m.tokens}
	if err := rl.WriteParts(&b, rl.Part{Name: "base", State: rl.JSON(&p)}, rl.Part{Name: "trainer", State: m.train}); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	if err := file.Replace(to, append(b.Bytes(), sum[:]...), 0o644); err != nil {
		return unreadable(to, err)
	}
	m.kept = m.step
	return nil
}

// put keeps a finished base: its folder appears at once or not at all.
func (c cache) put(m *Maker, model *nn.Decoder) error {
	dir := c.folder(m.Key)
	if dir == "" {
		return nil
	}
	made := dir + ".new"
	if err := os.RemoveAll(made); err != nil {
		return unreadable(made, err)
	}
	folder := llm.NewFolder(model, m.words)
	if err := folder.Write(made, llm.F32); err != nil {
		return err
	}
	hash, err := hashOf(filepath.Join(made, weightsFile))
	if err != nil {
		return unreadable(made, err)
	}
	text, err := json.MarshalIndent(paper{m.Spec, m.curve, hash}, "", "  ")
	if err != nil {
		return lab.Errorf(lab.Internal, "how a base was made cannot be written: %w", err)
	}
	if err := errors.Join(file.Replace(filepath.Join(made, paperFile), text, 0o644), os.Rename(made, dir)); err != nil {
		return unreadable(dir, err)
	}
	return c.clear(m.Key)
}

// clear removes what a base that is finished needs no more: its checkpoint, and what processes left that ended while they wrote.
func (c cache) clear(key string) error {
	part := c.folder(key) + ".part"
	parts, err := filepath.Glob(filepath.Join(c.dir, "."+key+".part.*"))
	folders, failed := filepath.Glob(filepath.Join(c.dir, "."+key+".new.*"))
	err = errors.Join(err, failed)
	for _, name := range append(append(parts, folders...), part) {
		err = errors.Join(err, os.RemoveAll(name))
	}
	if err != nil {
		return unreadable(part, err)
	}
	return nil
}
