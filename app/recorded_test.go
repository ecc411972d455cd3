package app

import (
	"io/fs"
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/experiments"
)

// shippedNotebooks returns every notebook that ships, parsed.
func shippedNotebooks(t *testing.T) (docs []*notebook.Document) {
	t.Helper()
	names, err := fs.Glob(experiments.Files, "*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no notebook ships: %v", err)
	}
	for _, name := range names {
		src, err := fs.ReadFile(experiments.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		doc, problems := notebook.Parse(name, src, vocabulary{})
		for _, p := range problems {
			t.Error(p)
		}
		docs = append(docs, doc)
	}
	return docs
}

func TestEveryShippedNotebookHasResultsWhoseVerdictsFollowFromTheirCurves(t *testing.T) {
	for _, doc := range shippedNotebooks(t) {
		res := readResults(experiments.Files, resultsFile(doc.File, "laptop"))
		if open := saysNotJudged(t, doc.File); res == nil || open {
			if !open {
				t.Errorf("%s ships without results at budget laptop and does not say %q", doc.File, notJudged)
			} else if res != nil {
				t.Errorf("%s has results at budget laptop and says %q", doc.File, notJudged)
			}
			continue
		}
		if res.Machine == "" || res.Kernel == "" || res.Commit == "" || res.Date == "" {
			t.Errorf("%s: the results do not say where and when they were made: %q %q %q %q", doc.File, res.Machine, res.Kernel, res.Commit, res.Date)
		}
		for _, seed := range res.Seeds {
			if seed < 100 {
				t.Errorf("%s: seed %d is a tuning seed, verdicts come from 100 and up", doc.File, seed)
			}
		}
		if len(res.Verdicts) != len(doc.Claims()) {
			t.Errorf("%s has %d claims and %d recorded verdicts", doc.File, len(doc.Claims()), len(res.Verdicts))
		}
		for _, c := range doc.Claims() {
			sameVerdict(t, doc, c, res)
		}
	}
}

// notJudged is how a notebook says that its verdict seeds have not been run. It then ships its small runs alone.
const notJudged = "Not judged yet"

func saysNotJudged(t *testing.T, file string) bool {
	t.Helper()
	src, err := fs.ReadFile(experiments.Files, file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(src), notJudged)
}

func sameVerdict(t *testing.T, doc *notebook.Document, c notebook.Claim, res *results) {
	t.Helper()
	known := stats.Known{}
	for _, m := range (vocabulary{}).Metrics(doc.Paper()) {
		known.Metrics = append(known.Metrics, m.Name)
	}
	for _, a := range doc.Arms() {
		known.Arms = append(known.Arms, a.Name)
	}
	for _, k := range doc.Cases() {
		known.Cases = append(known.Cases, k.Name)
	}
	claim, err := stats.ParseClaim(c.Name, c.Value, c.Holds, known)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range res.Verdicts {
		if v.Name != c.Name {
			continue
		}
		got := stats.Judge(claim, res, res.Seeds, stats.Look{Extended: v.Extended})
		if v.Verdict != got.Verdict || v.Text != got.Text {
			t.Errorf("%s, claim %s: recorded %s, the curves say %s", doc.File, c.Name, v.Verdict, got.Verdict)
		}
		for i, p := range v.Parts {
			if w := got.Parts[i]; math.Abs(float64(p.Mean-w.Mean)) > 1e-9 || p.N != w.N {
				t.Errorf("%s, claim %s, part %d: recorded mean %v of %d seeds, the curves say %v of %d", doc.File, c.Name, i, p.Mean, p.N, w.Mean, w.N)
			}
		}
		return
	}
	t.Errorf("%s: claim %s has no recorded verdict", doc.File, c.Name)
}

func TestSummariesOfResultsHaveARowForEachArmAndCase(t *testing.T) {
	res := &results{Metrics: []string{"success"}, Seeds: []uint64{100, 101, 102}}
	for seed, y := range map[uint64]float64{100: 0.5, 101: 0.7, 102: 0.6} {
		res.Runs = append(res.Runs, resultRun{Arm: "lstm", Case: "n1", Seed: seed, Series: map[string]recCurve{"success": shorten([]int64{1, 2}, []float64{0, y}, recordedPoints)}})
	}
	// mean 0.6, standard deviation 0.1, t = 4.3027 with 2 degrees of freedom: half-width 4.3027*0.1/sqrt(3) = 0.2484.
	got := res.indexed().table()
	if len(got.Rows) != 1 || got.Rows[0][2] != "3" || got.Rows[0][3] != "0.600 [0.352, 0.848]" {
		t.Fatalf("rows are %q", got.Rows)
	}
}

func TestLongCurvesKeepTheirFirstAndLastPoint(t *testing.T) {
	xs, ys := make([]int64, 1000), make([]float64, 1000)
	for i := range xs {
		xs[i], ys[i] = int64(i), float64(i)/2
	}
	c := shorten(xs, ys, recordedPoints)
	if len(c.X) != recordedPoints || c.X[0] != 0 || c.X[len(c.X)-1] != 999 || float64(c.Y[len(c.Y)-1]) != 499.5 {
		t.Fatalf("%d points from %d to %d", len(c.X), c.X[0], c.X[len(c.X)-1])
	}
}
