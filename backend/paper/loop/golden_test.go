package loop

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, agent, learn given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, agent, learn), 1, bench)).Curves().Of(MetricSuccess, MetricTest, MetricReward, MetricSampled, MetricTrainReward, MetricDocs, MetricBlind,
		MetricErrors, MetricUsed, MetricSteps, MetricClipped, MetricMoved, MetricContext, MetricMemory, MetricLoss, MetricWarmLoss)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, tinier().With("warm_steps", 60), brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless: turning any part of the method off moves it.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]given{"loop": brief(), "turn": brief().With("ratio", ByTurn), "trajectory": brief().With("ratio", ByTrajectory),
		"normalised": brief().With("advantage", Normal), "rloo": brief().With("epochs", 1).With("minibatch", 0),
		"grpo": brief().With("epochs", 1).With("minibatch", 0).With("advantage", Normal).With("kl", 0.5), "ppo": brief().With("learner", Critic),
		"rejection": brief().With("learner", Rejection), "sft": brief().With("learner", Supervised), "more-supervised": brief().With("learner", Mixture)} {
		curves[name] = golden(t, bench, tinier(), g)
	}
	papertest.Apart(t, curves, tolerance)
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 2, "heads": 4, "inner": 32, "warm_steps": 41, "warm_batch": 8, "warm_rate": 0.02, "skip": 0.1, "give_up": 1.0, "warm_seed": 1},
		Slug: {"updates": 1, "tasks": 3, "group": 3, "learner": Rejection, "learning_rate": 0.001, "temperature": 0.7, "advantage": Normal, "ratio": ByTurn, "epochs": 1,
			"minibatch": 3, "clip": 0.0, "least_advantage": 0.4, "kl": 1.0, "stop_kl": 0.0, "grad_clip": 0.01, "turns": 3, "answer_tokens": 3},
		"unmoved": {"context": true, "evaluations": true, "eval_tasks": true, "test_tasks": true, "value_weight": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	learn := brief().With("learning_rate", 0.004).With("updates", 2).With("test_tasks", 3)
	run := func(agent, learn given) string {
		return finish(t, begin(t, setup(t, agent, learn), 1, bench)).Text(t)
	}
	brisk := tinier().With("warm_steps", 40) // each knob of the model warms another one up
	base, briskly := run(tinier(), learn), run(brisk, learn)
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
					got, want = run(brisk.With(f.Path, value), learn), briskly
				default:
					got = run(tinier(), learn.With(f.Path, value))
				}
				if got == want {
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
	if run(tinier(), learn.With("learner", Critic)) == run(tinier(), learn.With("learner", Critic).With("value_weight", 0.01)) {
		t.Error("the weight of the value head changes nothing")
	}
}
