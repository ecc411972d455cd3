package memoryr1

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

func golden(t *testing.T, bench lab.Bench, agent, memory, learning given) curve {
	t.Helper()
	r := finish(t, begin(t, setup(t, agent, memory, learning), 1, bench))
	c := curve{}
	for _, name := range []string{MetricEM, MetricSampled, MetricAnswer, MetricAnswerDraw, MetricBank, MetricContext, MetricFaults, MetricReward, MetricFlat,
		MetricAnsReward, MetricAnswerFlat, MetricValueError, MetricLoss, MetricWarmLoss, MetricPrecision, share("add", Add), share("add", Update)} {
		if values := r.series(name); len(values) > 0 {
			c[name] = values
		}
	}
	return c
}

func TestTheGoldenCurveStands(t *testing.T) {
	path := filepath.Join("testdata", "golden.json")
	got := golden(t, lab.Bench{Kernel: "go"}, tinier(), own(), brief())
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
	for name, s := range map[string][2]given{"memory-r1": {own(), brief()}, "heuristic": {own(), brief().with("updates", 0)}, "direct": {own(), brief().with("select", false)},
		"ppo": {own(), brief().with("algorithm", PPO)}, "more-supervised": {own(), brief().with("more_supervised", true)}, "model reader": {own(), brief().with("reader", ModelReader)},
		"oracle": {own().with("manager", OracleManager), brief()}, "delete-then-add": {own().with("manager", DeleteThenAdd), brief()}, "bm25": {given{"kind": "bm25"}, brief()}} {
		curves[name] = golden(t, bench, tinier(), s[0], s[1])
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
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	base := brief().with("minibatches", 2).with("eval_conversations", 1).with("test_conversations", 2).with("learning_rate", 0.03).with("answer_rate", 0.03).with("updates", 2).with("answer_updates", 2)
	run := func(agent, memory, learning given) string {
		return finish(t, begin(t, setup(t, agent, memory, learning), 1, bench)).text(t)
	}
	brisk := tinier().with("warm_steps", 60)
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
						learning = learning.with(k, v)
					}
					want = run(agent, memory, learning)
				}
				switch kind.Name {
				case Tiny:
					agent = agent.with(f.Path, value)
				case Own:
					memory = memory.with(f.Path, value)
				default:
					learning = learning.with(f.Path, value)
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
