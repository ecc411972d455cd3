package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// The two kinds of checkpoint, by the middle part of their paths.
const (
	trainingKind = wire.WeightsSegment
	samplerKind  = wire.SamplerSegment
)

// run is a model that was trained here, as it is kept on disk.
type run struct {
	ID          string         `json:"id"`
	Base        string         `json:"base_model"`
	LoRA        LoRA           `json:"lora"`
	Meta        map[string]any `json:"user_metadata,omitempty"`
	LastRequest time.Time      `json:"last_request_time"`
}

// checkpoint is what is kept beside the weights.
type checkpoint struct {
	Run     string         `json:"run"`
	Kind    string         `json:"kind"` // weights or sampler_weights
	Name    string         `json:"name"`
	Time    time.Time      `json:"time"`
	Expires time.Time      `json:"expires,omitzero"`
	Bytes   int64          `json:"size_bytes"`
	Meta    map[string]any `json:"user_metadata,omitempty"`
}

func (c checkpoint) id() string { return c.Kind + "/" + c.Name }

func (c checkpoint) path() string { return "tinker://" + c.Run + "/" + c.id() }

// disk keeps runs and checkpoints in a folder:
//
//	runs/RUN/run.json                        what was trained (":" of an id stands as "." in names of folders)
//	runs/RUN/KIND/NAME/checkpoint.json, ...  a checkpoint: its description, and the files of Trainer.Save
//	passing/...                              what lives no longer than this process: snapshots without a name, saves under way
//
// A checkpoint is written below passing and moved to its place whole.
type disk struct {
	folder string

	mu          sync.Mutex
	runs        map[string]run
	checkpoints map[string]checkpoint // by path
}

// openDisk reads a folder, which is made when missing. Descriptions that cannot be read are passed over: one damaged file must not
// hide the others.
func openDisk(folder string) (*disk, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "the folder of the training engine, %q, is no path: %w", folder, err)
	}
	d := &disk{folder: folder, runs: map[string]run{}, checkpoints: map[string]checkpoint{}}
	if err := errors.Join(os.RemoveAll(d.passing()), os.MkdirAll(d.passing(), 0o700), os.MkdirAll(filepath.Join(folder, "runs"), 0o700)); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the folder of the training engine cannot be used: %w", err).WithHint("choose another with --folder")
	}
	found, err := filepath.Glob(filepath.Join(folder, "runs", "*", "run.json"))
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the folder of the training engine cannot be read: %w", err)
	}
	for _, f := range found {
		d.readRun(f)
	}
	return d, nil
}

func (d *disk) readRun(file string) {
	var r run
	if readJSON(file, &r) != nil || d.runFolder(r.ID) != filepath.Dir(file) {
		return
	}
	d.runs[r.ID] = r
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*", "*", "checkpoint.json"))
	for _, f := range found {
		var c checkpoint
		if readJSON(f, &c) == nil && c.Run == r.ID && d.place(c) == filepath.Dir(f) {
			d.checkpoints[c.path()] = c
		}
	}
}

func (d *disk) runFolder(id string) string {
	return filepath.Join(d.folder, "runs", strings.ReplaceAll(id, ":", "."))
}

func (d *disk) place(c checkpoint) string {
	return filepath.Join(d.runFolder(c.Run), c.Kind, c.Name)
}

// passing is the folder of what a later start removes.
func (d *disk) passing() string { return filepath.Join(d.folder, "passing") }

// putRun keeps the description of a run.
func (d *disk) putRun(r run) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := os.MkdirAll(d.runFolder(r.ID), 0o700); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(d.runFolder(r.ID), "run.json"), r); err != nil {
		return err
	}
	d.runs[r.ID] = r
	return nil
}

// put moves a folder of saved weights to its place. With replace an older checkpoint of the name gives way to it.
func (d *disk) put(c checkpoint, folder string, replace bool) error {
	c.Bytes = sizeOf(folder)
	if err := writeJSON(filepath.Join(folder, "checkpoint.json"), c); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, exists := d.checkpoints[c.path()]; exists {
		if !replace {
			return errNameTaken(c)
		}
		if err := d.drop(c); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(d.place(c)), 0o700); err != nil {
		return err
	}
	if err := os.Rename(folder, d.place(c)); err != nil {
		return err
	}
	d.checkpoints[c.path()] = c
	return nil
}

