package mem1

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, agent, rl given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, small(), agent, rl), 1, bench)).Curves().Of(MetricScore, MetricTest, MetricSampled, MetricPeak, MetricPairs, MetricContext, MetricMemory, MetricKept,
		MetricTrain, MetricReward, MetricFlat, MetricProbe, MetricRatio, MetricTrainTokens, MetricSurvival, MetricWarmLoss)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, tinier(), brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, g := range settings() {
		curves[name] = golden(t, bench, g[0], g[1])
	}
	curves["untrained"] = golden(t, bench, tinier(), brief().With("updates", 0))
	papertest.Apart(t, curves, tolerance)
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 1, "heads": 2, "inner": 32, "warm_steps": 31, "warm_batch": 8, "warm_rate": 0.01, "template": Whole, "forget": 0.1, "warm_most": 1, "warm_vary": 1, "warm_whole": 0.1, "warm_short": 1, "warm_long": 0.9, "warm_from": 0.9, "warm_seed": 1},
		"mem1": {"updates": 1, "questions": 5, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01,
			"minibatches": 2, "credit": Stitched, "more_supervised": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	rl := brief().With("minibatches", 3).With("learning_rate", 0.02).With("updates", 2).With("questions", 6).With("eval_questions", 2).With("test_questions", 2)
	brisk := tinier().With("warm_steps", 30)
	run := func(agent, rl given) string {
		return finish(t, begin(t, setup(t, small(), agent, rl), 1, bench)).Text(t)
	}
	base, briskly := run(tinier(), rl), run(brisk, rl)
	for _, section := range Sections()[1:] {
		for _, kind := range section.Kinds {
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				value, ok := another()[kind.Name][f.Path]
				if !ok {
					continue
				}
				got, want := base, base
				if kind.Name == Tiny {
					got, want = run(brisk.With(f.Path, value), rl), briskly
				} else {
					got = run(tinier(), rl.With(f.Path, value))
				}
				if got == want {
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
}
