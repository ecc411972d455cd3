package web

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target/meter"
)

// How often things are looked at. Counters change 4 times a second on a page and charts 8 times; with nothing going on, once a second
// is enough to notice that something began elsewhere.
const (
	counterPause = 250 * time.Millisecond
	chartPause   = 125 * time.Millisecond
	resultsPause = 2 * time.Second
	liveBeat     = 100 * time.Millisecond
	idleBeat     = time.Second
	manyRuns     = 1000 // with more the pages are told less often
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

// word is what a page of one run is told at once.
type word struct {
	mark
	where string
	used  meter.Used
}

// wordOn is the newest word on a run; false where no job has it.
func (m moment) wordOn(key string) (n word, ok bool) {
	if n.mark, ok = m.runs[key]; !ok {
		return n, false
	}
	for _, j := range m.jobs { // newest first
		for i := range j.Runs {
			if r := &j.Runs[i]; r.Key == key {
				if n.where = r.Where; r.Used != nil {
					n.used = *r.Used
				}
				return n, true
			}
		}
	}
	return n, true
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
			if m.live { // each look asks for every run: of ten thousand once a second is as much as may be
				wait = min(idleBeat, max(liveBeat, time.Duration(len(m.runs))*liveBeat/manyRuns))
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
	case "compare":
		return newCompareFeed(f.s, rest, beat)
	case "sweep":
		return newSweepFeed(f.s, rest, beat)
	}
	return nil, lab.Errorf(lab.NotFound, "topic %q is unknown, want jobs, run:KEY, notebook:PATH, chart:PATH#CELL@BUDGET, runchart:KEY#METRIC, compare:QUERY or sweep:QUERY", topic)
}
