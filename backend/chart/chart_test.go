package chart

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var success = lab.MetricSpec{Name: "success", Unit: "share", XUnit: "environment steps", Better: "higher"}

// run makes a run with the values at x = 0, 10, 20, ...
func run(t *testing.T, seed uint64, ys ...float64) Run {
	t.Helper()
	s := new(series.Series)
	for i, y := range ys {
		if err := s.Append(int64(10*i), y); err != nil {
			t.Fatal(err)
		}
	}
	return Run{Seed: seed, Raw: s}
}

func twoArms(t *testing.T) []Arm {
	nan := math.NaN()
	return []Arm{
		{Name: "lstm", Place: 0, Runs: []Run{run(t, 100, 0.2, 0.5, 0.9), run(t, 101, 0.1, 0.4, 0.8), run(t, 102, 0.3, nan, 1.0), run(t, 103, 0.2, 0.6, 0.9)}},
		{Name: "gru", Case: "n5+l10", Place: 7, Runs: []Run{run(t, 100, 0.2, 0.3), run(t, 101, 0.2, 0.4)}},
	}
}

// golden compares with a file, indented so that a diff can be read.
func golden(t *testing.T, name string, c Chart) {
	t.Helper()
	var got bytes.Buffer
	rest, err := json.Marshal(map[string]any{"series": named(c.Series), "sentence": c.Sentence, "caption": c.Caption, "table": c.Table, "points": c.Points})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&got, []byte(`{"option":`+string(c.Option)+`,"beside":`+string(rest)+`}`), "", " "); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, append(got.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String()+"\n" != string(want) {
		t.Errorf("%s differs from %s; run with -update and read the difference. Got:\n%s", name, path, got.String())
	}
}

func named(all []Series) []map[string]any {
	var out []map[string]any
	for _, s := range all {
		xy := []lab.Float{}
		for _, v := range s.XY {
			xy = append(xy, lab.Float(math.Round(v*1e9)/1e9))
		}
		out = append(out, map[string]any{"index": s.Index, "name": s.Name, "arm": s.Arm, "case": s.Case, "seed": s.Seed, "role": s.Role, "xy": xy})
	}
	return out
}

func TestChartsAreThoseOfTheGoldenFiles(t *testing.T) {
	curves, err := Learning(Curves{Metric: success, Title: "Success", Arms: twoArms(t)})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "learning", curves)
	final, err := Final(Finals{Metric: success, Title: "At the end", Dark: true, Arms: []Ends{
		{Arm: Arm{Name: "lstm"}, Seeds: []uint64{100, 101, 102}, Values: []float64{1, 0.9, 0.8}},
		{Arm: Arm{Name: "gru", Place: 1}, Seeds: []uint64{100, 101}, Values: []float64{0.5, math.NaN()}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "final", final)
	grid, err := HeatMap(Grid{Title: "Transfer", Value: "success (share)", XName: "tested n", YName: "trained n", X: []string{"1", "3"}, Y: []string{"1", "5"},
		Cells: [][]float64{{1, 0.5}, {math.NaN(), 0.75}}, High: 1, N: 5})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "heatmap", grid)
	bars, err := Histogram(Bars{Title: "First error", XName: "corridors passed", Bins: []string{"0", "1", "2"}, Arms: twoArms(t),
		Counts: [][]float64{{1, 2, 1}, {0, 0, 0}}, Shares: true})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "histogram", bars)
}

// By hand, at x = 0: seeds 0.2, 0.1, 0.3 have mean 0.2 and s = 0.1; half = 4.302653 * 0.1 / sqrt(3) = 0.248414. At x = 10 one seed has
// a gap: mean 0.45 and no band. At x = 20: 0.9 with the same half.
func TestMeanAndBandComeFromTheSeeds(t *testing.T) {
	arm := twoArms(t)[0]
	arm.Runs = arm.Runs[:3]
	c, err := Learning(Curves{Metric: success, Arms: []Arm{arm}})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for role, want := range map[string][]float64{
		RoleMean: {0, 0.2, 10, 0.45, 20, 0.9},
		RoleLow:  {0, 0.2 - 0.248414, 10, nan, 20, 0.9 - 0.248414},
		RoleBand: {0, 0.496828, 10, nan, 20, 0.496828},
	} {
		i := slices.IndexFunc(c.Series, func(s Series) bool { return s.Role == role })
		if i < 0 || !slices.EqualFunc(c.Series[i].XY, want, alike) {
			t.Errorf("%s: got %v, want %v", role, c.Series, want)
		}
	}
	if want := "lstm ends at 0.90, 0.65 to 1.15, over 3 seeds."; c.Sentence != want {
		t.Errorf("got %q, want %q", c.Sentence, want)
	}
}

func alike(a, b float64) bool { return math.Abs(a-b) < 1e-6 || math.IsNaN(a) && math.IsNaN(b) }

func roles(c Chart) map[string]int {
	out := map[string]int{}
	for _, s := range c.Series {
		out[s.Role]++
	}
	return out
}

