package notebook

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// sweepOf parses the usual notebook with one sweep cell.
func sweepOf(t *testing.T, cell string) (*Document, Sweep) {
	t.Helper()
	d, err := parseGood(good + "\n```yaml sweep\nname: s\n" + cell + "```\n")
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Sweep("s")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Print(d)); !strings.Contains(got, cell) {
		t.Errorf("printed back as\n%s", got)
	}
	return d, s
}

// drawnOnce are the three points of randomCell that every computer draws.
const drawnOnce = "[[0.001286 35 1.9 0.19065 2] [0.02248 24 -0.9 0.28798 2] [0.02174 129 -0.2 0.22154 3]]"

const randomCell = "kind: random\narms: [lstm]\nsamples: %d\nover:\n  rl.rate: {from: 0.0001, to: 0.1, scale: log}\n  agent.width: {from: 8, to: 256, scale: log}\n" +
	"  agent.forget_bias: {from: -1, to: 3, step: 0.1}\n  world.noise: {from: 0, to: 0.5}\n  world.symbols: [1, 2, 3]\n"

func TestASweepIsAGridUnlessItSaysOtherwise(t *testing.T) {
	_, s := sweepOf(t, "over: {rl.rate: [0.001, 0.01], agent.width: [8, 16, 32]}\n")
	want := [][]any{{0.001, int64(8)}, {0.001, int64(16)}, {0.001, int64(32)}, {0.01, int64(8)}, {0.01, int64(16)}, {0.01, int64(32)}}
	if !reflect.DeepEqual(s.Points(), want) || s.Kind != GridSweep {
		t.Errorf("points of a %s are %v, want %v", s.Kind, s.Points(), want)
	}
	if got := s.Rungs(); !slices.Equal(got, []Rung{{Points: 6}}) {
		t.Errorf("rungs are %v", got)
	}
}

func TestTheSameFileDrawsTheSamePointsEverywhere(t *testing.T) {
	_, s := sweepOf(t, fmt.Sprintf(randomCell, 3))
	if got := fmt.Sprint(s.Points()); got != drawnOnce {
		t.Errorf("points are\n%s, want\n%s", got, drawnOnce)
	}
}

func TestMoreSamplesOnlyAddPoints(t *testing.T) {
	_, few := sweepOf(t, fmt.Sprintf(randomCell, 5))
	_, many := sweepOf(t, fmt.Sprintf(randomCell, 40))
	if len(few.Points()) != 5 || len(many.Points()) != 40 || !reflect.DeepEqual(few.Points(), many.Points()[:5]) {
		t.Errorf("5 points are %v, the first of 40 are %v", few.Points(), many.Points()[:5])
	}
}

func TestAnotherAxisMovesNoValueOfTheOthers(t *testing.T) {
	_, one := sweepOf(t, "kind: random\nsamples: 6\nover:\n  rl.rate: {from: 0.001, to: 0.1}\n")
	_, two := sweepOf(t, "kind: random\nsamples: 6\nover:\n  agent.width: {from: 8, to: 64}\n  rl.rate: {from: 0.001, to: 0.1}\n")
	for i := range 6 {
		if one.Points()[i][0] != two.Points()[i][1] {
			t.Errorf("point %d has rate %v alone and %v beside another axis", i, one.Points()[i][0], two.Points()[i][1])
		}
	}
	_, other := sweepOf(t, "kind: random\nsamples: 6\nmetric: success\nover:\n  rl.rate: {from: 0.001, to: 0.1}\n")
	if !reflect.DeepEqual(one.Points(), other.Points()) {
		t.Error("the metric moves the points")
	}
}

