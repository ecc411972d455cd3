package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
)

func TestMedianIsTheMiddleRound(t *testing.T) {
	for _, c := range []struct {
		rounds []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{5, 100, 1, 4, 3}, 4},
	} {
		kept := slices.Clone(c.rounds)
		if got := median(c.rounds); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.rounds, got, c.want)
		}
		if !slices.Equal(kept, c.rounds) {
			t.Errorf("median reordered the rounds to %v", c.rounds)
		}
	}
	if got := median([]float64{1, math.NaN(), 2}); !math.IsNaN(got) {
		t.Errorf("median with a round that is not a number is %v", got)
	}
}

func TestQuantileIsTheSmallestThatCoversTheShare(t *testing.T) {
	x := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]int{0: 1, 0.1: 1, 0.11: 2, 0.5: 5, 0.99: 10, 1: 10} {
		if got := quantile(x, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		limit  *limit
		rounds []float64
		met    bool
	}{
		{"a median at the limit meets it", atLeast(3), []float64{2, 3, 4}, true},
		{"a median below misses", atLeast(3), []float64{2, 2.9, 4}, false},
		{"one slow round alone is forgiven", atLeast(3), []float64{0.1, 3, 4}, true},
		{"one slow round is not forgiven where every round counts", atLeast(3).inEvery(1.5), []float64{1.4, 3, 4}, false},
		{"all rounds above their own limit", atLeast(3).inEvery(1.5), []float64{1.5, 3, 4}, true},
		{"a median above what is allowed misses", atMost(300), []float64{299, 301, 302}, false},
		{"a median below what is allowed", atMost(300), []float64{299, 300, 999}, true},
		{"not a number meets nothing", atLeast(3), []float64{math.NaN()}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := measure{Rounds: c.rounds, Limit: c.limit}
			m.judge()
			if m.Met == nil || *m.Met != c.met {
				t.Errorf("%v against %v: met is %v, want %v", c.rounds, c.limit, m.Met, c.met)
			}
			if missed([]measure{{}, m}) == c.met {
				t.Errorf("missed says %v", !c.met)
			}
		})
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	if got := ratios([]float64{6, 10}, []float64{2, 4}); !slices.Equal(got, []float64{3, 2.5}) {
		t.Errorf("ratios are %v", got)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 3: "3", -7: "-7", 0.12345: "0.123", 1.5: "1.500", 12.345: "12.3", 123.45: "123", 999.6: "1000", 1000: "1,000", 20e6: "20,000,000",
		-1234567.8: "-1,234,568",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) is %q, want %q", v, got, want)
		}
	}
	if got := number(math.NaN()); got != "none" {
		t.Errorf("not a number is written %q", got)
	}
}

// sampleMeasures are two judged measures of one bench, the second missing its limit, and one of another.
func sampleMeasures() []measure {
	share := 0.4
	all := []measure{
		{Type: "measure", Bench: "ppo-gru", Name: "Loci", Unit: "steps/s", Rounds: []float64{80000, 90000, 85000}, Kernel: "avx512", Threads: 2, Machine: "a machine", Note: "a note", Others: &share},
		{Type: "measure", Bench: "ppo-gru", Name: "Loci against PyTorch", Unit: "times", Rounds: []float64{4, 1.4, 5}, Limit: atLeast(3).inEvery(1.5), Kernel: "avx512", Threads: 2, Note: "a note", Others: &share},
		{Type: "measure", Bench: "serve", Name: "start to first page", Unit: "ms", Rounds: []float64{120}, Limit: atMost(300), Kernel: "avx512", Threads: 1},
	}
	for i := range all {
		all[i].judge()
	}
	return all
}

func TestTableShowsMedianSpreadLimitAndVerdict(t *testing.T) {
	var b bytes.Buffer
	writeMeasures(&b, sampleMeasures())
	for _, want := range []string{"85,000", "80,000 .. 90,000", ">= 3, every round >= 1.500", "NO", "<= 300", "yes", "kernel avx512; a machine",
		"ppo-gru: other programs took 40 % of the cores"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "a note"); n != 1 {
		t.Errorf("the note stands %d times, want once:\n%s", n, b.String())
	}
}

func TestMeasureIsOneJSONObjectALine(t *testing.T) {
	var b bytes.Buffer
	c := &cli{out: &b}
	for _, m := range sampleMeasures() {
		if err := c.print(m); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), b.String())
	}
	var got struct {
		Type, Bench, Kernel, Machine, Unit string
		Value                              float64
		Rounds                             []float64
		Threads                            int
		Met                                *bool
		Limit                              *struct {
			Median, Every float64
			AtMost        bool `json:"at_most"`
		}
	}
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "measure" || got.Bench != "ppo-gru" || got.Value != 4 || got.Kernel != "avx512" || got.Threads != 2 || len(got.Rounds) != 3 ||
		got.Limit == nil || got.Limit.Median != 3 || got.Limit.Every != 1.5 || got.Limit.AtMost || got.Met == nil || *got.Met {
		t.Errorf("line reads back as %+v", got)
	}
	for _, want := range []string{`"limit":null`, `"met":null`} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("a measure without limit lacks %s: %s", want, lines[0])
		}
	}
}

