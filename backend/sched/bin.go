package sched

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Deleted is the state of a run in the bin: a notebook that wants it runs it again, unless it is restored.
const Deleted = "deleted"

// Bin puts a run into the bin. Its record stays where it is until the bin is emptied. Conflict for a run that is under way.
func (o *Owner) Bin(ctx context.Context, key string) error {
	o.mu.Lock()
	_, busy := o.live[key]
	o.mu.Unlock()
	if busy {
		return lab.Errorf(lab.Conflict, "run %q is under way", key).WithHint("stop it first, then delete it")
	}
	if err := o.Store.BinRun(ctx, key); err != nil {
		return err
	}
	o.recast(key, RunInfo{State: Deleted, again: true})
	return nil
}

// Restore takes a run out of the bin, as it was.
func (o *Owner) Restore(ctx context.Context, key string) error {
	if err := o.Store.RestoreRun(ctx, key); err != nil {
		return err
	}
	info, err := o.inspect(ctx, key)
	if err != nil {
		return err
	}
	o.recast(key, info)
	return nil
}

// recast gives a run that is over its new state in the jobs that had it.
func (o *Owner) recast(key string, as RunInfo) {
	o.mu.Lock()
	jobs := slices.Clone(o.jobs)
	o.mu.Unlock()
	for _, j := range jobs {
		changed := false
		for _, l := range j.all() {
			l.set(func(i *RunInfo) {
				if i.Key == key {
					i.State, i.Final, i.Done, i.again, changed = as.State, as.Final, as.Done, as.again, true
				}
			})
		}
		if changed {
			o.announce(j)
		}
	}
}

// EmptyBin removes the runs that were put into the bin before that time, the zero time for all, with their records, and returns how
// many. Only folders of runs below the data folder are ever removed. A run that is under way again stays.
func (o *Owner) EmptyBin(ctx context.Context, before time.Time) (removed int, err error) {
	found, _, err := o.Store.FindBin(ctx, before, 0, 0)
	if err != nil {
		return 0, err
	}
	for _, b := range found {
		o.mu.Lock()
		_, busy := o.live[b.Run.Key]
		o.mu.Unlock()
		if busy {
			continue
		}
		if _, err := o.Record(b.Run.Key); err != nil { // its key names no folder
			return removed, err
		}
		// The folder goes first: should the row stay, it is still in the bin, and the next time finishes the work.
		if err := os.RemoveAll(o.Folder(b.Run.Key)); err != nil {
			return removed, lab.Errorf(lab.Unavailable, "the record of run %q cannot be removed: %w", b.Run.Key, err).WithHint("make the data folder writable and try again")
		}
		if err := o.Store.DeleteRun(ctx, b.Run.Key); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
