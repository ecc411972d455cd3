package web

import (
	"context"
	"net/http"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// Services starts, watches and stops the training services that Loci starts on machines.
type Services interface {
	// Steps lists the steps of a start, as far as they are known before.
	Steps(name string) ([]string, error)
	// Start begins a service and waits until it answers. It tells each step that went well; now is called with what is waited for.
	Start(ctx context.Context, name string, told func(target.Answer), now func(string)) error
	// Stop ends a service and removes what it left, unless that is to be kept.
	Stop(ctx context.Context, name string, keep bool) error
	// State asks how a service stands, with that many last lines of its log.
	State(ctx context.Context, name string, lines int) (ServiceState, error)
}

func (s *Server) services() (Services, error) {
	if s.cfg.Services == nil {
		return nil, lab.Errorf(lab.Unavailable, "this server starts no services").WithHint("open Loci with `loci open`")
	}
	return s.cfg.Services, nil
}

// startService begins to start a service; a check or start of it that goes on is left alone.
func (s *Server) startService(r *http.Request) (any, error) {
	name := r.PathValue("name")
	services, err := s.services()
	if err != nil {
		return nil, err
	}
	steps, err := services.Steps(name)
	if err != nil {
		return nil, err
	}
	return s.follow(name, "start", steps, func(ctx context.Context, told func(target.Answer), now func(string)) ([]string, error) {
		return nil, services.Start(ctx, name, told, now)
	}), nil
}

// stopService begins to stop a service.
func (s *Server) stopService(r *http.Request) (any, error) {
	name := r.PathValue("name")
	services, err := s.services()
	if err != nil {
		return nil, err
	}
	if _, err := services.Steps(name); err != nil {
		return nil, err
	}
	var how ServiceStop
	if err := decode(r, &how); err != nil {
		return nil, err
	}
	return s.follow(name, "stop", []string{"stop"}, func(ctx context.Context, told func(target.Answer), _ func(string)) ([]string, error) {
		if err := services.Stop(ctx, name, how.Keep); err != nil {
			return nil, err
		}
		told(target.Answer{Step: "stop", Said: map[bool]string{true: "it is ended; its folder there is kept", false: "it is ended, and nothing of it is left there"}[how.Keep]})
		return nil, nil
	}), nil
}

const mostLogLines = 1000

// serviceState asks the machine of a service how it stands.
func (s *Server) serviceState(r *http.Request) (any, error) {
	services, err := s.services()
	if err != nil {
		return nil, err
	}
	lines, err := count(r, "lines", 20, mostLogLines)
	if err != nil {
		return nil, err
	}
	state, err := services.State(r.Context(), r.PathValue("name"), max(lines, 1))
	if err != nil {
		return nil, err
	}
	state.AskedMS = millis(s.cfg.Now())
	return state, nil
}
