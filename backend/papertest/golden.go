package papertest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// Curve is what is compared: each metric's values in order.
type Curve map[string][]lab.Float

// Of returns the metrics of those names that have values.
func (c Curve) Of(names ...string) Curve {
	out := Curve{}
	for _, name := range names {
		if len(c[name]) > 0 {
			out[name] = c[name]
		}
	}
	return out
}

// Golden compares a curve with testdata/FILE, in which update writes it anew. tolerance is how far a number may be off, plus that share
// of itself: on another processor the last bit of an exponential may differ, and then another token be drawn.
func Golden(t *testing.T, file string, got Curve, tolerance float64, update bool) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if update {
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
	var want Curve
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, d := range want.Differences(got, tolerance) {
		t.Errorf("%s; a change here is a decision: rewrite with -update and say so in the commit", d)
	}
}

// Apart demands that no two of some curves stay within the tolerance: one that swallows what a paper is about is worth nothing.
func Apart(t *testing.T, curves map[string]Curve, tolerance float64) {
	t.Helper()
	for a := range curves {
		for b := range curves {
			if a < b && len(curves[a].Differences(curves[b], tolerance)) == 0 {
				t.Errorf("%s and %s stay within the tolerance", a, b)
			}
		}
	}
}

// Differences lists where another curve leaves the tolerance.
func (c Curve) Differences(got Curve, tolerance float64) (all []string) {
	if len(c) == 0 || len(c) != len(got) {
		all = append(all, fmt.Sprintf("%d metrics, want %d", len(got), len(c)))
	}
	for name, want := range c {
		if len(got[name]) != len(want) || len(want) == 0 {
			all = append(all, fmt.Sprintf("%s has %d values, want %d", name, len(got[name]), len(want)))
			continue
		}
		for i, w := range want {
			if g := got[name][i]; !(math.Abs(float64(g-w)) <= tolerance*(1+math.Abs(float64(w)))) {
				all = append(all, fmt.Sprintf("%s, value %d: %v, want %v", name, i, g, w))
			}
		}
	}
	return all
}
