package memoryrewriting

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and training lets that grow.
const tolerance = 0.002

// curve is what is compared: each metric's values in order.
type curve map[string][]lab.Float

// golden runs one arm with the kernels of that family, "" for the best.
func golden(t *testing.T, world, agent, ppo given, kernel string) curve {
	t.Helper()
	r := finish(t, begin(t, setup(t, world, agent, ppo), 1, lab.Bench{Kernel: kernel}))
	c := curve{}
	for _, name := range []string{MetricSuccess, MetricJunction, MetricStale, MetricEvalReturn, MetricReturn, MetricEntropy, MetricValueLoss,
		MetricGradNorm, MetricProbeCue, MetricProbeFormer, "success_n10"} {
		for _, p := range r.series(name) {
			c[name] = append(c[name], p.Value)
		}
	}
	return c
}

// theGolden are the three cells of the golden run: an LSTM of 16 units in mazes of two corridors for twelve updates.
func theGolden() (world, agent, ppo given) {
	return small(), given{"kind": LSTM, "width": 16}, given{"envs": 32, "rollout": 32, "minibatches": 4, "epochs": 4, "steps": 12 * 32 * 32,
		"learning_rate": 0.01, "evaluations": 4, "eval_episodes": 64, "test_episodes": 64}
}

func TestTheGoldenCurveStands(t *testing.T) {
	path := filepath.Join("testdata", "golden.json")
	world, agent, ppo := theGolden()
	got := golden(t, world, agent, ppo, "go")
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

// A tolerance that swallows what the paper is about would make the golden curve worthless. The best kernels will do here: both sides
// of the comparison have them.
func TestTheGoldenCurveTellsEveryAblationApart(t *testing.T) {
	world, agent, ppo := theGolden()
	base := golden(t, world, agent, ppo, "")
	for name, c := range map[string][3]given{
		"forget keep": {world, agent.with("forget", "keep"), ppo}, "forget bias": {world, agent.with("forget_bias", 0.5), ppo},
		"gru":      {world, given{"kind": GRU, "width": 16}, ppo},
		"alphabet": {world.with("alphabet", 3), agent, ppo}, "length": {world.with("length", 4), agent, ppo},
		"regime": {world.with("regime", "uniform"), agent, ppo},
		"gamma":  {world, agent, ppo.with("gamma", 0.98)}, "anneal": {world, agent, ppo.with("anneal", false)},
	} {
		if len(base.differences(golden(t, c[0], c[1], c[2], ""))) == 0 {
			t.Errorf("%s: the curve stays within the tolerance", name)
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
			if g := got[name][i]; !near(float64(g), float64(w)) {
				all = append(all, fmt.Sprintf("%s, value %d: %v, want %v", name, i, g, w))
			}
		}
	}
	return all
}

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*(1+math.Abs(b))
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of base; base is brief with what makes
// the knob matter. What only says how often and how long to look is not here.
type another struct {
	section  int
	base     given
	values   map[string]any
	notCurve []string
}

func variations() map[string]another {
	learner := given{"kind": LSTM, "width": 6}
	return map[string]another{
		"endless-t-maze": {0, small().with("nuisance_symbols", 1), map[string]any{"corridors": 3, "length": 4, "regime": "uniform", "alphabet": 3,
			"nuisance": 0.5, "nuisance_symbols": 2, "delay": 0.05}, nil},
		"t-maze": {0, given{"kind": "t-maze", "nuisance_symbols": 1}, map[string]any{"length": 4, "alphabet": 3, "nuisance": 0.5,
			"nuisance_symbols": 2, "delay": 0.05}, nil},
		"color-cubes": {0, given{"kind": "color-cubes"}, map[string]any{"grid": 3, "cubes": 3, "targets": 1, "level": "extreme",
			"teleport": 0.5, "step_cost": 0.05}, nil},
		MLP:  {1, given{"kind": MLP, "width": 6, "depth": 2}, map[string]any{"width": 5, "depth": 1}, nil},
		RNN:  {1, given{"kind": RNN, "width": 6}, map[string]any{"width": 5}, nil},
		GRU:  {1, given{"kind": GRU, "width": 6}, map[string]any{"width": 5}, nil},
		LSTM: {1, learner, map[string]any{"width": 5, "forget": "keep", "forget_bias": 0.5}, nil},
		FFM: {1, given{"kind": FFM, "width": 6, "memory": 3, "context": 2},
			map[string]any{"width": 5, "memory": 4, "context": 3, "duration": 100}, nil},
		Transformer: {1, given{"kind": Transformer, "width": 6, "heads": 2, "window": 4},
			map[string]any{"width": 8, "heads": 3, "layers": 2, "window": 3}, nil},
		Reference: {1, given{"kind": Reference}, map[string]any{"policy": "random"}, nil},
		"ppo": {2, brief(), map[string]any{"learning_rate": 0.001, "gamma": 0.9, "lambda": 0.5, "clip": 0.01, "value_clip": 0.001, "entropy": 0.1,
			"value": 0.1, "max_grad_norm": 0.01, "epochs": 1, "minibatches": 4, "envs": 16, "rollout": 8, "steps": 384, "anneal": false},
			[]string{"evaluations", "eval_episodes", "test_episodes"}},
	}
}

func TestEveryKnobMovesTheCurve(t *testing.T) {
	run := func(section int, g given) string {
		cells := []given{small(), {"kind": LSTM, "width": 6}, brief()}
		cells[section] = g
		return finish(t, begin(t, setup(t, cells[0], cells[1], cells[2]), 1, lab.Bench{})).text(t)
	}
	kinds := 0
	for i, section := range Sections() {
		for _, kind := range section.Kinds {
			kinds++
			v, ok := variations()[kind.Name]
			if !ok || v.section != i {
				t.Fatalf("kind %s of section %s has no variations", kind.Name, section.Name)
			}
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			base := run(i, v.base)
			for _, f := range fields {
				value, ok := v.values[f.Path]
				switch {
				case slices.Contains(v.notCurve, f.Path):
				case !ok:
					t.Errorf("%s: knob %s has no variation", kind.Name, f.Path)
				case run(i, v.base.with(f.Path, value)) == base:
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
	if kinds != len(variations()) {
		t.Errorf("%d kinds, %d with variations", kinds, len(variations()))
	}
}

func TestTheForgetBiasIsWithoutEffectWhereTheGateStandsAtOne(t *testing.T) {
	run := func(bias float64) string {
		return finish(t, begin(t, setup(t, small(), given{"kind": LSTM, "width": 6, "forget": "keep", "forget_bias": bias}, brief()), 1, lab.Bench{})).text(t)
	}
	if a, b := run(1), run(-1); a != b {
		t.Errorf("forget bias 1 and -1 differ with keep: %s", difference(b, a))
	}
}
