package memalpha

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/chat"
)

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {0.99, 1}, "memory-free": {0, 0.3}, "random": {0, 0.1}} {
		r := finish(t, begin(t, setup(t, small(), given{"kind": Reference, "policy": policy}, own(), brief().With("test_instances", 32)), 1, lab.Bench{}))
		for _, name := range []string{MetricAccuracy, MetricTest, MetricLong, MetricLongest} {
			if got := r.Last(t, name); got < want[0] || got > want[1] {
				t.Errorf("%s: %s is %v, want %v to %v", policy, name, got, want[0], want[1])
			}
		}
	}
}

// Rules write the same stores through the same code as the model and are examined alike.
func TestWritersByRuleScoreInTheirOrder(t *testing.T) {
	got := map[string]float64{}
	for _, who := range []string{Oracle, CopyAll, Weak} {
		r := finish(t, begin(t, setup(t, given{}, given{}, own().With("writer", who), brief().With("shortest", 4).With("test_instances", 40)), 1, lab.Bench{}))
		got[who] = r.Last(t, MetricTest)
	}
	if got[Oracle] < 0.97 || got[Weak] > 0.75*got[Oracle] || got[CopyAll] > got[Oracle] {
		t.Errorf("writers score %v", got)
	}
}

// Every memory of the catalog takes the place of the stores, in the same instances and with the same reader.
func TestEveryMemoryTakesThePlaceOfTheStores(t *testing.T) {
	got := map[string]float64{}
	for _, kind := range mem.Kinds() {
		s := setup(t, small(), tinier(), given{"kind": kind.Name}, brief())
		r := finish(t, begin(t, s, 1, lab.Bench{}))
		got[kind.Name] = r.Last(t, MetricTest)
		if len(r.Series(MetricReward)) != 0 {
			t.Errorf("%s: something was trained", kind.Name)
		}
		maker, err := Base(s, lab.Bench{Threads: 1})
		if maker != nil || err != nil {
			t.Errorf("%s: there is a warm start, %v", kind.Name, err)
		}
	}
	if got["full"] < 0.99 || got["none"] != 0 || got["last-n"] < 0.99 {
		t.Errorf("memories score %v", got)
	}
}

func TestTheNewestChunksAloneAreNotEnoughForALongText(t *testing.T) {
	score := func(kind string, n int) float64 {
		g := given{"kind": kind}
		if kind == "last-n" {
			g = g.With("n", n)
		}
		return finish(t, begin(t, setup(t, given{}, tinier(), g, brief().With("shortest", 4).With("longest", 40).With("long_instances", 12)), 1, lab.Bench{})).Last(t, MetricLongest)
	}
	if few, all := score("last-n", 8), score("full", 0); few > 0.5*all {
		t.Errorf("the last 8 of 40 chunks answer %v, all of them %v", few, all)
	}
}

func TestAnyNumberOfThreadsGivesTheSameEvents(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), own(), brief())
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	for _, threads := range []int{2, 3} {
		b := bench
		b.Threads = threads
		if got := finish(t, begin(t, s, 1, b)).Text(t); got != want {
			t.Errorf("%d threads: events differ", threads)
		}
	}
}

// Every unit is left at its end and taken up by another method.
func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), own(), brief())
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	got := &record{}
	m := begin(t, s, 1, bench)
	for left := true; left; {
		left = got.Advance(t, m)
		var state bytes.Buffer
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		m = begin(t, s, 1, bench)
		if err := m.Restore(&state); err != nil {
			t.Fatal(err)
		}
	}
	if got.Text(t) != want {
		t.Error("events differ")
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), own(), brief())
	m := begin(t, s, 1, bench)
	finish(t, m)
	var state bytes.Buffer
	if err := m.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, state.Len() / 2, state.Len() - 1} {
		if err := begin(t, s, 1, bench).Restore(bytes.NewReader(state.Bytes()[:n])); err == nil {
			t.Errorf("a state of %d bytes of %d is taken", n, state.Len())
		}
	}
}

