package memo

import (
	"encoding/json"
	"flag"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// maze, room, net and brief are small enough for a test of every knob.
func maze() given { return given{"kind": "passive-t-maze", "corridor": 9, "nuisance": 2} }
func room() given {
	return given{"kind": "dark-key-to-door", "grid": 3, "episode": 6, "trial": 18}
}
func net() given { return given{"kind": Summaries, "width": 8, "inner": 12, "segment": 3} }
func brief() given {
	return given{"kind": "ppo", "trials": 8, "updates": 3, "epochs": 2, "minibatches": 2, "evaluations": 1, "eval_trials": 64, "test_trials": 64}
}

// begin makes a method at budget fast.
func begin(t testing.TB, world, agent, ppo given, threads int) *method {
	t.Helper()
	return papertest.Begin[*method](t, papertest.Setup(t, Slug, "fast", Sections(), world, agent, ppo), 1, lab.Bench{Kernel: "go", Threads: threads}, New)
}

// finish runs a method to its end.
func finish(t testing.TB, m *method) *papertest.Record {
	t.Helper()
	r := &papertest.Record{}
	advance(t, m, r, 1<<30)
	return r
}

// advance runs at most that many units.
func advance(t testing.TB, m *method, r *papertest.Record, units int) {
	t.Helper()
	for range units {
		p, err := m.Advance(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			return
		}
	}
}

// text is a record as it would be kept.
func text(t testing.TB, events []lab.Event) string {
	t.Helper()
	var b strings.Builder
	for _, ev := range events {
		line, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(string(ev.Kind()) + " " + string(line) + "\n")
	}
	return b.String()
}

// last is the last value of a metric.
func last(t testing.TB, r *papertest.Record, name string) float64 {
	t.Helper()
	for i := len(r.Events) - 1; i >= 0; i-- {
		if m, ok := r.Events[i].(lab.Metric); ok && m.Name == name {
			return float64(m.Value)
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// curve lists each metric's values in order.
func curve(r *papertest.Record) papertest.Curve {
	c := papertest.Curve{}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok {
			c[m.Name] = append(c[m.Name], m.Value)
		}
	}
	return c
}
