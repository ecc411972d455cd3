package wmar

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// tiny is a small model with few rollouts.
func tiny(store string) given {
	return given{"kind": Learner, "store": store, "rollouts": 8, "length": 16, "state": 8, "groups": 2, "classes": 4, "width": 16}
}

// brief learns two tasks in a few updates.
func brief() given {
	return given{"steps": 256, "envs": 4, "model_updates": 12, "actor_updates": 8, "batch": 4, "window": 8, "imagined": 8, "horizon": 4,
		"evaluations": 2, "eval_episodes": 4, "learning_rate": 0.003}
}

func begin(t testing.TB, agent given, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return beginWith(t, given{"tasks": 2}, agent, brief(), seed, bench)
}

func beginWith(t testing.TB, world, agent, rl given, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, papertest.Setup(t, Slug, "fast", Sections(), world, agent, rl), seed, bench, New)
}

func core(t testing.TB) *num.Core {
	t.Helper()
	k, err := num.Family("go")
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, 1)
	t.Cleanup(c.Close)
	return c
}