// The very numbers of a run, counted in its events.
func TestARunReportsEachPartOften(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), own(), brief()), 1, oneBase(t)))
	for name, want := range map[string]int{MetricAccuracy: 3, MetricTest: 2, MetricSampled: 2, MetricLong: 2, MetricLongest: 2, MetricTestMemory: 2,
		MetricTestValid: 2, MetricReward: 3, MetricR1: 3, MetricR2: 3, MetricR3: 3, MetricR4: 3, MetricFlat: 3, MetricParameters: 1, MetricLoss: 0} {
		if got := len(r.Series(name)); got != want {
			t.Errorf("%s is reported %d times, want %d", name, got, want)
		}
	}
	if gap := slices.Max(r.Series(MetricGap)); gap > 1e-4 {
		t.Errorf("sampler and trainer differ by %v nats", gap)
	}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && !slices.ContainsFunc(metrics(), func(s lab.MetricSpec) bool { return s.Name == m.Name }) {
			t.Fatalf("metric %q has no description", m.Name)
		}
	}
}

// What the record says of a kept episode rebuilds its memory at every step: what the writer had before it is what the banks held.
func TestTheRecordRebuildsTheMemoryThatTheWriterSaw(t *testing.T) {
	m := begin(t, setup(t, given{}, given{}, own().With("writer", Oracle), brief().With("shortest", 4)), 1, lab.Bench{})
	r := finish(t, m)
	var banks mem.Replay
	seen, reads := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Memory:
			if err := banks.Apply(ev); err != nil {
				t.Fatal(err)
			}
			if ev.Op == lab.OpRead {
				reads++
			}
		case lab.Context:
			for _, b := range ev.Blocks {
				for _, id := range b.Entries {
					seen++
					if !strings.Contains(b.Text, textOf(r.Events, ev, b.Name, id)) {
						t.Fatalf("entry %s of %s does not stand in %q", id, b.Name, b.Text)
					}
				}
			}
		}
	}
	if seen < 20 || reads < 20 {
		t.Errorf("%d entries were seen and %d readings made", seen, reads)
	}
}

// textOf is an entry as the events before a context left it.
func textOf(events []lab.Event, at lab.Context, store, id string) (text string) {
	for _, ev := range events {
		switch ev := ev.(type) {
		case lab.Context:
			if ev.Episode == at.Episode && ev.T == at.T {
				return text
			}
		case lab.Memory:
			if ev.Episode == at.Episode && strings.HasPrefix(ev.Bank, store) && ev.Entry == id && ev.After != nil {
				text = ev.After.Text
			}
		}
	}
	return text
}

func TestAnUntrainedAgentIsTestedOnce(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), own(), brief().With("updates", 0)), 1, oneBase(t)))
	if n := len(r.Series(MetricTest)); n != 1 {
		t.Errorf("%d tests, want 1", n)
	}
}

func TestTheControlLearnsFromTracesThatNobodyUsed(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), own(), brief().With("more_supervised", true)), 1, oneBase(t)))
	if n := len(r.Series(MetricLoss)); n != 3 || len(r.Series(MetricReward)) != 0 {
		t.Errorf("%d supervised updates, want 3, and no rewards", n)
	}
}

// Arms that differ in their rewards share one warm start; what the traces depend on makes another.
func TestArmsShareTheirWarmStart(t *testing.T) {
	key := func(world, agent, memory, grpo given) string {
		m, err := Base(setup(t, world, agent, memory, grpo), lab.Bench{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close() }()
		return m.Key
	}
	base := key(small(), tinier(), own(), brief())
	for name, k := range map[string]string{"gamma": key(small(), tinier(), own(), brief().With("gamma", 0)), "beta": key(small(), tinier(), own(), brief().With("beta", 0.4)),
		"the control": key(small(), tinier(), own(), brief().With("more_supervised", true))} {
		if k != base {
			t.Errorf("%s has another warm start", name)
		}
	}
	if key(small(), tinier().With("half", 0.1), own(), brief()) == base || key(small(), tinier(), own().With("visible", 0), brief()) == base {
		t.Error("other habits or another view have the same warm start")
	}
}

func TestSetUpsThatCannotRunAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, says  string
		world, grpo given
	}{
		{"a dialogue", `world.mode is "dialogue"`, given{"mode": chat.InDialogue}, brief()},
		{"shortest above the length of the world", "rl.shortest is 9 and world.chunks 3", small(), brief().With("shortest", 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(setup(t, c.world, tinier(), own(), c.grpo), 1, lab.Bench{Threads: 1})
			if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an invalid with %q", err, c.says)
			}
		})
	}
}

