package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// withStore gives a kit a real library.
func withStore(t testing.TB) (*store.Store, func(*Config)) {
	t.Helper()
	s, _, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, func(c *Config) { c.Compare = s }
}

// finished adds a finished run of memrl.
func finished(t testing.TB, s *store.Store, key, arm string, seed uint64, memory string, success float64) {
	t.Helper()
	r := store.Run{Key: key, Paper: "memrl", Notebook: "experiments/memrl.md", Arm: arm, Seed: seed, Budget: "fast", Code: "abc", Kernel: "go", State: store.Done,
		Setup: lab.Setup{Paper: "memrl", Budget: "fast", Model: "tiny", Sections: map[string]json.RawMessage{
			"memory": json.RawMessage(memory), "world": json.RawMessage(`{"kind":"house","horizon":14}`)}},
		Seconds: 2, Created: time.UnixMilli(1_800_000_000_000 + int64(seed)),
		Final: map[string]lab.Float{"success": lab.Float(success), "context_size": lab.Float(50 * success), "csr": lab.Float(success)}}
	if err := s.CreateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
}

func threeArms(t testing.TB) (*kit, *store.Store) {
	s, with := withStore(t)
	k := newKit(t, with)
	for seed := range uint64(5) {
		finished(t, s, fmt.Sprintf("v%d", seed), "value", seed, `{"kind":"memrl","lambda":0.5}`, 0.5+0.1*float64(seed%2))
		finished(t, s, fmt.Sprintf("s%d", seed), "similarity", seed, `{"kind":"memrl","lambda":0}`, 0.3)
		finished(t, s, fmt.Sprintf("n%d", seed), "none", seed, `{"kind":"none"}`, 0.1)
		for _, arm := range []string{"value", "none"} {
			for i := range 4 {
				k.owner.add("success", arm, seed, int64(i), 0.1*float64(i))
			}
		}
	}
	return k, s
}

func TestRunsAreListedByAFilterWithTheirArms(t *testing.T) {
	k, _ := threeArms(t)
	var page CompareRuns
	k.get("/api/compare/runs?limit=4&sort=-success&q="+url.QueryEscape("paper:memrl lambda>=0 seed<4"), &page)
	if page.Total != 15 || page.Found != 8 || page.Arms != 2 || len(page.Rows) != 4 || page.States["done"] != 8 || page.Problem != nil {
		t.Fatalf("got %+v", page)
	}
	if !slices.Equal(page.Columns, []string{"lambda", "success"}) || !slices.Equal(page.Rows[0].Shown, []string{"0.5", "0.6"}) {
		t.Errorf("columns %q, first row %+v", page.Columns, page.Rows[0])
	}
	if r := page.Rows[0]; r.Title != "MemRL" || r.Metric != "success" || r.Value != 0.6 || r.Arm != "value" {
		t.Errorf("first row %+v", r)
	}
	k.get("/api/compare/runs?q="+url.QueryEscape("arm:value lamda>1"), &page)
	if p := page.Problem; p == nil || p.At != 10 || p.Length != 5 || !slices.Contains(p.Legal, "lambda") || page.Total != 15 || len(page.Rows) != 0 {
		t.Errorf("an unknown field: %+v with %+v", page, page.Problem)
	}
	if e := k.refused(k.do(k.request(http.MethodGet, "/api/compare/runs?sort=nothing", "")), 400); !strings.Contains(e.Msg, `sorted by "nothing"`) {
		t.Errorf("got %+v", e)
	}
}

// By hand: value has 0.5 0.6 0.5 0.6 0.5, mean 0.54; less 0.1 in every seed 0.44; five pairs of one sign have p 2/32, twice that for two arms.
func TestArmsAreSetAgainstTheBase(t *testing.T) {
	k, _ := threeArms(t)
	var c CompareTable
	k.get("/api/compare?arms=v3,s0,n1&base=n1", &c)
	if c.Metric != "success" || c.Base != 2 || len(c.Arms) != 3 || c.Arms[0].Against != "none" || c.Arms[2].Difference != nil {
		t.Fatalf("got %+v", c)
	}
	d := c.Arms[0].Difference
	if d == nil || d.P != 0.0625 || d.Holm != 0.125 || d.Corrected != 2 || d.Above != 5 || d.Mean < 0.439 || d.Mean > 0.441 {
		t.Errorf("value against none: %+v", d)
	}
	if len(c.Changed) != 2 || c.Changed[0].Path != "memory.kind" || !slices.Equal(c.Changed[1].Values, []string{"0.5", "0", ""}) {
		t.Errorf("changed: %+v", c.Changed)
	}
	if v := c.Arms[1].Values[0]; c.Metrics[0].Name != "success" || v.Mean != 0.3 || v.Low != 0.3 || v.N != 5 {
		t.Errorf("similarity: %+v of %+v", v, c.Metrics)
	}
	if !strings.Contains(c.Sentence, "value is 0.44 above none") || len(c.Costs) != 1 || c.Costs[0].Name != "context_size" {
		t.Errorf("sentence %q, costs %+v", c.Sentence, c.Costs)
	}
	for address, says := range map[string]string{
		"/api/compare":                        "no arm is named",
		"/api/compare?arms=nobody":            "no run of this computer",
		"/api/compare?arms=v1&base=s1":        "none of the arms",
		"/api/compare?arms=v1&metric=nothing": "no arm has the metric",
		"/api/compare/chart?kind=pie&arms=v1": "has no chart",
		"/api/compare/solved?a=v1&b=v2":       "both runs are of the arm",
		"/api/compare/without-memory?arm=n1":  "is the one without memory",
	} {
		res := k.do(k.request(http.MethodGet, address, ""))
		if body := bodyOf(t, res); res.StatusCode/100 != 4 || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s, want %q", address, res.StatusCode, body, says)
		}
	}
	var without CompareKey
	k.get("/api/compare/without-memory?arm=v1", &without)
	if !strings.HasPrefix(without.Key, "n") {
		t.Errorf("without memory: %q", without.Key)
	}
}

