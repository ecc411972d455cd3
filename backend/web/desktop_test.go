package web

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// person answers the dialogues of the system.
type person struct{ chooses, saves string }

func (p *person) Choose(context.Context) (string, error)         { return p.chooses, nil }
func (p *person) SaveAs(context.Context, string) (string, error) { return p.saves, nil }

func TestInTheWindowADownloadGoesWhereThePersonSays(t *testing.T) {
	to := filepath.Join(t.TempDir(), "status.json")
	k := newKit(t, func(c *Config) { c.Desktop = &person{saves: to} })
	var saved Saved
	k.post("/api/desktop/save", SaveRequest{URL: "/api/status", Name: "status.json"}, &saved)
	text, err := os.ReadFile(to)
	if err != nil || !strings.Contains(string(text), `"desktop":true`) || saved.File != to || saved.Bytes != int64(len(text)) {
		t.Errorf("saved %+v with %q, %v", saved, text, err)
	}
	for _, wrong := range []string{"/api/run/none/rows.csv?metric=m", "http://elsewhere/api/status", "/login", ""} {
		before, _ := os.ReadFile(to)
		res := k.do(k.request(http.MethodPost, "/api/desktop/save", `{"url":"`+wrong+`","name":"x"}`))
		if res.StatusCode < 400 {
			t.Errorf("%q was saved", wrong)
		}
		if after, _ := os.ReadFile(to); string(after) != string(before) {
			t.Errorf("%q destroyed the file that was there", wrong)
		}
	}
}

func TestInTheWindowAFileIsChosenAndOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.md")
	if err := os.WriteFile(file, []byte("---\nloci: 1\ntitle: Mine\npaper: maze\n---\n# Mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	who := &person{}
	k := newKit(t, func(c *Config) { c.Desktop = who })
	var opened Opened
	if k.post("/api/desktop/open", nil, &opened); opened.Path != "" {
		t.Errorf("nothing was chosen, and %q opened", opened.Path)
	}
	who.chooses = file
	k.post("/api/desktop/open", nil, &opened)
	var n Notebook
	if k.get("/api/notebook?path="+opened.Path, &n); n.Title != "Mine" || n.ReadOnly {
		t.Errorf("opened %q as %+v", opened.Path, n)
	}
}

func TestABrowserHasNoDialoguesOfTheSystem(t *testing.T) {
	k := newKit(t)
	k.refused(k.do(k.request(http.MethodPost, "/api/desktop/open", "{}")), http.StatusServiceUnavailable)
}
