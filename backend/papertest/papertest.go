// Package papertest is what the tests of papers share: set-ups of a few knobs, a record in memory, the pages that must agree with the
// code, and golden curves.
package papertest

import (
	"encoding/json"
	"io"
	"maps"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Given are the knobs that a test sets in one section, with the kind of the section under "kind".
type Given map[string]any

// With returns a copy with another value of one knob.
func (g Given) With(knob string, value any) Given {
	c := maps.Clone(g)
	if c == nil {
		c = Given{}
	}
	c[knob] = value
	return c
}

// Setup resolves sections at a budget; given are their knobs in the same order.
func Setup(t testing.TB, slug, budget string, sections []schema.Section, given ...Given) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: slug, Budget: budget, Model: "tiny", Sections: map[string]json.RawMessage{}}
	for i, section := range sections {
		knobs := Given{}
		if i < len(given) {
			knobs = maps.Clone(given[i])
		}
		kind, _ := knobs["kind"].(string)
		delete(knobs, "kind")
		raw, err := schema.Resolve(section, kind, knobs, budget)
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
}

// Begin makes a method and closes it at the end of the test.
func Begin[M interface {
	lab.Method
	io.Closer
}](t testing.TB, s lab.Setup, seed uint64, bench lab.Bench, make func(lab.Setup, uint64, lab.Bench) (lab.Method, error)) M {
	t.Helper()
	bench.Threads = max(bench.Threads, 1)
	made, err := make(s, seed, bench)
	if err != nil {
		t.Fatal(err)
	}
	m := made.(M)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// Record keeps events in order.
type Record struct{ Events []lab.Event }

// Emit implements lab.Emitter.
func (r *Record) Emit(ev lab.Event) error { r.Events = append(r.Events, ev); return nil }

// Advance does one unit, of which errors end the test.
func (r *Record) Advance(t testing.TB, m lab.Method) (left bool) {
	t.Helper()
	p, err := m.Advance(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return p.Done < p.Total
}

// Finish does all units that are left.
func Finish(t testing.TB, m lab.Method) *Record {
	t.Helper()
	r := &Record{}
	for r.Advance(t, m) {
	}
	return r
}

// Text writes the events one a line, so that two records can be compared, gaps included.
func (r *Record) Text(t testing.TB) string {
	t.Helper()
	var all []byte
	for _, ev := range r.Events {
		line, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(append(append(all, ev.Kind()...), ' '), line...), '\n')
	}
	return string(all)
}

// Series returns the values of a metric in order.
func (r *Record) Series(name string) (values []lab.Float) {
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && m.Name == name {
			values = append(values, m.Value)
		}
	}
	return values
}

// Curves are all metrics in order.
func (r *Record) Curves() Curve {
	c := Curve{}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok {
			c[m.Name] = append(c[m.Name], m.Value)
		}
	}
	return c
}

// Last is the last value of a metric; a metric without any ends the test.
func (r *Record) Last(t testing.TB, name string) float64 {
	t.Helper()
	values := r.Series(name)
	if len(values) == 0 {
		t.Fatalf("there is no %s", name)
	}
	return float64(values[len(values)-1])
}
