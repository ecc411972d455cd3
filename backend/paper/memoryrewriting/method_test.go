package memoryrewriting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

func TestEveryArmRunsToItsEndAndReportsWhatItShould(t *testing.T) {
	exams := []string{MetricSuccess, MetricJunction, MetricCorridors, MetricStale, MetricEvalReturn, MetricMemory, MetricContext, MetricPassed}
	for _, n := range tests() {
		exams = append(exams, testMetric(MetricSuccess, n), testMetric(MetricJunction, n))
	}
	training := []string{MetricParameters, MetricReturn, MetricTrainSuccess, MetricEntropy, MetricValueLoss, MetricClipped, MetricGradNorm}
	everything := map[string]bool{MetricProbeCue: true, MetricProbeFormer: true} // the learning test sees these
	for name, agent := range arms() {
		r := finish(t, begin(t, setup(t, small(), agent, brief()), 2, lab.Bench{}))
		want := slices.Clone(exams)
		if agent["kind"] != Reference {
			want = append(want, training...)
		}
		got := map[string]bool{}
		for _, ev := range r.events {
			if m, ok := ev.(lab.Metric); ok {
				got[m.Name], everything[m.Name] = true, true
				if math.IsInf(float64(m.Value), 0) {
					t.Errorf("%s: %s is %v at %d", name, m.Name, m.Value, m.X)
				}
			}
		}
		if k := agent["kind"]; k == RNN || k == GRU || k == LSTM || k == FFM { // only what these carry fits the probes,
			delete(got, MetricProbeCue) // and an agent that hardly learned may not have met enough junctions
			delete(got, MetricProbeFormer)
		}
		slices.Sort(want)
		if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
			t.Errorf("%s reports %v, want %v", name, have, want)
		}
	}
	var described []string
	for _, m := range Metrics() {
		described = append(described, m.Name)
	}
	slices.Sort(described)
	if got := slices.Sorted(maps.Keys(everything)); !slices.Equal(got, described) {
		t.Errorf("metrics reported are %v, described are %v", got, described)
	}
}

func TestSizesOfMemoryAndContextAreThoseOfTheAgent(t *testing.T) {
	for name, want := range map[string]struct{ memory, context float64 }{
		"mlp": {0, 1}, "oracle": {0, 1}, "rnn": {8, 1}, "gru": {8, 1},
		"lstm": {16, 1}, // hidden and cell state of 8
		"ffm":  {16, 1}, // 4 traces of 2 frequencies, real and imaginary part
	} {
		r := finish(t, begin(t, setup(t, small(), arms()[name], brief()), 2, lab.Bench{}))
		if m, c := r.last(MetricMemory), r.last(MetricContext); m != want.memory || c != want.context {
			t.Errorf("%s: memory %v and context %v, want %v", name, m, c, want)
		}
	}
	// a window of 6 sees the present step and carries the keys and values, of width 8, of at most 5 others, and their count
	r := finish(t, begin(t, setup(t, small(), arms()["transformer"], brief()), 2, lab.Bench{}))
	for _, e := range r.episodes() {
		if want := lab.Float(min(e.Steps, 6)); e.Context != want {
			t.Errorf("transformer: context at the end of %d steps is %v, want %v", e.Steps, e.Context, want)
		}
		if want := lab.Float(1 + 2*8*min(e.Steps, 5)); e.Memory != want {
			t.Errorf("transformer: memory at the end of %d steps is %v numbers, want %v", e.Steps, e.Memory, want)
		}
	}
}

