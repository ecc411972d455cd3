package slearl

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

// curve is what is compared: each metric's values in order.
type curve map[string][]lab.Float

func golden(t *testing.T, bench lab.Bench, world, agent, memory, slea given) curve {
	t.Helper()
	r := finish(t, begin(t, setup(t, world, agent, memory, slea), 1, bench))
	c := curve{}
	for _, name := range []string{MetricSuccess, MetricTest, MetricSampled, MetricBare, MetricContext, MetricMemory, MetricFit, MetricHints, MetricTrain, MetricReturn,
		MetricMoved, MetricFlat, MetricStepShare, MetricHits, MetricBorn, MetricWarmLoss} {
		if values := r.series(name); len(values) > 0 {
			c[name] = values
		}
	}
	return c
}

func TestTheGoldenCurveStands(t *testing.T) {
	path := filepath.Join("testdata", "golden.json")
	got := golden(t, lab.Bench{Kernel: "go"}, small(), tinier(), shelved(), brief())
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
	var want curve
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, d := range want.differences(got) {
		t.Errorf("%s; a change here is a decision: rewrite with -update and say so in the commit", d)
	}
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	bench := oneBase(t)
	curves := map[string]curve{}
	for name, g := range map[string]given{"full": brief(), "task": brief().with("key", ByTask), "no step advantage": brief().with("step_weight", 0),
		"gigpo": brief().with("key", NoKey), "grpo": brief().with("key", NoKey).with("step_weight", 0), "more-supervised": brief().with("more_supervised", true)} {
		curves[name] = golden(t, bench, small(), tinier(), shelved(), g)
	}
	for a := range curves {
		for b := range curves {
			if a < b && len(curves[a].differences(curves[b])) == 0 {
				t.Errorf("%s and %s stay within the tolerance", a, b)
			}
		}
	}
}

// differences lists where another curve leaves the tolerance.
func (c curve) differences(got curve) (all []string) {
	if len(c) == 0 || len(c) != len(got) {
		all = append(all, fmt.Sprintf("%d metrics, want %d", len(got), len(c)))
	}
	for name, want := range c {
		if len(got[name]) != len(want) || len(want) == 0 {
			all = append(all, fmt.Sprintf("%s has %d values, want %d", name, len(got[name]), len(want)))
			continue
		}
		for i, w := range want {
			if g := got[name][i]; !(math.Abs(float64(g-w)) <= tolerance*(1+math.Abs(float64(w)))) {
				all = append(all, fmt.Sprintf("%s, value %d: %v, want %v", name, i, g, w))
			}
		}
	}
	return all
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here; the library's own are tried on the library alone, in library_test.go.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 1, "heads": 2, "inner": 32, "warm_steps": 301, "warm_batch": 8, "warm_rate": 0.01, "hints_right": 0.2, "slip": 0.9, "warm_seed": 1},
		"slea": {"updates": 2, "questions": 5, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01,
			"minibatches": 2, "key": ByTask, "step_weight": 0.3, "step_delta": 0.1, "mean_norm": true, "divergence": 0.5, "gamma": 0.1, "invalid_penalty": 5,
			"more_supervised": true},
		"unmoved": {"context": true, "evaluations": true, "eval_questions": true, "test_questions": true, "test_hints": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	slea := brief().with("minibatches", 3).with("learning_rate", 0.02).with("updates", 3).with("questions", 3).with("eval_questions", 2).with("test_questions", 4)
	shelf := shelved().with("capacity", 3)
	run := func(agent, memory, slea given) string {
		return finish(t, begin(t, setup(t, small(), agent, memory, slea), 1, bench)).text(t)
	}
	base := run(tinier(), shelf, slea)
	for _, section := range Sections()[1:] {
		for _, kind := range section.Kinds {
			if another()[kind.Name] == nil {
				continue
			}
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				value, ok := another()[kind.Name][f.Path]
				if another()["unmoved"][f.Path] != nil {
					continue
				}
				got := base
				switch {
				case !ok:
					t.Errorf("%s: knob %s has no other value", kind.Name, f.Path)
				case kind.Name == Tiny:
					got = run(tinier().with(f.Path, value), shelf, slea)
				default:
					got = run(tinier(), shelf, slea.with(f.Path, value))
				}
				if got == base {
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
}
