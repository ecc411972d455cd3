package memoryrewriting

import (
	"encoding/json"
	"flag"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
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

// setup resolves the three sections at budget fast.
func setup(t testing.TB, world, agent, ppo given) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: Slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for i, g := range []given{world, agent, ppo} {
		section := Sections()[i]
		raw, err := resolve(section, g)
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
}

func resolve(section schema.Section, g given) (json.RawMessage, error) {
	knobs := map[string]any{}
	for k, v := range g {
		if k != "kind" {
			knobs[k] = v
		}
	}
	kind, _ := g["kind"].(string)
	return schema.Resolve(section, kind, knobs, "fast")
}

// brief is a training of two updates of 128 steps, short enough for a test of every knob.
func brief() given {
	return given{"envs": 8, "rollout": 16, "minibatches": 2, "epochs": 2, "steps": 256, "learning_rate": 0.003,
		"evaluations": 2, "eval_episodes": 64, "test_episodes": 64}
}

// small is a maze of two corridors of three cells.
func small() given { return given{"kind": "endless-t-maze", "corridors": 2, "length": 3} }

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
		all = append(append(all, ev.Kind()...), ' ')
		all = append(append(all, line...), '\n')
	}
	return string(all)
}

// series returns the values of a metric in order.
func (r *record) series(name string) (points []lab.Metric) {
	for _, ev := range r.events {
		if m, ok := ev.(lab.Metric); ok && m.Name == name {
			points = append(points, m)
		}
	}
	return points
}

// last is the last value of a metric, NaN where there is none.
func (r *record) last(name string) float64 {
	points := r.series(name)
	if len(points) == 0 {
		return math.NaN()
	}
	return float64(points[len(points)-1].Value)
}

func (r *record) episodes() (all []lab.Episode) {
	for _, ev := range r.events {
		if e, ok := ev.(lab.Episode); ok {
			all = append(all, e)
		}
	}
	return all
}
