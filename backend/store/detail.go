package store

import (
	"context"
	"os"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Detail is a stretch of a kept episode: its steps, and the contexts and memory operations of the same steps.
type Detail struct {
	Episode Episode
	Steps   []lab.Step
	Context []lab.Context
	Memory  []lab.Memory
	Total   int // steps that the record holds
}

// EpisodeDetail reads steps from, from+1, ... (at most limit, 0 is all) of an episode from the record. not-found when the run, its
// record or the episode does not exist.
func (s *Store) EpisodeDetail(ctx context.Context, key string, id int64, from, limit int) (Detail, error) {
	var d Detail
	run, err := s.FindRun(ctx, key)
	if err != nil {
		return d, err
	}
	if d.Episode, err = s.FindEpisode(ctx, key, id); err != nil {
		return d, err
	}
	err = s.withReader(run.Record, func(r *record.Reader) error {
		span, err := r.Episode(id)
		if err != nil {
			return err
		}
		d.Total = span.Steps
		return d.read(ctx, r, id, from, limit)
	})
	return d, err
}

func (d *Detail) read(ctx context.Context, r *record.Reader, id int64, from, limit int) error {
	for f, err := range r.EpisodeFrames(id, from) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return lab.Errorf(lab.Cancelled, "reading episode %d: %w", id, err)
		}
		if _, t, _ := f.EpisodeOf(); limit > 0 && t >= from+limit {
			return nil
		}
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
	}
	return nil
}

// RunLog returns the last lines of the log of a run, at most limit (0 is all), oldest first.
func (s *Store) RunLog(ctx context.Context, key string, limit int) ([]lab.Log, error) {
	run, err := s.FindRun(ctx, key)
	if err != nil || run.Record == "" {
		return nil, err
	}
	var lines []lab.Log
	err = s.withReader(run.Record, func(r *record.Reader) error {
		for f, err := range r.Frames(0, lab.KindLog) {
			if err != nil {
				return err
			}
			ev, err := f.Event()
			if err != nil {
				return err
			}
			lines = append(lines, ev.(lab.Log))
			if limit > 0 && len(lines) >= 2*limit {
				lines = append(lines[:0], lines[len(lines)-limit:]...)
			}
		}
		return nil
	})
	if limit > 0 && len(lines) > limit {
		lines = lines[len(lines)-limit:]
	}
	return lines, err
}

// keptReaders is how many records stay open with their indexes, since a person looks at few runs again and again.
const keptReaders = 8

// openRecord is a record with its index. A Reader is for one goroutine at a time.
type openRecord struct {
	path string

	mu     sync.Mutex
	reader *record.Reader
	info   os.FileInfo // of the file that was opened: the path may come to name another
	gone   bool        // no longer in the list
}

// withReader calls fn with an up-to-date reader of the record.
func (s *Store) withReader(path string, fn func(*record.Reader) error) error {
	if path == "" {
		return lab.Errorf(lab.NotFound, "the run has no record yet")
	}
	for {
		o := s.entry(path)
		o.mu.Lock()
		if o.gone {
			o.mu.Unlock()
			continue
		}
		err := o.freshen()
		if err == nil {
			err = fn(o.reader)
		}
		o.mu.Unlock()
		return err
	}
}

// entry finds or adds the record in the list and drops the one that was not used for longest.
func (s *Store) entry(path string) *openRecord {
	s.mu.Lock()
	var found, dropped *openRecord
	for i, o := range s.open {
		if o.path == path {
			found = o
			s.open = append(s.open[:i], s.open[i+1:]...)
			break
		}
	}
	if found == nil {
		found = &openRecord{path: path}
	}
	s.open = append(s.open, found)
	if len(s.open) > keptReaders {
		dropped, s.open = s.open[0], s.open[1:]
	}
	s.mu.Unlock()
	if dropped != nil {
		dropped.mu.Lock() // waits for who reads it
		dropped.close()
		dropped.gone = true
		dropped.mu.Unlock()
	}
	return found
}

// freshen opens the record or takes in what is new. The caller holds o.mu.
func (o *openRecord) freshen() error {
	info, err := os.Stat(o.path)
	if err != nil {
		o.close()
		return diskError(err, "record %q cannot be read", o.path)
	}
	if o.reader != nil && os.SameFile(info, o.info) && o.reader.Refresh() == nil {
		return nil
	}
	o.close()
	o.reader, err = record.Open(o.path)
	o.info = info
	return err
}

func (o *openRecord) close() {
	if o.reader != nil {
		_ = o.reader.Close() // opened for reading
	}
	o.reader = nil
}
