package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Indexed says what IndexRecord read.
type Indexed struct {
	Key    string // "" when the record has no event yet
	Events int    // new ones
	State  State
}

// indexChunk is how many events are read into the library in one transaction.
const indexChunk = 20_000

// IndexRecord reads what is new in a record into the library: its run, which is made when it is not known, its metrics and its
// episodes. Reading twice adds nothing. The state of a run changes only by its End event; a run that the library did not know is
// interrupted until that is read. Another record of the same run replaces what was read before.
func (s *Store) IndexRecord(ctx context.Context, path string) (Indexed, error) {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	first, stamp, err := firstEvent(path)
	if err != nil || first == nil {
		return Indexed{}, err
	}
	first.at = s.past(first.at)
	out := Indexed{Key: first.start.Key}
	for {
		n, state, err := s.indexSome(ctx, path, first, stamp)
		out.Events += n
		out.State = state
		if err != nil || n < indexChunk {
			return out, err
		}
	}
}

// startEvent is the first event of a record and its time.
type startEvent struct {
	start lab.Start
	at    time.Time
}

// firstEvent reads the Start event, nil when the record has no event yet. The stamp is other for any other record.
func firstEvent(path string) (*startEvent, int64, error) {
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			return nil, 0, err
		}
		ev, err := f.Event()
		if err != nil {
			return nil, 0, err
		}
		start, ok := ev.(lab.Start)
		if !ok {
			return nil, 0, lab.Errorf(lab.Invalid, "record %q begins with an event of kind %q, want %q", path, f.Kind, lab.KindStart)
		}
		hash := fnv.New64a()
		_ = binary.Write(hash, binary.LittleEndian, f.Time.UnixMilli()) // a hash takes everything
		_, _ = hash.Write(f.Payload)
		return &startEvent{start: start, at: f.Time}, int64(hash.Sum64()), nil
	}
	return nil, 0, nil
}

// indexSome reads up to indexChunk events. Only one goroutine is here at a time.
func (s *Store) indexSome(ctx context.Context, path string, first *startEvent, stamp int64) (int, State, error) {
	p, err := s.prepare(ctx, path, first, stamp)
	if err != nil {
		return 0, "", err
	}
	if p.nothing() {
		return 0, p.old.State, p.flaw
	}
	var run Run
	err = s.write(ctx, fmt.Sprintf("record %q cannot be read into the library", path), func(tx *sql.Tx) error {
		var err error
		run, err = s.put(ctx, tx, p, RunUpdate{})
		return err
	})
	return p.news.events, run.State, errors.Join(err, p.flaw)
}

// prepared is a stretch of a record that was read and not yet written into the library.
type prepared struct {
	path  string
	first *startEvent
	stamp int64
	old   Run // as the library has it
	known bool
	anew  bool // what the library has is of another record
	news  *news
	flaw  error // why not all of it could be read
}

// nothing tells that the library holds all of it.
func (p *prepared) nothing() bool { return p.known && !p.anew && p.news.nothing(p.old) }

// prepare reads up to indexChunk events.
func (s *Store) prepare(ctx context.Context, path string, first *startEvent, stamp int64) (*prepared, error) {
	old, err := s.FindRun(ctx, first.start.Key)
	if err != nil && lab.CodeOf(err) != lab.NotFound {
		return nil, err
	}
	p := &prepared{path: path, first: first, stamp: stamp, old: old, known: err == nil}
	if p.anew = !p.known || old.index.stamp != stamp || old.Record != path || shrank(path, old.index.offset); p.anew {
		p.old.index = index{}
	}
	p.news, p.flaw = readNews(ctx, path, p.old.index)
	if p.flaw != nil && lab.CodeOf(p.flaw) != lab.Invalid {
		return nil, p.flaw
	}
	p.news.heard = s.past(p.news.heard)
	return p, nil
}

// put writes what was prepared, and then a change to the run.
func (s *Store) put(ctx context.Context, tx *sql.Tx, p *prepared, u RunUpdate) (Run, error) {
	run, err := s.runOfRecord(ctx, tx, p.path, p.first, p.anew)
	if err != nil {
		return run, err
	}
	p.news.index.stamp = p.stamp
	p.news.apply(&run)
	u.apply(&run)
	return run, errors.Join(addMetrics(ctx, tx, run.id, p.news.metrics), createEpisodes(ctx, tx, run.id, p.news.episodes), updateRun(ctx, tx, &run))
}

// past is a time of a record, or now where that is later: a record may come from a computer whose clock is hours ahead, and nothing in the
// library happened in the future.
func (s *Store) past(t time.Time) time.Time {
	if now := at(ms(s.now())); t.After(now) {
		return now
	}
	return t
}

