package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/engine"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
	"github.com/loci-lab/loci/backend/target/site"
)

const (
	usualWait  = 15 * time.Minute // for a service to answer: it may install itself first
	askEvery   = time.Second      // whether it answers
	askWait    = 5 * time.Second  // for one answer
	fewLines   = 5                // of a log that an error repeats
	lastsShort = 3 * time.Second  // a process must have been gone for so long before that is believed
)

// host is the machine on which a service is started.
func (c *cli) host(ctx context.Context, secrets lab.Secrets, on string) (site.Host, target.Machine, error) {
	m := target.Machine{Name: target.HereName, Kind: target.Computer}
	if on != target.HereName {
		all, err := target.Read(c.targetsPath())
		if err != nil {
			return nil, m, err
		}
		if m, err = all.Machine(on); err != nil {
			return nil, m, err
		}
	} else {
		root := filepath.Join(c.cfg.Home, "worker")
		return site.NewDetached(shell.Local{}, site.Settings{Root: root}, worker), m, nil
	}
	there, err := c.site(ctx, secrets, m)
	if err != nil {
		return nil, m, err
	}
	host, ok := there.Site.(site.Host)
	if !ok {
		return nil, m, errors.Join(lab.Errorf(lab.Internal, "nothing can be started on target %q of kind %s", on, m.Kind), there.Close())
	}
	return host, m, nil
}

// launched finds a service that Loci starts.
func (c *cli) launched(name string) (target.Service, error) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return target.Service{}, err
	}
	s, err := all.Service(name)
	if err != nil {
		return s, err
	}
	if s.Launch == nil {
		return s, lab.Errorf(lab.Invalid, "service %q was not started by Loci: it is a program at %s", name, s.URL).WithHint("start and stop it where it runs")
	}
	return s, nil
}

// startService starts a service that is set up: it tries what the machine must have, begins the program, and waits until it answers. It
// tells each step that went well; now is called with what is waited for.
func (c *cli) startService(ctx context.Context, secrets lab.Secrets, name string, wait time.Duration, told func(target.Answer), now func(string)) (err error) {
	s, err := c.launched(name)
	if err != nil {
		return err
	}
	l := *s.Launch
	host, m, err := c.host(ctx, secrets, l.On)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	if l.Program == target.Engine && m.Kind == target.Computer && l.Bin == "" {
		l.Bin = ownFolder()
	}
	start, err := l.Start(s.Rank)
	if err != nil {
		return err
	}
	if err := host.Ready(ctx, start, told); err != nil {
		return err
	}
	key, err := c.serviceKey(ctx, secrets, &s, start.Keyed)
	if err != nil {
		return err
	}
	id := l.Started
	if id == "" {
		id = site.NewID(s.Name)
		if err := target.Update(c.targetsPath(), func(all *target.Targets) error { return all.Started(s.Name, id) }); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := host.Serve(ctx, id, start, key); err != nil {
		return err
	}
	told(target.Answer{Step: "launch", Said: start.Title + " is begun on " + m.Address(), Seconds: time.Since(began).Seconds()})
	began = time.Now()
	address, err := c.awaitService(ctx, host, s.Name, id, wait, now)
	if err != nil {
		return err
	}
	told(target.Answer{Step: "answer", Said: "it answers at " + address + " there", Seconds: time.Since(began).Seconds()})
	return nil
}

// ownFolder is where this program lies, where that is a program named loci.
func ownFolder() string {
	self, err := os.Executable()
	if err != nil || filepath.Base(self) != "loci" {
		return ""
	}
	return filepath.Dir(self)
}

// serviceKey is the key that a service of ours asks its clients for: that of the target's secret, else one that is made and kept under the
// service's name.
func (c *cli) serviceKey(ctx context.Context, secrets lab.Secrets, s *target.Service, keyed bool) (lab.Secret, error) {
	if s.Secret != "" {
		return secrets.Get(ctx, s.Secret)
	}
	if !keyed {
		return lab.Secret{}, nil
	}
	key := lab.NewSecret(engine.NewKey())
	if _, err := secrets.Set(ctx, s.Name, key); err != nil {
		return lab.Secret{}, err
	}
	s.Secret = s.Name
	return key, target.Update(c.targetsPath(), func(all *target.Targets) error {
		for i := range all.Services {
			if all.Services[i].Name == s.Name {
				all.Services[i].Secret = s.Name
			}
		}
		return nil
	})
}

// awaitService asks until the service answers, has ended, or the time is up. What was begun stays there in each case.
func (c *cli) awaitService(ctx context.Context, host site.Host, name, id string, wait time.Duration, now func(string)) (address string, err error) {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	client := &http.Client{Timeout: askWait, Transport: &http.Transport{DialContext: host.Reach, DisableKeepAlives: true}}
	var gone time.Time
	for {
		v, err := host.Serving(bounded, id, fewLines)
		switch {
		case bounded.Err() != nil:
		case err != nil && lab.CodeOf(err) != lab.Unavailable:
			return "", err
		case err == nil && v.State == site.Gone:
			if gone.IsZero() {
				gone = time.Now()
			}
			if time.Since(gone) > lastsShort {
				return "", ended(name, v)
			}
		case err == nil:
			gone = time.Time{}
			now(saying(v))
			if v.State == site.Running && v.Address != "" && well(bounded, client, v.Address) {
				return v.Address, nil
			}
		}
		if !pause(bounded, askEvery) {
			return "", c.unanswered(ctx, name, wait, v)
		}
	}
}

// unanswered is the error for a service that was waited for in vain.
func (c *cli) unanswered(ctx context.Context, name string, wait time.Duration, v site.Serving) error {
	if ctx.Err() != nil {
		return lab.Errorf(lab.Cancelled, "stopped while service %q was waited for; it goes on there", name).WithHint("`loci target start %s` waits again, `loci target stop %s` ends it", name, name)
	}
	return lab.Errorf(lab.Unavailable, "service %q does not answer after %v: %s", name, wait, saying(v)).
		WithHint("`loci target log %s` shows what it does; `loci target start %s --wait 1h` waits longer, `loci target stop %s` ends it", name, name, name)
}

// saying is how a service stands, with its last words.
func saying(v site.Serving) string {
	text := v.State
	if v.Why != "" {
		text += ", " + v.Why
	}
	if last := lastLine(v.Log); last != "" {
		text += ": " + last
	}
	return text
}

func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	last := []rune(strings.TrimSpace(lines[len(lines)-1]))
	return string(last[:min(len(last), 160)])
}

