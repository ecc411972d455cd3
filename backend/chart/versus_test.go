package chart

import (
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func fivePairs(dark bool) Differences {
	return Differences{Metric: success, Title: "Against none", Dark: dark, Base: "none", Arms: []Against{
		{Arm: Arm{Name: "value", Place: 1}, Seeds: []uint64{0, 1, 2, 3, 4}, Values: []float64{0.1, 0.2, 0.1, 0.3, 0.3}},
		{Arm: Arm{Name: "similarity", Case: "far", Place: 8}, Base: "none, far", Seeds: []uint64{0, 1}, Values: []float64{-0.1, 0.2}},
		{Arm: Arm{Name: "late", Place: 3}},
	}}
}

func twoTasks() Tasks {
	return Tasks{Metric: success, Title: "Over tasks", Names: []string{"near", "far"}, Resamples: 200, Arms: []Scored{
		{Arm: Arm{Name: "value"}, Scores: [][]float64{{0.5, 0.75, 1}, {0.25, 0.5, 0.5}}},
		{Arm: Arm{Name: "none", Place: 1}, Scores: [][]float64{{0.25, 0.25, 0}, {0, math.NaN(), 0.25}}},
	}}
}

func TestComparisonsAreThoseOfTheGoldenFiles(t *testing.T) {
	versus, err := Versus(fivePairs(false))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "versus", versus)
	aggregates, err := Aggregates(twoTasks())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "aggregates", aggregates)
	profiles, err := Profiles(twoTasks())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "profiles", profiles)
	scatter, err := Scatter(Costs{Metric: success, Cost: lab.MetricSpec{Name: "context_size", Unit: "tokens"}, Title: "Reward against context", Dark: true, Arms: []Spent{
		{Arm: Arm{Name: "value"}, Seeds: []uint64{0, 1, 2}, Costs: []float64{50, 70, math.NaN()}, Gains: []float64{0.5, 0.75, 1}},
		{Arm: Arm{Name: "none", Place: 1}, Seeds: []uint64{0}, Costs: []float64{20}, Gains: []float64{0.125}},
		{Arm: Arm{Name: "worse", Place: 13}, Seeds: []uint64{0}, Costs: []float64{80}, Gains: []float64{0.5}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "scatter", scatter)
}

// By hand: 0.1, 0.2, 0.1, 0.3, 0.3 have mean 0.2 and s = 0.1; half = 2.776445 * 0.1 / sqrt(5) = 0.124167. All five are above: p = 2/32,
// times two comparisons 0.125. -0.1 and 0.2: p = 1 (sums of 0.1 and 0.3), no interval.
func TestDifferencesSayWhatFivePairsCannotShow(t *testing.T) {
	c, err := Versus(fivePairs(false))
	if err != nil {
		t.Fatal(err)
	}
	want := "value is 0.20 above none, +0.0758 to +0.32, above it in 5 of 5 pairs (p = 0.0625, corrected 0.125); " +
		"similarity, far is 0.0500 above none, far, above it in 1 of 2 pairs (p = 1, corrected 1)."
	if c.Sentence != want {
		t.Errorf("got %q, want %q", c.Sentence, want)
	}
	want = "2 to 5 pairs of the same seed, 95 % Student t interval over pairs, each arm by itself; exact sign-flip p, corrected by Holm for 2 comparisons; " +
		"2 pairs cannot go below p = 0.5"
	if c.Caption != want {
		t.Errorf("got %q, want %q", c.Caption, want)
	}
	one := fivePairs(false)
	one.Arms = one.Arms[:1]
	if c, err = Versus(one); err != nil || !strings.HasSuffix(c.Caption, "exact sign-flip p; 5 pairs cannot go below p = 0.0625") {
		t.Errorf("one comparison: %q, %v", c.Caption, err)
	}
	one.Arms = nil
	if c, err = Versus(one); err != nil || c.Sentence != "No arm has a run of the same seed as none yet." || c.Points != 0 {
		t.Errorf("without arms: %+v, %v", c, err)
	}
}

func TestTwoSeedsATaskHaveNoInterval(t *testing.T) {
	few := twoTasks()
	few.Arms[0].Scores[1] = []float64{0.25, 0.5}
	c, err := Aggregates(few)
	if err != nil || c.Table.Rows[0][2] != "" || !strings.HasSuffix(c.Caption, "no interval below 3 seeds a task") {
		t.Errorf("got %q, %q, %v", c.Table.Rows, c.Caption, err)
	}
	if c, err = Profiles(few); err != nil || len(c.Series) == 0 || c.Series[0].Role != RoleMean {
		t.Errorf("a profile with a band: %+v, %v", c.Series, err)
	}
}

func TestProfilesNameTheArmThatIsAboveEverywhere(t *testing.T) {
	c, err := Profiles(twoTasks())
	if err != nil || c.Sentence != "value has at least as large a share above every threshold as each other arm." {
		t.Errorf("got %q, %v", c.Sentence, err)
	}
	crossing := twoTasks()
	crossing.Arms[1].Scores[0][0] = 1.5
	if c, err = Profiles(crossing); err != nil || !strings.HasPrefix(c.Sentence, "The lines cross") {
		t.Errorf("got %q, %v", c.Sentence, err)
	}
	if c, err = Profiles(Tasks{Metric: success}); err != nil || c.Sentence != "No value of success yet." {
		t.Errorf("of nothing: %q, %v", c.Sentence, err)
	}
}