func TestDrawsStayInTheirRanges(t *testing.T) {
	_, s := sweepOf(t, fmt.Sprintf(randomCell, 1000))
	below := [2]int{} // the geometric mean of the ends
	ends := [2]bool{}
	seen := map[string]bool{}
	for _, p := range s.Points() {
		rate, _ := p[0].(float64)
		width, whole := p[1].(int64)
		if rate < 0.0001 || rate > 0.1 || !whole || width < 8 || width > 256 {
			t.Fatalf("point %v is out of its ranges", p)
		}
		if rate < math.Sqrt(0.0001*0.1) {
			below[0]++
		}
		if float64(width) < math.Sqrt(7.5*256.5) {
			below[1]++
		}
		bias := fmt.Sprint(p[2])
		if len(bias) > 4 { // such as -0.30000000000000004
			t.Fatalf("a step is drawn as %s", bias)
		}
		ends[0], ends[1] = ends[0] || bias == "-1", ends[1] || bias == "3"
		if noise := fmt.Sprint(p[3]); len(noise) > 7 {
			t.Fatalf("noise is drawn as %s", noise)
		}
		if seen[fmt.Sprint(p)] {
			t.Fatalf("point %v is drawn twice", p)
		}
		seen[fmt.Sprint(p)] = true
	}
	// Each count is binomial: 500 with a standard deviation of 16.
	if below[0] < 420 || below[0] > 580 || below[1] < 420 || below[1] > 580 {
		t.Errorf("of 1000 draws %v lie below the geometric mean", below)
	}
	if ends != [2]bool{true, true} {
		t.Errorf("the ends of a range with steps were drawn: %v", ends)
	}
}

func TestAListIsUsedUpBeforePointsRepeat(t *testing.T) {
	_, s := sweepOf(t, "kind: random\nsamples: 6\nover: {agent.width: [8, 16, 32], world.regime: [fixed, uniform]}\n")
	seen := map[string]bool{}
	for _, p := range s.Points() {
		seen[fmt.Sprint(p)] = true
	}
	if len(seen) != 6 {
		t.Errorf("6 samples of 6 combinations are %v", s.Points())
	}
}

