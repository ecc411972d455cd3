package web

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// shippedResults are results at budget laptop.
type shippedResults struct{ owner *fakeOwner }

func (s shippedResults) Recorded(path, budget string) (Results, bool) {
	return Results{Verdicts: []stats.Verdict{{Name: "gates", Verdict: stats.NotHeld}}, Recorded: "4 cores, 2026-11-20", Budget: budget},
		path == "experiments/memory-rewriting.md" && budget == "laptop"
}

func (s shippedResults) Curves(path, budget string) (stats.Source, bool) {
	_, ok := s.Recorded(path, budget)
	return s.owner, ok
}

func TestTheLibraryShowsEachPaperWithItsVerdicts(t *testing.T) {
	k := newKit(t)
	k.owner.verdicts = []stats.Verdict{{Verdict: stats.Held}, {Verdict: stats.Held}, {Verdict: stats.CannotTell}}
	k.owner.stored = []store.Run{{Key: runKey, Paper: "memory-rewriting", State: store.Done}}
	k.owner.state = map[string]string{runKey: sched.Done}
	var lib Library
	k.get("/api/library", &lib)
	if len(lib.Papers) == 0 {
		t.Fatal("no paper")
	}
	p := lib.Papers[0]
	if p.Card.Slug != "memory-rewriting" || p.Path != "experiments/memory-rewriting.md" || !p.Works || p.Verdicts["held"] != 2 || p.Verdicts["cannot tell"] != 1 {
		t.Errorf("paper %+v", p)
	}
	k.owner.verdicts = nil
	if k.get("/api/library", &lib); lib.Papers[0].Verdicts["held"] != 2 {
		t.Error("verdicts were judged again although no run was added")
	}
	k.owner.stored = append(k.owner.stored, store.Run{Key: "another", Paper: "memory-rewriting", State: store.Done})
	lib = Library{}
	if k.get("/api/library", &lib); len(lib.Papers[0].Verdicts) != 0 {
		t.Error("verdicts were not judged again after a run was added")
	}
	fresh := newKit(t, func(c *Config) { c.Recorded = shippedResults{c.Owner.(*fakeOwner)} })
	lib = Library{}
	if fresh.get("/api/library", &lib); lib.Papers[0].Recorded == "" || lib.Papers[0].Verdicts["not held"] != 1 {
		t.Errorf("where nothing was run the card says %+v, want what was recorded", lib.Papers[0].Verdicts)
	}
	path, _ := fresh.mine()
	lib = Library{}
	if fresh.get("/api/library", &lib); len(lib.Own) != 1 || lib.Own[0].Path != path || lib.Own[0].Title != "Is retention enough?" || lib.Own[0].SavedMS == 0 {
		t.Errorf("own notebooks %+v", lib.Own)
	}
	bare := newKit(t, func(c *Config) { c.Shipped = fstest.MapFS{} })
	if bare.get("/api/library", &lib); lib.Papers[0].Works {
		t.Error("a paper without notebook is said to work")
	}
}

func TestRecordedResultsStandWhereNothingWasRunYet(t *testing.T) {
	recorded := func(k *Config) { k.Recorded = shippedResults{k.Owner.(*fakeOwner)} }
	const shippedOne = "experiments/memory-rewriting.md"
	results := func(k *kit, path, budget string) Results {
		var r Results
		k.get("/api/results?path="+path+"&budget="+budget, &r)
		return r
	}
	t.Run("on the shipped notebook", func(t *testing.T) {
		if r := results(newKit(t, recorded), shippedOne, ""); r.Recorded == "" || len(r.Verdicts) != 1 {
			t.Errorf("results %+v", r)
		}
	})
	t.Run("not at a budget that was not recorded", func(t *testing.T) {
		if r := results(newKit(t, recorded), shippedOne, "fast"); r.Recorded != "" {
			t.Errorf("results %+v", r)
		}
	})
	t.Run("on a copy that asks for the same runs", func(t *testing.T) {
		k := newKit(t, recorded)
		path, _ := k.mine()
		k.edit(path, Operation{Type: "set-title", Source: "My own words"})
		if r := results(k, path, ""); r.Recorded == "" {
			t.Errorf("results %+v", r)
		}
	})
	t.Run("not on a copy that asks for others", func(t *testing.T) {
		k := newKit(t, recorded)
		path, _ := k.mine()
		k.edit(path, Operation{Type: "set-source", Cell: "arms", Source: "lstm: {}\nwide: {agent.width: 99}\n"})
		if r := results(k, path, ""); r.Recorded != "" {
			t.Errorf("results %+v", r)
		}
	})
	t.Run("no longer once a run was begun here", func(t *testing.T) {
		k := newKit(t, recorded)
		k.owner.state = map[string]string{runKey: sched.Interrupted}
		if r := results(k, shippedOne, ""); r.Recorded != "" || len(r.Table.Rows) != 1 {
			t.Errorf("results %+v", r)
		}
	})
}

func TestABrokenNotebookHasNoResultsButSaysWhy(t *testing.T) {
	k := newKit(t)
	k.owner.fail = os.ErrPermission
	if e := k.refused(k.do(k.request("GET", "/api/results?path=experiments/memory-rewriting.md", "")), 500); e.Ref == "" || strings.Contains(e.Msg, "permission") {
		t.Errorf("error %+v, want an internal one with a number and without insides", e)
	}
}

