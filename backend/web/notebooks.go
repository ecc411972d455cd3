package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/store"
)

// tick is how often edits are written and files are looked at: an edit is on disk within a second.
const tick = 500 * time.Millisecond

// notebooks keeps the open notebooks. Each has one owner here: operations are applied one after the other, whoever sends them.
type notebooks struct {
	places places
	vocab  notebook.Vocabulary
	prose  prose
	now    func() time.Time
	states StateIndex // nil keeps no timeline
	log    *slog.Logger

	mu      sync.Mutex
	open    map[string]*book
	changed func(path string) // tells the sockets; set before the first request
}

// book is one open notebook.
type book struct {
	at place

	mu      sync.Mutex
	state   notebook.State
	edition int64              // rises with everything that a page may want to see: edits, saves, trouble
	text    int64              // edition of the last edit
	opened  int64              // edition that was read from the file
	base    *notebook.Document // as the file was read or written last
	seen    stamp              // of the file then
	dirty   bool
	saved   time.Time
	trouble error              // why the last save failed
	theirs  *notebook.Document // text of somebody else that could not be merged; nil when there is none
	html    map[string]string  // rendered prose by source
	good    map[string]string  // last text without problems of each cell
	writer  writer             // the page that writes

	keptText int64     // edition whose text stands on the timeline
	keptAt   time.Time // when it was kept
}

// stamp tells a file from its later self without reading it.
type stamp struct {
	size int64
	time time.Time
}

func newNotebooks(cfg Config) (*notebooks, error) {
	p, err := newPlaces(cfg)
	if err != nil {
		return nil, err
	}
	return &notebooks{places: p, vocab: cfg.Vocabulary, prose: newProse(), now: cfg.Now, states: cfg.States, log: cfg.Log,
		open: map[string]*book{}, changed: func(string) {}}, nil
}

// with calls f with an open notebook, which it reads when it is not open yet.
func (n *notebooks) with(path string, f func(*book) error) error {
	b, err := n.book(path)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return f(b)
}

func (n *notebooks) book(path string) (*book, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b := n.open[path]; b != nil {
		return b, nil
	}
	at, err := n.places.find(path)
	if err != nil {
		return nil, err
	}
	b := &book{at: at, seen: stampOf(at), html: map[string]string{}, good: map[string]string{}}
	src, err := n.places.read(at)
	if err != nil {
		return nil, err
	}
	doc, _ := notebook.Parse(path, src, n.vocab)
	b.state, b.base = notebook.NewState(doc), doc
	b.edition = n.now().UnixMilli() // rises over restarts, so that a page that stayed open sees the new text
	b.text, b.opened, b.saved = b.edition, b.edition, b.seen.time
	b.noteGood()
	n.open[path] = b
	return b, nil
}

func stampOf(at place) stamp {
	if at.readOnly() {
		return stamp{}
	}
	info, err := os.Stat(at.file)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime()}
}

// document returns the present text of a notebook.
func (n *notebooks) document(path string) (*notebook.Document, error) {
	var doc *notebook.Document
	err := n.with(path, func(b *book) error {
		doc = b.state.Doc
		return nil
	})
	return doc, err
}

// own lists the user's notebooks, newest first. A file that cannot be read is left out: opening it says why.
func (n *notebooks) own() []OwnNotebook {
	out := []OwnNotebook{}
	for _, path := range n.places.list() {
		_ = n.with(path, func(b *book) error {
			out = append(out, OwnNotebook{Path: path, Title: b.state.Doc.Title(), Paper: b.state.Doc.Paper(), SavedMS: millis(b.saved)})
			return nil
		})
	}
	slices.SortStableFunc(out, func(a, b OwnNotebook) int { return cmp.Compare(b.SavedMS, a.SavedMS) })
	return out
}

// read answers a notebook as the pages see it.
func (n *notebooks) read(path string) (Notebook, error) {
	var out Notebook
	err := n.with(path, func(b *book) error {
		out = n.view(b)
		return nil
	})
	return out, err
}

func (n *notebooks) view(b *book) Notebook {
	fresh := map[string]string{}
	out := view(b.state.Doc, func(source string) string {
		html, ok := b.html[source]
		if !ok {
			html = n.prose.render(source)
		}
		fresh[source] = html
		return html
	})
	b.html = fresh
	out.Path, out.Revision, out.ReadOnly, out.SavedMS = b.at.path, b.edition, b.at.readOnly(), millis(b.saved)
	out.CanUndo, out.CanRedo, out.Writer = b.state.CanUndo(), b.state.CanRedo(), b.writer.page
	out.Imported = n.places.imported(b.at)
	b.offerGood(out.Cells)
	if b.theirs != nil {
		out.Problems = append([]Problem{outsideProblem(b.at.path)}, out.Problems...)
		out.Clash = true
	}
	if b.trouble != nil {
		out.Problems = append([]Problem{{Line: 1, Column: 1, Msg: "not saved: " + b.trouble.Error(), Legal: []string{}, Hint: lab.HintOf(b.trouble)}}, out.Problems...)
	}
	return out
}

func outsideProblem(path string) Problem {
	return Problem{
		Line: 1, Column: 1, Legal: []string{"keep-mine", "take-theirs"},
		Msg:  "the file " + path + " was changed outside in the same place that was changed here; nothing is saved until one text is chosen",
		Hint: "keep the text of this page, or take the text of the file",
	}
}

