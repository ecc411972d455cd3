package sched

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

// MostReplays bounds the paired replays of one fork: for so many the exact sign-flip test counts all arrangements.
const MostReplays = 20

// ForkRequest asks for a fork of a run of this data folder.
type ForkRequest struct {
	Fork    lab.Fork // Fork.Parent names the run; Replay is not looked at
	Replays int      // paired replays beside the one look, 0 to MostReplays
}

// Phases of a fork.
const (
	ForkReplaying = "playing the run again" // up to the place of the fork
	ForkLooking   = "playing the fork"
	ForkPairing   = "replays"
)

// ForkInfo is a fork in the owner's eyes.
type ForkInfo struct {
	Key       string // of the fork, a run as others
	Title     string
	Arm       string
	Seed      uint64
	Fork      lab.Fork
	State     string
	Phase     string
	Done      int64 // of the phase
	Total     int64
	Low, High time.Duration // left of the phase; negative when not known
	Err, Hint string
	Made      time.Time
	Result    *ForkResult // nil until something is known
}

// forking is a fork of this process.
type forking struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when it is over

	mu    sync.Mutex
	info  ForkInfo
	since time.Time // of the phase
}

func (f *forking) view(now time.Time) ForkInfo {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.info
	info.Low, info.High = -1, -1
	if took := now.Sub(f.since); info.State == Running && info.Done > 0 && info.Total > info.Done {
		left := time.Duration(float64(took) / float64(info.Done) * float64(info.Total-info.Done))
		info.Low, info.High = left*8/10, left*13/10
	}
	return info
}

func (f *forking) set(change func(*ForkInfo)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.info)
}

// enter begins a phase.
func (f *forking) enter(phase string, total int64, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.info.Phase, f.info.Done, f.info.Total, f.since = phase, 0, total, now
}

// forkKey is the identity of a fork: the same change at the same place of the same run is the same fork.
func forkKey(f lab.Fork) (string, error) {
	f.Replay = 0
	text, err := json.Marshal(f)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "a fork cannot be hashed: %w", err)
	}
	sum := sha256.Sum256(append([]byte("fork "), text...))
	return hex.EncodeToString(sum[:12]), nil
}

// Remote tells whether the model of a set-up answers from elsewhere, and so differently each time.
func Remote(setup lab.Setup) bool {
	return strings.HasPrefix(setup.Model, "endpoint ") || strings.HasPrefix(setup.Model, "service ")
}

// Fork begins a fork and returns at once; the same fork, while it is under way or done with as many replays, is not made again.
func (o *Owner) Fork(ctx context.Context, req ForkRequest) (ForkInfo, error) {
	parent, err := o.Store.FindRun(ctx, req.Fork.Parent)
	if err != nil {
		return ForkInfo{}, err
	}
	req.Fork.Replay = 0
	switch {
	case req.Replays < 0 || req.Replays > MostReplays:
		return ForkInfo{}, lab.Errorf(lab.Invalid, "%d replays, want 0 to %d", req.Replays, MostReplays)
	case Remote(parent.Setup) && req.Replays == 0:
		return ForkInfo{}, lab.Errorf(lab.Invalid, "the model of this run is %q, whose answers vary: one look tells nothing", parent.Setup.Model).
			WithHint("ask for 20 paired replays")
	case parent.Fork != nil:
		return ForkInfo{}, lab.Errorf(lab.Invalid, "run %q is a fork itself", parent.Key).WithHint("fork its parent %s, with all changes in one fork", parent.Fork.Parent)
	}
	key, err := forkKey(req.Fork)
	if err != nil {
		return ForkInfo{}, err
	}
	if done, err := o.FindFork(ctx, key); err == nil && done.State != Failed && done.State != CancelledSt && (done.State != Done || len(done.Result.Pairs) >= req.Replays) {
		return done, nil
	}
	return o.branch(key, parent, req)
}

// branch starts the work of a fork.
func (o *Owner) branch(key string, parent store.Run, req ForkRequest) (ForkInfo, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx.Err() != nil {
		return ForkInfo{}, lab.Errorf(lab.Cancelled, "Loci is closing, no fork can start").WithHint("start Loci again")
	}
	ctx, cancel := context.WithCancel(o.ctx)
	f := &forking{cancel: cancel, ended: make(chan struct{}), info: ForkInfo{Key: key, Title: req.Fork.Title(parent.Arm, parent.Seed), Arm: parent.Arm, Seed: parent.Seed, Fork: req.Fork,
		State: Queued, Made: o.Now()}}
	if o.forks == nil {
		o.forks = map[string]*forking{}
	}
	o.forks[key] = f
	o.work.Go(func() {
		defer close(f.ended)
		defer cancel()
		select {
		case o.slots <- struct{}{}:
		case <-ctx.Done():
			f.set(func(i *ForkInfo) { i.State = CancelledSt })
			return
		}
		defer func() { <-o.slots }()
		f.set(func(i *ForkInfo) { i.State = Running })
		o.forked(f, o.serveFork(ctx, f, parent, req), ctx)
	})
	return f.view(o.Now()), nil
}

// forked notes how a fork ended.
func (o *Owner) forked(f *forking, err error, ctx context.Context) {
	state := outcome(ctx, err)
	if state == Interrupted {
		state = Failed // nobody continues it: it is asked for again
	}
	if state == Failed && lab.CodeOf(err) == lab.Internal {
		o.Log.Error("fork failed", "key", f.info.Key, "parent", f.info.Fork.Parent, "error", err, "cause", errors.Unwrap(err))
	}
	f.set(func(i *ForkInfo) {
		if i.State = state; state == Failed {
			i.Err, i.Hint = err.Error(), lab.HintOf(err)
		}
	})
}

