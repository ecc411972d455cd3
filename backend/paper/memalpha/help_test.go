package memalpha

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/chat"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// setup resolves the four sections at budget fast.
func setup(t testing.TB, world, agent, memory, grpo given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, memory, grpo)
}

// small is a world of short texts.
func small() given { return given{"kind": chat.Name, "chunks": 3, "questions": 6} }

// tinier is a model that is warmed up in a second, well enough to write calls now and then.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 1, "heads": 2, "inner": 48, "warm_steps": 60, "warm_batch": 16, "warm_rate": 0.01}
}

// own are the three stores.
func own() given { return given{"kind": Own} }

// brief is a training of three updates.
func brief() given {
	return given{"kind": "grpo", "updates": 3, "questions": 2, "group": 4, "learning_rate": 0.003, "shortest": 2, "evaluations": 2, "eval_instances": 3,
		"test_instances": 4, "long_instances": 2, "long": 4, "longest": 5}
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

// oneBase is a cache that the set-ups of a test share, so that their warm start is made once.
func oneBase(t *testing.T) lab.Bench { return lab.Bench{Cache: t.TempDir()} }
