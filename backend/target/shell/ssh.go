package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/loci-lab/loci/backend/lab"
)

// Host is how a computer is reached over SSH.
type Host struct {
	User    string
	Name    string // host name or address
	Port    int    // 0 is 22
	Key     string // file of a private key; "" tries the agent and the usual files
	HostKey string // SHA256:... of the key that the computer must show; "" asks the files of known hosts
	Jump    *Host  // through which it is reached; nil goes straight
}

func (h Host) port() int {
	if h.Port == 0 {
		return 22
	}
	return h.Port
}

func (h Host) address() string { return net.JoinHostPort(h.Name, strconv.Itoa(h.port())) }

// String is the host as ssh commands name it: user@host, with :port where that is not 22.
func (h Host) String() string {
	text := h.Name
	if h.port() != 22 {
		text = h.address()
	}
	if h.User != "" {
		text = h.User + "@" + text
	}
	return text
}

// Options are what all connections of this computer share.
type Options struct {
	Home       string                                // of the person, for .ssh; "" is that of this process
	Known      []string                              // files of known hosts; nil is ~/.ssh/known_hosts
	Agent      string                                // socket of the agent; "" for none
	Passphrase func(path string) (lab.Secret, error) // of an encrypted key file; nil knows none
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	dialPatience = 20 * time.Second
	aliveEvery   = 15 * time.Second
	alivePatient = 30 * time.Second
	mostScripts  = 8 // at a time on one connection: servers allow ten where nothing else was set, and refuse more
)

// Remote runs scripts on another computer. It connects at the first script, and again after the connection was lost.
type Remote struct {
	host  Host
	opt   Options
	slots chan struct{} // one token a script; who finds no place waits

	mu     sync.Mutex
	client *ssh.Client
	jump   *ssh.Client
	closed bool
	alive  sync.WaitGroup
}

// Dial returns a shell on the host; it connects when it must.
func Dial(host Host, opt Options) *Remote {
	if opt.Dial == nil {
		opt.Dial = (&net.Dialer{Timeout: dialPatience}).DialContext
	}
	return &Remote{host: host, opt: opt, slots: make(chan struct{}, mostScripts)}
}

// Title is the place in words.
func (r *Remote) Title() string { return r.host.String() }

// Close ends the connection.
func (r *Remote) Close() error {
	r.mu.Lock()
	r.closed = true
	client := r.client
	r.mu.Unlock()
	if client != nil {
		r.drop(client)
	}
	r.alive.Wait()
	return nil
}

// Run does what Shell.Run says.
func (r *Remote) Run(ctx context.Context, script string, in io.Reader, out io.Writer) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	client, err := r.connect(ctx)
	if err != nil {
		return err
	}
	session, err := client.NewSession()
	if err != nil {
		r.drop(client)
		return r.lost(err)
	}
	var said tail
	session.Stdin, session.Stdout, session.Stderr = in, out, &said
	done := make(chan error, 1)
	go func() { done <- session.Run(script) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		_ = session.Close()
		select {
		case <-done:
		case <-time.After(patience): // the network is stuck: without the connection the session ends
			r.drop(client)
			<-done
		}
		return ctx.Err()
	}
	_ = session.Close()
	if e, ok := errors.AsType[*ssh.ExitError](err); ok {
		if e.Signal() != "" {
			return &Exit{Status: 128, Stderr: "ended by signal " + e.Signal()}
		}
		return &Exit{Status: e.ExitStatus(), Stderr: said.String()}
	}
	if err != nil {
		r.drop(client)
		return r.lost(err)
	}
	return nil
}

func (r *Remote) lost(err error) error {
	return lab.Errorf(lab.Unavailable, "the connection to %s was lost: %w", r.host, err).WithHint("it is made again; what runs there goes on")
}

func (r *Remote) connect(ctx context.Context) (*ssh.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, lab.Errorf(lab.Cancelled, "the connection to %s is closed", r.host)
	}
	if r.client != nil {
		return r.client, nil
	}
	dial := r.opt.Dial
	if r.host.Jump != nil {
		jump, err := r.opt.open(ctx, *r.host.Jump, dial)
		if err != nil {
			return nil, err
		}
		r.jump, dial = jump, jump.DialContext
	}
	client, err := r.opt.open(ctx, r.host, dial)
	if err != nil {
		if r.jump != nil {
			err = errors.Join(err, r.jump.Close())
			r.jump = nil
		}
		return nil, err
	}
	r.client = client
	r.alive.Go(func() { r.keep(client) })
	return client, nil
}

