package memalpha

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

// curve is what is compared: each metric's values in order.
type curve map[string][]lab.Float

func golden(t *testing.T, bench lab.Bench, grpo given) curve {
	t.Helper()
	r := finish(t, begin(t, setup(t, small(), tinier(), own(), grpo), 1, bench))
	c := curve{}
	for _, name := range []string{MetricAccuracy, MetricTestMemory, MetricExecuted, MetricReward, MetricR1, MetricR2, MetricR3, MetricR4, MetricWrote, MetricLoss, MetricWarmLoss} {
		if values := r.series(name); len(values) > 0 {
			c[name] = values
		}
	}
	return c
}

func TestTheGoldenCurveStands(t *testing.T) {
	path := filepath.Join("testdata", "golden.json")
	got := golden(t, lab.Bench{Kernel: "go"}, brief())
	if *update {
		text, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want curve
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, d := range want.differences(got) {
		t.Errorf("%s; a change here is a decision: rewrite with -update and say so in the commit", d)
	}
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	bench := oneBase(t)
	curves := map[string]curve{}
	for name, g := range map[string]given{"mem-alpha": brief(), "gamma-0": brief().with("gamma", 0), "beta-0.4": brief().with("beta", 0.4),
		"by instance": brief().with("statistics", PerInstance), "more-supervised": brief().with("more_supervised", true)} {
		curves[name] = golden(t, bench, g)
	}
	for a := range curves {
		for b := range curves {
			if a < b && len(curves[a].differences(curves[b])) == 0 {
				t.Errorf("%s and %s stay within the tolerance", a, b)
			}
		}
	}
}

// differences lists where another curve leaves the tolerance.
func (c curve) differences(got curve) (all []string) {
	if len(c) == 0 || len(c) != len(got) {
		all = append(all, fmt.Sprintf("%d metrics, want %d", len(got), len(c)))
	}
	for name, want := range c {
		if len(want) != len(got[name]) {
			all = append(all, fmt.Sprintf("%s has %d values, want %d", name, len(got[name]), len(want)))
			continue
		}
		for i, w := range want {
			if g := got[name][i]; math.Abs(float64(g-w)) > tolerance*(1+math.Abs(float64(w))) || math.IsNaN(float64(g)) {
				all = append(all, fmt.Sprintf("%s[%d]: %v, want %v", name, i, g, w))
			}
		}
	}
	return all
}