func TestWrongArgumentsOfBench(t *testing.T) {
	good := benchFlags{rounds: 5, updates: 8}
	for _, c := range []struct {
		name  string
		names []string
		cfg   Config
		flags benchFlags
		want  string
	}{
		{"an unknown bench lists the known ones", []string{"speed"}, Config{Threads: 1}, good, `bench "speed" is unknown, want one of kernels, ppo-gru`},
		{"no rounds", nil, Config{Threads: 1}, benchFlags{rounds: 0, updates: 8}, "rounds is 0, want 1 to 100"},
		{"too many rounds", nil, Config{Threads: 1}, benchFlags{rounds: 101, updates: 8}, "rounds is 101, want 1 to 100"},
		{"too much learning", nil, Config{Threads: 1}, benchFlags{rounds: 5, updates: 8, learn: 1001}, "learn is 1001, want 0 to 1000"},
		{"no updates", nil, Config{Threads: 1}, benchFlags{rounds: 5}, "updates is 0, want 1 to 1000"},
		{"no threads", nil, Config{Threads: 0}, good, "threads is 0, want 1 to "},
		{"an unknown kernel", nil, Config{Threads: 1, Kernel: "mmx"}, good, `kernel family "mmx" does not run here`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cli := &cli{cfg: c.cfg, out: io.Discard, err: io.Discard}
			err := cli.bench(t.Context(), c.names, c.flags)
			if err == nil || !strings.Contains(err.Error(), c.want) || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
				t.Errorf("error is %v (code %s, hint %q), want %q", err, lab.CodeOf(err), lab.HintOf(err), c.want)
			}
		})
	}
}

func TestThePortableKernelIsRefusedWhereAFasterOneRuns(t *testing.T) {
	if err := notPortable("go", []string{"avx2", "go"}); !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), "avx2") {
		t.Errorf("error is %v", err)
	}
	for _, ok := range []struct {
		kernel   string
		families []string
	}{{"go", []string{"go"}}, {"avx2", []string{"avx512", "avx2", "go"}}} {
		if err := notPortable(ok.kernel, ok.families); err != nil {
			t.Errorf("kernel %q of %q is refused: %v", ok.kernel, ok.families, err)
		}
	}
}

func TestEveryBenchIsNamedOnceAndDescribed(t *testing.T) {
	names := benchNames()
	slices.Sort(names)
	if len(slices.Compact(names)) != len(benches()) {
		t.Errorf("names are %v", names)
	}
	for _, b := range benches() {
		if b.doc == "" || b.run == nil || !strings.Contains(benchList(), b.doc) {
			t.Errorf("bench %q lacks its words or its work", b.name)
		}
	}
}

func TestAddressIsFoundInWhatAServerSays(t *testing.T) {
	got, err := addressIn(strings.NewReader("note: something first\nLoci is at http://127.0.0.1:4711/login?t=abc\nPress Ctrl+C to stop\n"))
	if err != nil || got != "http://127.0.0.1:4711/login?t=abc" {
		t.Errorf("address is %q, %v", got, err)
	}
	if _, err := addressIn(strings.NewReader("error: folder is taken\n")); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "folder is taken") {
		t.Errorf("without an address the error is %v", err)
	}
}

func TestFirstPageIsReadBehindTheLogin(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "loci", Value: r.URL.Query().Get("t"), Path: "/"})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("loci"); err != nil || c.Value != "right" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, "<!doctype html><HTML lang=en>")
	})
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "no page") })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	if err := openPage(t.Context(), srv.URL+"/login?t=right"); err != nil {
		t.Errorf("the right token: %v", err)
	}
	for _, path := range []string{"/login?t=wrong", "/plain", "/nowhere"} {
		if err := openPage(t.Context(), srv.URL+path); lab.CodeOf(err) != lab.Unavailable || lab.HintOf(err) == "" {
			t.Errorf("%s gives %v", path, err)
		}
	}
}

func TestLoadIsReadFromTheSystem(t *testing.T) {
	const machine = "cpu  100 10 50 800 40 0 5 15 3 0\ncpu0 1 2 3\n"
	const own = "42 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 30 4 5 1 20 0\n"
	l, ok := parseLoad(machine, own)
	// By hand: 100+10+50+800+40+0+5+15 = 1020 in all, 800+40 = 840 idle, 30+4+5+1 = 40 our own.
	if want := (load{all: 1020, idle: 840, own: 40}); !ok || l != want {
		t.Errorf("load is %+v, %v, want %+v", l, ok, want)
	}
	for _, text := range [][2]string{{"", own}, {machine, ""}, {"cpu 1 2", own}, {"cpu a b c d e f g h i", own}, {machine, "1 (x) S 1"}} {
		if l, ok := parseLoad(text[0], text[1]); ok {
			t.Errorf("%q reads as %+v", text, l)
		}
	}
}

func TestOthersTakeWhatIsNeitherIdleNorOurs(t *testing.T) {
	before := load{all: 1000, idle: 500, own: 100}
	if got := (load{all: 1200, idle: 550, own: 200}).othersSince(before); got == nil || *got != 0.25 { // (200-50-100)/200
		t.Errorf("share is %v, want 0.25", got)
	}
	if got := (load{all: 1200, idle: 640, own: 161}).othersSince(before); got == nil || *got != 0 { // clocks of two files may disagree by a tick
		t.Errorf("share is %v, want 0", got)
	}
	if got := (load{}).othersSince(load{}); got != nil {
		t.Errorf("an unknown load gives %v", *got)
	}
}

func TestViewerCountsWhatCameInItsPlace(t *testing.T) {
	sent := make([]time.Time, 8)
	batches := make(chan []hub.Message, 3)
	batches <- []hub.Message{{Seq: 0}, {Seq: 1}}
	batches <- []hub.Message{{Seq: 3}, {Seq: 2}} // 3 came too early
	batches <- []hub.Message{{Gap: &hub.Gap{ToSeq: 5}}, {Seq: 6}, {Seq: 7}}
	if v := view(batches, sent); v.batches != 3 || len(v.delays) != 5 {
		t.Errorf("%d batches, %d events in place, want 3 and 5", v.batches, len(v.delays))
	}
}
