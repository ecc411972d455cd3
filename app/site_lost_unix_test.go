//go:build unix

package app

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cuttable is a relay to an address whose connections can be cut, and that then refuses new ones until it is mended.
type cuttable struct {
	net.Listener
	to  string
	cut atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

func relay(t *testing.T, to string) *cuttable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cuttable{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close(); c.sever() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if c.cut.Load() {
				_ = conn.Close()
				continue
			}
			go c.carry(conn)
		}
	}()
	return c
}

func (c *cuttable) carry(conn net.Conn) {
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = conn.Close()
		return
	}
	c.mu.Lock()
	c.conns = append(c.conns, conn, far)
	c.mu.Unlock()
	go func() { _, _ = io.Copy(far, conn); _ = far.Close() }()
	_, _ = io.Copy(conn, far)
	_ = conn.Close()
}

func (c *cuttable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// overSSH are the targets that are reached over SSH, each as the words that add it at an address.
func overSSH(t *testing.T, at string) map[string][]string {
	t.Helper()
	folder := "--set=folder=" + filepath.Join(t.TempDir(), "there")
	login := []string{"--set=key=" + os.Getenv("LOCI_TEST_SSH_KEY"), "--set=host-key=" + os.Getenv("LOCI_TEST_SSH_HOST_KEY")}
	all := map[string][]string{"ssh": append([]string{"--ssh", at, folder}, login...)}
	if os.Getenv("LOCI_TEST_SLURM") != "" {
		all["slurm over ssh"] = append([]string{"--slurm", at, folder, "--set=time=10"}, login...)
	}
	return all
}

func TestTargetWhoseConnectionIsCutLosesNothing(t *testing.T) {
	at := needs(t, "LOCI_TEST_SSH")
	account, address, _ := strings.Cut(at, "@")
	c := relay(t, address)
	for kind, words := range overSSH(t, account+"@"+c.Addr().String()) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
			u.meet(20_000)
			c.cut.Store(true)
			c.sever()
			<-time.After(away())
			c.cut.Store(false)
			if code, said := wait(); code != exitOK {
				t.Fatalf("ends with %d:\n%s", code, said)
			}
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
		})
	}
}

func TestTargetClusterThatFailsForAWhileLosesNothing(t *testing.T) {
	at := needs(t, "LOCI_TEST_RAY")
	to, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	var sick atomic.Int32 // 1 answers 500, 2 garbage
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch sick.Load() {
		case 1:
			http.Error(w, "out of order", http.StatusInternalServerError)
		case 2:
			_, _ = w.Write([]byte("<html>not what you wanted</html>"))
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer front.Close()
	u := newUser(t)
	u.add("--ray", front.URL)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	for _, how := range []int32{1, 2} {
		sick.Store(how)
		<-time.After(away() / 2)
	}
	sick.Store(0)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantSame(t, runHere(t, file, pick...), u)
}
