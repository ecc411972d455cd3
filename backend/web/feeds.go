package web

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// How often things are looked at. Counters change 4 times a second on a page and charts 8 times; with nothing going on, once a second
// is enough to notice that something began elsewhere.
const (
	counterPause = 250 * time.Millisecond
	chartPause   = 125 * time.Millisecond
	resultsPause = 2 * time.Second
	liveBeat     = 100 * time.Millisecond
	idleBeat     = time.Second
)

// feed is a topic. A page looks at it when its version has changed since the page's last look: what happened in between is merged, and
// nothing waits in a queue. The owner keeps every event; a feed only ever shows what the owner has.
type feed interface {
	// version rises with every change.
	version() uint64
	// hear compares the owner's present state with what it knows, and rises the version where the topic is concerned.
	hear(m moment)
	// news returns what a page with that cursor does not have, and its next cursor. A nil cursor has nothing: the whole state comes.
	news(ctx context.Context, cursor any) ([]message, any, error)
	// pause is the least time between two looks of a page.
	pause() time.Duration
}

// moment is the owner's state at one time.
type moment struct {
	jobs []sched.Job
	runs map[string]mark
	live bool // some job goes on
}

// mark tells whether a run has moved.
type mark struct {
	state string
	done  int64
}

// feeds keeps the topics that somebody watches, and looks at the owner for all of them.
type feeds struct {
	s       *Server
	stirred chan struct{} // one token: look at once
	notes   notes

	mu   sync.Mutex
	open map[string]*watched
}

// watched is a topic with the pages that watch it.
type watched struct {
	feed  feed
	pages map[*page]bool
}

// pulse is the version of a topic; a beat wakes its pages.
type pulse struct {
	n    atomic.Uint64
	wake func()
}

func (p *pulse) version() uint64 { return p.n.Load() }

func (p *pulse) beat() {
	p.n.Add(1)
	p.wake()
}

func newFeeds(s *Server) *feeds {
	f := &feeds{s: s, stirred: make(chan struct{}, 1), open: map[string]*watched{}}
	s.notebooks.changed = f.edited
	return f
}

// stir makes drive look at once; a token that is there already is enough.
func (f *feeds) stir() {
	select {
	case f.stirred <- struct{}{}:
	default:
	}
}

// listen takes in what the hub brings until ctx ends: word that a job changed makes drive look at once, and notices go to the pages. The
// hub is only a hint; what a slow listener misses, drive finds by itself.
func (f *feeds) listen(ctx context.Context, h *hub.Hub) {
	for m := range h.Subscribe(ctx, hub.Filter{Topics: []string{hub.Jobs, hub.Notices}}) {
		if note, ok := m.Body.(lab.Log); ok && m.Topic == hub.Notices {
			f.notes.add(note.Text)
		}
		f.stir()
	}
}

// notes are the newest notices, numbered from 0.
type notes struct {
	mu    sync.Mutex
	first int
	texts []string
}

// mostNotes bounds what waits for a page; older notices are no news.
const mostNotes = 20

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts = append(n.texts, text)
	if over := len(n.texts) - mostNotes; over > 0 {
		n.first, n.texts = n.first+over, slices.Delete(n.texts, 0, over)
	}
}

// after returns the notices from number from on, and the number of the next one.
func (n *notes) after(from int) (texts []string, next int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.texts[min(max(from-n.first, 0), len(n.texts)):]), n.first + len(n.texts)
}

// drive looks at the owner while somebody watches, until ctx ends.
func (f *feeds) drive(ctx context.Context) {
	timer := time.NewTimer(idleBeat)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.stirred:
		case <-timer.C:
		}
		wait := idleBeat
		if list := f.list(); len(list) > 0 {
			m := f.moment()
			for _, feed := range list {
				feed.hear(m)
			}
			if m.live {
				wait = liveBeat
			}
		}
		timer.Reset(wait)
	}
}

func (f *feeds) list() []feed {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]feed, 0, len(f.open))
	for _, w := range f.open {
		list = append(list, w.feed)
	}
	return list
}

func (f *feeds) moment() moment {
	m := moment{jobs: f.s.cfg.Owner.Jobs(), runs: map[string]mark{}}
	for _, j := range slices.Backward(m.jobs) { // newest first: the newest word on a run stands last
		m.live = m.live || !over(j.State)
		for _, r := range j.Runs {
			m.runs[r.Key] = mark{r.State, r.Done}
		}
	}
	return m
}

// over tells whether a job has ended.
func over(state string) bool {
	return state == sched.Done || state == sched.Failed || state == sched.CancelledSt
}

// edited tells the topics of a notebook that its text, or what is known of its file, has changed.
func (f *feeds) edited(path string) {
	f.mu.Lock()
	var concerned []feed
	for topic, w := range f.open {
		if topic == "notebook:"+path || strings.HasPrefix(topic, "chart:"+path+"#") {
			concerned = append(concerned, w.feed)
		}
	}
	f.mu.Unlock()
	for _, c := range concerned {
		if b, ok := c.(interface{ beat() }); ok {
			b.beat()
		}
	}
}

// join adds a page to a topic, which begins with its first page.
func (f *feeds) join(topic string, p *page) (feed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.open[topic]
	if w == nil {
		made, err := f.begin(topic)
		if err != nil {
			return nil, err
		}
		w = &watched{feed: made, pages: map[*page]bool{}}
		f.open[topic] = w
	}
	w.pages[p] = true
	f.stir()
	return w.feed, nil
}

// leave takes a page off a topic, which ends with its last page.
func (f *feeds) leave(topic string, p *page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.open[topic]
	if w == nil {
		return
	}
	delete(w.pages, p)
	if len(w.pages) == 0 {
		delete(f.open, topic)
	}
}

// wakePages tells the pages of a topic to look.
func (f *feeds) wakePages(topic string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.open[topic]; w != nil {
		for p := range maps.Keys(w.pages) {
			p.nudge()
		}
	}
}

// begin makes a topic. It reads nothing yet: the first look does.
func (f *feeds) begin(topic string) (feed, error) {
	beat := func() { f.wakePages(topic) }
	kind, rest, _ := strings.Cut(topic, ":")
	switch kind {
	case "jobs":
		return &jobsFeed{pulse: pulse{wake: beat}, s: f.s}, nil
	case "run":
		return &runFeed{pulse: pulse{wake: beat}, s: f.s, key: rest}, nil
	case "notebook":
		return &notebookFeed{pulse: pulse{wake: beat}, s: f.s, path: rest}, nil
	case "chart":
		return newChartFeed(f.s, rest, beat)
	case "runchart":
		return newRunChartFeed(f.s, rest, beat)
	}
	return nil, lab.Errorf(lab.NotFound, "topic %q is unknown, want jobs, run:KEY, notebook:PATH, chart:PATH#CELL@BUDGET or runchart:KEY#METRIC", topic)
}

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
	digests map[string]string
	notices int
}

func (f *jobsFeed) news(_ context.Context, cursor any) ([]message, any, error) {
	had, old := cursor.(jobsCursor)
	has := jobsCursor{digests: map[string]string{}}
	var out []message
	for _, j := range slices.Backward(f.s.jobList()) {
		has.digests[j.ID] = digest(j)
		if has.digests[j.ID] != had.digests[j.ID] {
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
	last mark
}

func (f *runFeed) pause() time.Duration { return counterPause }

func (f *runFeed) hear(m moment) {
	if now, ok := m.runs[f.key]; ok && now != f.last {
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
