// Package openai asks models behind the chat interface that most servers share, at the makers' own services and on a computer of one's own,
// through go-openai. What goes wrong on the way is retried, counted and in the end an error; it is never an answer.
package openai

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
)

// Options are what a client does beside what lab.Endpoint says; the zero value is usual.
type Options struct {
	Tries int // attempts at a request that is not answered (429, 5xx, no connection, silence, a stream that breaks off); 0 is 8
	Wrong int // attempts at a request whose answer cannot be used (no JSON, cut short, filtered, another layout); 0 is 3
	// Idle is how long a server may be silent, before its first byte and between two pieces; 0 is five minutes. There is no limit on the
	// whole answer: one that comes slowly is not cut off.
	Idle      time.Duration
	Client    *http.Client                                     // nil has one that waits ten seconds for a connection
	Draw      func() float64                                   // in [0,1), spreads retries; nil draws from a stream
	Wait      func(ctx context.Context, d time.Duration) error // nil waits on the clock
	UserAgent string                                           // "" is loci
}

const (
	usualTries = 8
	usualWrong = 3
	usualIdle  = 5 * time.Minute
)

// Client speaks to one endpoint. Any number of goroutines may use it. It implements llm.Chat.
type Client struct {
	endpoint lab.Endpoint
	options  Options
	host     string // for messages
	link     *link
	api      *api.Client
	cache    cache
	purse    purse
	pace     *pace
	slots    chan struct{} // one for each request under way
	quirks   quirks

	mu     sync.Mutex
	counts Counts
}

var _ llm.Chat = (*Client)(nil)

// Counts say what a client did since it was made. What was wrong was also retried, unless it was the last attempt.
type Counts struct {
	Requests  int     `json:"requests"`  // sent, with retries
	Cached    int     `json:"cached"`    // answers out of the cache, that were not sent
	Retries   int     `json:"retries"`   // requests that were sent again
	Wrong     int     `json:"wrong"`     // answers that could not be used
	Failed    int     `json:"failed"`    // calls that ended in an error
	Estimated int     `json:"estimated"` // answers whose tokens the server did not tell; a token is taken for four bytes
	Prompt    int     `json:"prompt"`    // tokens
	Reply     int     `json:"reply"`     // tokens
	Dollars   float64 `json:"dollars"`
}

// String is a line for people.
func (c Counts) String() string {
	return fmt.Sprintf("%d requests, %d from the cache, %d retried, %d answers of no use, %d + %d tokens, %.4f dollars",
		c.Requests, c.Cached, c.Retries, c.Wrong, c.Prompt, c.Reply, c.Dollars)
}

// New prepares a client; nothing is sent. An endpoint that cannot be used is an error of code invalid. The caps of the endpoint hold for
// this client: one client is one run's. Requests a minute are counted for all clients that have the same cache folder.
func New(e lab.Endpoint, o Options) (*Client, error) {
	host, err := check(&e, &o)
	if err != nil {
		return nil, err
	}
	c := &Client{endpoint: e, options: o, host: host, cache: cache{dir: e.Cache}, slots: make(chan struct{}, e.Parallel)}
	c.purse = purse{cap: e.Dollars, freed: make(chan struct{})}
	c.pace = newPace(e.PerMinute, e.Cache)
	c.link = &link{client: client(o.Client), key: e.Key, idle: o.Idle, agent: o.UserAgent}
	config := api.DefaultConfig("") // the key is the link's affair
	config.BaseURL, config.HTTPClient, config.EmptyMessagesLimit = e.URL, c.link, 1<<20
	c.api = api.NewClientWithConfig(config)
	return c, nil
}

// check fills in what is usual and returns the endpoint's host.
func check(e *lab.Endpoint, o *Options) (host string, err error) {
	bad := func(format string, args ...any) *lab.Error {
		return lab.Errorf(lab.Invalid, "endpoint %q: "+format, append([]any{e.Name}, args...)...).WithHint("add it again with `loci target add %s --replace`", e.Name)
	}
	e.URL = strings.TrimRight(e.URL, "/")
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", bad("its address is no base address, want http://HOST:PORT/PATH or https://HOST/PATH")
	case e.Model == "" && e.Embedding == "":
		return "", bad("it names no model").WithHint("name one with --model or --embedding")
	case e.PerMinute < 0 || e.Parallel < 0 || !(e.Dollars >= 0) || !(e.Prices[0] >= 0) || !(e.Prices[1] >= 0):
		return "", bad("requests a minute %d, parallel %d, dollars %v, prices %v, want none below 0", e.PerMinute, e.Parallel, e.Dollars, e.Prices)
	case e.Dollars > 0 && e.Prices == [2]float64{}:
		return "", bad("it has a cap of %v dollars and no prices, so nothing can be counted", e.Dollars).WithHint("give dollars a million tokens with --prices IN,OUT, or leave --dollars out")
	case strings.ContainsFunc(e.Key.Reveal(), func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", bad("its key has characters that no header can carry").WithHint("set it again with `loci secret set`")
	case o.Tries < 0 || o.Wrong < 0 || o.Idle < 0:
		return "", bad("tries %d, wrong %d, idle %v, want none below 0", o.Tries, o.Wrong, o.Idle)
	}
	e.Parallel = max(e.Parallel, 1)
	usual(&o.Tries, usualTries)
	usual(&o.Wrong, usualWrong)
	usual(&o.Idle, usualIdle)
	usual(&o.UserAgent, "loci")
	if o.Draw == nil {
		o.Draw = drawer()
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	return u.Host, nil
}

func usual[T comparable](v *T, value T) {
	if *v == *new(T) {
		*v = value
	}
}

// drawer spreads retries. What it draws moves no number, so that any seed does.
func drawer() func() float64 {
	var mu sync.Mutex
	stream := rng.New(uint64(time.Now().UnixNano()), "retries")
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return stream.Float64()
	}
}

// Counts are the sums so far.
func (c *Client) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func (c *Client) count(add func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts)
}

// Name is the endpoint's.
func (c *Client) Name() string { return c.endpoint.Name }

// Parallel is how many requests may be under way at once.
func (c *Client) Parallel() int { return c.endpoint.Parallel }

// Close lets go of connections that are idle.
func (c *Client) Close() error {
	c.link.client.CloseIdleConnections()
	return nil
}

// String leaves out all but the name: a client holds a key.
func (c *Client) String() string { return fmt.Sprintf("endpoint %q", c.endpoint.Name) }
