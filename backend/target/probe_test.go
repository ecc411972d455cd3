package target

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

const key = "tml-distinctive-0123456789"

// answers is a service that answers each path with a status and a text.
func answers(t *testing.T, paths map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-API-Key") != key {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "no such key %s\x1b[31m", r.Header.Get("X-API-Key"))
			return
		}
		text, ok := paths[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if code, rest, ok := strings.Cut(text, "!"); ok {
			var status int
			fmt.Sscan(code, &status)
			w.WriteHeader(status)
			text = rest
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

func well() map[string]string {
	return map[string]string{
		"/p/api/v1/healthz":                 `{"status":"ok"}`,
		"/p/api/v1/get_server_capabilities": `{"supported_models":[{"model_name":"small-1b","max_context_length":512},{"model_name":"other"}]}`,
	}
}

func TestAServiceThatIsWellTellsItsModels(t *testing.T) {
	s := answers(t, well())
	r, err := Probe(t.Context(), Service{Name: "a", URL: s.URL + "/p/", BaseModel: "other"}, lab.NewSecret(key))
	if err != nil || len(r.Answers) != 2 || len(r.Models) != 2 || r.Models[0] != "small-1b" {
		t.Fatalf("%+v, %v", r, err)
	}
	if r.Answers[0].Step != "healthz" || r.Answers[0].Said != `status "ok"` || r.Answers[1].Said != "2 models" || r.Answers[1].Seconds <= 0 {
		t.Errorf("answers are %+v", r.Answers)
	}
}

func TestAServiceThatIsNotWellIsToldWithTheRemedyAndWithoutTheKey(t *testing.T) {
	const health, able = "/p/api/v1/healthz", "/p/api/v1/get_server_capabilities"
	for _, c := range []struct {
		name    string
		path    string
		text    string
		service Service
		key     string
		code    lab.Code
		words   []string
		steps   int
	}{
		{"no key", "", "", Service{}, "", lab.Invalid, []string{"401", "loci secret set a", "--secret a"}, 0},
		{"a wrong key that is repeated", "", "", Service{Secret: "k"}, "tml-wrong-0123456789", lab.Invalid, []string{"401", "[secret]", "loci secret set k"}, 0},
		{"a key no header can carry", "", "", Service{Secret: "k"}, "tml-\r\nX: y", lab.Invalid, []string{`secret "k"`, "loci secret set k"}, 0},
		{"another path", health, "404!nothing", Service{}, key, lab.Unavailable, []string{"404", "base address"}, 0},
		{"an overloaded service", able, "503!come back", Service{}, key, lab.Unavailable, []string{"503", "come back", "again in a minute"}, 1},
		{"a teapot", health, "418!", Service{}, key, lab.Unavailable, []string{"418"}, 0},
		{"a page", health, "<html>" + key, Service{}, key, lab.Unavailable, []string{"<html>[secret]", "base address"}, 0},
		{"no such model", "", "", Service{BaseModel: "large"}, key, lab.Invalid, []string{`"large"`, `"small-1b"`, "--base-model"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := well()
			if c.path != "" {
				paths[c.path] = c.text
			}
			c.service.Name, c.service.URL = "a", answers(t, paths).URL+"/p"
			r, err := Probe(t.Context(), c.service, lab.NewSecret(c.key))
			told := fmt.Sprint(err) + " do: " + lab.HintOf(err)
			if lab.CodeOf(err) != c.code || len(r.Answers) != c.steps {
				t.Errorf("%s: %s after %d steps", lab.CodeOf(err), told, len(r.Answers))
			}
			for _, w := range append(c.words, "do: ") {
				if !strings.Contains(told, w) {
					t.Errorf("%q is missing in: %s", w, told)
				}
			}
			if c.key != "" && strings.Contains(told, c.key) || strings.ContainsRune(told, 0x1b) {
				t.Errorf("too much is said: %q", told)
			}
		})
	}
}

func TestTheKeyIsNotSentOnByARedirection(t *testing.T) {
	asked := make(chan string, 4)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("X-API-Key") }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL+"/x?token="+key, http.StatusTemporaryRedirect))
	defer s.Close()
	_, err := Probe(t.Context(), Service{Name: "a", URL: s.URL}, lab.NewSecret(key))
	if lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "sends us on to "+other.URL) || strings.Contains(err.Error(), key) {
		t.Error(err)
	}
	if len(asked) != 0 {
		t.Errorf("the other server was asked with key %q", <-asked)
	}
}

func TestAServiceThatCannotBeReachedIsToldWhy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	safe := httptest.NewUnstartedServer(http.NotFoundHandler())
	safe.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the refused handshake
	safe.StartTLS()
	defer safe.Close()
	plain := answers(t, well())
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		name, url string
		ctx       context.Context
		code      lab.Code
		words     []string
	}{
		{"nobody listens", closed, t.Context(), lab.Unavailable, []string{closed, "refused", "start the service"}},
		{"a certificate nobody knows", safe.URL, t.Context(), lab.Unavailable, []string{"certificate", "trust"}},
		{"https where http is spoken", strings.Replace(plain.URL, "http:", "https:", 1), t.Context(), lab.Unavailable, []string{"HTTP", "check the address"}},
		{"a name that is none", "https://nowhere.invalid", t.Context(), lab.Unavailable, []string{"nowhere.invalid", "do: check the name"}},
		{"stopped", plain.URL, stopped, lab.Cancelled, []string{"stopped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Probe(c.ctx, Service{Name: "a", URL: c.url}, lab.NewSecret(key))
			told := fmt.Sprint(err) + " do: " + lab.HintOf(err)
			if lab.CodeOf(err) != c.code || strings.Contains(told, key) {
				t.Errorf("%s: %s", lab.CodeOf(err), told)
			}
			for _, w := range c.words {
				if !strings.Contains(told, w) {
					t.Errorf("%q is missing in: %s", w, told)
				}
			}
		})
	}
}