func TestReferencesScoreWhatTheirNamesPromise(t *testing.T) {
	maze := small().with("corridors", 3)
	run := func(policy string) *record {
		return finish(t, begin(t, setup(t, maze, given{"kind": Reference, "policy": policy}, brief().with("test_episodes", 1024)), 3, lab.Bench{}))
	}
	for _, policy := range []string{world.Oracle, world.FullMemory} {
		r := run(policy)
		for _, metric := range []string{MetricSuccess, MetricJunction, MetricCorridors, "success_n1", "success_n10", "junction_accuracy_n10"} {
			if got := r.last(metric); got != 1 {
				t.Errorf("%s: %s is %v, want 1", policy, metric, got)
			}
		}
		if got := r.last(MetricStale); got != 0 {
			t.Errorf("%s: stale error is %v, want 0", policy, got)
		}
		if got := r.last(MetricEvalReturn); got != 3 { // +1 for each corridor, no delay
			t.Errorf("%s: return is %v, want 3", policy, got)
		}
	}
	// one of two at each junction, 1024 mazes: 0.125 at n = 3, one standard deviation is 0.01
	if r := run(world.MemoryFree); math.Abs(r.last(MetricSuccess)-0.125) > 0.04 || math.Abs(r.last(MetricJunction)-0.5) > 0.05 {
		t.Errorf("memory-free: success %v and accuracy %v, want 0.125 and 0.5", r.last(MetricSuccess), r.last(MetricJunction))
	}
	if r := run(world.Random); r.last(MetricSuccess) > 0.125 {
		t.Errorf("random: success %v, want at most that of a walker that guesses", r.last(MetricSuccess))
	}
}

func TestAnUntrainedAgentIsExaminedAndNotChanged(t *testing.T) {
	m := begin(t, setup(t, small(), arms()["lstm"], brief().with("steps", 0)), 3, lab.Bench{})
	r := &record{}
	if r.advance(t, m) {
		t.Error("an untrained agent has units left after the first")
	}
	if n := len(r.series(MetricSuccess)); n != 2 { // the evaluation at 0 and the test
		t.Errorf("%d values of success, want 2", n)
	}
	if n := len(r.series(MetricEntropy)); n != 0 {
		t.Errorf("%d values of the entropy of an update, want none", n)
	}
	// the same weights as those that training starts from
	trained := &record{}
	trained.advance(t, begin(t, setup(t, small(), arms()["lstm"], brief()), 3, lab.Bench{}))
	if a, b := r.series(MetricEvalReturn)[0], trained.series(MetricEvalReturn)[0]; a != b {
		t.Errorf("untrained: %v, before training: %v", a, b)
	}
}

func TestTheOtherMazesWork(t *testing.T) {
	r := finish(t, begin(t, setup(t, given{"kind": "t-maze"}, given{"kind": Reference}, brief()), 1, lab.Bench{}))
	if got := r.last("success_n10"); got != 1 || len(r.series(MetricStale)) != 0 || r.last(MetricJunction) != 1 {
		t.Errorf("oracle in the t-maze: success at n = 10 %v, %d stale errors, accuracy %v; want 1, none, 1",
			got, len(r.series(MetricStale)), r.last(MetricJunction))
	}
	r = finish(t, begin(t, setup(t, given{"kind": "color-cubes"}, given{"kind": Reference}, brief()), 1, lab.Bench{}))
	if r.last(MetricSuccess) != 1 || len(r.series(MetricJunction)) != 0 || len(r.series("success_n1")) != 0 {
		t.Errorf("oracle in color-cubes: success %v, accuracy %v, success at n = 1 %v; want 1 and no other",
			r.last(MetricSuccess), r.series(MetricJunction), r.series("success_n1"))
	}
	r = finish(t, begin(t, setup(t, given{"kind": "color-cubes"}, arms()["lstm"], brief()), 1, lab.Bench{}))
	if len(r.series(MetricEntropy)) != 2 || math.IsNaN(r.last(MetricEvalReturn)) {
		t.Errorf("lstm in color-cubes: %d updates, return %v", len(r.series(MetricEntropy)), r.last(MetricEvalReturn))
	}
}

func TestARestoredRunGoesOnExactly(t *testing.T) {
	for _, name := range []string{"mlp", "lstm", "ffm", "transformer", "oracle"} {
		s := setup(t, small(), arms()[name], brief().with("steps", 512))
		units := 4
		if name == "oracle" {
			units = 1
		}
		for stop := range units {
			first := begin(t, s, 4, lab.Bench{})
			ahead := &record{}
			for range stop {
				ahead.advance(t, first)
			}
			var kept bytes.Buffer
			if err := first.Snapshot(&kept); err != nil {
				t.Fatal(err)
			}
			second := begin(t, s, 4, lab.Bench{})
			if err := second.Restore(&kept); err != nil {
				t.Fatalf("%s after %d units: %v", name, stop, err)
			}
			if want, got := finish(t, first).text(t), finish(t, second).text(t); got != want || want == "" {
				t.Errorf("%s restored after %d units: events differ from those of the run that went on: %s", name, stop, difference(got, want))
			}
		}
	}
}

