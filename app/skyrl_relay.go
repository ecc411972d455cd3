package app

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// The client of runs speaks JSON to SkyRL, because SkyRL's releases before 0.4 read nothing else. From 0.4 on SkyRL reads rows for a gradient as
// protobuf alone (status 415 otherwise). Changing the client would change the code identity of every recorded run of a language model, so a
// relay on loopback writes these calls anew once SkyRL has refused one. Replies stay as they are.

// relays are the relays of this process, by the address of the service behind. The zero value is ready.
type relays struct {
	mu   sync.Mutex
	open map[string]*skyrlRelay
}

// to returns the address of a relay to a service.
func (r *relays) to(address string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one, ok := r.open[address]; ok {
		return one.address, nil
	}
	one, err := newSkyRLRelay(address)
	if err != nil {
		return "", err
	}
	if r.open == nil {
		r.open = map[string]*skyrlRelay{}
	}
	r.open[address] = one
	return one.address, nil
}

// behind is the address of the service that a relay stands before; any other address stays.
func (r *relays) behind(address string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for service, one := range r.open {
		if one.address == address {
			return service
		}
	}
	return address
}

// close ends all.
func (r *relays) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.open {
		one.close()
	}
	r.open = nil
}

// skyrlRelay passes calls on to one service.
type skyrlRelay struct {
	address string
	server  *http.Server
	work    sync.WaitGroup
}

const relayLimit = 1 << 28 // bytes of a call

func newSkyRLRelay(address string) (*skyrlRelay, error) {
	to, err := url.Parse(address)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "the address of the training service is no URL").WithHint("write it as http://HOST:PORT")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no address of this computer can be listened on: %w", err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: &asProtobuf{next: http.DefaultTransport}, ErrorHandler: cutOff}
	one := &skyrlRelay{address: "http://" + l.Addr().String(), server: &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute}}
	one.work.Go(func() { _ = one.server.Serve(l) }) // ends with close
	return one, nil
}

func (r *skyrlRelay) close() {
	_ = r.server.Close()
	r.work.Wait()
}

// cutOff breaks the connection where the service does not answer, so that the client sees what it would have seen without a relay: a network that
// failed, not an answer.
func cutOff(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }

// asProtobuf sends rows for a gradient as protobuf where JSON is refused.
type asProtobuf struct {
	next http.RoundTripper

	mu    sync.Mutex
	wants bool // the service has refused JSON
}

// RoundTrip implements http.RoundTripper.
func (p *asProtobuf) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Path
	backward := strings.HasSuffix(path, wire.Prefix+wire.PathForwardBackward)
	if !backward && !strings.HasSuffix(path, wire.Prefix+wire.PathForward) || r.Header.Get("Content-Type") != wire.JSON || r.Body == nil {
		return p.next.RoundTrip(r)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, relayLimit))
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	if !p.refused() {
		res, err := p.next.RoundTrip(withBody(r, body))
		if err != nil || res.StatusCode != http.StatusUnsupportedMediaType {
			return res, err
		}
		_ = res.Body.Close()
		p.mu.Lock()
		p.wants = true
		p.mu.Unlock()
	}
	request, err := wire.Decode[wire.TrainRequest](body)
	if err != nil {
		return nil, err
	}
	again := withBody(r, wire.EncodeTrain(&request))
	again.Header.Set("Content-Type", wire.Protobuf)
	if !backward { // forward passes travel as forward_backward with a mark
		again.URL.Path = strings.TrimSuffix(path, wire.PathForward) + wire.PathForwardBackward
	}
	return p.next.RoundTrip(again)
}

func (p *asProtobuf) refused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wants
}

// withBody is the request with another body.
func withBody(r *http.Request, body []byte) *http.Request {
	next := r.Clone(r.Context())
	next.Body, next.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	next.GetBody = nil
	return next
}
