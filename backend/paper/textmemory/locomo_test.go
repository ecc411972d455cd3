package textmemory

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/dataset"
)

// realData is a bench that has the real conversations; the test is skipped where they are not.
func realData(t *testing.T) lab.Bench {
	t.Helper()
	dir := os.Getenv("LOCI_TEST_DATA")
	if dir == "" {
		t.Skip("LOCI_TEST_DATA names no folder with locomo3.json")
	}
	path := filepath.Join(dir, "locomo3.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return lab.Bench{Data: func(name string) (lab.DataFile, error) {
		return lab.DataFile{Name: name, Layout: "locomo", Path: path, Hash: dataset.Hash(text)}, nil
	}}
}

// retrieve runs the notebook's set-up with a memory and returns what it emitted.
func retrieve(t *testing.T, seed uint64, memory given) *record {
	t.Helper()
	return finish(t, begin(t, setup(t, given{"kind": "locomo"}, given{"kind": Retrieval, "kept": 0}, memory), seed, realData(t)))
}

// The independent count of testdata/recall.py has its own reader of the file, its own searches and its own arithmetic.
func TestRecallEqualsAnIndependentCount(t *testing.T) {
	bench := realData(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: nothing to compare with")
	}
	f, err := bench.Data("locomo")
	if err != nil {
		t.Fatal(err)
	}
	for _, memory := range []given{{"kind": "last-n", "n": 20}, {"kind": "bm25"}, {"kind": "embedding"}} {
		kind := memory["kind"].(string)
		out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "recall.py"), f.Path, kind).Output()
		if err != nil {
			t.Fatal(err)
		}
		var want map[string][6]float64
		if err := json.Unmarshal(out, &want); err != nil || len(want) != 6 {
			t.Fatalf("%s: the count says %s, %v", kind, out, err)
		}
		got := retrieve(t, 7, memory)
		for category, row := range want {
			suffix := ""
			if category != "" {
				suffix = "_" + category
			}
			for i, name := range []string{"recall_1", "recall_5", "recall_10", "recall_20", "mrr"} {
				// Equal scores that rounding parts differently may swap neighbours: one question of 24 or more may move a little.
				if g := got.Last(t, name+suffix); math.Abs(g-row[i+1]) > 0.002 {
					t.Errorf("%s: %s%s is %.6f, the count says %.6f", kind, name, suffix, g, row[i+1])
				}
			}
		}
		if got.Last(t, MetricUnanswerable) != 2 {
			t.Errorf("%v questions have no evidence, want 2", got.Last(t, MetricUnanswerable))
		}
	}
}

// Only a memory that learns from the questions may depend on their order.
func TestTheOrderOfQuestionsMovesOnlyWhatLearnsFromThem(t *testing.T) {
	realData(t)
	values := given{"kind": "memrl", "k": 20, "pool": 60, "delta": -1, "lambda": 0.3, "learn_at": "step", "pool_of": "entries", "add_threshold": 1.01}
	for name, c := range map[string]struct {
		memory given
		moves  bool
	}{"hybrid": {given{"kind": "hybrid"}, false}, "values": {values, true}} {
		a, b := retrieve(t, 1, c.memory), retrieve(t, 2, c.memory)
		if differs := math.Abs(a.Last(t, "mrr")-b.Last(t, "mrr")) > 1e-9; differs != c.moves {
			t.Errorf("%s: two seeds give mean reciprocal ranks %v and %v", name, a.Last(t, "mrr"), b.Last(t, "mrr"))
		}
	}
}
