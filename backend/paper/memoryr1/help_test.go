package memoryr1

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// setup resolves the four sections at budget fast.
func setup(t testing.TB, agent, memory, learning given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), given{"sessions": 2}, agent, memory, learning)
}

// own is the memory of the paper.
func own() given { return given{"kind": Own} }

// tinier is a model that is warmed up in a second, well enough to write operations that can be read.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 1, "heads": 2, "inner": 48, "context": 256, "warm_steps": 250, "warm_batch": 16, "warm_rate": 0.01}
}

// brief is a training of three updates of each role.
func brief() given {
	return given{"updates": 3, "answer_updates": 3, "questions": 6, "answer_questions": 8, "group": 4, "learning_rate": 0.003, "answer_rate": 0.003,
		"evaluations": 2, "eval_conversations": 3, "test_conversations": 4, "pool": 4}
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