// serveFork does the work: the run up to the place of the fork, one look, and the replays.
func (o *Owner) serveFork(ctx context.Context, f *forking, parent store.Run, req ForkRequest) error {
	cfg, err := o.forkConfig(f, parent, req)
	if err != nil {
		return err
	}
	f.enter(ForkReplaying, 0, o.Now())
	b, err := run.OpenFork(ctx, cfg)
	if err != nil {
		return err
	}
	f.enter(ForkLooking, 1, o.Now())
	result, err := o.lookAt(ctx, b, f.info.Key)
	if err != nil {
		return err
	}
	f.set(func(i *ForkInfo) { i.Result = &result })
	return o.pairs(ctx, f, b, result, req.Replays)
}

func (o *Owner) forkConfig(f *forking, parent store.Run, req ForkRequest) (run.ForkConfig, error) {
	code, err := o.Papers.Code(parent.Setup)
	if err != nil {
		return run.ForkConfig{}, err
	}
	cfg := run.ForkConfig{Parent: o.Folder(parent.Key), Told: func(done, total int64) {
		f.set(func(i *ForkInfo) { i.Done, i.Total = done, total })
	}}
	cfg.Dir = o.Folder(f.info.Key)
	cfg.New = func() (lab.Method, error) { return o.Papers.New(parent.Setup, parent.Seed, o.Bench) }
	cfg.Gate = func(ctx context.Context) error { return ctx.Err() }
	cfg.Start = lab.Start{Key: f.info.Key, Setup: parent.Setup, Arm: parent.Arm, Case: parent.Case, Seed: parent.Seed, Code: code, Commit: o.Commit,
		Kernel: o.Kernel, Machine: o.Machine, Notebook: parent.Notebook, Fork: &req.Fork}
	return cfg, nil
}

// lookAt makes the fork's record, unless it is there, and says what came of the episode.
func (o *Owner) lookAt(ctx context.Context, b *run.Branch, key string) (ForkResult, error) {
	if old, err := o.forkResult(key); err == nil {
		return old, nil
	}
	if _, err := b.Look(ctx); err != nil {
		return ForkResult{}, err
	}
	result, err := compareForks(o.path(b.Start.Fork.Parent), o.path(key), b.Start.Fork.Episode)
	if err == nil {
		err = o.keepResult(key, result)
	}
	if err == nil {
		_, err = o.Store.IndexRecord(ctx, o.path(key))
	}
	return result, err
}

// pairs plays the episode twice for each replay: with the changes and without. What is there already stays.
func (o *Owner) pairs(ctx context.Context, f *forking, b *run.Branch, result ForkResult, n int) error {
	if len(result.Pairs) >= n {
		return nil
	}
	f.enter(ForkPairing, int64(n-len(result.Pairs)), o.Now())
	for k := len(result.Pairs) + 1; k <= n; k++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed, err := b.Replay(ctx, k, true)
		if err != nil {
			return err
		}
		unchanged, err := b.Replay(ctx, k, false)
		if err != nil {
			return err
		}
		result.Pairs = append(slices.Clone(result.Pairs), ForkPair{Changed: changed, Unchanged: unchanged})
		now := result
		f.set(func(i *ForkInfo) { i.Done++; i.Result = &now })
	}
	return o.keepResult(f.info.Key, result)
}

// StopFork cancels a fork that is under way; one that is over stays as it is.
func (o *Owner) StopFork(key string) error {
	o.mu.Lock()
	f := o.forks[key]
	o.mu.Unlock()
	if f == nil {
		return lab.Errorf(lab.NotFound, "no fork %q is under way", key)
	}
	f.cancel()
	return nil
}

// FindFork returns a fork: of this process, or one that is kept.
func (o *Owner) FindFork(ctx context.Context, key string) (ForkInfo, error) {
	o.mu.Lock()
	f := o.forks[key]
	o.mu.Unlock()
	if f != nil {
		return f.view(o.Now()), nil
	}
	r, err := o.Store.FindRun(ctx, key)
	if err != nil {
		return ForkInfo{}, err
	}
	if r.Fork == nil {
		return ForkInfo{}, lab.Errorf(lab.NotFound, "run %q is no fork", key)
	}
	return o.keptFork(r)
}

func (o *Owner) keptFork(r store.Run) (ForkInfo, error) {
	result, err := o.forkResult(r.Key)
	if err != nil {
		return ForkInfo{}, err
	}
	return ForkInfo{Key: r.Key, Title: r.Fork.Title(r.Arm, r.Seed), Arm: r.Arm, Seed: r.Seed, Fork: *r.Fork, State: Done, Low: -1, High: -1, Made: r.Started, Result: &result}, nil
}

// Forks lists the forks of a run, newest first.
func (o *Owner) Forks(ctx context.Context, parent string) ([]ForkInfo, error) {
	rows, _, err := o.Store.FindRuns(ctx, store.RunFilter{Parent: parent})
	if err != nil {
		return nil, err
	}
	var all []ForkInfo
	o.mu.Lock()
	for _, f := range o.forks {
		if v := f.view(o.Now()); v.Fork.Parent == parent {
			all = append(all, v)
		}
	}
	o.mu.Unlock()
	for _, r := range rows {
		if slices.ContainsFunc(all, func(f ForkInfo) bool { return f.Key == r.Key }) {
			continue
		}
		if info, err := o.keptFork(r); err == nil {
			all = append(all, info)
		}
	}
	slices.SortStableFunc(all, func(a, b ForkInfo) int { return b.Made.Compare(a.Made) })
	return all, nil
}
