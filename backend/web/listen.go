package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// DefaultAddr is where Loci listens when nothing else was asked for: this computer only, any free port.
const DefaultAddr = "127.0.0.1:0"

// Listener is an open port.
type Listener struct {
	net.Listener
}

// Listen opens a port. An address without host means this computer only; port 0 takes a free one.
func Listen(ctx context.Context, addr string) (*Listener, error) {
	if addr == "" {
		addr = DefaultAddr
	}
	host, port, err := net.SplitHostPort(addr)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		return nil, lab.Errorf(lab.Invalid, "address %q is not understood, want HOST:PORT such as \"127.0.0.1:8080\" with a port from 0 to 65535", addr).
			WithHint("leave --addr out to take a free port on this computer")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, lab.Errorf(lab.Unavailable, "address %q is taken by another program: %w", addr, err).
			WithHint("choose another port with --addr, or leave it out to take a free one")
	}
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "address %q cannot be opened: %w", addr, err).
			WithHint("choose another address with --addr, or leave it out to take a free port on this computer")
	}
	return &Listener{l}, nil
}

// Loopback tells whether only this computer can reach the port.
func (l *Listener) Loopback() bool {
	a, ok := l.Addr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// Base is the address of the first page, for example http://127.0.0.1:8080.
func (l *Listener) Base() string {
	if a, ok := l.Addr().(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port))
	}
	return "http://" + l.Addr().String()
}

// LoginURL is the address that opens the pages with a token; to is the page to show, "" for the first.
func (l *Listener) LoginURL(token, to string) string {
	q := url.Values{"t": {token}}
	if to != "" {
		q.Set("to", to)
	}
	return l.Base() + "/login?" + q.Encode()
}

// Serve answers requests until ctx ends, then lets those in progress finish for at most two seconds. Sockets end with the Server's
// Close, which the caller calls afterwards.
func (l *Listener) Serve(ctx context.Context, s *Server) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l.Listener) }()
	select {
	case err := <-served:
		return lab.Errorf(lab.Unavailable, "the server at %s ended: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close() // what is still going on is cut
	}
	<-served
	return nil
}
