package loop

import (
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/tool"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// setup resolves the three sections at budget fast.
func setup(t testing.TB, agent, learn given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), given{"kind": tool.Apps}, agent, learn)
}

// tinier is a model that is warmed up in a second, well enough to act in the right form.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 1, "heads": 2, "inner": 48, "context": 128, "warm_steps": 350, "warm_batch": 12, "warm_rate": 0.01}
}

// brief is a training of three iterations.
func brief() given {
	return given{"kind": Slug, "updates": 3, "tasks": 4, "group": 4, "minibatch": 5, "learning_rate": 0.003, "evaluations": 2, "eval_tasks": 3, "test_tasks": 6, "turns": 8}
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

// folder is the cache of warm starts that all tests share, so that each is made once.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "loop") })

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
