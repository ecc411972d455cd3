package web

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/settings"
)

// records keeps recently read records open.
type records struct {
	owner interface {
		Record(key string) (string, error)
	}
	most func() int // records that stay open with their index; opening one reads all of it
	skim skimmer    // one for all, so that episodes of several records can be compared
	mu   sync.Mutex
	list []*kept // most recently used last
}

// kept is an open record with what the Run view asks of it again and again, brought up to date by every use.
type kept struct {
	key string

	mu       sync.Mutex
	reader   *record.Reader
	seen     int64 // events taken into the fields below
	start    lab.Start
	end      *lab.End
	progress lab.Progress
	first    time.Time
	last     time.Time
	log      []lab.Log
	episodes []int64            // sequence numbers of the Episode events
	metrics  map[string]*ending // by the bytes of their names
	fresh    []*ending          // whose newest event is not decoded yet
	latest   []byte             // newest Progress, not decoded yet

	operations []int64    // sequence numbers of the Memory events
	inspect    inspection // what the Episode screen keeps
}

func newRecords(owner interface{ Record(string) (string, error) }) *records {
	usual := settings.Defaults()
	return &records{owner: owner, most: func() int { return int(usual.Number(settings.OpenRecords)) }, skim: newSkimmer()}
}

// with calls f with the run's record, brought up to date. f must not keep it.
func (rs *records) with(key string, f func(*kept) error) error {
	k := rs.hold(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(rs.owner, rs.skim); err != nil {
		k.drop()
		return err
	}
	return f(k)
}

// hold returns the entry of a key and closes the one that was not used for the longest time.
func (rs *records) hold(key string) *kept {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	i := slices.IndexFunc(rs.list, func(k *kept) bool { return k.key == key })
	if i >= 0 {
		k := rs.list[i]
		rs.list = append(slices.Delete(rs.list, i, i+1), k)
		return k
	}
	k := &kept{key: key}
	rs.list = append(rs.list, k)
	if len(rs.list) > rs.most() {
		if old := rs.list[0]; old.mu.TryLock() { // in use: the next one closes it
			old.drop()
			old.mu.Unlock()
			rs.list = slices.Delete(rs.list, 0, 1)
		}
	}
	return k
}

func (rs *records) close() error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	var errs []error
	for _, k := range rs.list {
		k.mu.Lock()
		errs = append(errs, k.drop())
		k.mu.Unlock()
	}
	rs.list = nil
	return errors.Join(errs...)
}

// drop forgets what was read; the next use opens the file again.
func (k *kept) drop() error {
	var err error
	if k.reader != nil {
		err = k.reader.Close()
	}
	k.reader, k.seen, k.start, k.end, k.progress, k.log, k.episodes, k.metrics = nil, 0, lab.Start{}, nil, lab.Progress{}, nil, nil, nil
	k.first, k.last, k.operations, k.inspect, k.fresh, k.latest = time.Time{}, time.Time{}, nil, inspection{}, nil, nil
	return err
}

// refresh takes in what was written since. A record that was cut meanwhile, as when a stopped run goes on, is read again.
func (k *kept) refresh(owner interface{ Record(string) (string, error) }, skim skimmer) error {
	if k.reader != nil {
		err := k.reader.Refresh()
		if err == nil && k.reader.Damage() == nil {
			return k.take()
		}
		if err := k.drop(); err != nil {
			return err
		}
	}
	path, err := owner.Record(k.key)
	if err != nil {
		return err
	}
	k.metrics, k.inspect.skim = map[string]*ending{}, skim
	var broken error // the first event that cannot be read
	k.reader, err = record.OpenWith(path, func(f record.Frame) {
		if broken == nil {
			broken = k.note(f)
		}
	})
	if err != nil {
		k.reader = nil
		return named(err, k.key, path)
	}
	k.seen = k.reader.Len()
	if broken != nil {
		return broken
	}
	return k.settle()
}

// named says which run has no record; the path of the file means nothing to a reader of the page.
func named(err error, key, path string) error {
	if _, gone := os.Stat(path); errors.Is(gone, os.ErrNotExist) {
		return lab.Errorf(lab.NotFound, "run %q has no record here", key).WithHint("`loci runs` lists the runs of this computer")
	}
	return err
}

