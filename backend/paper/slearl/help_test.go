package slearl

import (
	"encoding/json"
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/house"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// given are the knobs that a test sets, with the kind of the section under "kind".
type given map[string]any

// with returns a copy with another value of one knob.
func (g given) with(knob string, value any) given {
	c := given{knob: value}
	for k, v := range g {
		if k != knob {
			c[k] = v
		}
	}
	return c
}

// setup resolves the four sections at budget fast.
func setup(t testing.TB, world, agent, memory, slea given) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: Slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for i, g := range []given{world, agent, memory, slea} {
		section, knobs := Sections()[i], map[string]any{}
		for k, v := range g {
			if k != "kind" {
				knobs[k] = v
			}
		}
		kind, _ := g["kind"].(string)
		raw, err := schema.Resolve(section, kind, knobs, "fast")
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
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
	bench.Threads = max(bench.Threads, 1)
	made, err := New(s, seed, bench)
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

// advance does one unit, of which errors end the test.
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

// text writes the events one a line, so that two records can be compared, gaps included.
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

// series returns the values of a metric in order.
func (r *record) series(name string) (values []lab.Float) {
	for _, ev := range r.events {
		if m, ok := ev.(lab.Metric); ok && m.Name == name {
			values = append(values, m.Value)
		}
	}
	return values
}

// last is the last value of a metric; a metric without any ends the test.
func (r *record) last(t testing.TB, name string) float64 {
	t.Helper()
	values := r.series(name)
	if len(values) == 0 {
		t.Fatalf("there is no %s", name)
	}
	return float64(values[len(values)-1])
}
