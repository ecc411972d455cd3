package tinker

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

func TestOptionsThatCannotWorkAreRefusedWithoutTheKey(t *testing.T) {
	good := newFake(false).options()
	cases := map[string]struct {
		change func(*Options)
		wants  string
	}{
		"no URL":                {func(o *Options) { o.URL = "" }, "is no URL"},
		"another scheme":        {func(o *Options) { o.URL = "ftp://host" }, "is no URL"},
		"a password in the URL": {func(o *Options) { o.URL = "http://u:" + testKey + "@host" }, "has a user"},
		"a broken URL":          {func(o *Options) { o.URL = "http://%zz" + testKey }, "is no URL"},
		"no model":              {func(o *Options) { o.BaseModel = "" }, "no base model"},
		"another model":         {func(o *Options) { o.BaseModel = "huge" }, `no model "huge", it has "/models/tiny"`},
		"a negative rank":       {func(o *Options) { o.Rank = -1 }, "rank is -1"},
		"an unknown profile":    {func(o *Options) { o.Profile = "x" }, `profile is "x", want one of loci, tinker`},
		"a key of two lines":    {func(o *Options) { o.Key = lab.NewSecret(testKey + "\n") }, "line break"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := good
				c.change(&o)
				_, err := Open(t.Context(), o)
				if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.wants) {
					t.Fatalf("error is %v, want %q of code invalid", err, c.wants)
				}
				noKey(t, err, o, &o)
			})
		})
	}
}

func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		o := f.options()
		o.Client = &http.Client{Transport: redirecting{}}
		_, err := Open(t.Context(), o)
		if lab.CodeOf(err) != lab.Unavailable || err == nil || !strings.Contains(err.Error(), "status 307") {
			t.Errorf("error is %v", err)
		}
	})
}

// redirecting sends everybody to another host, and knows if anybody comes there.
type redirecting struct{}

func (redirecting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "localhost:8000" {
		panic("the request went to " + r.URL.Host)
	}
	return respond(307, `{"detail":"moved"}`, "Location", "https://elsewhere.example/api"), nil
}

func TestTheProfileIsTheUsersWordOrFoundOut(t *testing.T) {
	for named, want := range map[string]string{"": Loci, SkyRLFSDP: SkyRLFSDP, Unknown: Unknown} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(named == SkyRLFSDP)
			o := f.options()
			o.Profile = named
			tr, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if got := tr.Profile().Name; got != want {
				t.Errorf("profile is %q, want %q", got, want)
			}
			if !f.keys[testKey] || len(f.keys) != 1 {
				t.Errorf("keys are %v", f.keys)
			}
			_ = tr.Close()
		})
	}
}

func TestASampleThatTheServiceLostIsAskedForAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		losses := 2 // so far
		f.spoil = func(path string, _ int) fault {
			if path == "retrieve_future" && losses < 2 {
				losses++
				return gone
			}
			return fine
		}
		tr := open(t, f)
		sampler, err := tr.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		losses = 0
		request := []llm.Request{{Prompt: []int32{1}, N: 1, Sampling: llm.Sampling{MaxTokens: 1}}}
		got, err := sampler.Sample(t.Context(), request)
		if err != nil || got[0].Sequences[0].Tokens[0] != 2 || f.count("asample") != 3 {
			t.Errorf("got %+v, %v after %d requests", got, err, f.count("asample"))
		}
		losses = -10
		if _, err := sampler.Sample(t.Context(), request); lab.CodeOf(err) != lab.Unavailable || err == nil {
			t.Errorf("a sample that is lost again and again gives %v", err)
		}
		_ = tr.Close()
	})
}

func TestASessionThatTheServiceDroppedIsSaidAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.spoil = func(path string, _ int) fault {
			if path == "session_heartbeat" {
				return gone
			}
			return fine
		}
		tr := open(t, f)
		_ = sleep(t.Context(), 2*beat)
		if _, err := tr.Sampler(t.Context()); err == nil || !strings.Contains(err.Error(), "dropped the session") || lab.HintOf(err) == "" {
			t.Errorf("error is %v", err)
		}
		_ = tr.Close()
	})
}
