package web

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// TestTarget checks a target for real and tells each step that went well when it is over.
type TestTarget func(ctx context.Context, name string, told func(target.Answer)) (models []string, err error)

// tests are the newest checks of targets, those that go on too.
type tests struct {
	mu  sync.Mutex
	all map[string]*TargetTest
}

func newTests() *tests { return &tests{all: map[string]*TargetTest{}} }

// find returns a copy of the newest check of a target, nil where there was none.
func (t *tests) find(name string) *TargetTest {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.all[name]
	if !ok {
		return nil
	}
	out := *one
	out.Steps, out.Models = slices.Clone(one.Steps), append([]string{}, one.Models...)
	return &out
}

func (t *tests) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, name)
}

// begin notes a check that starts; false when one goes on already.
func (t *tests) begin(name string, test *TargetTest) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if had, ok := t.all[name]; ok && had.Running {
		return false
	}
	t.all[name] = test
	return true
}

// change alters a check while nobody reads it.
func (t *tests) change(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

// startTest begins a check. It goes on when the page leaves, and ends with the server.
func (s *Server) startTest(r *http.Request) (any, error) {
	name := r.PathValue("name")
	if s.cfg.TestTarget == nil {
		return nil, lab.Errorf(lab.Unavailable, "this server tests no targets").WithHint("open Loci with `loci open`")
	}
	all, err := s.readTargets()
	if err != nil {
		return nil, err
	}
	form, err := all.Form(name)
	if err != nil {
		return nil, err
	}
	kind, err := target.FindKind(form.Kind)
	if err != nil {
		return nil, err
	}
	test := &TargetTest{Name: name, AtMS: millis(s.cfg.Now()), Running: true, Models: []string{}}
	for _, step := range kind.Steps(form.Values) {
		test.Steps = append(test.Steps, TestStep{Name: step, State: "queued"})
	}
	test.Steps[0].State = "running"
	s.closing.Lock()
	if s.life.Err() == nil && s.tests.begin(name, test) {
		s.work.Go(func() { s.runTest(s.life, test) })
	}
	s.closing.Unlock()
	return s.tests.find(name), nil
}

func (s *Server) readTest(r *http.Request) (any, error) {
	test := s.tests.find(r.PathValue("name"))
	if test == nil {
		return nil, lab.Errorf(lab.NotFound, "target %.60q was not tested since Loci was started", r.PathValue("name")).WithHint("press Test")
	}
	return test, nil
}

func (s *Server) runTest(ctx context.Context, test *TargetTest) {
	at := 0
	models, err := s.cfg.TestTarget(ctx, test.Name, func(a target.Answer) {
		s.tests.change(func() {
			if at < len(test.Steps) {
				test.Steps[at] = TestStep{a.Step, "done", a.Said, a.Seconds}
			}
			if at++; at < len(test.Steps) {
				test.Steps[at].State = "running"
			}
		})
	})
	s.tests.change(func() {
		test.Running, test.OK, test.AtMS = false, err == nil, millis(s.cfg.Now())
		test.Models = append(test.Models, models...)
		if err == nil {
			return
		}
		e := s.apiError(err)
		test.Error = &e
		at = min(at, len(test.Steps)-1)
		test.Steps[at].State, test.Steps[at].Said = "failed", e.Msg
	})
}