func shrank(path string, offset int64) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() < offset
}

// runOfRecord finds or makes the run; anew forgets what was read of another record.
func (s *Store) runOfRecord(ctx context.Context, tx *sql.Tx, path string, first *startEvent, anew bool) (Run, error) {
	run, err := findRun(ctx, tx, first.start.Key)
	made := lab.CodeOf(err) == lab.NotFound && err != nil
	if err != nil && !made {
		return Run{}, err
	}
	if made {
		run = Run{Key: first.start.Key, Created: first.at, State: Interrupted}
	}
	if anew {
		run.fill(first.start)
		run.Record, run.Started, run.Done = path, first.at, 0
	}
	if made {
		return run, createRun(ctx, tx, &run)
	}
	if anew {
		for _, statement := range []string{"DELETE FROM metrics WHERE run = ?", "DELETE FROM episodes WHERE run = ?"} {
			if _, err := tx.ExecContext(ctx, statement, run.id); err != nil {
				return Run{}, err
			}
		}
	}
	return run, nil
}

// fill takes what the Start event says.
func (r *Run) fill(start lab.Start) {
	r.Paper, r.Notebook, r.Arm, r.Case, r.Seed = start.Setup.Paper, start.Notebook, start.Arm, start.Case, start.Seed
	r.Budget, r.Setup, r.Code, r.Commit = start.Setup.Budget, start.Setup, start.Code, start.Commit
	r.Kernel, r.Machine, r.Fork = start.Kernel, start.Machine, start.Fork
}

// news is what a stretch of a record adds.
type news struct {
	events   int
	metrics  []MetricRow
	episodes []Episode
	progress *lab.Progress
	end      *lab.End
	heard    time.Time
	index    index
}

// nothing tells that the library holds all of it.
func (n *news) nothing(r Run) bool {
	return n.events == 0 && (n.end == nil || r.State == State(n.end.Status) && r.Ended.Equal(n.heard))
}

// readNews reads up to indexChunk events behind a position. An invalid record gives its good events and the error.
func readNews(ctx context.Context, path string, from index) (*news, error) {
	n := &news{index: from}
	n.index.open = maps.Clone(from.open)
	if n.index.open == nil {
		n.index.open = map[int64]int64{}
	}
	for f, err := range record.Scan(path, record.Position{Offset: from.offset, Seq: from.seq}) {
		if err != nil {
			return n, err
		}
		if err := ctx.Err(); err != nil {
			return nil, lab.Errorf(lab.Cancelled, "reading record %q: %w", path, err)
		}
		if err := n.take(f); err != nil {
			return n, err
		}
		if n.events == indexChunk {
			break
		}
	}
	return n, nil
}

func (n *news) take(f record.Frame) error {
	n.heard = f.Time
	switch f.Kind {
	case lab.KindStep, lab.KindContext, lab.KindMemory:
		if id, _, ok := f.EpisodeOf(); ok {
			n.begin(id, f.Seq)
		}
	case lab.KindMetric, lab.KindEpisode, lab.KindProgress, lab.KindEnd:
		ev, err := f.Event()
		if err != nil {
			return err
		}
		n.note(ev, f.Seq)
	}
	n.events++
	if f.Kind != lab.KindEnd { // an End is read again each time, since a run that goes on after being cancelled takes it back
		n.index.seq, n.index.offset = f.Next.Seq, f.Next.Offset
	} else {
		n.events--
	}
	return nil
}

// begin notes the first event of an episode.
func (n *news) begin(id, seq int64) {
	if _, ok := n.index.open[id]; !ok {
		n.index.open[id] = seq
	}
}

func (n *news) note(ev lab.Event, seq int64) {
	switch ev := ev.(type) {
	case lab.Metric:
		n.metrics = append(n.metrics, MetricRow{Name: ev.Name, Seq: seq, X: ev.X, Value: ev.Value})
	case lab.Episode:
		n.begin(ev.ID, seq)
		n.episodes = append(n.episodes, Episode{Episode: ev, FirstSeq: n.index.open[ev.ID], LastSeq: seq})
		delete(n.index.open, ev.ID)
	case lab.Progress:
		n.progress = &ev
	case lab.End:
		n.end = &ev
	}
}

// apply brings the row of the run up to date.
func (n *news) apply(r *Run) {
	r.index = n.index
	if !n.heard.IsZero() {
		r.Heard = n.heard
	}
	if n.progress != nil {
		r.Done, r.Total, r.Unit = n.progress.Done, n.progress.Total, n.progress.Unit
	}
	if n.end != nil {
		r.State, r.Ended, r.Final = State(n.end.Status), n.heard, n.end.Final
		r.Error, r.Hint = n.end.Error, n.end.Hint
	}
}
