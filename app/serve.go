package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/loci-lab/loci/backend"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/web"
	"github.com/loci-lab/loci/frontend"
)

// server is the pages' server going on in this process.
type server struct {
	address string        // with the token that lets a browser in, for people to copy
	once    func() string // an address that works once, for a browser or window that this program starts itself
	web     *web.Server
	login   func(to string) string // an address that works once and leads to a page
	show    func(to string)        // shows a page in the window; nil where there is none
	stopped context.CancelFunc
	done    chan struct{} // closed when it answers no more
	err     error         // read after done
}

// serve starts answering pages, in the window w where there is one. The caller ends it by ctx or stop, and waits.
func (e *env) serve(ctx context.Context, f openFlags, window *desktop) (*server, error) {
	l, err := web.Listen(ctx, f.addr)
	if err != nil {
		return nil, err
	}
	var files []string
	to := ""
	if f.file != "" {
		name, err := e.opened(ctx, f.file)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		files, to = []string{name}, "/notebook?path="+url.QueryEscape(name)
		if f.run != "" { // else the page would show the notebook's own budget, at which nothing runs
			to += "&budget=" + url.QueryEscape(f.run)
		}
	}
	cfg := web.Config{
		Owner:      e.owner,
		Forks:      e.owner,
		Settings:   e.settings,
		Secrets:    pageSecrets{e.secrets, e.store},
		Bin:        bin{e.owner, e.store},
		TargetFile: filepath.Join(e.cfg.Home, target.FileName),
		TestTarget: e.test,
		Services:   e.services,
		Computer:   e.computer,
		FreeDisk:   e.diskFree,
		Library:    e.store,
		States:     e.store,
		Compare:    e.store,
		Hub:        e.hub,
		Vocabulary: vocabulary{},
		Recorded:   e.recorded,
		Shelf:      &shippedRuns{recorded: e.recorded, cache: filepath.Join(e.cfg.Home, "cache", "recorded")},
		Sources:    backend.Sources,
		Pages:      frontend.Dist(),
		Shipped:    e.shipped,
		Home:       e.cfg.Home,
		Files:      files,
		Version:    Version,
		Kernel:     e.kernel,
		Machine:    run.Machine(),
		Prepare:    e.prepare,
		Log:        e.log,
	}
	s := &server{done: make(chan struct{})}
	if window != nil {
		cfg.Desktop, s.show = window, window.show
	}
	var forget func() error
	if cfg.Session, forget, err = s.announce(e.cfg.Home, l.Base()); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	w, err := web.New(cfg)
	if err != nil {
		return nil, errors.Join(err, l.Close(), forget())
	}
	ctx, s.stopped = context.WithCancel(ctx)
	s.web, s.address = w, l.LoginURL(w.Token(), to)
	s.login = func(to string) string { return l.LoginURL(w.OneTime(), to) }
	s.once = func() string { return s.login(to) }
	go e.emptyBin(ctx)
	var warm sync.WaitGroup
	warm.Go(w.Warm)
	go func() {
		defer close(s.done)
		err := errors.Join(l.Serve(ctx, w), w.Close())
		warm.Wait()
		s.err = errors.Join(err, forget())
	}()
	if err := e.owner.Adopt(ctx); err != nil { // what cannot be followed now is followed the next time
		e.log.Warn("runs that were sent away cannot be followed", "error", err)
	}
	if f.run != "" {
		if err := e.runAtOnce(ctx, f); err != nil {
			return nil, errors.Join(err, s.stop())
		}
	}
	return s, nil
}

// pages makes the server of the pages. It answers nothing until somebody serves it.
func (e *env) pages(files []string) (*web.Server, error) {
	return web.New(web.Config{
		Owner: e.owner, Library: e.store, Hub: e.hub, Vocabulary: vocabulary{}, Recorded: e.recorded, Pages: frontend.Dist(), Shipped: e.shipped, Home: e.cfg.Home, Files: files,
		Version: Version, Kernel: e.kernel, Machine: run.Machine(), Sharing: e.sharing(), Log: e.log,
	})
}

// runAtOnce starts what the notebook lacks at that budget, as the run button would.
func (e *env) runAtOnce(ctx context.Context, f openFlags) error {
	if f.file == "" {
		return fmt.Errorf("--run wants a notebook: loci open FILE --run %s", f.run)
	}
	doc, err := e.load(f.file)
	if err != nil {
		return err
	}
	plan, err := e.owner.Plan(ctx, doc, sched.Options{Budget: f.run})
	if err != nil {
		return err
	}
	if plan.Todo() > 0 {
		_, err = e.owner.Start(ctx, plan)
	}
	return err
}

// named returns the name under which the pages know a notebook: the shipped one's, or the absolute path of the user's file.
func (e *env) named(file string) (string, error) {
	if name, ok := e.shippedName(file); ok {
		return name, nil
	}
	if _, err := e.load(file); err != nil {
		return "", err
	}
	return filepath.Abs(file)
}

func (s *server) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
	return s.stop()
}

func (s *server) stop() error {
	s.stopped()
	<-s.done
	return s.err
}
