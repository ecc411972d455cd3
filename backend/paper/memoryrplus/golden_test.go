package memoryrplus

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, world, agent, grpo given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, world, agent, grpo), 1, bench)).Curves().Of(MetricFormat, MetricLength, MetricDiversity, MetricMemory, MetricTrainForm, MetricExploit, MetricExplore, MetricShape,
		MetricReward, MetricFlat, MetricTrainLen, MetricWarmLoss)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, small(), tinier(), brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]given{"memory-r-plus": brief(), "r1": brief().With("scheme", R1), "cosine": brief().With("scheme", Cosine),
		"memory-r": brief().With("scheme", MemoryR), "score-first": brief().With("score_before_write", true), "hidden": brief().With("encoder", Hidden),
		"more-supervised": brief().With("more_supervised", true)} {
		curves[name] = golden(t, bench, small(), tinier(), g)
	}
	papertest.Apart(t, curves, tolerance)
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here, nor what needs more memory than a test fills.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 2, "heads": 4, "inner": 32, "warm_steps": 41, "warm_batch": 8, "warm_rate": 0.02, "corrupt": 0.9, "warm_seed": 1},
		"grpo": {"updates": 3, "questions": 5, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01,
			"minibatches": 2, "scheme": MemoryR, "nearest": 1, "each": 1, "stored": 1, "window": 3, "warmup": 0, "pool": 0, "exploit": 0.5, "explore": 0.5,
			"score_before_write": true, "encoder": Hidden, "bait": 0.5, "more_supervised": true},
		"unmoved": {"context": true, "evaluations": true, "eval_questions": true, "test_questions": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	grpo := brief().With("minibatches", 4).With("questions", 4).With("learning_rate", 0.02).With("updates", 2).With("eval_questions", 2).With("test_questions", 4)
	run := func(agent, grpo given) string {
		return finish(t, begin(t, setup(t, small(), agent, grpo), 1, bench)).Text(t)
	}
	base := run(tinier(), grpo)
	for _, section := range Sections()[1:] {
		for _, kind := range section.Kinds {
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				value, ok := another()[kind.Name][f.Path]
				switch {
				case kind.Name == Reference || another()["unmoved"][f.Path] != nil:
				case !ok:
					t.Errorf("%s: knob %s has no other value", kind.Name, f.Path)
				case kind.Name == Tiny && run(tinier().With(f.Path, value), grpo) == base, kind.Name != Tiny && run(tinier(), grpo.With(f.Path, value)) == base:
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
}
