package mem1

import (
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/hop"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// folder is the cache of warm starts that all tests share, so that each is made once.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "mem1") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func oneBase(t *testing.T) lab.Bench {
	t.Helper()
	dir, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	return lab.Bench{Cache: dir}
}

// setup resolves the three sections at budget fast.
func setup(t testing.TB, world, agent, rl given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, rl)
}

// small is a world whose questions a model that has seen little answers at times.
func small() given {
	return given{"kind": hop.Name, "least": 2, "most": 3, "entities": 12, "relations": 2, "leads": 1}
}

// tinier is a model that is warmed up in a second.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 2, "heads": 4, "inner": 48, "context": 256, "warm_steps": 300, "warm_batch": 16, "warm_rate": 0.006, "warm_vary": 0, "warm_most": 3, "warm_short": 2, "warm_long": 0.1, "warm_from": 0}
}

// brief is a training of three updates.
func brief() given {
	return given{"kind": "mem1", "updates": 3, "questions": 4, "group": 4, "learning_rate": 0.003, "evaluations": 2, "eval_questions": 6, "test_questions": 4}
}

// begin makes the method and closes it at the end of the test.
func begin(t testing.TB, s lab.Setup, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, s, seed, bench, New)
}

// finish does all units that are left.
func finish(t testing.TB, m lab.Method) *record {
	t.Helper()
	return papertest.Finish(t, m)
}