// difference quotes the first line that differs.
func difference(got, want string) string {
	w := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(w) || line != w[i] {
			return "got " + line + ", want " + w[min(i, len(w)-1)]
		}
	}
	return "one is longer"
}

func TestAStateOfAnotherSetUpOrCutShortIsRefused(t *testing.T) {
	s := setup(t, small(), arms()["lstm"], brief())
	m := begin(t, s, 4, lab.Bench{})
	(&record{}).advance(t, m)
	var kept bytes.Buffer
	if err := m.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 20, kept.Len() / 2, kept.Len() - 1} {
		if err := begin(t, s, 4, lab.Bench{}).Restore(bytes.NewReader(kept.Bytes()[:n])); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("the first %d of %d bytes: %v, want an error of code invalid", n, kept.Len(), err)
		}
	}
	for name, other := range map[string]lab.Setup{
		"another agent": setup(t, small(), arms()["gru"], brief()),
		"another width": setup(t, small(), arms()["lstm"].with("width", 9), brief()),
		"another maze":  setup(t, small().with("length", 4), arms()["lstm"], brief()),
	} {
		if err := begin(t, other, 4, lab.Bench{}).Restore(bytes.NewReader(kept.Bytes())); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: %v, want an error of code invalid", name, err)
		}
	}
}

func TestTheNumberOfThreadsChangesNothing(t *testing.T) {
	for _, name := range []string{"lstm", "ffm", "transformer"} {
		s := setup(t, small(), arms()[name], brief())
		one, two := finish(t, begin(t, s, 4, lab.Bench{Threads: 1})).text(t), finish(t, begin(t, s, 4, lab.Bench{Threads: 2})).text(t)
		if one != two {
			t.Errorf("%s with two threads: %s", name, difference(two, one))
		}
	}
}

func TestAnotherSeedIsAnotherRun(t *testing.T) {
	s := setup(t, small(), arms()["rnn"], brief())
	if a, b := finish(t, begin(t, s, 1, lab.Bench{})).text(t), finish(t, begin(t, s, 2, lab.Bench{})).text(t); a == b {
		t.Error("seeds 1 and 2 give the same events")
	}
	if a, b := finish(t, begin(t, s, 1, lab.Bench{})).text(t), finish(t, begin(t, s, 1, lab.Bench{})).text(t); a != b {
		t.Errorf("the same seed twice: %s", difference(b, a))
	}
}

func TestACancelledRunReturnsTheReasonAndEmitsNothingMore(t *testing.T) {
	m := begin(t, setup(t, small(), arms()["lstm"], brief()), 1, lab.Bench{})
	(&record{}).advance(t, m) // the first evaluation is over: the next unit begins with a rollout
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &record{}
	if _, err := m.Advance(ctx, r); !errors.Is(err, context.Canceled) || len(r.events) != 0 {
		t.Errorf("error %v with %d events, want the context's and none", err, len(r.events))
	}
}

func TestTheLearningRateFallsAlongALineToTheLastUpdate(t *testing.T) {
	for anneal, want := range map[bool][]float64{true: {0.004, 0.003, 0.002, 0.001}, false: {0.004, 0.004, 0.004, 0.004}} {
		m := begin(t, setup(t, small(), arms()["rnn"], brief().with("steps", 512).with("learning_rate", 0.004).with("anneal", anneal)), 1, lab.Bench{})
		for i, w := range want {
			(&record{}).advance(t, m)
			if got := m.learner.Rate; math.Abs(got-w) > 1e-12 {
				t.Errorf("anneal %v, update %d: learning rate %v, want %v", anneal, i+1, got, w)
			}
		}
	}
}

