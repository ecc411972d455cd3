package app

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
)

// serviceFinder finds the training services of the data folder for runs, as lab.Bench wants it. Every service is looked up when it is
// asked for, so that one that is added while a server runs is found, and a passphrase is asked for only by a run that needs it.
func (c *cli) serviceFinder(ctx context.Context) func(name string) (lab.Service, error) {
	secrets := c.secrets() // one for all runs: it remembers the passphrase
	return func(name string) (lab.Service, error) {
		s, key, err := c.service(ctx, secrets, name)
		if err != nil {
			return lab.Service{}, err
		}
		return lab.Service{Name: s.Name, URL: s.URL, Key: key.Reveal(), BaseModel: s.BaseModel, Rank: s.Rank, Profile: s.Profile}, nil
	}
}
