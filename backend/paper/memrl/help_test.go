package memrl

import (
	"encoding/json"
	"flag"
	"maps"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// given are the knobs that a test sets, by section, with the kind of the section under "kind".
type given map[string]map[string]any

// brief is a run of seconds: a reader that has barely learned to act, few tasks, three epochs.
func brief() given {
	return given{
		"world": {"slack": 3},
		"agent": {"width": 16, "layers": 1, "heads": 2, "inner": 24, "context": 256, "warm_steps": 30, "warm_batch": 8, "warm_rate": 0.01},
		"rl":    {"epochs": 3, "tasks": 8, "held_out": 4, "batch": 3, "tests": 2},
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
	c := g.with("world", "slack", 1)
	c["agent"] = map[string]any{"kind": Reference, "policy": policy}
	return c
}

// setup resolves the sections at budget fast.
func setup(t testing.TB, g given) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: Slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for _, section := range Sections() {
		knobs := maps.Clone(g[section.Name])
		kind, _ := knobs["kind"].(string)
		delete(knobs, "kind")
		raw, err := schema.Resolve(section, kind, knobs, "fast")
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
}

// begin makes the method and closes it at the end of the test.
func begin(t testing.TB, s lab.Setup, bench lab.Bench) *method {
	t.Helper()
	bench.Threads = max(bench.Threads, 1)
	made, err := New(s, 1, bench)
	if err != nil {
		t.Fatal(err)
	}
	m := made.(*method)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// record keeps events in order.
type record struct{ events []lab.Event }

func (r *record) Emit(ev lab.Event) error { r.events = append(r.events, ev); return nil }

// advance does one unit.
func (r *record) advance(t testing.TB, m lab.Method) (left bool) {
	t.Helper()
	p, err := m.Advance(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return p.Done < p.Total
}

// finish does all units that are left.
func finish(t testing.TB, m lab.Method) *record {
	t.Helper()
	r := &record{}
	for r.advance(t, m) {
	}
	return r
}

// text writes the events one a line.
func (r *record) text(t testing.TB) string {
	t.Helper()
	var all []byte
	for _, ev := range r.events {
		line, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(append(append(all, ev.Kind()...), ' '), line...), '\n')
	}
	return string(all)
}

// curves are all metrics in order.
func (r *record) curves() map[string][]lab.Float {
	c := map[string][]lab.Float{}
	for _, ev := range r.events {
		if m, ok := ev.(lab.Metric); ok {
			c[m.Name] = append(c[m.Name], m.Value)
		}
	}
	return c
}