func TestEvaluationsAreEvenlySpreadAndTheLastIsAtTheEnd(t *testing.T) {
	for _, tt := range []struct {
		steps, evaluations int
		want               []int64 // of 128 steps an update
	}{
		{512, 2, []int64{0, 256, 512, 512}}, // the last one is the test
		{512, 4, []int64{0, 128, 256, 384, 512, 512}},
		{384, 2, []int64{0, 256, 384, 384}}, // half of three updates: after the second
		{256, 50, []int64{0, 128, 256, 256}},
		{300, 1, []int64{0, 384, 384}}, // steps are rounded up to whole updates
	} {
		m := begin(t, setup(t, small(), given{"kind": MLP, "width": 2, "depth": 1}, brief().with("steps", tt.steps).with("evaluations", tt.evaluations)), 1, lab.Bench{})
		var got []int64
		for _, p := range finish(t, m).series(MetricSuccess) {
			got = append(got, p.X)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%d steps with %d evaluations: at %v, want %v", tt.steps, tt.evaluations, got, tt.want)
		}
	}
}

func TestWrongKnobsAreErrorsThatSayWhatIsLegal(t *testing.T) {
	for name, tt := range map[string]struct {
		section int
		given   given
		want    string
	}{
		"a kind that is none":           {1, given{"kind": "lstn"}, `agent has no kind "lstn"`},
		"a width of nothing":            {1, given{"kind": LSTM, "width": 0}, "agent.width is 0, want 1 to 1024"},
		"a knob of another kind":        {1, given{"kind": GRU, "forget": "keep"}, "forget"},
		"a forget gate of another name": {1, given{"kind": LSTM, "forget": "never"}, `agent.forget is "never", want one of "learned", "keep"`},
		"heads that divide nothing":     {1, given{"kind": Transformer, "heads": 3}, "heads is 3, want a divisor of width"},
		"a window of the present step":  {1, given{"kind": Transformer, "window": 1}, "agent.window is 1, want 2 to 1024"},
		"a yardstick that is none":      {1, given{"kind": Reference, "policy": "perfect"}, `agent.policy is "perfect"`},
		"more minibatches than mazes":   {2, given{"minibatches": 100}, "minibatches is 100, want at most envs, which is 64"},
		"steps below zero":              {2, given{"steps": -1}, "rl.steps is -1, want 0 to"},
		"an alphabet of one":            {0, given{"kind": "endless-t-maze", "alphabet": 1}, "world.alphabet is 1, want 2 to 4"},
	} {
		_, err := resolve(Sections()[tt.section], tt.given)
		if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), tt.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: %v, hint %q; want %q", name, err, lab.HintOf(err), tt.want)
		}
	}
}

func TestASetUpThatWasNotResolvedIsRefused(t *testing.T) {
	for name, change := range map[string]func(*lab.Setup, *lab.Bench){
		"no section rl":         func(s *lab.Setup, _ *lab.Bench) { delete(s.Sections, "rl") },
		"no section world":      func(s *lab.Setup, _ *lab.Bench) { delete(s.Sections, "world") },
		"an unknown maze":       func(s *lab.Setup, _ *lab.Bench) { s.Sections["world"] = json.RawMessage(`{"kind":"desert"}`) },
		"an unknown knob":       func(s *lab.Setup, _ *lab.Bench) { s.Sections["agent"] = json.RawMessage(`{"kind":"lstm","wdth":3}`) },
		"an agent of no kind":   func(s *lab.Setup, _ *lab.Bench) { s.Sections["agent"] = json.RawMessage(`{"kind":"lstn"}`) },
		"an unknown instrument": func(_ *lab.Setup, b *lab.Bench) { b.Kernel = "abacus" },
	} {
		s, bench := setup(t, small(), arms()["lstm"], brief()), lab.Bench{Threads: 1}
		change(&s, &bench)
		_, err := New(s, 1, bench)
		if _, ok := errors.AsType[*lab.Error](err); !ok {
			t.Errorf("%s: %v, want a lab.Error", name, err)
		}
	}
}
