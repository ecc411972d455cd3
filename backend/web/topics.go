package web

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// jobsFeed is the topic jobs: every job that has changed, and notices.
type jobsFeed struct {
	pulse
	s    *Server
	last string // digest of the jobs' states at the last moment
}

func (f *jobsFeed) pause() time.Duration { return counterPause }

func (f *jobsFeed) hear(m moment) {
	var now strings.Builder
	for _, j := range m.jobs {
		now.WriteString(j.ID + j.State + ";")
	}
	_, next := f.s.feeds.notes.after(0)
	now.WriteString(strconv.Itoa(next))
	if m.live || now.String() != f.last { // while work goes on, the time left changes always
		f.last = now.String()
		f.beat()
	}
}

// jobsCursor is what a page has of the jobs.
type jobsCursor struct {
	jobs    map[string]knownJob
	notices int
}

// knownJob is a job as a page knows it.
type knownJob struct {
	head string // digest of all but its runs
	runs []RunRow
}

func (f *jobsFeed) news(_ context.Context, cursor any) ([]message, any, error) {
	had, old := cursor.(jobsCursor)
	has := jobsCursor{jobs: map[string]knownJob{}}
	var out []message
	for _, j := range slices.Backward(f.s.jobList()) {
		known, told := had.jobs[j.ID]
		now := knownJob{runs: j.Runs}
		if told && !over(j.State) { // the last word of a job is whole, whatever a page made of those before
			j.Part, j.Runs = true, changedRows(known.runs, j.Runs)
		}
		now.head = digest(headOf(j))
		has.jobs[j.ID] = now
		if !told || j.Part && len(j.Runs) > 0 || now.head != known.head {
			out = append(out, message{text: &ServerMessage{Type: "job", Job: &j}})
		}
	}
	var texts []string
	texts, has.notices = f.s.feeds.notes.after(had.notices)
	for _, text := range texts {
		if old { // what was said before the page came is no news
			out = append(out, message{text: &ServerMessage{Type: "notice", Text: text}})
		}
	}
	return out, has, nil
}

// headOf is a job without its runs.
func headOf(j Job) Job {
	j.Part, j.Runs = false, nil
	return j
}

// changedRows are the rows that differ from those that a page has. A job of ten thousand runs is some megabytes, of which a moment changes a
// few rows. The runs of a job keep their places.
func changedRows(had, has []RunRow) []RunRow {
	out := []RunRow{}
	for i, r := range has {
		if i >= len(had) || !r.same(had[i]) {
			out = append(out, r)
		}
	}
	return out
}

// same tells whether two rows say the same. It is asked of every run several times a second.
func (r RunRow) same(o RunRow) bool {
	return r.Key == o.Key && r.State == o.State && r.Done == o.Done && r.Total == o.Total && r.Unit == o.Unit && r.StartMS == o.StartMS &&
		r.HeardMS == o.HeardMS && r.Target == o.Target && r.Where == o.Where && r.ThereMS == o.ThereMS && r.Quiet == o.Quiet && r.Redone == o.Redone &&
		r.Seconds == o.Seconds && r.Error == o.Error && r.Hint == o.Hint && r.Arm == o.Arm && r.Case == o.Case && r.Seed == o.Seed && r.Budget == o.Budget &&
		(r.Used == nil) == (o.Used == nil) && (r.Used == nil || *r.Used == *o.Used) &&
		maps.EqualFunc(r.Final, o.Final, func(a, b lab.Float) bool { return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) })
}

// digest compares what was sent with what is: equal bytes need not be sent again.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // differs from everything, so it is sent, and sending reports the error
	}
	return string(b)
}

// runFeed is the topic run:KEY: the run's row, and its newest episode with kept steps.
type runFeed struct {
	pulse
	s    *Server
	key  string
	last word
}

func (f *runFeed) pause() time.Duration { return counterPause }

func (f *runFeed) hear(m moment) {
	if now, ok := m.wordOn(f.key); ok && now != f.last {
		f.last = now
		f.beat()
	}
}

// runCursor is what a page has of a run.
type runCursor struct {
	row     string
	episode int64 // sequence number of its Episode event plus one
}

func (f *runFeed) news(_ context.Context, cursor any) ([]message, any, error) {
	had, _ := cursor.(runCursor)
	has := had
	var out []message
	err := f.s.records.with(f.key, func(k *kept) error {
		row := f.s.runRow(k)
		if has.row = digest(row); has.row != had.row {
			out = append(out, message{text: &ServerMessage{Type: "run", Run: &row}})
		}
		if n := len(k.episodes); n > 0 && k.episodes[n-1]+1 > had.episode {
			e, err := k.at(k.episodes[n-1])
			if err != nil {
				return err
			}
			has.episode = k.episodes[n-1] + 1
			out = append(out, message{text: &ServerMessage{Type: "episode", Episode: &e}})
		}
		return nil
	})
	if lab.CodeOf(err) == lab.NotFound { // asked for and not begun yet
		if row, ok := f.s.live()[f.key]; ok && digest(row) != had.row {
			has.row = digest(row)
			return []message{{text: &ServerMessage{Type: "run", Run: &row}}}, has, nil
		}
		return nil, has, nil
	}
	return out, has, err
}

// notebookFeed is the topic notebook:PATH: its revision, and the word that its results may have changed.
type notebookFeed struct {
	pulse
	s    *Server
	path string

	mu     sync.Mutex
	last   map[string]mark
	change uint64 // rises when a run of the notebook has moved
}

func (f *notebookFeed) pause() time.Duration { return counterPause }

func (f *notebookFeed) hear(m moment) {
	now := map[string]mark{}
	for _, j := range m.jobs {
		if j.File != f.path {
			continue
		}
		for _, r := range j.Runs {
			now[r.Key] = m.runs[r.Key]
		}
	}
	f.mu.Lock()
	moved := !maps.Equal(now, f.last)
	if moved && f.last != nil {
		f.change++
	}
	f.last = now
	f.mu.Unlock()
	if moved {
		f.beat()
	}
}

// notebookCursor is what a page has of a notebook.
type notebookCursor struct {
	revision int64
	change   uint64
	told     time.Time // when the page was told last that results changed
}

func (f *notebookFeed) news(_ context.Context, cursor any) ([]message, any, error) {
	c, old := cursor.(notebookCursor)
	f.mu.Lock()
	change := f.change
	f.mu.Unlock()
	var revision int64
	err := f.s.notebooks.with(f.path, func(b *book) error {
		revision = b.edition
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var out []message
	if revision != c.revision {
		out = append(out, message{text: &ServerMessage{Type: "notebook", Revision: revision}})
	}
	c.revision = revision
	switch now := time.Now(); {
	case !old:
		c.change = change
	case change != c.change && now.Sub(c.told) >= resultsPause:
		c.change, c.told = change, now
		out = append(out, message{text: &ServerMessage{Type: "results"}})
	case change != c.change:
		time.AfterFunc(resultsPause-now.Sub(c.told), f.beat) // the last change of all must be told too
	}
	return out, c, nil
}
