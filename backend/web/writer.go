package web

import (
	"net/http"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// writerSilence is how long a page that writes may be unheard before another one may write unasked. Pages call every few seconds; one in the
// background is slowed to a call a minute by its browser, and then notices with its next edit that another page writes.
const writerSilence = 30 * time.Second

// writer is the page that changes a notebook; the others read.
type writer struct {
	page  string
	heard time.Time
}

// free tells whether a page may write without taking over.
func (w writer) free(page string, now time.Time) bool {
	return w.page == "" || w.page == page || now.Sub(w.heard) > writerSilence
}

func (s *Server) notebookPage(r *http.Request) (any, error) {
	var req PageRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	if req.Page == "" {
		return nil, lab.Errorf(lab.Invalid, "the page has no name").WithHint("reload the page")
	}
	path := r.URL.Query().Get("path")
	var out PageAnswer
	changed := false
	err := s.notebooks.with(path, func(b *book) error {
		before := b.writer.page
		b.hear(req, s.notebooks.now())
		if changed = b.writer.page != before; changed {
			b.edition++
		}
		out.Writer = b.writer.page
		return nil
	})
	if changed {
		s.notebooks.changed(path)
	}
	return out, err
}

// hear notes what a page says of itself. Nobody writes in a notebook that ships: the first edit makes a copy.
func (b *book) hear(req PageRequest, now time.Time) {
	switch {
	case b.at.readOnly():
	case req.Leave && b.writer.page == req.Page:
		b.writer = writer{}
	case req.Leave:
	case req.Take || b.writer.free(req.Page, now):
		b.writer = writer{req.Page, now}
	}
}

// mayWrite refuses the edit of a page while another one writes. A caller that is no page is not asked.
func (b *book) mayWrite(page string, now time.Time) error {
	if page == "" {
		return nil
	}
	if !b.writer.free(page, now) {
		return lab.Errorf(lab.Conflict, "another page writes in %q", b.at.path).WithHint("take over to write here")
	}
	b.writer = writer{page, now}
	return nil
}
