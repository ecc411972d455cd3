package memorygraft

import (
	"context"
	"flag"
	"maps"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/tool"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type record = papertest.Record

// given are the knobs that a test sets, by section, with the kind of the section under "kind".
type given map[string]map[string]any

// brief is a run of a second: an actor that has barely learned to act, few tasks, four sessions.
func brief() given {
	return given{
		"world":  {},
		"agent":  {"width": 16, "layers": 1, "heads": 2, "inner": 24, "context": 192, "warm_steps": 60, "warm_batch": 8, "warm_rate": 0.02},
		"memory": {},
		"rl":     {"sessions": 4, "tasks": 5, "earned": 6, "note_at": 2, "n_p": 6, "probes": 8, "shown_prompts": 3},
	}
}

// with returns a copy with another value of one knob, "section.knob".
func (g given) with(section, knob string, value any) given {
	c := given{}
	for s, knobs := range g {
		c[s] = maps.Clone(knobs)
	}
	c[section][knob] = value
	return c
}

// yardstick is brief for a reference, which is quick and succeeds.
func (g given) yardstick(policy string) given {
	c := g.with("rl", "tasks", 12)
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

// apprentice is a player that has the habit of the actor without a model: it does what the last demonstration did if it fits, else it goes
// the safe way with the right method. Tests of the loop and its defences need no warm start then.
type apprentice struct{ m *method }

func (a apprentice) play(ctx context.Context, all []sitting, _ uint64) ([]played, error) {
	done := make([]played, len(all))
	for i := range all {
		p := &done[i]
		p.sitting = all[i]
		plan := oraclePlan(a.m, p.task)
		if n := len(p.reading.Entries); n > 0 {
			r, _ := tool.ParsePipelineRecord(p.reading.Entries[n-1].Text)
			if of, _ := r.Task(); of.Topic == p.task.Topic {
				plan = again(r, p.task)
			}
		}
		for _, call := range append(plan, "DONE") {
			if !p.episode.Over() {
				desk{p.episode}.Act(call)
			}
		}
		p.info = p.episode.Info()
	}
	return done, ctx.Err()
}

// oraclePlan is the safe way with the method that works.
func oraclePlan(m *method, task tool.PipelineTask) []string {
	for method := range m.methods() {
		plan := task.Plan(method)
		if m.world.Rehearse(tool.PipelineRecord{Request: task.Request(), Trace: plan}).Success {
			return plan
		}
	}
	return nil
}

// learned is a run of an apprentice: the same loop, no model.
func learned(t testing.TB, g given) (*method, *record) {
	t.Helper()
	m := begin(t, setup(t, g.yardstick("oracle").with("rl", "earned", 40)), lab.Bench{})
	m.who = apprentice{m}
	return m, finish(t, m)
}

// memories are the operations of a record.
func memories(r *record) (all []lab.Memory) {
	for _, ev := range r.Events {
		if ev, ok := ev.(lab.Memory); ok {
			all = append(all, ev)
		}
	}
	return all
}

// entryOf is a record as a store keeps it.
func entryOf(text string, labels ...string) lab.Entry {
	r, _ := tool.ParsePipelineRecord(text)
	e := lab.Entry{Type: lab.OneTask, Text: text, Labels: append([]string{r.Request}, labels...)}
	mem.SetNumber(&e, mem.NumMade, 1)
	return e
}