// take reads the new events of the kinds that are kept in memory. Damage behind good events hides nothing of what stands before it.
func (k *kept) take() error {
	for f, err := range k.reader.Frames(k.seen) {
		if err != nil {
			if k.reader.Damage() != nil {
				break
			}
			return err
		}
		if err := k.note(f); err != nil {
			return err
		}
	}
	k.seen = k.reader.Len()
	return k.settle()
}

func (k *kept) note(f record.Frame) error {
	if k.first.IsZero() {
		k.first = f.Time
	}
	k.last, k.end = f.Time, nil
	switch f.Kind {
	case lab.KindEpisode:
		k.episodes = append(k.episodes, f.Seq)
		return nil
	case lab.KindMemory:
		k.operations = append(k.operations, f.Seq)
		return nil
	case lab.KindMetric:
		return k.metric(f)
	case lab.KindProgress: // all but the newest are of no interest
		k.latest = append(k.latest[:0], f.Payload...)
		return nil
	case lab.KindStart, lab.KindLog, lab.KindEnd:
	default:
		return nil
	}
	ev, err := f.Event()
	if err != nil {
		return err
	}
	switch ev := ev.(type) {
	case lab.Start:
		k.start = ev
	case lab.Log:
		k.log = append(k.log, ev)
	case lab.End:
		k.end = &ev
	}
	return nil
}

// row sums the record up as a run of a list. A record without end is of a run that was interrupted, unless the owner knows better.
func (k *kept) row() RunRow {
	r := RunRow{
		Key: k.key, Arm: k.start.Arm, Case: k.start.Case, Seed: k.start.Seed, Budget: k.start.Setup.Budget, State: "interrupted",
		Done: k.progress.Done, Total: k.progress.Total, Unit: k.progress.Unit, StartMS: millis(k.first), HeardMS: millis(k.last),
		Seconds: k.last.Sub(k.first).Seconds(), Final: map[string]lab.Float{},
	}
	for _, m := range k.metrics {
		r.Final[m.last.Name] = m.last.Value
	}
	if k.end != nil {
		r.State, r.Error, r.Hint = k.end.Status, k.end.Error, k.end.Hint
	}
	return r
}

// millis is a time as the pages have it: unix milliseconds, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// page returns episodes, newest first, from offset on.
func (k *kept) page(offset, limit int) ([]lab.Episode, error) {
	out := []lab.Episode{}
	for i := len(k.episodes) - 1 - offset; i >= 0 && len(out) < limit; i-- {
		e, err := k.at(k.episodes[i])
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (k *kept) at(seq int64) (lab.Episode, error) {
	f, err := k.reader.At(seq)
	if err != nil {
		return lab.Episode{}, err
	}
	ev, err := f.Event()
	if err != nil {
		return lab.Episode{}, err
	}
	e, ok := ev.(lab.Episode)
	if !ok {
		return lab.Episode{}, lab.Errorf(lab.Internal, "event %d of run %q is a %s, want an episode", seq, k.key, f.Kind)
	}
	return e, nil
}

// episode returns an episode with at most limit of its steps from step from on, and what belongs to those steps.
func (k *kept) episode(id int64, from, limit int) (EpisodeDetail, error) {
	place, err := k.reader.Episode(id)
	if err != nil {
		return EpisodeDetail{}, lab.Errorf(lab.NotFound, "run %q has no episode %d", k.key, id)
	}
	d := EpisodeDetail{Episode: lab.Episode{ID: id}, Steps: []lab.Step{}, Context: []lab.Context{}, Memory: []lab.Memory{}, Total: place.Steps}
	if place.Ended {
		if d.Episode, err = k.at(place.Last); err != nil {
			return EpisodeDetail{}, err
		}
	}
	for f, err := range k.reader.EpisodeFrames(id, from) {
		if err != nil {
			return EpisodeDetail{}, err
		}
		_, t, ok := f.EpisodeOf()
		if beyond := ok && t >= from+limit; f.Kind == lab.KindEpisode || (beyond && f.Kind == lab.KindStep) {
			break
		} else if beyond {
			continue // some methods write down what was read before the steps
		}
		if err := d.add(f); err != nil {
			return EpisodeDetail{}, err
		}
	}
	return d, nil
}

func (d *EpisodeDetail) add(f record.Frame) error {
	ev, err := f.Event()
	if err != nil {
		return err
	}
	switch ev := ev.(type) {
	case lab.Step:
		d.Steps = append(d.Steps, ev)
	case lab.Context:
		d.Context = append(d.Context, ev)
	case lab.Memory:
		d.Memory = append(d.Memory, ev)
	}
	return nil
}
