package sched

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

// find returns what the library knows of a run; found is false for one that never ran here.
func (o *Owner) find(ctx context.Context, key string) (info RunInfo, found bool, err error) {
	r, err := o.Store.FindRun(ctx, key)
	if lab.CodeOf(err) == lab.NotFound {
		return RunInfo{Key: key}, false, nil
	}
	if err != nil {
		return RunInfo{Key: key}, false, err
	}
	return infoOf(r), true, nil
}

func infoOf(r store.Run) RunInfo {
	info := RunInfo{Key: r.Key, State: string(r.State), Done: r.Done, Total: r.Total, Unit: r.Unit, Started: r.Started, Heard: r.Heard,
		Seconds: r.Seconds, Err: r.Error, Hint: r.Hint, Final: r.Final}
	info.Arm, info.Case, info.Seed, info.Setup = r.Arm, r.Case, r.Seed, r.Setup
	switch r.State {
	case store.Running, store.Queued, store.Paused:
		info.State = Interrupted // nobody runs it now: its process ended before it did
	}
	return info
}

// past returns the mean seconds of finished runs of the same arm, case and budget on this computer.
func (o *Owner) past(ctx context.Context, info RunInfo) (seconds float64, ok bool) {
	kase := info.Case
	runs, _, err := o.Store.FindRuns(ctx, store.RunFilter{Paper: info.Setup.Paper, Arm: info.Arm, Case: &kase, Budget: info.Setup.Budget,
		States: []store.State{store.Done}, Limit: 5})
	if err != nil || len(runs) == 0 {
		return 0, false
	}
	for _, r := range runs {
		seconds += r.Seconds / float64(len(runs))
	}
	return seconds, true
}

// begin notes in the library that a run starts, and puts its old record aside where it is to be run again.
func (o *Owner) begin(l *live, file, code string) error {
	info := l.snapshot()
	dir := o.Folder(info.Key)
	if info.again || info.State == Failed {
		if err := putAside(dir); err != nil {
			return err
		}
	}
	if err := l.recall(filepath.Join(dir, run.RecordFile)); err != nil {
		return err
	}
	now := o.Now()
	l.set(func(i *RunInfo) { i.State, i.Started, i.Heard = Running, now, now })
	if _, found, err := o.find(o.ctx, info.Key); err != nil {
		return err
	} else if !found {
		err := o.Store.CreateRun(o.ctx, &store.Run{Key: info.Key, Paper: info.Setup.Paper, Notebook: file, Arm: info.Arm, Case: info.Case,
			Seed: info.Seed, Budget: info.Setup.Budget, Setup: info.Setup, Code: code, Commit: o.Commit, Kernel: o.Kernel, Machine: o.Machine,
			State: store.Running, Record: filepath.Join(dir, run.RecordFile), Started: now, Heard: now})
		if err != nil {
			return err
		}
	}
	state, empty := store.Running, ""
	_, err := o.Store.UpdateRun(o.ctx, info.Key, store.RunUpdate{State: &state, Started: &now, Heard: &now, Error: &empty, Hint: &empty})
	return err
}

// recall reads what the record of a run that is to be continued holds already, so that its charts begin at the beginning.
func (l *live) recall(path string) error {
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return run.Events(path, func(ev lab.Event) (bool, error) {
		if m, ok := ev.(lab.Metric); ok {
			l.point(m)
		}
		return true, nil
	})
}

// putAside renames a run's folder, so that nothing is lost when the run starts anew.
func putAside(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	for n := 1; ; n++ {
		old := fmt.Sprintf("%s.old-%d", dir, n)
		if _, err := os.Stat(old); err == nil {
			continue
		}
		if err := os.Rename(dir, old); err != nil {
			return lab.Errorf(lab.Unavailable, "the old record in %q cannot be put aside: %w", dir, err).WithHint("make the data folder writable")
		}
		return nil
	}
}

// over notes how a run ended: in the library, on the stream, and for this process.
func (o *Owner) over(l *live, state string, cause error) {
	now := o.Now()
	l.set(func(i *RunInfo) {
		i.State = state
		if !i.Started.IsZero() {
			i.Seconds += now.Sub(i.Started).Seconds() - l.paused
			i.Heard = now
		}
		if cause != nil {
			i.Err, i.Hint = cause.Error(), lab.HintOf(cause)
		}
	})
	info := l.snapshot()
	if !info.Started.IsZero() {
		if err := o.keep(info); err != nil {
			o.Log.Error("the library could not be brought up to date", "key", info.Key, "error", err)
		}
	}
	if done, _, err := o.find(context.WithoutCancel(o.ctx), info.Key); err == nil && done.Final != nil {
		l.set(func(i *RunInfo) { i.Final = done.Final })
	}
	o.mu.Lock()
	delete(o.live, info.Key)
	o.mu.Unlock()
	l.mu.Lock()
	l.series = nil // from now on the library answers
	l.mu.Unlock()
}

// keep indexes the record and writes the run's last state. It works while the owner is closing, too.
func (o *Owner) keep(info RunInfo) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), 30*time.Second)
	defer cancel()
	path := filepath.Join(o.Folder(info.Key), run.RecordFile)
	if _, err := os.Stat(path); err == nil {
		if _, err := o.Store.IndexRecord(ctx, path); err != nil {
			return err
		}
	}
	state := store.State(info.State)
	_, err := o.Store.UpdateRun(ctx, info.Key, store.RunUpdate{State: &state, Ended: &info.Heard, Heard: &info.Heard,
		Seconds: &info.Seconds, Error: &info.Err, Hint: &info.Hint, Done: &info.Done, Total: &info.Total, Unit: &info.Unit})
	return err
}
