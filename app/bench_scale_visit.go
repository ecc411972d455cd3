package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/web"
	"github.com/loci-lab/loci/experiments"
)

// times are how long answers took, in milliseconds.
type times []float64

func (t times) share(q float64) float64 { return atShare(t, q) }

// visits are what a person with one page open met.
type visits struct {
	list, book, status times
	statusBytes        float64
	told, largest      float64 // bytes that the page was sent in all, and at once
}

// visitor is a browser with one page open that follows the jobs, over a real port of this computer.
type visitor struct {
	base   string
	client *http.Client
	server *web.Server
	stop   context.CancelFunc
	work   sync.WaitGroup
	conn   *websocket.Conn
	last   time.Time

	mu    sync.Mutex
	found visits
}

// visitEvery is the pause between two visits.
const visitEvery = time.Second

func newVisitor(ctx context.Context, owner *sched.Owner, st *store.Store, h *hub.Hub, home string) (*visitor, error) {
	server, err := web.New(web.Config{Owner: owner, Library: st, Hub: h, Vocabulary: vocabulary{}, Shipped: experiments.Files, Home: home, Version: Version, Kernel: "go",
		Machine: run.Machine(), Log: silent()})
	if err != nil {
		return nil, err
	}
	port, err := web.Listen(ctx, "")
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "no cookie jar: %w", err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the pages need not be built
	v := &visitor{base: port.Base(), client: &http.Client{Jar: jar, CheckRedirect: stay}, server: server}
	ctx, v.stop = context.WithCancel(ctx)
	v.work.Go(func() { _ = port.Serve(ctx, server) }) // it ends with close
	if _, err := v.get(ctx, port.LoginURL(server.Token(), "")); err != nil {
		return nil, err
	}
	return v, v.watch(ctx, jar)
}

// seen is what the visitor met so far; its page may still be open.
func (v *visitor) seen() visits {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.found
	f.list, f.book, f.status = slices.Clone(f.list), slices.Clone(f.book), slices.Clone(f.status)
	return f
}

// watch opens the socket of a page and counts what comes.
func (v *visitor) watch(ctx context.Context, jar http.CookieJar) error {
	dial := websocket.Dialer{Jar: jar}
	conn, answer, err := dial.DialContext(ctx, "ws"+strings.TrimPrefix(v.base, "http")+"/api/ws", http.Header{"Origin": {v.base}})
	if err != nil {
		return lab.Errorf(lab.Internal, "the page's socket does not open: %w", err)
	}
	_ = answer.Body.Close()
	if err := conn.WriteJSON(web.ClientMessage{Type: "watch", Topic: "jobs"}); err != nil {
		return lab.Errorf(lab.Internal, "the page cannot ask: %w", err)
	}
	v.conn = conn
	v.work.Go(func() {
		for {
			_, body, err := conn.ReadMessage()
			if err != nil {
				return // it was closed
			}
			var m web.ServerMessage
			_ = json.Unmarshal(body, &m) // as a page does
			v.mu.Lock()
			v.found.told += float64(len(body))
			v.found.largest = max(v.found.largest, float64(len(body)))
			v.mu.Unlock()
		}
	})
	return nil
}

// visit looks at the lists, unless it did a moment ago.
func (v *visitor) visit(ctx context.Context) error {
	if time.Since(v.last) < visitEvery {
		return nil
	}
	defer func() { v.last = time.Now() }()
	for _, at := range []struct {
		path string
		into *times
	}{
		{"/api/runs?limit=60", &v.found.list},
		{"/api/runs?limit=500&path=" + url.QueryEscape("experiments/"+scaleNotebook), &v.found.book},
		{"/api/status", &v.found.status},
	} {
		began := time.Now()
		n, err := v.get(ctx, v.base+at.path)
		if err != nil {
			return err
		}
		v.mu.Lock()
		*at.into = append(*at.into, float64(time.Since(began))/float64(time.Millisecond))
		if at.into == &v.found.status {
			v.found.statusBytes = max(v.found.statusBytes, float64(n))
		}
		v.mu.Unlock()
	}
	return nil
}

func (v *visitor) get(ctx context.Context, address string) (size int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, lab.Errorf(lab.Internal, "address %q cannot be asked: %w", address, err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return 0, lab.Errorf(lab.Unavailable, "the pages do not answer: %w", err)
	}
	defer resp.Body.Close()
	size, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = lab.Errorf(lab.Internal, "%s is answered with status %d", req.URL.Path, resp.StatusCode)
	}
	return size, err
}

func (v *visitor) close() error {
	if v.conn != nil {
		_ = v.conn.Close() // its reader ends
	}
	v.stop()
	err := v.server.Close()
	v.work.Wait()
	v.client.CloseIdleConnections()
	return err
}

// peaks are the most that this process had at a time.
type peaks struct{ memory, goroutines, files float64 }

// watchSelf looks at this process ten times a second until the function that it returns is called.
func watchSelf(ctx context.Context) func() peaks {
	ctx, stop := context.WithCancel(ctx)
	found := make(chan peaks, 1)
	go func() {
		var p peaks
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			p.memory, p.goroutines, p.files = max(p.memory, memoryNow()), max(p.goroutines, float64(runtime.NumGoroutine())), max(p.files, filesNow())
			select {
			case <-tick.C:
			case <-ctx.Done():
				found <- p
				return
			}
		}
	}()
	return func() peaks { stop(); return <-found }
}

// memoryNow is the memory that this process has of the system's; what Go has of it where the system does not tell.
func memoryNow() float64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseFloat(fields[1], 64); err == nil {
				return pages * float64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys)
}

// filesNow is how many files this process has open, 0 where the system does not tell.
func filesNow() float64 {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return float64(len(all))
}
