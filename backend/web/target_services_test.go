package web

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// scriptedServices start at once when the gate opens, unless they are stopped before.
type scriptedServices struct {
	file string
	gate chan struct{}
}

func (s *scriptedServices) Steps(name string) ([]string, error) {
	if name != "gpu" {
		return nil, lab.Errorf(lab.NotFound, "there is no service %q", name).WithHint("add it")
	}
	return []string{"login", "uv", "graphics", "launch", "answer"}, nil
}

func (s *scriptedServices) note(id string) error {
	return target.Update(s.file, func(all *target.Targets) error { return all.Started("gpu", id) })
}

func (s *scriptedServices) Start(ctx context.Context, _ string, told func(target.Answer), now func(string)) error {
	told(target.Answer{Step: "login", Said: "lab"})
	told(target.Answer{Step: "uv", Said: "uv 1"})
	told(target.Answer{Step: "job", Said: "a step that was not foreseen"})
	told(target.Answer{Step: "launch", Said: "begun"})
	if err := s.note("gpu-1"); err != nil {
		return err
	}
	now("loads its weights")
	select {
	case <-s.gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	told(target.Answer{Step: "answer", Said: "it answers"})
	return nil
}

func (s *scriptedServices) Stop(context.Context, string, bool) error { return s.note("") }

func (s *scriptedServices) State(_ context.Context, name string, lines int) (ServiceState, error) {
	if lines != 7 {
		return ServiceState{}, lab.Errorf(lab.Invalid, "%d lines", lines)
	}
	return ServiceState{State: "running", Log: "its log"}, nil
}

func newServicesKit(t *testing.T) (*kit, *scriptedServices) {
	t.Helper()
	s := &scriptedServices{gate: make(chan struct{})}
	k := newKit(t, func(c *Config) {
		c.TargetFile = filepath.Join(c.Home, target.FileName)
		s.file = c.TargetFile
		c.Services = s
	})
	var page TargetsPage
	k.post("/api/target", TargetChange{Form: target.Form{Kind: "computer", Name: "lab", Values: map[string]string{}}}, &page)
	k.post("/api/target", TargetChange{Form: target.Form{Kind: "started", Name: "gpu", Values: map[string]string{"on": "lab", "model-folder": "/m", "cards": "0"}}}, &page)
	if r := page.Targets[0]; r.Address != "SkyRL "+target.SkyRLVersion+" on lab" || r.Started || page.Targets[1].Address != "this computer" || !page.Targets[1].Runs {
		t.Errorf("%+v", page.Targets)
	}
	return k, s
}

// followed waits until what goes on at the target is over, or says that.
func (k *kit) followed(now string) (test TargetTest) {
	k.t.Helper()
	for {
		if k.get("/api/target/gpu/test", &test); !test.Running || now != "" && test.Now == now {
			return test
		}
	}
}

func TestAPageStartsWatchesAndStopsAService(t *testing.T) {
	k, s := newServicesKit(t)
	var test TargetTest
	k.post("/api/target/gpu/start", struct{}{}, &test)
	if !test.Running || test.Doing != "start" || len(test.Steps) != 5 {
		t.Errorf("%+v", test)
	}
	if test = k.followed("loads its weights"); test.Steps[len(test.Steps)-1].State != "running" {
		t.Errorf("%+v", test)
	}
	close(s.gate)
	test = k.followed("")
	var names []string
	for _, step := range test.Steps {
		names = append(names, step.Name+" "+step.State)
	}
	if got := strings.Join(names, ", "); !test.OK || got != "login done, uv done, job done, launch done, answer done" {
		t.Errorf("%s: %+v", got, test)
	}
	var page TargetsPage
	if k.get("/api/targets", &page); !page.Targets[0].Started || len(page.Targets[1].Services) != 1 {
		t.Errorf("%+v", page.Targets)
	}
	k.refused(k.do(k.request(http.MethodPost, "/api/target/gpu/remove", "{}")), http.StatusConflict)
	var state ServiceState
	if k.get("/api/target/gpu/state?lines=7", &state); state.Log != "its log" || state.AskedMS == 0 {
		t.Errorf("%+v", state)
	}
	k.post("/api/target/gpu/stop", ServiceStop{}, &test)
	if test = k.followed(""); !test.OK || test.Doing != "stop" || !strings.Contains(test.Steps[0].Said, "nothing of it is left") {
		t.Errorf("%+v", test)
	}
	k.refused(k.do(k.request(http.MethodPost, "/api/target/other/start", "{}")), http.StatusNotFound)
}

func TestAStopEndsAStartThatGoesOn(t *testing.T) {
	k, _ := newServicesKit(t)
	var test TargetTest
	k.post("/api/target/gpu/start", struct{}{}, &test)
	k.followed("loads its weights")
	k.post("/api/target/gpu/stop", ServiceStop{Keep: true}, &test)
	if test = k.followed(""); test.Doing != "stop" || !test.OK {
		t.Errorf("%+v", test)
	}
}
