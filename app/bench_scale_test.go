package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestBenchScaleFollowsRunsOnASimulatedClusterAndLeavesNothing(t *testing.T) {
	u := newUser(t)
	out, _ := u.loci(exitOK, "bench", "scale", "--runs", "120", "--nodes", "60", "--json")
	found := map[string]measure{}
	for line := range strings.Lines(out) {
		var m measure
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		found[m.Name] = m
	}
	for _, size := range []string{"100 runs on 50 nodes", "120 runs on 60 nodes"} {
		for _, name := range []string{"events taken in", "bytes taken in", "bytes taken in, of a plain copy's", "processor for an event", "time of a look, median", "runs in the queue at most",
			"library", "memory at most", "page of the runs list, 95 of 100 within", "status with all jobs", "sent to an open page", "largest message to a page"} {
			if m, ok := found[size+": "+name]; !ok || m.Value <= 0 || m.Unit == "" {
				t.Errorf("%s: %s is %+v", size, name, m)
			}
		}
		for _, name := range []string{"records that differ from their originals", "not done in the library"} {
			if m := found[size+": "+name]; m.Met == nil || !*m.Met {
				t.Errorf("%s: %s is %+v, want a limit that is met", size, name, m)
			}
		}
	}
	left, err := os.ReadDir(filepath.Join(u.home, "temporary"))
	if err != nil || len(left) > 0 {
		t.Errorf("the simulation left %v, %v", left, err)
	}
}

func TestSizesOfASimulationRiseTenfold(t *testing.T) {
	for _, c := range []struct {
		size scaleSize
		want []scaleSize
	}{
		{scaleSize{10_000, 1000}, []scaleSize{{100, 10}, {1000, 100}, {10_000, 1000}}},
		{scaleSize{250, 10}, []scaleSize{{100, 4}, {250, 10}}},
		{scaleSize{100, 100}, []scaleSize{{100, 100}}},
		{scaleSize{5, 1}, []scaleSize{{5, 1}}},
	} {
		if got := c.size.sizes(); !slices.Equal(got, c.want) {
			t.Errorf("%v rises as %v, want %v", c.size, got, c.want)
		}
	}
	for _, c := range []struct {
		size scaleSize
		want string
	}{
		{scaleSize{0, 1}, "runs is 0, want 1 to 100000"},
		{scaleSize{100_001, 1}, "runs is 100001"},
		{scaleSize{10, 0}, "nodes is 0, want 1 to the number of runs, 10"},
		{scaleSize{10, 11}, "nodes is 11"},
	} {
		if err := c.size.check(); err == nil || !strings.Contains(err.Error(), c.want) || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%v gives %v, want %q", c.size, err, c.want)
		}
	}
}