func TestSeedsAreLinesUpToTwelveAndAnEnvelopeAbove(t *testing.T) {
	for _, c := range []struct {
		seeds int
		want  map[string]int
	}{
		{0, map[string]int{RoleMean: 1}},
		{1, map[string]int{RoleMean: 1}},
		{2, map[string]int{RoleMean: 1, RoleSeed: 2}},
		{12, map[string]int{RoleMean: 1, RoleSeed: 12, RoleLow: 1, RoleBand: 1}},
		{13, map[string]int{RoleMean: 1, RoleEnvelopeLow: 1, RoleEnvelope: 1, RoleLow: 1, RoleBand: 1}},
	} {
		arm := Arm{Name: "a"}
		for seed := range c.seeds {
			arm.Runs = append(arm.Runs, run(t, uint64(seed), float64(seed), 1))
		}
		chart, err := Learning(Curves{Metric: success, Arms: []Arm{arm}})
		if err != nil {
			t.Fatal(err)
		}
		var option struct{ Series []map[string]any }
		if err := json.Unmarshal(chart.Option, &option); err != nil {
			t.Fatal(err)
		}
		if got := roles(chart); !equal(got, c.want) || len(option.Series) != len(chart.Series) {
			t.Errorf("%d seeds: got %v and %d in the option, want %v", c.seeds, got, len(option.Series), c.want)
		}
	}
}

func equal(a, b map[string]int) bool {
	for k, v := range b {
		if a[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func TestSeedsThatLogAtDifferentPlacesStillShareColumns(t *testing.T) {
	arm := Arm{Name: "a"}
	for seed := range 4 {
		s := new(series.Series)
		for x := range 400 {
			if err := s.Append(int64(x*97+seed*13), float64(seed)); err != nil {
				t.Fatal(err)
			}
		}
		arm.Runs = append(arm.Runs, Run{Seed: uint64(seed), Raw: s})
	}
	c, err := Learning(Curves{Metric: success, Arms: []Arm{arm}, Columns: 1600})
	if err != nil {
		t.Fatal(err)
	}
	mean := c.Series[slices.IndexFunc(c.Series, func(s Series) bool { return s.Role == RoleMean })]
	off := 0
	for i := 1; i < len(mean.XY); i += 2 {
		if mean.XY[i] != 1.5 {
			off++
		}
	}
	if n := len(mean.XY) / 2; n < 50 || off > n/10 {
		t.Errorf("%d of %d columns lack a seed", off, n)
	}
}

func TestTheCaptionSaysWhereSeedsEnd(t *testing.T) {
	arm := Arm{Name: "a", Runs: []Run{run(t, 0, 1, 2, 3), run(t, 1, 1, 2), run(t, 2, 1, 2)}}
	c, err := Learning(Curves{Metric: success, Arms: []Arm{arm}, Smooth: 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := "3 seeds, band: 95 % Student t over seeds; a: n = 1 from 20 on; smoothed over 2 points, raw behind; 7 points"; c.Caption != want {
		t.Errorf("got %q, want %q", c.Caption, want)
	}
	if !strings.Contains(string(c.Option), "success (share), mean of the last 2 points") {
		t.Error("the axis does not name the smoothing")
	}
}

func TestALiveAxisGrowsByDoubling(t *testing.T) {
	c, err := Learning(Curves{Metric: success, Arms: []Arm{{Name: "a", Runs: []Run{run(t, 0, 1, 2, 3)}}}, Columns: 4, Live: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(c.Option), `"max":32,"min":0`) {
		t.Errorf("x = 20 in 4 columns wants 0 to 32: %s", c.Option)
	}
}

func TestSentencesFollowWhatIsBetter(t *testing.T) {
	arms := []Ends{
		{Arm: Arm{Name: "a"}, Seeds: []uint64{0, 1, 2}, Values: []float64{1, 2, 3}},
		{Arm: Arm{Name: "b"}, Seeds: []uint64{0, 2, 9}, Values: []float64{2, 2, 3}},
	}
	for _, c := range []struct{ better, want string }{
		{"higher", "b ends at 2.33, 0.90 to 3.77, above a in 1 of 2 seeds."},
		{"lower", "a ends at 2.00, -0.48 to 4.48, below b in 1 of 2 seeds."},
	} {
		if got := sentence(lab.MetricSpec{Name: "m", Better: c.better}, arms); got != c.want {
			t.Errorf("%s: got %q, want %q", c.better, got, c.want)
		}
	}
	arms[1].Seeds = []uint64{7, 8, 9}
	if got, want := sentence(success, arms), "b ends at 2.33, 0.90 to 3.77, above a at 2.00, without a common seed."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := sentence(success, nil); got != "No value of success yet." {
		t.Errorf("got %q", got)
	}
}

func TestTheTableHasAtMostSixtyRowsAndTheLast(t *testing.T) {
	ys := make([]float64, 1000)
	c, err := Learning(Curves{Metric: success, Arms: []Arm{{Name: "a", Runs: []Run{run(t, 0, ys...)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Table.Rows); n != 60 || !strings.HasPrefix(c.Table.Rows[59][0], "99") {
		t.Errorf("%d rows, last %v", n, c.Table.Rows[n-1])
	}
}

func TestHeatMapScalesAreEvenForDifferences(t *testing.T) {
	g := Grid{Cells: [][]float64{{-0.25, 0.5}, {math.NaN(), 0}}, Signed: true}
	if low, high := g.scale(); low != -0.5 || high != 0.5 {
		t.Errorf("got %v to %v", low, high)
	}
	if low, high := (Grid{Cells: [][]float64{{math.NaN()}}}).scale(); low != 0 || high != 1 {
		t.Errorf("gaps only: %v to %v", low, high)
	}
}