func TestTheSectionsAreWhole(t *testing.T) {
	for _, s := range Sections() {
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
	if got, want := Sections()[2].Kinds[0].Name, Own; got != want {
		t.Errorf("the first memory is %q, want %q", got, want)
	}
}

// The words of the traces are those of the world, and weak traces have each habit about as often as the knobs say.
func TestTracesHaveTheStatedHabits(t *testing.T) {
	s := setup(t, given{}, given{}, own(), brief().With("shortest", 4))
	var agent AgentKnobs
	if err := s.Section("agent", &agent); err != nil {
		t.Fatal(err)
	}
	w, words, err := newWorld(chat.Knobs(mustWorld(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	one, calls, broken, half := 0, 0, 0, 0
	for seed := range uint64(600) {
		in, _ := w.Instance(chat.Train, seed)
		rule := ruleWriter{Weak, agent, words, 3}
		r := &rollout{in: in, stores: few()}
		wrote, err := rule.write(t.Context(), []*rollout{r}, 0)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := plain(words, wrote[0].Tokens)
		made := parseCalls(text)
		for _, c := range made {
			if calls++; c.Fault != "" || c.Slot > 0 {
				broken++
			}
		}
		chunk := strings.Fields(in.Chunks[0].Text)
		if one++; len(made) > 0 && strings.Contains(text, strings.Join(chunk[:len(chunk)/2], " ")) && len(made) <= 2 {
			half++
		}
	}
	if share := float64(broken) / float64(calls); share < 0.24 || share > 0.36 {
		t.Errorf("%.3f of the calls cannot be executed, want 0.3", share)
	}
	if share := float64(half) / float64(one); share < 0.3 || share > 0.6 {
		t.Errorf("%.3f of the traces copy the first half, want some 0.42: 0.6 less those whose call is broken", share)
	}
}

func mustWorld(t *testing.T, s lab.Setup) (k chat.Knobs) {
	t.Helper()
	if err := s.Section("world", &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// another holds, for each knob of a kind that can move a curve, a value that differs from that of its base. What only says how often and
// how long to look is not here.
func another() map[string]map[string]any {
	return map[string]map[string]any{
		Tiny: {"width": 16, "layers": 2, "heads": 4, "inner": 32, "warm_steps": 61, "warm_batch": 8, "warm_rate": 0.02, "half": 0.0, "one_store": 0.0, "no_core": 0.0, "malformed": 0.9, "warm_seed": 1},
		Own:  {"writer": Weak, "recalled": 0, "visible": 0, "core_limit": 2, "calls": 1, "tokens": 6},
		"grpo": {"updates": 4, "questions": 3, "group": 5, "learning_rate": 0.001, "temperature": 0.7, "clip_low": 0.0, "clip_high": 0.0, "grad_clip": 0.01,
			"minibatches": 2, "beta": 5.0, "gamma": 5.0, "format": 0.0, "statistics": PerInstance, "shortest": 3, "more_supervised": true},
		"unmoved": {"context": true, "evaluations": true, "eval_instances": true, "test_instances": true, "long_instances": true, "long": true, "longest": true},
	}
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	// Several steps an update, all but the first of them not on the policy that drew, so that the bounds of the ratio count.
	grpo := brief().With("minibatches", 4).With("questions", 4).With("learning_rate", 0.02)
	run := func(agent, memory, grpo given) string {
		return finish(t, begin(t, setup(t, small(), agent, memory, grpo), 1, bench)).Text(t)
	}
	base := run(tinier(), own(), grpo)
	for _, section := range Sections()[1:] {
		for _, kind := range section.Kinds {
			if another()[kind.Name] == nil {
				continue // a yardstick, or a memory of all notebooks
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
				if !ok {
					t.Errorf("%s: knob %s has no other value", kind.Name, f.Path)
					continue
				}
				agent, memory, rl := tinier(), own(), grpo
				switch kind.Name {
				case Tiny:
					agent = agent.With(f.Path, value)
				case Own:
					memory = memory.With(f.Path, value)
				default:
					rl = rl.With(f.Path, value)
				}
				if run(agent, memory, rl) == base {
					t.Errorf("%s: with %s at %v nothing changes", kind.Name, f.Path, value)
				}
			}
		}
	}
	if !reflect.DeepEqual(base, run(tinier(), own(), grpo)) {
		t.Error("the same set-up gives two records")
	}
}
