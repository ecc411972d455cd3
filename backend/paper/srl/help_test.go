package srl

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

func brief() given {
	return given{"steps": 400, "warmup": 100, "batch": 16, "evaluations": 2, "eval_episodes": 3, "longest": 8, "learning_rate": 0.003, "alpha_rate": 0.003}
}

func swing() given { return given{"horizon": 40} }

func plans() given { return given{"width": 16, "j": 4} }

func begin(t testing.TB, world, agent given, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, papertest.Setup(t, Slug, "fast", Sections(), world, agent, brief()), seed, bench, New)
}

// arms are the agents of the notebook in small.
func arms() map[string]given {
	return map[string]given{
		"srl": plans(), "true dynamics": plans().With("recall", FromWorld), "no recall": plans().With("recall", Nowhere), "through": plans().With("through", true),
		"sequence critic": {"kind": SequenceCritic, "width": 16, "j": 4}, "sac": {"kind": Repeat, "width": 16},
		"sac-4": {"kind": Repeat, "width": 16, "repeat": 4}, "planning": {"kind": Repeat, "width": 16, "plan": true},
		"oracle": {"kind": Reference}, "random": {"kind": Reference, "policy": "random"},
	}
}
