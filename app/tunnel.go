package app

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target/site"
)

// tunnels are the ways through which this process reaches services on other machines: for each an address on loopback. The zero value is
// ready.
type tunnels struct {
	mu   sync.Mutex
	open map[string]*tunnel // by the service's folder there
}

// find returns the address on loopback of a tunnel that is open.
func (t *tunnels) find(id string) (address string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.open[id]
	if !ok {
		return "", false
	}
	return one.Addr().String(), true
}

// to opens a tunnel to an address as the host sees it, and takes the host over. Another that is open by now stays, and the host is closed.
func (t *tunnels) to(id string, host site.Host, address string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if had, ok := t.open[id]; ok {
		return had.Addr().String(), host.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Join(lab.Errorf(lab.Unavailable, "no address of this computer can be listened on: %w", err), host.Close())
	}
	one := &tunnel{Listener: l, host: host, far: address, conns: map[net.Conn]bool{}}
	one.life, one.end = context.WithCancel(context.Background())
	one.work.Go(one.accept)
	if t.open == nil {
		t.open = map[string]*tunnel{}
	}
	t.open[id] = one
	return l.Addr().String(), nil
}

// drop closes one tunnel, where it is open.
func (t *tunnels) drop(id string) error {
	t.mu.Lock()
	one := t.open[id]
	delete(t.open, id)
	t.mu.Unlock()
	if one == nil {
		return nil
	}
	return one.Close()
}

// close closes all.
func (t *tunnels) close() error {
	t.mu.Lock()
	all := t.open
	t.open = nil
	t.mu.Unlock()
	var err error
	for _, one := range all {
		err = errors.Join(err, one.Close())
	}
	return err
}

// tunnel carries each connection to an address on loopback to one that a host sees.
type tunnel struct {
	net.Listener
	host site.Host
	far  string
	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // that are open; nil once the tunnel is closed
}

func (t *tunnel) accept() {
	for {
		near, err := t.Accept()
		if err != nil {
			return // closed
		}
		t.work.Go(func() { t.carry(near) })
	}
}

// carry joins two connections until both have ended. Where the far one does not come about the near one is closed: its client sees a
// connection that breaks off, and tries again.
func (t *tunnel) carry(near net.Conn) {
	if !t.note(near) {
		return
	}
	defer t.forget(near)
	far, err := t.host.Reach(t.life, "tcp", t.far)
	if err != nil || !t.note(far) {
		return
	}
	defer t.forget(far)
	var back sync.WaitGroup
	back.Go(func() { pour(near, far) })
	pour(far, near)
	back.Wait()
}

// pour copies until the source ends, and then tells the other side that no more comes.
func pour(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite() // it may be gone already
		return
	}
	_, _ = to.Close(), from.Close()
}

// note remembers a connection, so that Close can end it; false closes it, because the tunnel is closed.
func (t *tunnel) note(c net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		_ = c.Close()
		return false
	}
	t.conns[c] = true
	return true
}

func (t *tunnel) forget(c net.Conn) {
	_ = c.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
}

// Close ends the tunnel and all that goes through it.
func (t *tunnel) Close() error {
	err := t.Listener.Close()
	t.end()
	t.mu.Lock()
	for c := range t.conns {
		_ = c.Close()
	}
	t.conns = nil
	t.mu.Unlock()
	t.work.Wait()
	return errors.Join(err, t.host.Close())
}
