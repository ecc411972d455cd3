package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// OrderFile lies in an order's folder, FaultFile in that of a run, which its key names.
const (
	OrderFile = "order.json"
	FaultFile = "fault.json" // in a run's folder: why it has no end
)

// orderVersion is that of the order that this build writes. It reads no other.
const orderVersion = 1

// Order is what a worker is told to do: some runs, with how they begin.
type Order struct {
	Version int         `json:"version"`
	ID      string      `json:"id"` // of a-z 0-9 -
	Runs    []lab.Start `json:"runs"`
	Jobs    int         `json:"jobs"`    // runs at a time, at least 1
	Threads int         `json:"threads"` // of a run, at least 1
	Kernel  string      `json:"kernel"`  // family of the numeric core; "" is the best that the worker's machine has
}

var (
	orderID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,60}$`)
	runKey  = regexp.MustCompile(`^[0-9a-f]{8,64}$`)
)

// Check returns an Invalid error on the first thing that a worker could not do. Identifiers and keys become names of folders, and so must be
// harmless ones.
func (o Order) Check() error {
	switch {
	case o.Version != orderVersion:
		return lab.Errorf(lab.Invalid, "the order has version %d, want %d", o.Version, orderVersion).WithHint("use a worker of the same build as Loci")
	case !orderID.MatchString(o.ID):
		return lab.Errorf(lab.Invalid, "the order's name is %.80q, want 1 to 61 of a-z 0-9 -", o.ID)
	case len(o.Runs) == 0:
		return lab.Errorf(lab.Invalid, "order %q has no run", o.ID)
	case o.Jobs < 1 || o.Threads < 1:
		return lab.Errorf(lab.Invalid, "order %q asks for %d runs at a time with %d threads, want at least 1 of each", o.ID, o.Jobs, o.Threads)
	}
	seen := map[string]bool{}
	for _, r := range o.Runs {
		if !runKey.MatchString(r.Key) || seen[r.Key] {
			return lab.Errorf(lab.Invalid, "order %q names the run %.80q, want each key once, hexadecimal", o.ID, r.Key)
		}
		seen[r.Key] = true
	}
	return nil
}

// NewOrder makes an order of runs.
func NewOrder(id string, runs []lab.Start) Order {
	return Order{Version: orderVersion, ID: id, Runs: runs, Jobs: 1, Threads: 1}
}

// ReadOrder reads the order of a worker's folder.
func ReadOrder(dir string) (Order, error) {
	path := filepath.Join(dir, OrderFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return Order{}, lab.Errorf(lab.Unavailable, "order %q cannot be read: %w", path, err).WithHint("send the runs again")
	}
	var o Order
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return Order{}, lab.Errorf(lab.Invalid, "order %q is none: %w", path, err).WithHint("use a worker of the same build as Loci")
	}
	return o, o.Check()
}

// Fault is why a run of a worker has no end: nothing that the run itself did wrong.
type Fault struct {
	Code lab.Code `json:"code"`
	Msg  string   `json:"msg"`
	Hint string   `json:"hint"`
}

// Err is the fault as an error.
func (f Fault) Err() error { return &lab.Error{Code: f.Code, Msg: f.Msg, Hint: f.Hint} }

// Worker carries out an order. The folders of the runs lie in Dir; what is there already is gone on with.
type Worker struct {
	Dir     string
	New     func(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error)
	Code    func(setup lab.Setup) (string, error)
	Bench   lab.Bench
	Commit  string
	Machine string
}

// Do carries out the runs, Jobs at a time, in order. What keeps one run from its end does not keep the others: the errors are joined, and each
// stands as a Fault in its run's folder, too.
func (w Worker) Do(ctx context.Context, o Order) error {
	slots := make(chan struct{}, o.Jobs)
	errs := make([]error, len(o.Runs))
	var group sync.WaitGroup
	for i := range o.Runs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			errs[i] = w.One(ctx, o.Runs[i])
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// One carries out one run.
func (w Worker) One(ctx context.Context, start lab.Start) error {
	dir := filepath.Join(w.Dir, start.Key)
	err := w.one(ctx, dir, start)
	note := filepath.Join(dir, FaultFile)
	if err == nil || lab.CodeOf(err) == lab.Cancelled {
		if gone := os.Remove(note); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return err
	}
	text, _ := json.Marshal(Fault{Code: lab.CodeOf(err), Msg: err.Error(), Hint: lab.HintOf(err)}) // strings can be written
	return errors.Join(err, file.Replace(note, text, 0o644))
}

func (w Worker) one(ctx context.Context, dir string, start lab.Start) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return lab.Errorf(lab.Unavailable, "the run's folder %q cannot be made: %w", dir, err).WithHint("free space there, or allow this account to write")
	}
	code, err := w.Code(start.Setup)
	if err != nil {
		return err
	}
	if code != start.Code {
		return lab.Errorf(lab.Conflict, "the worker has other code of %s than Loci that sent the run: %.12s, want %.12s", start.Setup.Paper, code, start.Code).
			WithHint("build the worker anew with `make workers`")
	}
	if start.Machine == "" { // a run that goes on keeps what it began with
		start.Machine, start.Commit, start.Kernel = w.Machine, w.Commit, w.Bench.Kernel
	}
	_, err = Execute(ctx, Config{Start: start, Dir: dir, New: func() (lab.Method, error) { return w.New(start.Setup, start.Seed, w.Bench) }})
	return err
}
