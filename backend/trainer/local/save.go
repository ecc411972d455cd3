package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// The files of a checkpoint: all but the first in the safetensors layout.
const (
	aboutFile     = "trainer.json"
	weightsFile   = "weights.safetensors"
	trainedFile   = "trained.safetensors" // adapters and value head, where there are any
	optimizerFile = "optimizer.safetensors"
)

// about says what a checkpoint is of.
type about struct {
	Shape     nn.DecoderShape `json:"shape"`
	Rank      int             `json:"rank"`
	Alpha     float64         `json:"alpha"`
	ValueHead bool            `json:"value_head"`
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// Save implements trainer.Trainer: a folder below Options.Folder, which appears when all of it is written. Errors: invalid for a name
// of another form or without a folder, conflict for one that is taken.
func (t *Trainer) Save(ctx context.Context, name string) *trainer.Future[string] {
	if err := ctx.Err(); err != nil {
		return trainer.Ready("", err)
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.used = true
	path, err := t.save(name)
	return trainer.Ready(path, err)
}

func (t *Trainer) save(name string) (string, error) {
	if !nameForm.MatchString(name) {
		return "", lab.Errorf(lab.Invalid, "checkpoint name is %q, want 1 to 255 letters, digits, _ and -", name)
	}
	if t.options.Folder == "" {
		return "", lab.Errorf(lab.Invalid, "this trainer has no folder for checkpoints")
	}
	path := filepath.Join(t.options.Folder, name)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return "", lab.Errorf(lab.Conflict, "checkpoint %q is there already", name).WithHint("take another name, or delete %s", path)
	}
	if err := os.MkdirAll(t.options.Folder, 0o755); err != nil {
		return "", unwritten(path, err)
	}
	fresh, err := os.MkdirTemp(t.options.Folder, ".writing-")
	if err != nil {
		return "", unwritten(path, err)
	}
	err = t.write(fresh)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return "", unwritten(path, errors.Join(err, os.RemoveAll(fresh)))
	}
	return path, nil
}

func unwritten(path string, err error) error {
	return lab.Errorf(lab.Unavailable, "%s could not be written: %w", path, err).WithHint("make room on the disk, or choose another folder")
}

func (t *Trainer) write(dir string) error {
	text, err := json.MarshalIndent(t.about(), "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, aboutFile), func(f *os.File) error { _, err := f.Write(append(text, '\n')); return err }); err != nil {
		return err
	}
	for _, part := range t.files() {
		if err := writeFile(filepath.Join(dir, part.name), func(f *os.File) error { return nn.Save(f, part.params, part.adam) }); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o755)
}

func (t *Trainer) about() about {
	return about{Shape: t.model.Shape, Rank: t.options.Rank, Alpha: t.options.Alpha, ValueHead: t.value != nil}
}

// file is what one file of a checkpoint holds.
type file struct {
	name   string
	params []*num.Tensor
	adam   *nn.Adam
}

func (t *Trainer) files() []file {
	files := []file{{weightsFile, t.model.Weights(), nil}}
	if extra := t.extra(); len(extra) > 0 {
		files = append(files, file{trainedFile, extra, nil})
	}
	return append(files, file{optimizerFile, nil, t.adam})
}

// extra are the trained parameters that are no weights of the model itself.
func (t *Trainer) extra() []*num.Tensor {
	if t.options.Rank > 0 {
		return t.params
	}
	return t.params[len(t.model.Weights()):]
}

func writeFile(path string, write func(f *os.File) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Load implements trainer.Trainer. Errors: invalid after any other call or for a checkpoint of another model or rank, not-found where
// there is none; the trainer is then as it was.
func (t *Trainer) Load(ctx context.Context, path string, optimizer bool) *trainer.Future[struct{}] {
	t.lock.Lock()
	defer t.lock.Unlock()
	err := ctx.Err()
	if err == nil && t.used {
		err = lab.Errorf(lab.Invalid, "a checkpoint can only be loaded as the first call on a trainer").WithHint("load it into a new one")
	}
	if err == nil {
		t.used = true
		err = t.load(path, optimizer)
	}
	return trainer.Ready(struct{}{}, err)
}

func (t *Trainer) load(path string, optimizer bool) error {
	if err := t.matches(path); err != nil {
		return err
	}
	var before bytes.Buffer
	if err := rl.WriteParts(&before, t.parts()...); err != nil {
		return err
	}
	files := t.files()
	if !optimizer {
		files = files[:len(files)-1]
	}
	for _, part := range files {
		if err := readFile(filepath.Join(path, part.name), part); err != nil {
			return errors.Join(err, rl.ReadParts(&before, t.parts()...))
		}
	}
	return nil
}

func (t *Trainer) matches(path string) error {
	text, err := os.ReadFile(filepath.Join(path, aboutFile))
	if errors.Is(err, fs.ErrNotExist) {
		return lab.Errorf(lab.NotFound, "%s holds no checkpoint", strconv.Quote(path)).WithHint("give the path that saving returned")
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "checkpoint %s could not be read: %w", path, err)
	}
	var a about
	if err := json.Unmarshal(text, &a); err != nil {
		return lab.Errorf(lab.Invalid, "checkpoint %s: %s cannot be read: %w", path, aboutFile, err)
	}
	if want := t.about(); a != want {
		return lab.Errorf(lab.Invalid, "checkpoint %s is of %+v, want %+v", path, a, want).WithHint("make the trainer with the model and the rank of the checkpoint")
	}
	return nil
}

func readFile(path string, part file) error {
	f, err := os.Open(path)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "checkpoint could not be read: %w", err)
	}
	defer f.Close()
	if err := nn.Load(f, part.params, part.adam); err != nil {
		return lab.Errorf(lab.Invalid, "checkpoint %s: %w", path, err)
	}
	return nil
}

// failedBatch is what is left of a batch whose loss was no finite number.
type failedBatch struct {
	Error   string
	Row     int
	Loss    rl.Loss
	Outputs []string // of that row, as text, since JSON has no NaN
	Data    []rl.Datum
}

// keepBatch writes a batch into the folder and returns its path.
func keepBatch(folder string, b failedBatch) (string, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(folder, "failed-batch-*.json")
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(text, '\n'))
	return f.Name(), errors.Join(err, f.Close())
}

func texts(x []float32) []string {
	s := make([]string, len(x))
	for i, v := range x {
		s[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return s
}
