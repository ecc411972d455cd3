package app

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/trainer/tinker"
)

// Targets are looked up when a run asks for them, so that one that is added while a server runs is found, and a passphrase is asked for
// only by a run that needs it. The secrets are one store for all runs: it remembers the passphrase.

// serviceFinder finds the training services of the data folder for runs, as lab.Bench wants it.
func (c *cli) serviceFinder(ctx context.Context, secrets lab.Secrets) func(name string) (lab.Service, error) {
	return func(name string) (lab.Service, error) {
		s, key, err := c.service(ctx, secrets, name)
		if err != nil {
			return lab.Service{}, err
		}
		return lab.Service{Name: s.Name, URL: s.URL, Key: key, BaseModel: s.BaseModel, Rank: s.Rank, Profile: s.Profile}, nil
	}
}

// servicePrice is what a model of a training service costs, by the price table as it stands; false where it is not known.
func (c *cli) servicePrice(service, model string) (target.Price, bool) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return target.Price{}, false
	}
	s, err := all.Service(service)
	if err != nil {
		return target.Price{}, false
	}
	return s.PriceOf(model)
}

// endpointFinder finds the model endpoints of the data folder for runs, as lab.Bench wants it.
func (c *cli) endpointFinder(ctx context.Context, secrets lab.Secrets) func(name string) (lab.Endpoint, error) {
	return func(name string) (lab.Endpoint, error) { return c.endpoint(ctx, secrets, name) }
}

// service returns a training service and the value of its secret. One that Loci starts is looked up where it runs, and reached through a
// tunnel that is open from then on.
func (c *cli) service(ctx context.Context, secrets lab.Secrets, name string) (s target.Service, key lab.Secret, err error) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return s, key, err
	}
	if s, err = all.Service(name); err != nil {
		return s, key, err
	}
	if key, err = optionalSecret(ctx, secrets, s.Secret); err != nil {
		return s, key, err
	}
	if s.Launch != nil {
		if s, err = c.reach(ctx, secrets, s); err != nil {
			return s, key, err
		}
	}
	s, err = c.relayed(s)
	return s, key, err
}

// relayed is the service behind a relay where it may be a SkyRL that the client of runs does not reach by itself: its profile says so, or none
// is named and its address is no hosted one.
func (c *cli) relayed(s target.Service) (target.Service, error) {
	if s.Profile != "" && !strings.HasPrefix(s.Profile, tinker.SkyRL) || strings.HasPrefix(s.URL, "https://") {
		return s, nil
	}
	at, err := c.relays.to(s.URL)
	s.URL = at
	return s, err
}

// endpoint returns a model endpoint with its key and the folder of its replies.
func (c *cli) endpoint(ctx context.Context, secrets lab.Secrets, name string) (lab.Endpoint, error) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return lab.Endpoint{}, err
	}
	e, err := all.Endpoint(name)
	if err != nil {
		return lab.Endpoint{}, err
	}
	var key lab.Secret
	if e.Secret != "" {
		if key, err = secrets.Get(ctx, e.Secret); err != nil {
			return lab.Endpoint{}, err
		}
	}
	return lab.Endpoint{Name: e.Name, URL: e.URL, Key: key, Model: e.Model, Embedding: e.Embedding, Cache: filepath.Join(c.cfg.Home, "replies", e.Name),
		PerMinute: e.PerMinute, Dollars: e.Dollars, Prices: e.Counted(), Parallel: e.Parallel}, nil
}

// checkRung tells at once when a rung names a target that is not set up, before runs are begun that would each fail of it.
func (c *cli) checkRung(rung string) error {
	kind, name, _ := strings.Cut(rung, " ")
	if kind != "service" && kind != "endpoint" {
		return nil
	}
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return err
	}
	if kind == "service" {
		_, err = all.Service(name)
	} else {
		_, err = all.Endpoint(name)
	}
	return err
}
