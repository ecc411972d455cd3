package memoryr1

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, agent, memory, learning given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, agent, memory, learning), 1, bench)).Curves().Of(MetricEM, MetricSampled, MetricAnswer, MetricAnswerDraw, MetricBank, MetricContext, MetricFaults, MetricReward, MetricFlat,
		MetricAnsReward, MetricAnswerFlat, MetricValueError, MetricLoss, MetricWarmLoss, MetricPrecision, share("add", Add), share("add", Update))
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, tinier().With("warm_steps", 80), own(), brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, s := range map[string][2]given{"memory-r1": {own(), brief()}, "heuristic": {own(), brief().With("updates", 0)}, "direct": {own(), brief().With("select", false)},
		"ppo": {own(), brief().With("algorithm", PPO)}, "more-supervised": {own(), brief().With("more_supervised", true)}, "model reader": {own(), brief().With("reader", ModelReader)},
		"oracle": {own().With("manager", OracleManager), brief()}, "delete-then-add": {own().With("manager", DeleteThenAdd), brief()}, "bm25": {given{"kind": "bm25"}, brief()}} {
		curves[name] = golden(t, bench, tinier(), s[0], s[1])
	}
	papertest.Apart(t, curves, tolerance)
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here, nor what needs more memory than a test fills.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 2, "heads": 4, "inner": 32, "warm_steps": 61, "warm_batch": 8, "warm_rate": 0.02, "habit": 0.2, "noise": 0.4, "wrong_pick": 0.9, "distracted": 0.1,
			"answers": 0.2, "order": Written, "warm_seed": 1},
		Own: {"manager": AddAll, "capacity": 2, "shown": 1},
		"two-stage": {"updates": 1, "questions": 5, "group": 5, "learning_rate": 0.02, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01, "minibatches": 2,
			"answer_updates": 1, "answer_questions": 5, "answer_rate": 0.02, "algorithm": PPO, "reader": ModelReader, "reward": Overlap, "linked": 1.0, "own_banks": false,
			"candidates": 3, "distractors": 0, "select": false, "pool": 5, "more_supervised": true},
		"unmoved": {"context": true, "evaluations": true, "eval_conversations": true, "test_conversations": true},
		// What counts only beside another knob: the critic's weight with PPO, wrong banks where banks are not the policy's own.
		"beside": {"critic": given{"algorithm": PPO}, "wrong_banks": given{"own_banks": false}},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	base := brief().With("minibatches", 2).With("eval_conversations", 1).With("test_conversations", 2).With("learning_rate", 0.03).With("answer_rate", 0.03).With("updates", 2).With("answer_updates", 2)
	run := func(agent, memory, learning given) string {
		return finish(t, begin(t, setup(t, agent, memory, learning), 1, bench)).Text(t)
	}
	brisk := tinier().With("warm_steps", 60)
	whole, short := run(tinier(), own(), base), run(brisk, own(), base)
	others := another()
	others["two-stage"]["minibatches"], others["two-stage"]["critic"], others["two-stage"]["wrong_banks"] = 1, 5.0, 1.0
	for _, section := range Sections()[1:] {
		for _, kind := range section.Kinds {
			if others[kind.Name] == nil {
				continue // a yardstick, or a memory whose own package tests its knobs
			}
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				value, ok := others[kind.Name][f.Path]
				agent, memory, learning, want := tinier(), own(), base, whole
				if kind.Name == Tiny { // each has a warm start of its own: a short one
					agent, want = brisk, short
				}
				if beside, _ := others["beside"][f.Path].(given); beside != nil {
					for k, v := range beside {
						learning = learning.With(k, v)
					}
					want = run(agent, memory, learning)
				}
				switch kind.Name {
				case Tiny:
					agent = agent.With(f.Path, value)
				case Own:
					memory = memory.With(f.Path, value)
				default:
					learning = learning.With(f.Path, value)
				}
				switch {
				case others["unmoved"][f.Path] != nil:
				case !ok:
					t.Errorf("%s: knob %s has no other value", kind.Name, f.Path)
				case run(agent, memory, learning) == want:
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
}