// The pages' tests read the same files, so that both sides agree on every message.
func TestMessagesLookAsTheFixturesSay(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, smallRun()...)
	k.owner.verdicts = []stats.Verdict{{Name: "gates", Text: "last(success, lstm) >= 0.2", Verdict: stats.CannotTell, Parts: []stats.PartVerdict{}, Seeds: []uint64{0, 1}}}
	k.owner.stored = []store.Run{{Key: runKey, Paper: "memory-rewriting", Arm: "lstm", Budget: "laptop", State: store.Done, Done: 30, Total: 30, Unit: "steps"}}
	k.owner.all = sched.Done
	k.start()
	for seed := range uint64(3) {
		k.owner.add("success", "lstm", seed, 0, 0.25)
		k.owner.add("success", "lstm", seed, 1000, 0.5+float64(seed)/8)
	}
	for name, target := range map[string]string{
		"library":  "/api/library",
		"notebook": "/api/notebook?path=experiments/memory-rewriting.md",
		"plan":     "/api/plan?path=experiments/memory-rewriting.md",
		"jobs":     "/api/jobs",
		"results":  "/api/results?path=experiments/memory-rewriting.md",
		"runs":     "/api/runs?path=experiments/memory-rewriting.md",
		"run":      "/api/run/" + runKey,
		"episodes": "/api/run/" + runKey + "/episodes",
		"episode":  "/api/run/" + runKey + "/episode/2",
		"chart":    "/api/chart?path=experiments/memory-rewriting.md&cell=chart-success",
		"error":    "/api/notebook?path=../../etc/passwd",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, bodyOf(t, k.do(k.request("GET", target, "")))) })
	}
}

// volatile are values that differ from run to run.
var volatile = map[string]any{"revision": 1.0, "saved_ms": 1.0, "home": "/home"}

// golden compares an answer with its fixture, but for what differs from run to run; LOCI_UPDATE=1 writes the fixture anew.
func golden(t *testing.T, name, body string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	text, err := json.MarshalIndent(steady(v), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if os.Getenv("LOCI_UPDATE") == "1" {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(text)+"\n" {
		t.Errorf("%s is not as %s says; LOCI_UPDATE=1 writes it anew:\n%s", name, file, text)
	}
}

// steady replaces what differs from run to run, what a paper says of itself, and the look of pictures.
func steady(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			switch fixed, ok := volatile[key]; {
			case ok:
				v[key] = fixed
			case key == "papers" || key == "metrics" || key == "card" || key == "option" || key == "sentence":
				v[key] = shape(value)
			default:
				v[key] = steady(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = steady(v[i])
		}
	}
	return v
}

// shape keeps names and types, and the first element of a list.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = shape(value)
			if key == "path" || key == "slug" {
				v[key] = value
			}
		}
	case []any:
		if len(v) > 0 {
			return []any{shape(v[0])}
		}
	case string:
		return "text"
	case float64:
		return 1.0
	}
	return v
}

func FuzzProseIsSafe(f *testing.F) {
	for _, seed := range []string{"# A $x^2$ [l](javascript:alert(1)) <script>alert(1)</script>", "![p](https://e.org/p.png)", "$<img onerror=x>$", "`$a$` costs $5 or $6", "<https://e.org>", "[a](//e.org)", "|a|b|\n|-|-|\n|1|2|", "[x](/run?key=K) [y](#y)"} {
		f.Add(seed)
	}
	p := newProse()
	f.Fuzz(func(t *testing.T, source string) {
		html := strings.ToLower(p.render(source))
		for _, bad := range []string{"<script", "<img", "<iframe", "<object", "<style", `href="javascript:`, `href="data:`, `href="vbscript:`} {
			if strings.Contains(html, bad) && !(bad == "<img" && strings.Contains(html, `src="data:image/`)) {
				t.Errorf("%q renders %q into %q", source, bad, html)
			}
		}
	})
}

func TestProseIsRenderedForReading(t *testing.T) {
	p := newProse()
	for source, want := range map[string]string{
		"costs $5 or $6 more":        "<p>costs $5 or $6 more</p>\n",
		"value $\\lambda<1$ is":      "<p>value <span class=\"math\">\\lambda&lt;1</span> is</p>\n",
		"$$E = mc^2$$":               "<p><span class=\"math display\">E = mc^2</span></p>\n",
		"`$a$`":                      "<p><code>$a$</code></p>\n",
		"![map](http://e.org/m.png)": "<p><a href=\"http://e.org/m.png\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">map</a></p>\n",
		"[run](/run?key=K)":          "<p><a href=\"/run?key=K\">run</a></p>\n",
		"a <b>bold</b> claim":        "<p>a <!-- raw HTML omitted -->bold<!-- raw HTML omitted --> claim</p>\n",
	} {
		if got := p.render(source); got != want {
			t.Errorf("%q renders\n%q, want\n%q", source, got, want)
		}
	}
}

func FuzzOnlyTheThreePlacesAreFound(f *testing.F) {
	for _, seed := range []string{"experiments/a.md", "notebooks/a.md", "notebooks/../a.md", "/etc/passwd", "notebooks/a/b.md", "notebooks/.md"} {
		f.Add(seed)
	}
	p := places{shipped: fstest.MapFS{}, own: filepath.FromSlash("/home/u/notebooks"), named: &namedFiles{list: []string{"/data/x.md"}}}
	f.Fuzz(func(t *testing.T, path string) {
		at, err := p.find(path)
		if err != nil {
			return
		}
		inside := at.file == "" || at.file == filepath.FromSlash("/data/x.md") || filepath.Dir(at.file) == p.own
		if !inside || (at.file == "" && !fs.ValidPath(at.path)) {
			t.Errorf("%q leads to %+v", path, at)
		}
	})
}
