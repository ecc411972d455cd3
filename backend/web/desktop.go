package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// Desktop is what a window can do and a page in a browser cannot. Each call waits for the person; "" means that they changed their mind.
type Desktop interface {
	Choose(ctx context.Context) (file string, err error)
	SaveAs(ctx context.Context, name string) (file string, err error)
}

// desktopRoutes lists the addresses of the window's dialogues.
func (s *Server) desktopRoutes(m *http.ServeMux) {
	m.Handle("POST /api/desktop/open", s.answer(s.desktopOpen))
	m.Handle("POST /api/desktop/save", s.answer(s.desktopSave))
}

// Open takes a notebook file in, so that the pages may show and change it, and returns its path in addresses.
func (s *Server) Open(name string) (string, error) {
	path, err := s.notebooks.places.named.add(name)
	if err != nil {
		return "", err
	}
	_, err = s.notebooks.read(path)
	return path, err
}

func (s *Server) window() (Desktop, error) {
	if s.cfg.Desktop == nil {
		return nil, lab.Errorf(lab.Unavailable, "these pages stand in a browser, which has no dialogues of the system").
			WithHint("use the download or the file chooser of the browser")
	}
	return s.cfg.Desktop, nil
}

func (s *Server) desktopOpen(r *http.Request) (any, error) {
	w, err := s.window()
	if err != nil {
		return nil, err
	}
	name, err := w.Choose(r.Context())
	if err != nil || name == "" {
		return Opened{}, err
	}
	path, err := s.Open(name)
	return Opened{path}, err
}

// desktopSave answers an address of this server into a file that the person chooses.
func (s *Server) desktopSave(r *http.Request) (any, error) {
	w, err := s.window()
	if err != nil {
		return nil, err
	}
	var ask SaveRequest
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	at, err := url.Parse(ask.URL)
	if err != nil || at.IsAbs() || at.Host != "" || !strings.HasPrefix(at.Path, "/api/") {
		return nil, lab.Errorf(lab.Invalid, "address %q cannot be saved, want one that begins with /api/", ask.URL)
	}
	to, err := w.SaveAs(r.Context(), filepath.Base(ask.Name))
	if err != nil || to == "" {
		return Saved{}, err
	}
	n, err := s.keepAnswer(r, at, to)
	return Saved{File: to, Bytes: n}, err
}

// keepAnswer writes what an address answers into a file, whole or not at all.
func (s *Server) keepAnswer(r *http.Request, at *url.URL, to string) (n int64, err error) {
	inner := r.Clone(r.Context())
	inner.Method, inner.URL, inner.Body, inner.RequestURI = http.MethodGet, at, http.NoBody, at.RequestURI()
	inner.ContentLength = 0
	err = file.ReplaceWith(to, 0o644, func(out io.Writer) error {
		into := &fileAnswer{out: out, header: http.Header{}}
		s.routes.ServeHTTP(into, inner)
		n = into.n
		if into.status >= 300 {
			return lab.Errorf(lab.Unavailable, "%s could not be made: %.300s", at.Path, into.failed.String())
		}
		return into.err
	})
	if err != nil && lab.CodeOf(err) == lab.Internal {
		err = lab.Errorf(lab.Unavailable, "%q cannot be written: %w", to, err).WithHint("choose another place, or free space")
	}
	return n, err
}

// fileAnswer is an http.ResponseWriter that keeps a good answer in a file and a bad one for the error.
type fileAnswer struct {
	out    io.Writer
	header http.Header
	status int
	n      int64
	err    error
	failed strings.Builder
}

func (f *fileAnswer) Header() http.Header { return f.header }

func (f *fileAnswer) WriteHeader(status int) {
	if f.status == 0 {
		f.status = status
	}
}

func (f *fileAnswer) Write(b []byte) (int, error) {
	f.WriteHeader(http.StatusOK)
	if f.status >= 300 {
		return f.failed.Write(b)
	}
	n, err := f.out.Write(b)
	f.n += int64(n)
	if err != nil {
		f.err = err
	}
	return n, err
}
