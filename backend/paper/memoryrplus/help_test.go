package memoryrplus

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// setup resolves the three sections at budget fast.
func setup(t testing.TB, world, agent, grpo given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, grpo)
}

// small is a world of short stories with small numbers.
func small() given { return given{"kind": mathworld.WordProblems, "steps": "2", "number": 4} }

// tinier is a model that is warmed up in a second, well enough to answer in the right form.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 1, "heads": 2, "inner": 64, "context": 96, "warm_steps": 40, "warm_batch": 16, "warm_rate": 0.01}
}

// brief is a training of four updates.
func brief() given {
	return given{"kind": "grpo", "updates": 4, "questions": 2, "group": 4, "learning_rate": 0.003, "warmup": 1, "evaluations": 2, "eval_questions": 8,
		"test_questions": 16, "stored": 3, "each": 3, "pool": 6, "window": 8, "nearest": 2}
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
