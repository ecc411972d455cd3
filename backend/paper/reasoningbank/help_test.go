package reasoningbank

import (
	"encoding/json"
	"flag"
	"maps"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type record = papertest.Record

// given are the knobs that a test sets, by section, with the kind of the section under "kind".
type given map[string]map[string]any

// brief is a run of a moment: an actor that has barely learned to speak, few tasks.
func brief() given {
	return given{
		"world": {"slack": 3},
		"agent": {"width": 16, "layers": 1, "heads": 2, "inner": 24, "context": 192, "warm_steps": 40, "warm_batch": 8, "warm_rate": 0.01},
		"rl":    {"tasks": 12, "window": 6, "last": 6, "held_out": 4, "shadows": 1},
	}
}

// with returns a copy with another value of one knob.
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
	c := g.with("world", "slack", 1)
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

func begin(t testing.TB, s lab.Setup, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, s, 1, bench, New)
}

func finish(t testing.TB, m lab.Method) *record {
	t.Helper()
	return papertest.Finish(t, m)
}

// schemaAt are the defaults of a budget.
func schemaAt(t *testing.T, budget string) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: Slug, Budget: budget, Sections: map[string]json.RawMessage{}}
	for _, section := range Sections() {
		raw, err := schema.Resolve(section, "", nil, budget)
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
}