func TestWhatCannotBeComparedHasNoDifference(t *testing.T) {
	k, s := threeArms(t)
	r := store.Run{Key: "laptop", Paper: "memrl", Arm: "value", Budget: "laptop", Kernel: "go", State: store.Done, Setup: lab.Setup{Paper: "memrl", Budget: "laptop",
		Sections: map[string]json.RawMessage{"world": json.RawMessage(`{"kind":"house","horizon":30}`)}}, Final: map[string]lab.Float{"success": 1}}
	if err := s.CreateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	var c CompareTable
	k.get("/api/compare?arms=n0,laptop", &c)
	what := []string{}
	for _, o := range c.Arms[1].Obstacles {
		what = append(what, o.What)
	}
	if !slices.Equal(what, []string{"budget", "world"}) || c.Arms[1].Difference != nil || len(c.Left) != 1 {
		t.Errorf("got %+v, left out %q", c.Arms[1], c.Left)
	}
	if strings.Contains(c.Sentence, "above") {
		t.Errorf("the sentence compares: %q", c.Sentence)
	}
	var one Solved
	k.get("/api/compare/solved?a=n0&b=laptop", &one)
	if len(one.Obstacles) != 2 || one.Total != 0 {
		t.Errorf("got %+v", one)
	}
}

func TestAComparisonHasFivePictures(t *testing.T) {
	k, _ := threeArms(t)
	for _, kind := range compareCharts() {
		var c Chart
		k.get("/api/compare/chart?arms=v0,s0,n0&base=n0&kind="+kind, &c)
		if c.Sentence == "" || c.Caption == "" || len(c.Table.Rows) == 0 || c.Points == 0 || !strings.Contains(string(c.Option), "#4AA290") {
			t.Errorf("%s: %q, %q, %d points, %d rows; or the third arm lost its place", kind, c.Sentence, c.Caption, c.Points, len(c.Table.Rows))
		}
		k.get("/api/compare/chart?arms=v0,s0,n0&base=n0&hidden=v0&kind="+kind, &c)
		if strings.Contains(string(c.Option), `"name":"value"`) {
			t.Errorf("%s draws a hidden arm", kind)
		}
	}
	if _, err := k.s.feeds.begin("compare:" + url.Values{"kind": {"curves"}, "arms": {"v0"}}.Encode()); err != nil {
		t.Errorf("the topic of a picture: %v", err)
	}
}

func TestEpisodesAreCountedByWhoSolvedTheirWorld(t *testing.T) {
	k, s := threeArms(t)
	play := func(key string, solved ...bool) {
		for i, won := range solved {
			e := store.Episode{Episode: lab.Episode{ID: int64(i + 1), Split: "test", Seed: uint64(1<<60 + i), Success: won, Why: lab.EndTerminal, Detail: i == 3},
				FirstSeq: int64(i), LastSeq: int64(i)}
			if err := s.CreateEpisodes(t.Context(), key, []store.Episode{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	play("v0", true, true, false, true, false)
	play("n0", true, false, true, false)
	play("v1", false)
	play("n1", false)
	var got Solved
	k.get("/api/compare/solved?a=v0&b=n0&cell=a", &got)
	if got.Both != 1 || got.OnlyA != 2 || got.OnlyB != 1 || got.None != 1 || got.Total != 2 || got.Runs != 5 {
		t.Errorf("got %+v", got)
	}
	if e := got.Episodes[0]; !e.Steps || e.World != "1152921504606846979" || e.AKey != "v0" || e.BKey != "n0" || e.AEpisode != 4 {
		t.Errorf("the episode with its steps comes first: %+v", e)
	}
}

func tenThousand(t testing.TB) *kit {
	s, with := withStore(t)
	k := newKit(t, with)
	for i := range 10_000 {
		finished(t, s, fmt.Sprintf("run-%d", i), fmt.Sprintf("arm %d", i/500), uint64(i%10), fmt.Sprintf(`{"kind":"memrl","lambda":%g,"k1":%d,"k2":3,"delta":0.62,"ties":"oldest"}`,
			float64(i%11)/10, i/100), float64(i%97)/97)
	}
	return k
}

// The limits of the interface are 300 ms for the first rows and 200 ms for a filter; it fails at five times a limit.
func BenchmarkCompareListsTenThousandRuns(b *testing.B) {
	k := tenThousand(b)
	var page CompareRuns
	began := time.Now()
	k.get("/api/compare/runs", &page)
	first := time.Since(began)
	filters := []string{"", "paper:memrl lambda>0.3 seed<5", "arm:arm*1 success>=0.2", "house -state:done", "memory.k1=50 seed<=3", "arm 17"}
	var took []time.Duration
	for b.Loop() {
		for i, f := range filters {
			began := time.Now()
			k.get("/api/compare/runs?offset=60&sort="+[]string{"", "-success", "lambda"}[i%3]+"&q="+url.QueryEscape(f), &page)
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	if p95 := took[len(took)*95/100]; first > 5*300*time.Millisecond || p95 > 5*200*time.Millisecond || page.Total != 10_000 {
		b.Errorf("first rows of %d runs after %v, filters in %v (p95)", page.Total, first, p95)
	}
	b.ReportMetric(float64(first.Microseconds())/1000, "ms/first")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms/p95")
}
