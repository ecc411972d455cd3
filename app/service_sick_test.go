//go:build unix

package app

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestTargetServiceThatFailsForAWhileIsWaitedFor puts a door before our own engine that for a while answers every question with an error, then
// with garbage. The run waits, goes on from its last kept state, and its record has each event once, with the numbers of a run in this process.
func TestTargetServiceThatFailsForAWhileIsWaitedFor(t *testing.T) {
	here := newUser(t)
	file := here.notebook(thinkingAt("tiny"))
	here.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, _ := startEngine(t, engineFlags{addr: "127.0.0.1:0", models: []string{filepath.Join(here.home, "bases")}})
	engine, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var sick, refused atomic.Int32 // 1 answers 500, 2 garbage
	proxy := httputil.NewSingleHostReverseProxy(engine)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch sick.Load() {
		case 1:
			refused.Add(1)
			http.Error(w, "out of order", http.StatusInternalServerError)
		case 2:
			refused.Add(1)
			_, _ = w.Write([]byte("<html>not what you wanted</html>"))
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer door.Close()

	there := newKeeper(t)
	there.send(exitOK, value, "secret", "set", "key")
	there.send(exitOK, "", "target", "add", "near", "--service", door.URL, "--secret", "key", "--rank", "0")
	remote := there.notebook(thinkingAt("service near"))
	go func() {
		for refused.Load() == 0 && !there.has(20_000) {
			<-time.After(10 * time.Millisecond)
		}
		for _, how := range []int32{1, 2} {
			sick.Store(how)
			<-time.After(away() / 2)
		}
		sick.Store(0)
	}()
	out, _ := there.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0", "--json")
	if l := lines(t, out)[0]; l["state"] != "done" {
		t.Fatalf("the run at the service is %v", l)
	}
	if refused.Load() == 0 {
		t.Error("the run ended before its service fell ill")
	}
	wantSameEvents(t, there.record(), here.record())
}

// has tells whether a record of the data folder has so many bytes.
func (u user) has(bytes int64) bool {
	for _, p := range u.records() {
		if info, err := os.Stat(p); err == nil && info.Size() > bytes {
			return true
		}
	}
	return false
}