// drop ends a connection, so that the next script makes a new one.
func (r *Remote) drop(client *ssh.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = client.Close() // it is broken, or no longer wanted
	if r.client != client {
		return
	}
	r.client = nil
	if r.jump != nil {
		_ = r.jump.Close()
		r.jump = nil
	}
}

// keep asks for a sign of life now and then, so that a network that swallows everything is noticed. It ends with the connection.
func (r *Remote) keep(client *ssh.Client) {
	over := make(chan struct{})
	go func() { _ = client.Wait(); close(over) }()
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-over:
			r.drop(client)
			return
		case <-tick.C:
		}
		answered := make(chan struct{})
		go func() { _, _, _ = client.SendRequest("keepalive@openssh.com", true, nil); close(answered) }()
		select {
		case <-answered:
		case <-over:
		case <-time.After(alivePatient):
			r.drop(client)
		}
	}
}

// Forward reaches an address as that computer sees it, for tunnels.
func (r *Remote) Forward(ctx context.Context, network, address string) (net.Conn, error) {
	client, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialContext(ctx, network, address)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%s does not reach %s: %w", r.host, address, err).WithHint("look whether the program there still runs")
	}
	return conn, nil
}

// open makes one connection and logs in.
func (o Options) open(ctx context.Context, host Host, dial func(context.Context, string, string) (net.Conn, error)) (*ssh.Client, error) {
	conn, err := dial(ctx, "tcp", host.address())
	if err != nil {
		return nil, unreachable(host, err)
	}
	keys := &hostKeys{host: host, opt: o}
	auth, tried, err := o.auth(host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	algorithms, check, err := keys.check()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	_ = conn.SetDeadline(time.Now().Add(dialPatience))
	c, chans, reqs, err := ssh.NewClientConn(conn, host.address(), &ssh.ClientConfig{User: host.user(), Auth: auth, HostKeyCallback: check, HostKeyAlgorithms: algorithms,
		ClientVersion: "SSH-2.0-Loci"})
	if err != nil {
		_ = conn.Close()
		if keys.refused != nil {
			return nil, keys.refused
		}
		return nil, refused(host, tried, err)
	}
	_ = conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, chans, reqs), nil
}

func (h Host) user() string {
	if h.User != "" {
		return h.User
	}
	return os.Getenv("USER")
}

// unreachable says why no connection came about.
func unreachable(host Host, err error) error {
	e := lab.Errorf(lab.Unavailable, "%s cannot be reached: %w", host.address(), err)
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return lab.Errorf(lab.Unavailable, "port %d of %s is closed: nothing listens there", host.port(), host.Name).
			WithHint("look whether the SSH server runs there and on which port, and set that port")
	case errors.As(err, &dns):
		return lab.Errorf(lab.Unavailable, "there is no computer %q", host.Name).WithHint("check the name; a name of your ssh config is not read, write the host's own")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return e.WithHint("the network or a firewall swallows it: is a VPN or a jump host needed?")
	}
	return e.WithHint("check host and port, and try `ssh -p %d %s`", host.port(), host.Name)
}

// refused says why the login failed.
func refused(host Host, tried []string, err error) error {
	var auth *ssh.ServerAuthError
	text := err.Error()
	switch {
	case errors.As(err, &auth), contains(text, "unable to authenticate"):
		if len(tried) == 0 {
			return lab.Errorf(lab.Unavailable, "there is no key to log in to %s with: no agent runs and no key file was found", host).
				WithHint("make one with `ssh-keygen -t ed25519`, copy it with `ssh-copy-id %s`, or name a key file", host)
		}
		return lab.Errorf(lab.Unavailable, "%s takes none of our keys (%s)", host, join(tried)).
			WithHint("copy the public key there with `ssh-copy-id %s`, or name another key file or user", host)
	case contains(text, "no common algorithm"):
		return lab.Errorf(lab.Unavailable, "%s speaks no algorithm that is safe enough: %w", host, err).WithHint("bring its SSH server up to date")
	}
	return lab.Errorf(lab.Unavailable, "%s does not answer as an SSH server does: %w", host.address(), err).WithHint("check the port: is it that of another program?")
}

func join(words []string) string { return fmt.Sprintf("%q", words) }
