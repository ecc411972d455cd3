package app

import (
	"context"

	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/web"
)

// pageServices starts, stops and watches training services for pages: nobody is asked at the terminal.
type pageServices struct {
	c   *cli
	env *env
}

func (p pageServices) secrets() notedSecrets {
	return notedSecrets{pageSecrets{p.env.secrets, p.env.store}, p.env.store}
}

// Start does what web.Services says.
func (p pageServices) Start(ctx context.Context, name string, told func(target.Answer), now func(string)) error {
	return p.c.startService(ctx, p.secrets(), name, usualWait, told, now)
}

// Stop does what web.Services says.
func (p pageServices) Stop(ctx context.Context, name string, keep bool) error {
	return p.c.stopService(ctx, p.secrets(), name, keep)
}

// Steps does what web.Services says.
func (p pageServices) Steps(name string) ([]string, error) {
	s, err := p.c.launched(name)
	if err != nil {
		return nil, err
	}
	start, err := s.Launch.Start(s.Rank)
	if err != nil {
		return nil, err
	}
	steps := []string{"login"}
	for _, check := range start.Checks {
		steps = append(steps, check.Name)
	}
	return append(steps, "launch", "answer"), nil
}

// State does what web.Services says.
func (p pageServices) State(ctx context.Context, name string, lines int) (web.ServiceState, error) {
	v, err := p.c.serviceState(ctx, p.secrets(), name, lines)
	return web.ServiceState{State: v.State, Why: v.Why, Address: v.Address, Log: v.Log}, err
}
