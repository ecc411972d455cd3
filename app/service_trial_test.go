package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/loci-lab/loci/backend/target"
)

// sickly is a relay to a service that answers some calls as a sick one does.
func sickly(t *testing.T, to string, sick func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	far, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(far) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !sick(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// service sets up a training service, with the key that the engine of a test wants.
func (k *keeper) service(address string, words ...string) {
	k.t.Helper()
	k.send(exitOK, value, "secret", "set", "key")
	k.send(exitOK, "", append([]string{"target", "add", "near", "--service", address, "--secret", "key", "--rank", "4"}, words...)...)
}

func engineForTrials(t *testing.T) string {
	t.Helper()
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, _ := startEngine(t, engineFlags{addr: "127.0.0.1:0"})
	return address
}

func TestAServiceIsTriedByOneSampleAndOneStep(t *testing.T) {
	k := newKeeper(t)
	k.service(engineForTrials(t))
	out, _ := k.send(exitOK, "", "target", "test", "near")
	wantWords(t, out, "healthz", "model", "adapters of rank 4", "profile loci", "sample", "8 tokens behind a prompt of 3", "gradient", "sampler and trainer differ by", "step", "clean up",
		"the model is unloaded", "spent 3 tokens read, 8 written, 10 trained; no price is set for this model")
	if strings.Contains(out, "not quite one model") {
		t.Errorf("sampler and trainer are said to differ:\n%s", out)
	}
	k.send(exitOK, "", "target", "price", "near", "loci/tiny", "--input", "1", "--output", "2", "--training", "4")
	out, _ = k.send(exitOK, "", "target", "test", "near", "--json")
	l := lines(t, out)[0]
	spent := l["spent"].(map[string]any)
	if want := (3*1 + 8*2 + 10*4) / 1e6; spent["priced"] != true || spent["dollars"].(float64) != want || len(l["answers"].([]any)) != len(target.TrialSteps()) {
		t.Errorf("test prints %v, want %v dollars", l, want)
	}
	k.wantNowhere(value)
}

func TestAServiceThatFailsForAWhileIsTriedAllTheSame(t *testing.T) {
	k := newKeeper(t)
	var failed atomic.Int32
	k.service(sickly(t, engineForTrials(t), func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/optim_step") || failed.Add(1) > 2 {
			return false
		}
		http.Error(w, "out of order", http.StatusInternalServerError)
		return true
	}))
	out, _ := k.send(exitOK, "", "target", "test", "near")
	wantWords(t, out, "the weights moved", "the model is unloaded")
	if failed.Load() < 3 {
		t.Errorf("the step was asked for %d times", failed.Load())
	}
}

// Each set-up is broken in one way, and the words say which and what to do.
func TestServicesThatCannotBeUsedAreToldInPlainWords(t *testing.T) {
	engine := engineForTrials(t)
	at := func(tail string, status int, body string) string {
		return sickly(t, engine, func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, tail) {
				return false
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		})
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	k := newKeeper(t)
	for _, c := range []struct {
		name, address string
		words         []string
		flags         []string
		says          []string
	}{
		{"wrong API key", engine, nil, []string{"--secret", "wrong"}, []string{"401", `the key in secret "wrong" is not accepted`, "loci secret set wrong"}},
		{"port closed", closed.URL, nil, nil, []string{"does not answer at", "connection refused", "nobody listens there"}},
		{"500 from the start", at("/healthz", 500, "out of order"), nil, nil, []string{"500", "out of order", "try again in a minute"}},
		{"garbage from the start", at("/healthz", 200, "<html>Log in</html>"), nil, nil, []string{"something else than the training protocol", "Log in"}},
		{"garbage in place of a model", at("/create_model", 200, `{"nonsense":1}`), nil, nil, []string{"an answer to the request for a model that cannot be used", "see whether the URL is that of a training service"}},
		{"a sample that is refused", at("/asample", 400, `{"detail":"no sampling today"}`), nil, nil, []string{"refused asample with status 400", "no sampling today"}},
		{"a model that it does not have", engine, nil, []string{"--base-model", "huge"}, []string{`does not know base model "huge"`, `"loci/tiny"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.t = t
			k.send(exitOK, value, "secret", "set", "key")
			k.send(exitOK, "tml-another-key-0123456789", "secret", "set", "wrong")
			k.send(exitOK, "", append([]string{"target", "add", "near", "--replace", "--service", c.address, "--secret", "key", "--rank", "4"}, c.flags...)...)
			_, text := k.send(exitError, "", "target", "test", "near")
			wantWords(t, text, append(c.says, "   do: ")...)
			if strings.Contains(text, "resume the run") {
				t.Errorf("a test speaks of resuming a run: %s", text)
			}
		})
	}
}