func TestRungsHaveFewerPointsWithMoreOfTheResource(t *testing.T) {
	for _, c := range []struct {
		name, cell string
		want       []Rung
	}{
		{"thirds", "samples: 9\nfirst: 1000\nlast: 9000", []Rung{{9, 1000}, {3, 3000}, {1, 9000}}},
		{"halves", "samples: 8\neta: 2\nfirst: 1\nlast: 8", []Rung{{8, 1}, {4, 2}, {2, 4}, {1, 8}}},
		{"what is left over falls away", "samples: 11\nfirst: 100\nlast: 900", []Rung{{11, 100}, {3, 300}, {1, 900}}},
		{"more than one may reach the last", "samples: 20\nfirst: 100\nlast: 900", []Rung{{20, 100}, {6, 300}, {2, 900}}},
		{"the last is the last, whatever the factor makes of it", "samples: 9\nfirst: 100\nlast: 1000", []Rung{{9, 100}, {3, 300}, {1, 1000}}},
		{"at least two", "samples: 4\nfirst: 100\nlast: 110", []Rung{{4, 100}, {1, 110}}},
		{"whole numbers", "samples: 9\nfirst: 1\nlast: 10", []Rung{{9, 1}, {3, 3}, {1, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, s := sweepOf(t, "kind: halving\nmetric: success\nresource: rl.steps\n"+c.cell+"\nover: {rl.rate: {from: 0.001, to: 0.1}}\n")
			if got := s.Rungs(); !slices.Equal(got, c.want) {
				t.Errorf("rungs are %v, want %v", got, c.want)
			}
		})
	}
}

const halvingCell = "kind: halving\nmetric: success\nresource: rl.steps\nsamples: 4\neta: 2\nfirst: 1000\nlast: 4000\narms: [lstm, gru]\nover: {agent.width: [8, 16, 32, 64]}\n"

func TestAHalvingSweepRunsOneRungAtATime(t *testing.T) {
	d, s := sweepOf(t, halvingCell)
	first, err := Resolve(d, "", Overrides{Sweep: "s", Cases: []string{"n5"}, Seeds: []uint64{0, 1}})
	if err != nil || len(first) != 2*4*2 {
		t.Fatalf("the first rung has %d runs, %v", len(first), err)
	}
	width := s.Points()[0][0]
	want := Trial{Arm: "lstm", Point: 0, Values: []any{width}, Resource: 1000}
	if r := first[1]; r.Arm != fmt.Sprintf("lstm@agent.width=%v@rl.steps=1000", width) || r.Seed != 1 || !reflect.DeepEqual(*r.Trial, want) ||
		!strings.Contains(string(r.Setup.Sections["rl"]), `"steps":1000`) {
		t.Errorf("second run is %s %+v %s", r.Arm, r.Trial, r.Setup.Sections["rl"])
	}
	next, err := Resolve(d, "", Overrides{Sweep: "s", Rung: 1, In: Entrants{"lstm": {1, 3}, "gru": {0}}, Cases: []string{"n5"}, Seeds: []uint64{0}})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range next {
		got += fmt.Sprintf("%s %d %d %v/", r.Trial.Arm, r.Trial.Point, r.Trial.Rung, r.Trial.Resource)
	}
	if got != "lstm 1 1 2000/lstm 3 1 2000/gru 0 1 2000/" {
		t.Errorf("the second rung is %s", got)
	}
}

func TestAnArmOfASweepIsNamedAsTheNotebookNamesIt(t *testing.T) {
	d, _ := sweepOf(t, "over: {rl.rate: [0.001, 0.01]}\n")
	for _, c := range []struct {
		arms []string
		want int
		err  string
	}{
		{nil, 8, ""},
		{[]string{"gru"}, 2, ""},
		{[]string{"gru@rl.rate=0.01", "lstm"}, 3, ""},
		{[]string{"gruu"}, 0, `there is no arm "gruu"`},
	} {
		runs, err := Resolve(d, "", Overrides{Sweep: "s", Arms: c.arms, Cases: []string{"n5"}, Seeds: []uint64{0}})
		if len(runs) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("arms %q give %d runs and %v, want %d and %q", c.arms, len(runs), err, c.want, c.err)
		}
	}
}

func TestASweepStaysOnTuningSeeds(t *testing.T) {
	d, _ := sweepOf(t, "seeds: 7-8\nover: {rl.rate: [0.001]}\n")
	runs, err := Resolve(d, "", Overrides{Sweep: "s", Arms: []string{"lstm"}, Cases: []string{"n5"}})
	if err != nil || len(runs) != 2 || runs[0].Seed != 7 {
		t.Errorf("the sweep's own seeds give %v, %v", runs, err)
	}
	_, err = Resolve(d, "", Overrides{Sweep: "s", Seeds: []uint64{4, 100}})
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "seed 100, want seeds 0 to 99") || lab.HintOf(err) == "" {
		t.Errorf("seeds of verdicts: %v", err)
	}
	if _, err = Resolve(d, "", Overrides{Seeds: []uint64{100}}); err != nil {
		t.Errorf("arms on seeds of verdicts: %v", err)
	}
}

func TestPointsAreRankedByTheSweepsMetricElseTheFirstChartsElseThePapers(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{good + "\n```yaml sweep\nname: s\nmetric: return\nover: {rl.rate: [0.1]}\n```\n", "return"},
		{good + "\n```yaml sweep\nname: s\nover: {rl.rate: [0.1]}\n```\n", "success"},
		{strings.Replace(good, "metric: success", "metric: junctions", 1) + "\n```yaml sweep\nname: s\nover: {rl.rate: [0.1]}\n```\n", "success"},
	} {
		d, err := parseGood(c.src)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := d.Judge(d.Sweeps()[0]); !ok || m.Name != c.want {
			t.Errorf("metric is %q (%v), want %q", m.Name, ok, c.want)
		}
	}
}
