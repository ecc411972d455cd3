package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

// tinyRecurrent is the work at a size that a test can do.
func tinyRecurrent(t *testing.T, updates int) *recurrentWork {
	t.Helper()
	w, err := newRecurrentWork(updates)
	if err != nil {
		t.Fatal(err)
	}
	w.agent.Width, w.rl.Envs = 8, 16
	return w
}

func TestTheNetworkOfTheBenchIsTheAgentLSTM(t *testing.T) {
	text, err := schema.Resolve(schema.Section{Name: "agent", Kinds: agent.Kinds()}, agent.LSTM, nil, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	setup := lab.Setup{Paper: "test", Sections: map[string]json.RawMessage{"agent": text}}
	policy, _, err := agent.New(setup, "agent", 4, 4, rng.New(3, "weights"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newRecurrentWork(1)
	if err != nil {
		t.Fatal(err)
	}
	ours := w.policy(3, 4, 4).Params()
	for i, p := range policy.Params() {
		if !slices.Equal(p.Data, ours[i].Data) {
			t.Errorf("parameter %s has other first weights", p.Name)
		}
	}
	if n := nn.Count(ours); n != 25877 {
		t.Errorf("%d parameters, want 25,877", n)
	}
}

func TestARunHasAPointForEveryUpdate(t *testing.T) {
	w := tinyRecurrent(t, 2)
	r, err := w.run(t.Context(), num.Go(), 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != 2*64*16 || len(r.Curve) != 3 || len(r.At) != 3 || !slices.IsSorted(r.At) || r.Seconds <= 0 {
		t.Errorf("run is %+v", r)
	}
	if again, err := w.run(t.Context(), num.Go(), 2, 5); err != nil || !slices.Equal(r.Curve, again.Curve) {
		t.Errorf("the same seed on two threads has the curve %v, error %v, want %v", again.Curve, err, r.Curve)
	}
}

func TestThePeerGetsEveryKnob(t *testing.T) {
	w, err := newRecurrentWork(8)
	if err != nil {
		t.Fatal(err)
	}
	text, err := w.peerWork(2, 7)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"task": "RepeatPreviousEasy", "width": 56., "forget_bias": 1., "envs": 64., "rollout": 64., "epochs": 4., "minibatches": 4.,
		"learning_rate": w.rl.LearningRate, "gamma": w.rl.Gamma, "lambda": w.rl.Lambda, "clip": w.rl.Clip, "value_clip": 0., "entropy": w.rl.Entropy,
		"value": w.rl.Value, "max_grad_norm": w.rl.MaxGradNorm, "updates": 8., "threads": 2., "seed": 7.}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("work is %s, want %v", text, want)
	}
}

const goodRecurrent = `{"steps":4096,"seconds":2,"threads":1,"parameters":26101,"curve":[-0.5,-0.4],"at":[1,3],"sb3":"2","torch":"2","popgym":"1"}`

func TestResultsOfTheRecurrentPeerAreRead(t *testing.T) {
	r, err := parseRecurrent([]byte(goodRecurrent), 1)
	if err != nil || r.Steps != 4096 || r.last() != -0.4 || r.At[1] != 3 || r.SB3 != "2" {
		t.Errorf("reads as %+v, error %v", r, err)
	}
	for name, change := range map[string][2]string{
		"no steps":      {`"steps":4096`, `"steps":0`},
		"no time":       {`"seconds":2`, `"seconds":0`},
		"no version":    {`"sb3":"2",`, ``},
		"a short curve": {`[-0.5,-0.4]`, `[-0.5]`},
		"a short clock": {`[1,3]`, `[1]`},
		"no size":       {`26101`, `0`},
		"broken text":   {`{`, ``},
	} {
		text := strings.Replace(goodRecurrent, change[0], change[1], 1)
		if r, err := parseRecurrent([]byte(text), 1); lab.CodeOf(err) != lab.Internal || err == nil {
			t.Errorf("%s: %s reads as %+v, error %v", name, text, r, err)
		}
	}
}

func TestNetworksOfOtherSizesAreNotCompared(t *testing.T) {
	if err := sameSize(25877, 26101); err != nil {
		t.Errorf("a second vector of biases: %v", err)
	}
	for _, theirs := range []int{25300, 26500} {
		if sameSize(25877, theirs) == nil {
			t.Errorf("%d parameters count as 25,877", theirs)
		}
	}
}

// learned is a setting after two runs of each side.
func learned(t *testing.T) *recurrentSetting {
	s := &recurrentSetting{work: tinyRecurrent(t, 2), threads: 1, limit: atLeast(20)}
	s.ours = []recurrentRun{{Seconds: 2, Curve: []float64{-0.5, 0.5, 0.9}, At: []float64{1, 2, 3}}, {Seconds: 4, Curve: []float64{-0.5, 0.1, 0.6}, At: []float64{2, 4, 6}}}
	s.theirs = []recurrentRun{{Seconds: 50, Curve: []float64{-0.5, 0, 0.7}, At: []float64{20, 40, 60}}, {Seconds: 60, Curve: []float64{-0.5, -0.1, 0.5}, At: []float64{20, 50, 90}}}
	return s
}

// By hand: both runs of both sides reach 0.5 and not 0.75: after 2 and 6 seconds here, 60 and 90 there.
func TestTheSameReturnIsTheHighestThatEveryRunReaches(t *testing.T) {
	rows := learned(t).learning(&recurrentPeer{})
	var names []string
	for _, m := range rows {
		names = append(names, m.Name)
	}
	if len(rows) != 5 || !strings.Contains(names[2], "return of 0.5, Loci") {
		t.Fatalf("rows are %q", names)
	}
	if !slices.Equal(rows[2].Rounds, []float64{2, 6}) || !slices.Equal(rows[3].Rounds, []float64{60, 90}) || !slices.Equal(rows[4].Rounds, []float64{30, 15}) {
		t.Errorf("times are %v, %v, %v", rows[2].Rounds, rows[3].Rounds, rows[4].Rounds)
	}
	if c := rows[0]; !slices.Equal(c.CurveSteps, []int{1024, 2048, 3072}) || c.Curve[1] != 0.3 || c.CurveSeconds[2] != 4.5 {
		t.Errorf("curve is %v at %v after %v s", c.Curve, c.CurveSteps, c.CurveSeconds)
	}
	never := []recurrentRun{{Curve: []float64{-0.5}, At: []float64{1}}}
	if level := commonReturn(never, never); !math.IsNaN(level) {
		t.Errorf("runs that learn nothing share the return %v", level)
	}
}

func TestSpeedIsJudgedRoundByRound(t *testing.T) {
	rows := learned(t).speed(&recurrentPeer{})
	for i := range rows {
		rows[i].judge()
	}
	if len(rows) != 3 || !slices.Equal(rows[2].Rounds, []float64{25, 15}) || rows[2].Met == nil || !*rows[2].Met {
		t.Errorf("rows are %+v", rows)
	}
	if alone := learned(t).speed(nil); len(alone) != 1 {
		t.Errorf("without a peer there are %d rows", len(alone))
	}
}

func TestLearningCurvesArePrinted(t *testing.T) {
	rows := learned(t).learning(&recurrentPeer{})
	for i := range rows {
		rows[i].Bench = "ppo-recurrent"
		rows[i].judge()
	}
	var out bytes.Buffer
	writeMeasures(&out, rows)
	for _, want := range []string{"3,072", "0.750", "4.500", "0.600", "75", "learning curves"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("print-out lacks %q:\n%s", want, out.String())
		}
	}
}

func TestACurveIsThinnedToItsLastPoint(t *testing.T) {
	for n, want := range map[int][]int{1: {0}, 3: {0, 1, 2}, 21: {1, 3, 5, 7, 9, 11, 13, 15, 17, 20}} {
		if got := spread(n, 10); !slices.Equal(got, want) {
			t.Errorf("%d points show %v, want %v", n, got, want)
		}
	}
}
