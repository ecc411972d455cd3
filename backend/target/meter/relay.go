package meter

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// relay passes the calls of a run on to one service, at an address of loopback that nobody else knows: a service that asks for no key must not
// become open to all of this computer's users and to web pages.
type relay struct {
	from, to  string // base addresses: its own, and the service's
	own, host string // the hosts of both
	server    *http.Server
	transport *http.Transport
	work      sync.WaitGroup

	mu    sync.Mutex
	fault string // why the service was last not reached
}

// newRelay begins one before the service at an address, which people know by the name.
func newRelay(address, name string, t *tally) (*relay, error) {
	to, err := url.Parse(address)
	if err != nil || to.Host == "" {
		return nil, lab.Errorf(lab.Invalid, "the address of the training service is no URL").WithHint("write it as http://HOST:PORT")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no address of this computer can be listened on: %w", err)
	}
	path := "/" + rand.Text()
	r := &relay{from: "http://" + l.Addr().String() + path, to: strings.TrimRight(name, "/"), own: l.Addr().String(), host: to.Host}
	if known, err := url.Parse(name); err == nil && known.Host != "" {
		r.host = known.Host
	}
	r.transport = http.DefaultTransport.(*http.Transport).Clone()
	r.transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	r.transport.MaxIdleConnsPerHost = 64 // a run asks for as many samples at once
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }, Transport: &counter{r.transport, t}, ErrorHandler: r.cutOff}
	mux := http.NewServeMux()
	mux.Handle(path+"/", http.StripPrefix(path, proxy))
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	r.work.Go(func() { _ = r.server.Serve(l) }) // ends with close
	return r, nil
}

// cutOff breaks the connection where the service is not reached, so that the client sees what it would have seen without a relay: a network that
// failed, not an answer.
func (r *relay) cutOff(_ http.ResponseWriter, _ *http.Request, err error) {
	r.mu.Lock()
	r.fault = err.Error()
	r.mu.Unlock()
	panic(http.ErrAbortHandler)
}

// say puts the service's address, and why it was not reached, into a text about the relay.
func (r *relay) say(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	named := strings.NewReplacer(r.from, r.to, r.own, r.host).Replace(text)
	if before, cut := strings.CutSuffix(named, ": EOF"); cut && named != text && r.fault != "" {
		return before + ": " + r.fault
	}
	return named
}

func (r *relay) close() {
	_ = r.server.Close()
	r.work.Wait()
	r.transport.CloseIdleConnections()
}