// ended is the error for a service whose process is over.
func ended(name string, v site.Serving) error {
	why := v.Why
	if why == "" {
		why = "its process is gone"
	}
	said := ""
	if log := strings.TrimSpace(v.Log); log != "" {
		said = "; its last words:\n" + log
	}
	return lab.Errorf(lab.Unavailable, "service %q has ended: %s%s", name, why, said).
		WithHint("`loci target log %s` shows more, `loci target start %s` starts it again, `loci target stop %s` removes what it left", name, name, name)
}

// well asks whether a service answers.
func well(ctx context.Context, client *http.Client, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/v1/healthz", nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK || res.StatusCode == http.StatusUnauthorized // that one wants its key, and answers
}

// pause waits; false says that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stopService ends a service and removes what it left there, unless that is to be kept.
func (c *cli) stopService(ctx context.Context, secrets lab.Secrets, name string, keep bool) (err error) {
	s, err := c.launched(name)
	if err != nil {
		return err
	}
	id := s.Launch.Started
	if id == "" {
		return lab.Errorf(lab.Invalid, "service %q is not started", name).WithHint("`loci target start %s` starts it", name)
	}
	host, _, err := c.host(ctx, secrets, s.Launch.On)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	if err := host.End(ctx, id, keep); err != nil {
		return err
	}
	if err := c.tunnels.drop(id); err != nil || keep {
		return err
	}
	return target.Update(c.targetsPath(), func(all *target.Targets) error { return all.Started(name, "") })
}

// serviceState asks how a service stands, with the last lines of its log.
func (c *cli) serviceState(ctx context.Context, secrets lab.Secrets, name string, lines int) (v site.Serving, err error) {
	s, err := c.launched(name)
	if err != nil {
		return v, err
	}
	if s.Launch.Started == "" {
		return v, lab.Errorf(lab.Unavailable, "service %q is not started", name).WithHint("`loci target start %s` starts it", name)
	}
	host, _, err := c.host(ctx, secrets, s.Launch.On)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	return host.Serving(ctx, s.Launch.Started, lines)
}

// reach completes a service that Loci starts with the address at which this process reaches it, through a tunnel where it runs on another
// machine. It is Unavailable for one that does not run.
func (c *cli) reach(ctx context.Context, secrets lab.Secrets, s target.Service) (target.Service, error) {
	l := s.Launch
	if l.Started == "" {
		return s, lab.Errorf(lab.Unavailable, "service %q is not started", s.Name).WithHint("`loci target start %s` starts it", s.Name)
	}
	if s.BaseModel == "" {
		s.BaseModel = l.BaseModel()
	}
	if s.Profile == "" {
		s.Profile = l.Profile()
	}
	if at, ok := c.tunnels.find(l.Started); ok {
		s.URL = "http://" + at
		return s, nil
	}
	host, m, err := c.host(ctx, secrets, l.On)
	if err != nil {
		return s, err
	}
	v, err := host.Serving(ctx, l.Started, fewLines)
	switch {
	case err != nil:
		return s, errors.Join(err, host.Close())
	case v.State == site.Gone:
		return s, errors.Join(ended(s.Name, v), host.Close())
	case v.State != site.Running || v.Address == "":
		waits := lab.Errorf(lab.Unavailable, "service %q on %s does not run yet: %s", s.Name, m.Address(), saying(v)).WithHint("`loci target start %s` waits for it", s.Name)
		return s, errors.Join(waits, host.Close())
	}
	if m.Value("host") == "" { // this computer sees the address itself
		s.URL = "http://" + v.Address
		return s, host.Close()
	}
	at, err := c.tunnels.to(l.Started, host, v.Address)
	s.URL = "http://" + at
	return s, err
}

// process is the first step of testing a service that Loci starts.
func (c *cli) process(ctx context.Context, secrets lab.Secrets, s target.Service, told func(target.Answer)) (target.Service, error) {
	began := time.Now()
	there, err := c.reach(ctx, secrets, s)
	if err != nil {
		return there, err
	}
	said := fmt.Sprintf("it runs on %s", s.Launch.On)
	if there.URL != "" {
		said += ", reached at " + there.URL
	}
	told(target.Answer{Step: "process", Said: said, Seconds: time.Since(began).Seconds()})
	return there, nil
}