// noteGood remembers the text of every cell that has no problem.
func (b *book) noteGood() {
	broken := b.broken()
	for _, c := range b.state.Doc.Cells {
		if !broken[c.ID] {
			b.good[c.ID] = c.Text
		}
	}
}

// offerGood gives cells with problems their last good text.
func (b *book) offerGood(cells []Cell) {
	broken := b.broken()
	for i, c := range cells {
		if good := b.good[c.ID]; broken[c.ID] && good != c.Source {
			cells[i].Good = good
		}
	}
}

// broken holds the ids of the cells with problems.
func (b *book) broken() map[string]bool {
	out := map[string]bool{}
	for _, p := range b.state.Doc.Problems() {
		out[p.Cell] = true
	}
	return out
}

// apply changes the notebook by one operation.
func (b *book) apply(op notebook.Op) error {
	next, effects, err := notebook.Apply(b.state, op)
	if err != nil || len(effects) == 0 {
		return err
	}
	b.state, b.dirty = next, true
	b.edition++
	b.text = b.edition
	b.noteGood()
	return nil
}

// watch writes edits and takes in changes from outside until ctx ends.
func (n *notebooks) watch(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			n.round(ctx)
		}
	}
}

// round looks at every open notebook once.
func (n *notebooks) round(ctx context.Context) {
	n.mu.Lock()
	books := slices.Collect(maps.Values(n.open))
	n.mu.Unlock()
	for _, b := range books {
		b.mu.Lock()
		before := b.shown()
		n.outside(b)
		b.save(n.now())
		if !b.dirty && b.text != b.opened {
			n.keepState(ctx, b, store.EveryMinute)
		}
		news := b.shown() != before
		if news && b.edition == before.edition {
			b.edition++
		}
		b.mu.Unlock()
		if news {
			n.changed(b.at.path)
		}
	}
}

// shown is what of a book's outer state a page shows.
type shown struct {
	edition  int64
	saved    int64
	troubled bool
	clash    bool
}

func (b *book) shown() shown {
	return shown{b.edition, millis(b.saved), b.trouble != nil, b.theirs != nil}
}

// outside takes in what another program wrote into the file. Edits of different places are merged; of the same place, the reader is
// asked, and nothing is written meanwhile.
func (n *notebooks) outside(b *book) {
	now := stampOf(b.at)
	if b.at.readOnly() || now == b.seen || now == (stamp{}) {
		return
	}
	src, err := n.places.read(b.at)
	if err != nil {
		return // it may be between two writes: the next round looks again
	}
	b.seen = now
	theirs, _ := notebook.Parse(b.at.path, src, n.vocab)
	if theirs.Hash() == b.base.Hash() {
		return
	}
	mine := b.state.Doc.Hash()
	if mine == theirs.Hash() {
		b.base, b.theirs, b.dirty, b.saved = theirs, nil, false, now.time
		return
	}
	merged, err := notebook.Merge(b.base, b.state.Doc, theirs)
	if err != nil {
		b.theirs = theirs
		return
	}
	b.become(merged, theirs, n.now())
}

// become puts another text in the place of this one, as an edit that can be taken back; base is the text that the file now has.
func (b *book) become(doc, base *notebook.Document, now time.Time) {
	op := &notebook.SetSource{Text: string(notebook.Print(doc))}
	op.Revision, op.At = b.state.Revision, now.UnixMilli()
	if err := b.apply(op); err != nil {
		b.trouble = err
		return
	}
	b.base, b.theirs = base, nil
	b.dirty = b.state.Doc.Hash() != base.Hash()
	if !b.dirty {
		b.saved = b.seen.time
	}
}

// save writes the text when it is not on disk yet.
func (b *book) save(now time.Time) {
	if !b.dirty || b.at.readOnly() || b.theirs != nil {
		return
	}
	if _, err := notebook.Save(b.at.file, b.state.Doc, b.base.Hash()); err != nil {
		b.trouble = err
		return
	}
	b.base, b.seen, b.saved, b.dirty, b.trouble = b.state.Doc, stampOf(b.at), now, false, nil
}

// close writes what is not on disk yet.
func (n *notebooks) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, b := range n.open {
		b.mu.Lock()
		n.outside(b)
		if b.save(n.now()); b.dirty {
			errs = append(errs, b.lost())
		}
		b.mu.Unlock()
	}
	return errors.Join(errs...)
}

// lost says which edits did not reach the disk.
func (b *book) lost() error {
	if b.trouble != nil {
		return b.trouble
	}
	return lab.Errorf(lab.Conflict, "the last edits of %q were not saved, because the file was changed outside in the same place", b.at.path).
		WithHint("make them again")
}

func (s *Server) notebook(r *http.Request) (any, error) {
	return s.notebooks.read(r.URL.Query().Get("path"))
}

func (s *Server) notebookCopy(r *http.Request) (any, error) {
	var req CopyRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	path := r.URL.Query().Get("path")
	doc, err := s.notebooks.document(path)
	if err != nil {
		return nil, err
	}
	at, err := s.notebooks.places.free(strings.TrimSpace(req.Name), path, notebook.Print(doc))
	if err != nil {
		return nil, err
	}
	return s.notebooks.read(at.path)
}
