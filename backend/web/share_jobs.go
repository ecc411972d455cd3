package web

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
)

// mostShares is how many finished files wait to be fetched; the oldest goes when another begins.
const mostShares = 4

// shares are the files that are being written for pages, or wait to be fetched, and those that were sent and wait for an answer. They
// lie in a folder of their own, which goes with the server.
type shares struct {
	mu      sync.Mutex
	folder  string
	jobs    []*shareJob // oldest first
	uploads []upload    // oldest first
	keeping sync.Mutex  // one file is taken in at a time
}

type shareJob struct {
	stop context.CancelFunc
	file string
	over chan struct{} // closed when it is written or failed

	mu   sync.Mutex
	view ShareJob
}

type upload struct{ id, file string }

// place makes the folder when it is first needed.
func (s *shares) place(home string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder != "" {
		return s.folder, nil
	}
	sweepShares(home, time.Now())
	dir, err := os.MkdirTemp(home, ".share-")
	if err != nil {
		return "", lab.Errorf(lab.Unavailable, "no folder for shared files can be made in %q: %w", home, err).WithHint("free space, or make the data folder writable")
	}
	s.folder = dir
	return dir, nil
}

func (s *shares) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == "" {
		return nil
	}
	return os.RemoveAll(s.folder)
}

func (s *shares) find(id string) (*shareJob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.view.ID == id {
			return j, nil
		}
	}
	return nil, lab.Errorf(lab.NotFound, "shared file %q is not here any more", id).WithHint("write it again")
}

// add keeps a new job and forgets the oldest finished ones.
func (s *shares) add(j *shareJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, j)
	for len(s.jobs) > mostShares && s.jobs[0].now().State != shareRunning {
		_ = os.Remove(s.jobs[0].file) // a file that stays goes with the folder
		s.jobs = s.jobs[1:]
	}
}

// States of a file that is being written.
const (
	shareRunning = "running"
	shareDone    = "done"
	shareFailed  = "failed"
)

func (j *shareJob) now() ShareJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.view
}

func (j *shareJob) set(change func(*ShareJob)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.view)
}

// startShare begins to write a file for a page.
func (s *Server) startShare(at string, req ShareRequest) (ShareJob, error) {
	end := bundle.Suffix
	switch req.Form {
	case formLoci:
	case formPage:
		end = ".html"
	default:
		return ShareJob{}, lab.Errorf(lab.Invalid, "form %q is unknown, want %s or %s", req.Form, formLoci, formPage)
	}
	doc, err := s.notebooks.document(at)
	if err != nil {
		return ShareJob{}, err
	}
	folder, err := s.shares.place(s.cfg.Home)
	if err != nil {
		return ShareJob{}, err
	}
	id := reference()
	j := &shareJob{file: filepath.Join(folder, id+end), over: make(chan struct{}), view: ShareJob{ID: id, State: shareRunning,
		Name: strings.TrimSuffix(fileOf(at, doc), suffix) + end, LeftOut: []string{}, Leaks: []bundle.Leak{}}}
	var ctx context.Context
	ctx, j.stop = context.WithCancel(s.life)
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.life.Err() != nil {
		j.stop()
		return ShareJob{}, lab.Errorf(lab.Cancelled, "the server is closing")
	}
	s.shares.add(j)
	s.work.Go(func() {
		defer close(j.over)
		defer j.stop()
		s.writeShare(ctx, at, req, j)
	})
	return j.now(), nil
}

func (s *Server) writeShare(ctx context.Context, at string, req ShareRequest, j *shareJob) {
	leftOut, err := s.Export(ctx, at, req, j.file, func(done, total int64, part string) {
		j.set(func(v *ShareJob) { v.Done, v.Total, v.Part = done, total, part })
	})
	var size int64
	if info, serr := os.Stat(j.file); err == nil && serr == nil {
		size = info.Size()
	}
	j.set(func(v *ShareJob) {
		if err == nil {
			v.State, v.Bytes = shareDone, size
			v.LeftOut = append(v.LeftOut, leftOut...)
			return
		}
		e := s.apiError(err)
		v.State, v.Error = shareFailed, &e
		if found, ok := errors.AsType[*bundle.SecretsError](err); ok {
			v.Leaks = found.Leaks
		}
		if e.Ref != "" {
			s.cfg.Log.Error("sharing failed", "ref", e.Ref, "notebook", at, "error", cause(err))
		}
	})
}

// upload keeps the place of a file that was sent; the oldest of too many go.
func (s *shares) upload(id, file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads = append(s.uploads, upload{id, file})
	for len(s.uploads) > mostShares {
		_ = os.Remove(s.uploads[0].file) // a file that stays goes with the folder
		s.uploads = s.uploads[1:]
	}
}

func (s *shares) uploaded(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.uploads {
		if u.id == id {
			return u.file, nil
		}
	}
	return "", lab.Errorf(lab.NotFound, "the file %q is not here any more", id).WithHint("choose the file again")
}

func (s *shares) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, u := range s.uploads {
		if u.id == id {
			_ = os.Remove(u.file) // a file that stays goes with the folder
			s.uploads = append(s.uploads[:i], s.uploads[i+1:]...)
			return
		}
	}
}

// sweepShares removes what a process that was killed left of shared files, once they are a day old.
func sweepShares(home string, now time.Time) {
	old, err := filepath.Glob(filepath.Join(home, ".share-*"))
	if err != nil {
		return
	}
	for _, dir := range old {
		if info, err := os.Stat(dir); err == nil && now.Sub(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(dir) // the next start tries again
		}
	}
}
