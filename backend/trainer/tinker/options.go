// Package tinker trains and samples a model at a training service: any that speaks the training protocol, be it the hosted one, SkyRL
// or Loci's own engine. It is the client; the messages are in trainer/wire.
//
// What a service does differently from the protocol stands in its profile (profile.go), which is found out while connecting or named
// by the user, and shown next to the run.
package tinker

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// Options say which service and which model.
type Options struct {
	URL       string     // of the service, without /api/v1
	Key       lab.Secret // empty where the service asks for none
	BaseModel string     // the service's name of the model to start from
	Rank      int        // of the adapters (LoRA); 0 trains all weights
	Seed      uint64     // of the adapters' first weights
	Profile   string     // one of ProfileNames; "" finds out
	// Context is the most tokens of prompt and continuation, for services that do not say; 0 is 32768.
	Context    int
	Concurrent int          // most samples asked for at the same time; 0 is 64
	Client     *http.Client // nil has one that waits 10 s for a connection
	Stream     *rng.Stream  // spreads retries; nil makes one
	UserAgent  string       // "" is loci
}

const (
	usualContext    = 32768
	usualConcurrent = 64
	dialTimeout     = 10 * time.Second
)

// String leaves the key out, also where it stands in the URL by mistake.
func (o Options) String() string {
	return redact(fmt.Sprintf("tinker.Options{URL: %q, BaseModel: %q, Rank: %d}", o.URL, o.BaseModel, o.Rank), o.Key.Reveal())
}

// redact takes the key out of a text.
func redact(text, key string) string {
	if key == "" {
		return text
	}
	return strings.ReplaceAll(text, key, "[key]")
}

// GoString leaves the key out, too.
func (o Options) GoString() string { return o.String() }

// check returns the service's address, or an error of code invalid.
func (o *Options) check() (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, lab.Errorf(lab.Invalid, "the address of the training service is no URL, want http://HOST:PORT or https://HOST").
			WithHint("set the service's URL in `loci target add`")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, lab.Errorf(lab.Invalid, "the address of the training service has a user, a query or a fragment, want http://HOST:PORT or https://HOST").
			WithHint("give the key with `loci secret set`, not in the URL")
	}
	if strings.ContainsAny(o.Key.Reveal(), "\r\n\x00") {
		return nil, lab.Errorf(lab.Invalid, "the key of the training service holds a line break").WithHint("set it again with `loci secret set`")
	}
	if o.BaseModel == "" {
		return nil, lab.Errorf(lab.Invalid, "no base model is named for the training service at %s", u.Host).
			WithHint("name one of the service's models as base_model of the service")
	}
	if o.Rank < 0 || o.Context < 0 || o.Concurrent < 0 {
		return nil, lab.Errorf(lab.Invalid, "rank is %d, context %d, concurrent %d, want none below 0", o.Rank, o.Context, o.Concurrent)
	}
	return u, checkProfileName(o.Profile)
}

// client returns the HTTP client: one that follows no redirect, because the key would follow it to another host.
func (o *Options) client() *http.Client {
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// bare says that a key would travel readable to another machine.
func bare(u *url.URL, key string) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return key != "" && u.Scheme == "http" && host != "localhost" && (ip == nil || !ip.IsLoopback())
}
