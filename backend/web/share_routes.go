package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
)

// shareRoutes lists the addresses of sharing.
func (s *Server) shareRoutes(m *http.ServeMux) {
	m.Handle("GET /api/share", s.answer(s.shareOffer))
	m.Handle("POST /api/share", s.answer(s.shareStart))
	m.Handle("GET /api/share/{id}", s.answer(s.shareNow))
	m.Handle("POST /api/share/{id}/stop", s.answer(s.shareStop))
	m.HandleFunc("GET /api/share/{id}/file", s.shareFile)
	m.HandleFunc("POST /api/import", s.importFile)
	m.Handle("POST /api/import/{id}/keep", s.answer(s.importKeep))
	m.Handle("POST /api/import/{id}/forget", s.answer(s.importForget))
}

// shareOffer reads how large each detail is, before anything is written.
func (s *Server) shareOffer(r *http.Request) (any, error) {
	q := r.URL.Query()
	b, err := budget(q.Get("budget"))
	if err != nil {
		return nil, err
	}
	sh, err := s.gatherShare(r.Context(), q.Get("path"), ShareRequest{Budget: b})
	if err != nil {
		return nil, err
	}
	sizes, err := bundle.Measure(r.Context(), sh.Experiment)
	if err != nil {
		return nil, err
	}
	page := sizes.Of(bundle.Usual())*4/3 + viewerSize(s.cfg)
	most := s.cfg.Sharing.pageLimit()
	return ShareOffer{Title: sh.Title, Budget: sh.Budget, Sentence: sh.sentence, Runs: len(sh.Runs), Sizes: sizes, Page: min(page, most), PageMost: most,
		Early: sh.data.early, Stale: sh.data.stale, Recorded: sh.data.recorded}, nil
}

// viewerSize is how many bytes a page has before any data.
func viewerSize(cfg Config) int64 {
	script, style, err := bundle.Viewer(cfg.Pages)
	if err != nil {
		return 0
	}
	return int64(len(script) + len(style))
}

func (s *Server) shareStart(r *http.Request) (any, error) {
	var req ShareRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	if _, err := budget(req.Budget); err != nil {
		return nil, err
	}
	return s.startShare(r.URL.Query().Get("path"), req)
}

func (s *Server) shareNow(r *http.Request) (any, error) {
	j, err := s.shares.find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return j.now(), nil
}

func (s *Server) shareStop(r *http.Request) (any, error) {
	j, err := s.shares.find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	j.stop()
	return j.now(), nil
}

// shareFile sends a finished file. A browser saves it and never shows it here: a page of a stranger must not stand at our address.
func (s *Server) shareFile(w http.ResponseWriter, r *http.Request) {
	j, err := s.shares.find(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now := j.now()
	if now.State != shareDone {
		s.fail(w, r, lab.Errorf(lab.Conflict, "the file is %s, want %s", now.State, shareDone).WithHint("wait until it is written"))
		return
	}
	f, err := os.Open(j.file)
	if err != nil {
		s.fail(w, r, lab.Errorf(lab.Unavailable, "the file cannot be read: %w", err).WithHint("write it again"))
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		s.fail(w, r, lab.Errorf(lab.Unavailable, "the file cannot be read: %w", err).WithHint("write it again"))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": now.Name}))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// importFile takes a file in, checks all of it and says what is in it. Nothing is kept yet.
func (s *Server) importFile(w http.ResponseWriter, r *http.Request) {
	offer, err := s.receive(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(func(*http.Request) (any, error) { return offer, nil }).ServeHTTP(w, r)
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request) (ImportOffer, error) {
	folder, err := s.shares.place(s.cfg.Home)
	if err != nil {
		return ImportOffer{}, err
	}
	limits := bundle.Usually()
	id := reference()
	file := filepath.Join(folder, "sent-"+id+bundle.Suffix)
	if err := save(file, http.MaxBytesReader(w, r.Body, limits.File)); err != nil {
		return ImportOffer{}, errors.Join(err, removed(file))
	}
	s.shares.upload(id, file)
	offer, err := check(r, file, limits)
	if err != nil {
		s.shares.forget(id)
		return ImportOffer{}, err
	}
	offer.ID = id
	return offer, nil
}

func check(r *http.Request, file string, limits bundle.Limits) (ImportOffer, error) {
	f, err := bundle.Open(file, limits)
	if err != nil {
		return ImportOffer{}, err
	}
	defer f.Close()
	if err := f.Check(r.Context(), nil); err != nil {
		return ImportOffer{}, err
	}
	return offered(f)
}

func save(file string, body io.Reader) error {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the file cannot be kept: %w", err).WithHint("free space")
	}
	_, err = io.Copy(out, body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = lab.Errorf(lab.Invalid, "the file has more than %d bytes", tooLarge.Limit).WithHint("share less: leave the weights out")
	} else if err != nil {
		err = lab.Errorf(lab.Unavailable, "the file did not come whole: %w", err).WithHint("send it again")
	}
	return errors.Join(err, out.Close())
}

func removed(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// importKeep takes a file in that was checked before. Its bytes are checked again while they are read.
func (s *Server) importKeep(r *http.Request) (any, error) {
	file, err := s.shares.uploaded(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	s.shares.keeping.Lock()
	defer s.shares.keeping.Unlock()
	done, _, err := s.Import(r.Context(), file, nil)
	if err != nil {
		return nil, err
	}
	s.shares.forget(r.PathValue("id"))
	return done, nil
}

func (s *Server) importForget(r *http.Request) (any, error) {
	s.shares.forget(r.PathValue("id"))
	return ImportOffer{Runs: []bundle.Run{}}, nil
}
