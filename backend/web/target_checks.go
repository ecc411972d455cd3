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
	mu   sync.Mutex
	all  map[string]*TargetTest
	ends map[string]context.CancelFunc
}

func newTests() *tests {
	return &tests{all: map[string]*TargetTest{}, ends: map[string]context.CancelFunc{}}
}

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

// begin notes a check that starts, and how it is ended; false when one goes on already. A stop ends what goes on.
func (t *tests) begin(name string, test *TargetTest, end context.CancelFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if had, ok := t.all[name]; ok && had.Running {
		if test.Doing != "stop" || had.Doing == "stop" {
			return false
		}
		t.ends[name]()
	}
	t.all[name], t.ends[name] = test, end
	return true
}

// change alters a check while nobody reads it.
func (t *tests) change(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

// startTest begins a check.
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
	return s.follow(name, "test", kind.Steps(form.Values), func(ctx context.Context, told func(target.Answer), _ func(string)) ([]string, error) {
		return s.cfg.TestTarget(ctx, name, told)
	}), nil
}

// work does what a page asked of a target: it tells each step that went well, and what is waited for.
type targetWork func(ctx context.Context, told func(target.Answer), now func(string)) (models []string, err error)

// follow begins work at a target, unless some goes on there. It goes on when the page leaves, and ends with the server.
func (s *Server) follow(name, doing string, steps []string, work targetWork) *TargetTest {
	test := &TargetTest{Name: name, Doing: doing, AtMS: millis(s.cfg.Now()), Running: true, Models: []string{}}
	for _, step := range steps {
		test.Steps = append(test.Steps, TestStep{Name: step, State: "queued"})
	}
	test.Steps[0].State = "running"
	s.closing.Lock()
	ctx, end := context.WithCancel(s.life)
	if s.life.Err() == nil && s.tests.begin(name, test, end) {
		s.work.Go(func() { defer end(); s.runTest(ctx, test, work) })
	} else {
		end()
	}
	s.closing.Unlock()
	return s.tests.find(name)
}

func (s *Server) readTest(r *http.Request) (any, error) {
	test := s.tests.find(r.PathValue("name"))
	if test == nil {
		return nil, lab.Errorf(lab.NotFound, "target %.60q was not tested since Loci was started", r.PathValue("name")).WithHint("press Test")
	}
	return test, nil
}

func (s *Server) runTest(ctx context.Context, test *TargetTest, work targetWork) {
	at := 0
	models, err := work(ctx, func(a target.Answer) {
		s.tests.change(func() { at = test.took(at, a) })
	}, func(now string) {
		s.tests.change(func() { test.Now = now })
	})
	s.tests.change(func() {
		test.Running, test.OK, test.AtMS, test.Now = false, err == nil, millis(s.cfg.Now()), ""
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

// took notes a step that went well, and returns the place of the next. A step that was not foreseen is put in; those before it that did not
// come are taken out.
func (t *TargetTest) took(at int, a target.Answer) int {
	done := TestStep{a.Step, "done", a.Said, a.Seconds}
	if i := slices.IndexFunc(t.Steps[min(at, len(t.Steps)):], func(s TestStep) bool { return s.Name == a.Step }); i >= 0 {
		t.Steps = slices.Delete(t.Steps, at, at+i)
		t.Steps[at] = done
	} else {
		t.Steps = slices.Insert(t.Steps, min(at, len(t.Steps)), done)
	}
	if at++; at < len(t.Steps) {
		t.Steps[at].State = "running"
	}
	return at
}
