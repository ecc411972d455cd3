//go:build unix

package app

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
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
	var asked, refused atomic.Int32
	var since atomic.Pointer[time.Time] // when it fell ill: at the fortieth sample
	proxy := httputil.NewSingleHostReverseProxy(engine)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/asample") && asked.Add(1) == 40 {
			now := time.Now()
			since.Store(&now)
		}
		ill := time.Duration(-1)
		if at := since.Load(); at != nil {
			ill = time.Since(*at)
		}
		switch {
		case ill < 0 || ill > away():
			proxy.ServeHTTP(w, r)
		case ill < away()/2:
			refused.Add(1)
			http.Error(w, "out of order", http.StatusInternalServerError)
		default:
			refused.Add(1)
			_, _ = w.Write([]byte("<html>not what you wanted</html>"))
		}
	}))
	defer door.Close()

	there := newKeeper(t)
	there.send(exitOK, value, "secret", "set", "key")
	there.send(exitOK, "", "target", "add", "near", "--service", door.URL, "--secret", "key", "--rank", "0")
	remote := there.notebook(thinkingAt("service near"))
	out, _ := there.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0", "--json")
	if l := lines(t, out)[0]; l["state"] != "done" {
		t.Fatalf("the run at the service is %v", l)
	}
	if refused.Load() == 0 {
		t.Errorf("the run ended after %d samples, before its service fell ill", asked.Load())
	}
	wantSameEvents(t, there.record(), here.record())
}