func errNameTaken(c checkpoint) error {
	return lab.Errorf(lab.Conflict, "checkpoint %q exists already", c.path()).WithHint("choose another name, or save with overwrite")
}

// drop moves a checkpoint out of its place, so that no half of it is ever there, and removes it.
func (d *disk) drop(c checkpoint) error {
	aside := filepath.Join(d.passing(), newID())
	if err := os.Rename(d.place(c), aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(d.checkpoints, c.path())
	return os.RemoveAll(aside)
}

// run returns a run by its id.
func (d *disk) run(id string) (run, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.runs[id]
	if !ok {
		return r, lab.Errorf(lab.NotFound, "no training run %.100q", id).WithHint("list those that exist with GET /api/v1/training_runs")
	}
	return r, nil
}

// has tells whether a checkpoint of that path exists.
func (d *disk) has(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.checkpoints[path]
	return ok
}

// find returns a checkpoint, the run it belongs to and the folder it lies in.
func (d *disk) find(path string) (checkpoint, run, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.checkpoints[path]
	if !ok {
		return c, run{}, "", lab.Errorf(lab.NotFound, "no checkpoint %q", path).WithHint("list those that exist with GET /api/v1/checkpoints")
	}
	return c, d.runs[c.Run], d.place(c), nil
}

// remove deletes a checkpoint.
func (d *disk) remove(path string) error {
	c, _, _, err := d.find(path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drop(c)
}

// setExpiry says when a checkpoint is to be removed; the zero time is never.
func (d *disk) setExpiry(path string, at time.Time) error {
	c, _, _, err := d.find(path)
	if err != nil {
		return err
	}
	c.Expires = at
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := writeJSON(filepath.Join(d.place(c), "checkpoint.json"), c); err != nil {
		return err
	}
	d.checkpoints[path] = c
	return nil
}

// expire removes checkpoints whose time is over and returns their paths.
func (d *disk) expire(now time.Time) (gone []string, errs error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, c := range d.checkpoints {
		if !c.Expires.IsZero() && now.After(c.Expires) {
			gone = append(gone, path)
			errs = errors.Join(errs, d.drop(c))
		}
	}
	return gone, errs
}

// listRuns returns all runs, the last used first.
func (d *disk) listRuns() []run {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.runs), func(a, b run) int {
		return cmp.Or(b.LastRequest.Compare(a.LastRequest), cmp.Compare(a.ID, b.ID))
	})
}

// list returns the checkpoints of a run, or of all with "", the newest first.
func (d *disk) list(run string) []checkpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := slices.SortedFunc(maps.Values(d.checkpoints), func(a, b checkpoint) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.path(), b.path()))
	})
	return slices.DeleteFunc(all, func(c checkpoint) bool { return run != "" && c.Run != run })
}

// checkName refuses names that could lead out of their folder, or that other services refuse.
func checkName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`).MatchString(name) {
		return lab.Errorf(lab.Invalid, "checkpoint name %.300q, want 1 to 255 letters, digits, _ and -", name)
	}
	return nil
}

// parsePath takes the path of a checkpoint apart.
func parsePath(path string) (checkpoint, error) {
	parts := strings.Split(strings.TrimPrefix(path, "tinker://"), "/")
	if !strings.HasPrefix(path, "tinker://") || len(parts) != 3 || parts[0] == "" || parts[1] != trainingKind && parts[1] != samplerKind {
		return checkpoint{}, lab.Errorf(lab.Invalid, "path %.300q, want tinker://RUN/weights/NAME or tinker://RUN/sampler_weights/NAME", path)
	}
	return checkpoint{Run: parts[0], Kind: parts[1], Name: parts[2]}, checkName(parts[2])
}

func sizeOf(folder string) int64 {
	var sum int64
	_ = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

func readJSON(file string, v any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// writeJSON replaces a file whole.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return file.Replace(path, append(b, '\n'), 0o600)
}
