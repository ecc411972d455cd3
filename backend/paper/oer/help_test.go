package oer

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// tiny are three goals with little data.
func tiny() given {
	return given{"goals": 3, "horizon": 20, "transitions": 600}
}

// brief learns each task in a few updates.
func brief() given {
	return given{"updates": 60, "model_updates": 40, "reports": 3, "eval_episodes": 8, "batch": 32, "learning_rate": 0.003}
}

func oer() given { return given{"kind": Dual, "width": 16, "model": 16, "buffer": 0.05, "rollout": 10} }

func begin(t testing.TB, agent given, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, papertest.Setup(t, Slug, "fast", Sections(), tiny(), agent, brief()), seed, bench, New)
}

// arms are the agents of the notebook in small.
func arms() map[string]given {
	small := oer()
	return map[string]given{
		"oer": small, "dual-uniform": small.With("select", Uniform), "dual-reward": small.With("select", ByReward),
		"dual-surprise": small.With("select", BySurprise), "single-model": small.With("kind", Single),
		"er": small.With("kind", Single).With("select", Uniform), "sequential": small.With("kind", Single).With("select", Nothing),
		"ewc": {"kind": EWC, "width": 16, "samples": 16}, "multi-task": {"kind": MultiTask, "width": 16},
		"scripted": {"kind": Reference}, "random": {"kind": Reference, "policy": "random"},
	}
}
