package reme

import (
	"flag"
	"maps"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type record = papertest.Record

// given are the knobs that a test sets, by section, with the kind of the section under "kind".
type given map[string]map[string]any

// brief is a run of a second: an actor that has barely learned to act, and few tasks around a drift.
func brief() given {
	return given{
		"world": {"drift": 6},
		"agent": {"width": 16, "layers": 1, "heads": 2, "inner": 24, "context": 128, "warm_steps": 15, "warm_batch": 8, "warm_rate": 0.01},
		"rl":    {"pool": 2, "samples": 3, "tasks": 12, "attempts": 2, "block": 4, "held_out": 4},
	}
}

// with returns a copy with another value of one knob, "section.knob".
func (g given) with(section, knob string, value any) given {
	c := given{}
	for s, knobs := range g {
		c[s] = maps.Clone(knobs)
	}
	if c[section] == nil {
		c[section] = map[string]any{}
	}
	c[section][knob] = value
	return c
}

// yardstick is brief for a reference, which is quick.
func (g given) yardstick(policy string) given {
	c := g.with("rl", "tasks", 40).with("rl", "block", 10).with("world", "drift", 20)
	c["agent"] = map[string]any{"kind": Reference, "policy": policy}
	return c
}

// setup resolves the sections at budget fast.
func setup(t testing.TB, g given) lab.Setup {
	t.Helper()
	var knobs []papertest.Given
	for _, section := range Sections() {
		knobs = append(knobs, g[section.Name])
	}
	return papertest.Setup(t, Slug, "fast", Sections(), knobs...)
}

// begin makes the method and closes it at the end of the test.
func begin(t testing.TB, s lab.Setup, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, s, 1, bench, New)
}

// finish does all units that are left.
func finish(t testing.TB, m lab.Method) *record {
	t.Helper()
	return papertest.Finish(t, m)
}
