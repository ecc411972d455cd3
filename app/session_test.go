package app

import (
	"bytes"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// running starts a server over a data folder, as another Loci would have.
func running(t *testing.T, c *cli) *server {
	t.Helper()
	e, err := c.openEnv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.serve(t.Context(), openFlags{addr: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if err := e.close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(c.cfg.Home, sessionFile)); err == nil {
			t.Error("the session file is left behind")
		}
	})
	return s
}

func inHome(t *testing.T) (*cli, *bytes.Buffer) {
	t.Helper()
	cfg, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Home = t.TempDir()
	said := &bytes.Buffer{}
	return &cli{cfg: cfg, out: &bytes.Buffer{}, err: said, keep: systemSecrets}, said
}

func TestASecondLociOpensItsFileInTheOneThatRuns(t *testing.T) {
	c, said := inHome(t)
	running(t, c)
	own := filepath.Join(t.TempDir(), "own.md")
	text, err := os.ReadFile("../experiments/memory-rewriting.md")
	if err == nil {
		err = os.WriteFile(own, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.open(t.Context(), openFlags{file: own, browser: true, nothing: true}); err != nil {
		t.Fatal(err)
	}
	_, address, ok := strings.Cut(said.String(), "Loci is at ")
	if !ok {
		t.Fatalf("it said %q", said)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	base, _, _ := strings.Cut(address, "/login")
	for _, at := range []string{strings.TrimSpace(address), base + "/api/notebook?path=" + url.QueryEscape(own)} {
		res, err := browser.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if strings.Contains(at, "/api/") && res.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", at, res.Status)
		}
	}
	if err := c.open(t.Context(), openFlags{file: own + ".gone", browser: true, nothing: true}); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "own.md.gone") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestNobodyElseMayAskTheRunningLociToOpenAFile(t *testing.T) {
	c, _ := inHome(t)
	s := running(t, c)
	base, _, _ := strings.Cut(s.address, "/login")
	wrong := session{Process: 1, Address: base, Word: "wrong"}
	if _, err := wrong.open(t.Context(), openAsked{File: "/etc/passwd"}); err != errNobody {
		t.Errorf("a wrong word was answered by %v", err)
	}
	if info, err := os.Stat(filepath.Join(c.cfg.Home, sessionFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the session file is %v, %v, want readable for this account alone", info, err)
	}
}

func TestASessionThatNobodyAnswersLeavesTheFirstError(t *testing.T) {
	c, _ := inHome(t)
	e, err := c.openEnv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	stale := `{"process":1,"address":"http://127.0.0.1:1","word":"w"}`
	if err := os.WriteFile(filepath.Join(c.cfg.Home, sessionFile), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.open(context.Background(), openFlags{browser: true, nothing: true}); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("got %v, want that the data folder is in use", err)
	}
}
