// Package target knows the places where work is sent to. Here are the training services and model endpoints that a person has set up: their
// file, and the test whether a service answers.
package target

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Service is a training service: a program elsewhere that computes the gradients. It names a secret and never holds its value.
type Service struct {
	Name      string  // as a notebook's `model: service NAME` says it
	URL       string  // base address, without /api/v1; "" of a service that Loci starts, whose address is asked for where it runs
	Secret    string  // name of the secret with the key of the interface, "" for a service that asks for none
	BaseModel string  // the service's name of the model to start from, "" for the warm start of the run
	Rank      int     // of the adapters, 0 trains all weights
	Profile   string  // how the service differs from the protocol, "" finds out
	Insecure  bool    // the user allowed http to another computer
	Table     Prices  // of its models; nil where none is known
	Launch    *Launch // how Loci starts it; nil for one that somebody else started
}

// MaxRank is the largest rank of adapters that is taken for no slip of the finger.
const MaxRank = 1024

var (
	targetName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)
)

// Check returns nil for a service that can be used, and else an Invalid error on the first field that is wrong.
func (s Service) Check() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if err := s.checkPlace(); err != nil {
		return err
	}
	if err := s.Table.check(); err != nil {
		return err
	}
	if s.Secret != "" {
		if err := lab.CheckSecretName(s.Secret); err != nil {
			return err
		}
	}
	switch {
	case len(s.BaseModel) > 200 || strings.ContainsFunc(s.BaseModel, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return lab.Errorf(lab.Invalid, "base model is %.220q, want a name of at most 200 bytes without spaces", s.BaseModel).
			WithHint("`loci target test` lists the models that a service knows")
	case s.Rank < 0 || s.Rank > MaxRank:
		return lab.Errorf(lab.Invalid, "rank is %d, want 0 (all weights) to %d", s.Rank, MaxRank).WithHint("32 is usual")
	case s.Profile != "" && !profileName.MatchString(s.Profile):
		return lab.Errorf(lab.Invalid, "profile is %.60q, want a name of a-z 0-9 . _ -", s.Profile).WithHint("leave it out, and it is found out")
	}
	return nil
}

// checkPlace wants an address, or a way to start the service, not both.
func (s Service) checkPlace() error {
	if s.Launch == nil {
		return checkURL("service", s.URL, s.Insecure, "/api/v1")
	}
	if s.URL != "" {
		return lab.Errorf(lab.Invalid, "service %q has an address and is started by Loci too", s.Name).WithHint("leave the address out: it is asked for where the service runs")
	}
	return s.Launch.Check()
}

// checkName wants the name of a target.
func checkName(name string) error {
	if targetName.MatchString(name) && name != "here" {
		return nil
	}
	return lab.Errorf(lab.Invalid, "target name is %q, want 1 to 40 of a-z 0-9 -, the first a letter or digit, and not \"here\", which is this computer", name).
		WithHint("choose a name such as my-service")
}

// checkURL wants a base address to which a key may be sent; what names the target's kind, and tail what Loci adds itself. What it
// quotes holds no password.
func checkURL(what, text string, insecure bool, tail string) error {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return lab.Errorf(lab.Invalid, "the address of the %s is no URL", what).WithHint("write it as https://HOST/PATH")
	}
	wrong := func(fault string) *lab.Error {
		return lab.Errorf(lab.Invalid, "address %q of the %s %s", printable(u), what, fault)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return wrong("begins with neither https:// nor http://").WithHint("write it as https://HOST/PATH")
	case u.Hostname() == "":
		return wrong("names no host").WithHint("write it as https://HOST/PATH")
	case u.User != nil:
		return wrong("holds a user or password").WithHint("keep the key with `loci secret set NAME` and name it with --secret NAME")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return wrong("goes on after its path").WithHint("leave out what begins with ? or #; a key belongs into `loci secret set`")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), tail):
		return wrong("goes on to "+tail).WithHint("leave %s out; Loci adds it", tail)
	case u.Scheme == "http" && !insecure && !Loopback(u):
		return wrong("is plain http to another computer: everybody on the way could read the key").WithHint("use https, a tunnel to this computer, or --insecure if the network is yours")
	}
	return nil
}

// printable is the address without what may be secret in it.
func printable(u *url.URL) string {
	bare := *u
	bare.User, bare.RawQuery, bare.Fragment, bare.RawFragment, bare.Opaque = nil, "", "", "", ""
	return bare.String()
}

// Loopback tells whether an address is on this computer.
func Loopback(u *url.URL) bool {
	host := u.Hostname()
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && net.IP(ip.AsSlice()).IsLoopback()
}

// InClear tells whether a key would travel to this service in clear over a network.
func (s Service) InClear() bool { return inClear(s.URL) }

func inClear(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !Loopback(u)
}
