package delethink

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

// record keeps events in order.
type record struct{ events []lab.Event }

func (r *record) Emit(ev lab.Event) error { r.events = append(r.events, ev); return nil }

// brief is a set-up of seconds, with some knobs of its own.
func brief(t testing.TB, agent, rl map[string]any) lab.Setup {
	t.Helper()
	given := map[string]map[string]any{
		"world": {"shortest": 2, "longest": 4, "modulus": 11},
		"agent": {"width": 32, "layers": 1, "heads": 2, "inner": 48, "context": 256, "warm_steps": 40, "warm_batch": 8, "warm_rate": 0.01},
		"rl":    {"updates": 4, "questions": 3, "group": 4, "learning_rate": 0.01, "chunk": 12, "carry": 6, "chunks": 4, "long_ops": 6, "evaluations": 2, "eval_questions": 8, "test_questions": 8},
	}
	for name, more := range map[string]map[string]any{"agent": agent, "rl": rl} {
		for k, v := range more {
			given[name][k] = v
		}
	}
	setup := lab.Setup{Paper: Slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for _, s := range Sections() {
		raw, err := schema.Resolve(s, "", given[s.Name], "fast")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections[s.Name] = raw
	}
	return setup
}

// play does the whole run and returns its events.
func play(t testing.TB, setup lab.Setup, bench lab.Bench) *record {
	t.Helper()
	bench.Threads = max(bench.Threads, 1)
	m, err := New(setup, 1, bench)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.(*method).Close() }()
	r := &record{}
	for {
		p, err := m.Advance(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			return r
		}
	}
}

// curves are all metrics but those that the last bit of a sampled token decides at once.
func (r *record) curves() map[string][]lab.Float {
	c := map[string][]lab.Float{}
	for _, ev := range r.events {
		if m, ok := ev.(lab.Metric); ok && m.Name != MetricGap {
			c[m.Name] = append(c[m.Name], m.Value)
		}
	}
	return c
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	path := filepath.Join("testdata", "golden.json")
	got := play(t, brief(t, nil, nil), lab.Bench{Kernel: "go"}).curves()
	if *update {
		text, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]lab.Float
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, d := range differences(want, got) {
		t.Errorf("%s; a change here is a decision: rewrite with -update and say so in the commit", d)
	}
}

// differences lists where a curve leaves the tolerance.
func differences(want, got map[string][]lab.Float) (all []string) {
	if len(want) == 0 || len(want) != len(got) {
		all = append(all, fmt.Sprintf("%d metrics, want %d", len(got), len(want)))
	}
	for name, values := range want {
		if len(got[name]) != len(values) {
			all = append(all, fmt.Sprintf("%s has %d values, want %d", name, len(got[name]), len(values)))
			continue
		}
		for i, w := range values {
			if g := got[name][i]; !(math.Abs(float64(g-w)) <= tolerance*(1+math.Abs(float64(w)))) {
				all = append(all, fmt.Sprintf("%s, value %d: %v, want %v", name, i, g, w))
			}
		}
	}
	return all
}

// Every knob that can move a number moves one: a knob that is read by nobody would be a promise without a deed. long_chunks counts only
// where a model thinks long; TestLongQuestionsGetTheSameTokensCutOrNot has it.
func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Cache: t.TempDir()}
	text := func(setup lab.Setup) string {
		all := ""
		for _, ev := range play(t, setup, bench).events {
			line, err := json.Marshal(ev)
			if err != nil {
				t.Fatal(err)
			}
			all += string(line) + "\n"
		}
		return all
	}
	base := map[string]any{"minibatches": 3, "group": 6, "learning_rate": 0.05} // several steps an update, so that the bounds of the ratio count
	with := func(knob string, value any) map[string]any {
		c := map[string]any{knob: value}
		for k, v := range base {
			if _, set := c[k]; !set {
				c[k] = v
			}
		}
		return c
	}
	want := text(brief(t, nil, base))
	for knob, value := range map[string]any{"width": 16, "layers": 2, "heads": 4, "inner": 32, "warm_steps": 41, "warm_batch": 4, "warm_rate": 0.02, "warm_ops": 5,
		"warm_long": 0.9, "warm_tokens": 24, "warm_live": 1, "warm_seed": 1, "cut": 0.9, "wrong": 0.5, "restate": 0.6} {
		if text(brief(t, map[string]any{knob: value}, base)) == want {
			t.Errorf("with agent.%s at %v nothing changes", knob, value)
		}
	}
	for knob, value := range map[string]any{"updates": 3, "questions": 4, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0,
		"grad_clip": 0.001, "minibatches": 1, "chunk": 14, "carry": 4, "chunks": 2, "fold": 3, "normalise": "chunk", "more_supervised": true, "long_ops": 5,
		"evaluations": 1, "eval_questions": 6, "test_questions": 96} {
		if text(brief(t, nil, with(knob, value))) == want {
			t.Errorf("with rl.%s at %v nothing changes", knob, value)
		}
	}
}

func TestYardsticksScoreAsTheyShould(t *testing.T) {
	for policy, bounds := range map[string][2]lab.Float{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {0, 0.6}, "random": {0, 0.4}} {
		setup := brief(t, nil, map[string]any{"test_questions": 64})
		raw, err := schema.Resolve(Sections()[1], Reference, map[string]any{"policy": policy}, "fast")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections["agent"] = raw
		got := play(t, setup, lab.Bench{}).curves()
		if v := got[MetricTest]; len(v) != 1 || v[0] < bounds[0] || v[0] > bounds[1] {
			t.Errorf("%s scores %v, want %v", policy, v, bounds)
		}
	}
}
