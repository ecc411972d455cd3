package slearl

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/house"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type (
	given  = papertest.Given
	record = papertest.Record
)

// setup resolves the four sections at budget fast.
func setup(t testing.TB, world, agent, memory, slea given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, memory, slea)
}

// small is a flat in which a model that has seen little succeeds at times.
func small() given {
	return given{"kind": house.Name, "families": "short", "receptacles": 2, "appliances": 2, "slack": 6}
}

// tinier is a model that is warmed up in a second, well enough to act in the right form.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 2, "heads": 4, "inner": 48, "context": 96, "warm_steps": 300, "warm_batch": 16, "warm_rate": 0.006}
}

// shelved is a library that is read at once.
func shelved() given {
	return given{"kind": Library, "library_warmup": 0, "least": 0, "capacity": 6, "clusters": 40, "suits": 0.3, "reach": 0.1}
}

// brief is a training of four updates.
func brief() given {
	return given{"kind": "slea", "updates": 4, "questions": 4, "group": 4, "learning_rate": 0.003, "evaluations": 2, "eval_questions": 6, "test_questions": 8}
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
