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

// inspect returns what is known of a run that nobody runs now. Its record is the truth: a library that lags behind is brought up to date,
// and a run whose record was removed counts as one that never ran.
func (o *Owner) inspect(ctx context.Context, key string) (RunInfo, error) {
	r, err := o.Store.FindRun(ctx, key)
	found := err == nil
	if err != nil && lab.CodeOf(err) != lab.NotFound {
		return RunInfo{Key: key}, err
	}
	path := o.path(key)
	switch here := exists(path); {
	case here && (!found || infoOf(r).State == Interrupted):
		if _, err := o.Store.IndexRecord(ctx, path); err != nil {
			o.Log.Warn("a record could not be read into the library", "record", path, "error", err)
		}
		if r, err = o.Store.FindRun(ctx, key); err != nil { // the record has no event yet, or is damaged from its beginning
			return RunInfo{Key: key}, nil
		}
	case !found || !here && r.State != store.Failed && !exists(r.Record):
		return RunInfo{Key: key}, nil
	}
	info := infoOf(r)
	binned, err := o.Store.IsBinned(ctx, key)
	if binned {
		info.State, info.Done, info.Final = Deleted, 0, nil
	}
	return info, err
}

func (o *Owner) path(key string) string { return filepath.Join(o.Folder(key), run.RecordFile) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func infoOf(r store.Run) RunInfo {
	info := RunInfo{Key: r.Key, State: string(r.State), Done: r.Done, Total: r.Total, Unit: r.Unit, Started: r.Started, Heard: r.Heard,
		Seconds: r.Seconds, Err: r.Error, Hint: r.Hint, Final: r.Final}
	info.Arm, info.Case, info.Seed, info.Setup = r.Arm, r.Case, r.Seed, r.Setup
	switch r.State {
	case store.Running, store.Queued, store.Paused:
		info.State = Interrupted // nobody runs it now: its process ended before it did
	case store.Done:
		if r.Done < r.Total && r.Fork == nil { // a fork ends with its episode
			info.State = Interrupted // its record was damaged since and cut back to its whole part
		}
	}
	return info
}

// pasts is past that asks the library once for all seeds of an arm: a plan asks for each of its runs.
func (o *Owner) pasts(ctx context.Context) func(RunInfo) (seconds float64, ok bool) {
	type arm struct{ paper, arm, kase, budget string }
	type answer struct {
		seconds float64
		ok      bool
	}
	known := map[arm]answer{}
	return func(info RunInfo) (float64, bool) {
		at := arm{info.Setup.Paper, info.Arm, info.Case, info.Setup.Budget}
		a, asked := known[at]
		if !asked {
			a.seconds, a.ok = o.past(ctx, info)
			known[at] = a
		}
		return a.seconds, a.ok
	}
}

// past returns the mean seconds of finished runs of the same arm, case and budget on this computer.
func (o *Owner) past(ctx context.Context, info RunInfo) (seconds float64, ok bool) {
	kase := info.Case
	runs, _, err := o.Store.FindRuns(ctx, store.RunFilter{Paper: info.Setup.Paper, Arm: info.Arm, Case: &kase, Budget: info.Setup.Budget,
		States: []store.State{store.Done}, Limit: 5})
	n := 0.0
	for _, r := range runs {
		if r.Seconds > 0 { // 0 where the library was made anew from the records, which hold no seconds
			seconds, n = seconds+r.Seconds, n+1
		}
	}
	if err != nil || n == 0 {
		return 0, false
	}
	return seconds / n, true
}

// begin notes in the library that a run starts, and puts its old record aside where it is to be run again.
func (o *Owner) begin(ctx context.Context, l *live, file, code string) error {
	info := l.snapshot()
	if info.again {
		if err := putAside(o.Folder(info.Key)); err != nil {
			return err
		}
	}
	if err := l.recall(o.path(info.Key)); err != nil {
		return err
	}
	seconds, err := o.enter(ctx, info, file, code)
	if err != nil {
		return err
	}
	l.begin(o.Now(), seconds)
	return nil
}

// begin notes that the work begins now, after so many seconds of work before.
func (l *live) begin(now time.Time, seconds float64) {
	l.set(func(i *RunInfo) {
		i.State, i.Started, i.Heard, i.Seconds, i.Final, l.began = Running, now, now, seconds, nil, now
		if i.again {
			i.Done = 0
		}
	})
}

// enterAll makes the library's rows of those runs that it does not know, all at once, and returns their keys.
func (e *errand) enterAll(ctx context.Context, codeOf func(lab.Setup) (string, error)) (map[string]bool, error) {
	var rows []*store.Run
	for _, s := range e.Order.Runs {
		r := e.runs[s.Key]
		if r == nil {
			continue
		}
		info := r.live.snapshot()
		code, err := codeOf(info.Setup)
		if err != nil {
			return nil, err
		}
		rows = append(rows, e.o.row(info, e.j.file, code))
	}
	return e.o.Store.CreateRuns(ctx, rows)
}

// row is the library's row of a run that starts now.
func (o *Owner) row(info RunInfo, file, code string) *store.Run {
	now := o.Now()
	return &store.Run{Key: info.Key, Paper: info.Setup.Paper, Notebook: file, Arm: info.Arm, Case: info.Case, Seed: info.Seed, Budget: info.Setup.Budget,
		Setup: info.Setup, Code: code, Commit: o.Commit, Kernel: o.Kernel, Machine: o.Machine, State: store.Running, Record: o.path(info.Key), Started: now, Heard: now}
}

// enter makes or changes the library's row of a run that starts, and returns the seconds of work before.
func (o *Owner) enter(ctx context.Context, info RunInfo, file, code string) (seconds float64, err error) {
	now, path, running := o.Now(), o.path(info.Key), store.Running
	if err := o.Store.RestoreRun(ctx, info.Key); err != nil && lab.CodeOf(err) != lab.NotFound {
		return 0, err // what runs is in the bin no more
	}
	row, err := o.Store.FindRun(ctx, info.Key)
	if lab.CodeOf(err) == lab.NotFound {
		return 0, o.Store.CreateRun(ctx, o.row(info, file, code))
	}
	if err != nil {
		return 0, err
	}
	empty := ""
	change := store.RunUpdate{State: &running, Started: &now, Heard: &now, Error: &empty, Hint: &empty, Record: &path}
	if !exists(path) { // it begins anew
		row.Seconds, row.Done = 0, 0
		change.Seconds, change.Done, change.Final = &row.Seconds, &row.Done, map[string]lab.Float{}
	}
	_, err = o.Store.UpdateRun(ctx, info.Key, change)
	return row.Seconds, err
}

// recall reads what the record of a run that is to be continued holds already, so that its charts begin at the beginning.
func (l *live) recall(path string) error {
	if !exists(path) {
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
	if !exists(dir) {
		return nil
	}
	for n := 1; ; n++ {
		old := fmt.Sprintf("%s.old-%d", dir, n)
		if exists(old) {
			continue
		}
		if err := os.Rename(dir, old); err != nil {
			return lab.Errorf(lab.Unavailable, "the old record in %q cannot be put aside: %w", dir, err).WithHint("make the data folder writable")
		}
		return nil
	}
}

// ended is a run that is over, and how.
type ended struct {
	live  *live
	state string
	cause error
}

// over notes how a run ended: in the library, on the stream, and for this process. The library hears nothing of a run that never began.
func (o *Owner) over(l *live, state string, cause error) { o.overAll([]ended{{l, state, cause}}) }

// overAll is over for many runs at a time.
func (o *Owner) overAll(all []ended) {
	var began []*live
	var rows []store.Closing
	for _, e := range all {
		if info, did := e.note(o.Now()); did {
			began, rows = append(began, e.live), append(rows, o.closing(info))
		}
	}
	if len(rows) > 0 {
		// It works while the owner is closing, too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), keepWait)
		runs, err := o.Store.CloseRuns(ctx, rows)
		cancel()
		if err != nil {
			o.Log.Error("the library could not be brought up to date", "runs", len(rows), "first", rows[0].Key, "error", err)
		}
		for i, l := range began {
			if r := runs[i]; r.Key != "" {
				l.set(func(i *RunInfo) { i.Done, i.Total, i.Unit, i.Final = r.Done, r.Total, r.Unit, r.Final })
			}
		}
	}
	for _, e := range all {
		o.release(e.live)
	}
}

// keepWait is how long the library may take to note what ended.
const keepWait = time.Minute

// note writes the end into the run as this process knows it; began tells whether the run ever did.
func (e ended) note(now time.Time) (info RunInfo, began bool) {
	l := e.live
	l.mu.Lock()
	defer l.mu.Unlock()
	began = !l.began.IsZero()
	l.info.State, l.info.Err, l.info.Hint, l.err = e.state, "", "", e.cause
	if e.cause != nil {
		l.info.Err, l.info.Hint = e.cause.Error(), lab.HintOf(e.cause)
	}
	if began {
		l.info.Seconds += now.Sub(l.began).Seconds() - l.paused
		l.info.Heard = now
	}
	return l.info, began
}

// closing is what the library is told of a run that ended. How far it is stands in the record alone.
func (o *Owner) closing(info RunInfo) store.Closing {
	state := store.State(info.State)
	c := store.Closing{Key: info.Key, Change: store.RunUpdate{State: &state, Ended: &info.Heard, Heard: &info.Heard, Seconds: &info.Seconds, Error: &info.Err, Hint: &info.Hint}}
	if path := o.path(info.Key); exists(path) {
		c.Record = path
	}
	return c
}

// release lets a run go: from now on the library answers.
func (o *Owner) release(l *live) {
	key := l.snapshot().Key
	o.mu.Lock()
	delete(o.live, key)
	o.mu.Unlock()
	l.mu.Lock()
	l.series = nil
	l.mu.Unlock()
	close(l.ended)
}
