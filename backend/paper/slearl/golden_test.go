package slearl

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, world, agent, memory, slea given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, world, agent, memory, slea), 1, bench)).Curves().Of(MetricSuccess, MetricTest, MetricSampled, MetricBare, MetricContext, MetricMemory, MetricFit, MetricHints, MetricTrain, MetricReturn,
		MetricMoved, MetricFlat, MetricStepShare, MetricHits, MetricBorn, MetricWarmLoss)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, small(), tinier().With("warm_steps", 100), shelved(), brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]given{"full": brief(), "task": brief().With("key", ByTask), "no step advantage": brief().With("step_weight", 0),
		"gigpo": brief().With("key", NoKey), "grpo": brief().With("key", NoKey).With("step_weight", 0), "more-supervised": brief().With("more_supervised", true)} {
		curves[name] = golden(t, bench, small(), tinier(), shelved(), g)
	}
	papertest.Apart(t, curves, tolerance)
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here; the library's own are tried on the library alone, in library_test.go.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 1, "heads": 2, "inner": 32, "warm_steps": 61, "warm_batch": 8, "warm_rate": 0.01, "hints_right": 0.2, "slip": 0.9, "warm_seed": 1},
		"slea": {"updates": 2, "questions": 5, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01,
			"minibatches": 2, "key": ByTask, "step_weight": 0.3, "step_delta": 0.1, "mean_norm": true, "divergence": 0.5, "gamma": 0.1, "invalid_penalty": 5,
			"more_supervised": true},
		"unmoved": {"context": true, "evaluations": true, "eval_questions": true, "test_questions": true, "test_hints": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	slea := brief().With("minibatches", 3).With("learning_rate", 0.02).With("updates", 3).With("questions", 3).With("eval_questions", 2).With("test_questions", 4)
	shelf := shelved().With("capacity", 3)
	run := func(agent, memory, slea given) string {
		return finish(t, begin(t, setup(t, small(), agent, memory, slea), 1, bench)).Text(t)
	}
	base := run(tinier(), shelf, slea)
	brisk := tinier().With("warm_steps", 60) // each knob of the model warms another one up
	briskly := run(brisk, shelf, slea)
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
				got, want := base, base
				switch {
				case !ok:
					t.Errorf("%s: knob %s has no other value", kind.Name, f.Path)
				case kind.Name == Tiny:
					got, want = run(brisk.With(f.Path, value), shelf, slea), briskly
				default:
					got = run(tinier(), shelf, slea.With(f.Path, value))
				}
				if got == want {
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
}
