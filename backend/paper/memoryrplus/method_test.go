package memoryrplus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// oneBase is a cache that the set-ups of a test share, so that their warm start is made once.
func oneBase(t *testing.T) lab.Bench { return lab.Bench{Cache: t.TempDir()} }

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {1, 1}, "random": {0, 0.1}} {
		r := finish(t, begin(t, setup(t, small(), given{"kind": Reference, "policy": policy}, brief().With("test_questions", 128)), 1, lab.Bench{}))
		for _, name := range []string{MetricAccuracy, MetricTest, MetricSampled, MetricHeldOut} {
			if got := r.Last(t, name); got < want[0] || got > want[1] {
				t.Errorf("%s: %s is %v, want %v to %v", policy, name, got, want[0], want[1])
			}
		}
		if got := r.Last(t, MetricFormat); got != 2 {
			t.Errorf("%s: format is %v, want 2", policy, got)
		}
	}
}

func TestAnyNumberOfThreadsGivesTheSameEvents(t *testing.T) {
	bench := oneBase(t)
	for _, encoder := range []string{Hash, Hidden} {
		s := setup(t, small(), tinier(), brief().With("encoder", encoder))
		want := finish(t, begin(t, s, 1, bench)).Text(t)
		for _, threads := range []int{2, 4} {
			b := bench
			b.Threads = threads
			if got := finish(t, begin(t, s, 1, b)).Text(t); got != want {
				t.Errorf("encoder %s, %d threads: events differ", encoder, threads)
			}
		}
	}
}

// Every unit is left at its end and taken up by another method, memory and windows included.
func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	bench := oneBase(t)
	for _, encoder := range []string{Hash, Hidden} {
		s := setup(t, small(), tinier(), brief().With("encoder", encoder))
		whole := begin(t, s, 1, bench)
		want := finish(t, whole)
		got := &record{}
		m := begin(t, s, 1, bench)
		for left := true; left; {
			left = got.Advance(t, m)
			var state bytes.Buffer
			if err := m.Snapshot(&state); err != nil {
				t.Fatal(err)
			}
			if m = begin(t, s, 1, bench); m.Restore(&state) != nil {
				t.Fatal("the state cannot be restored")
			}
		}
		if got.Text(t) != want.Text(t) {
			t.Errorf("encoder %s: events differ", encoder)
		}
		a, b := fmt.Sprint(m.memory.Success.Shelves, m.memory.Failure.Shelves, m.memory.Distance, m.memory.Novelty),
			fmt.Sprint(whole.memory.Success.Shelves, whole.memory.Failure.Shelves, whole.memory.Distance, whole.memory.Novelty)
		if a != b || m.memory.Failure.size() == 0 { // embeddings are in it, too
			t.Errorf("encoder %s: the memories differ", encoder)
		}
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), brief())
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
	r := finish(t, begin(t, setup(t, small(), tinier(), brief()), 1, oneBase(t)))
	for name, want := range map[string]int{MetricAccuracy: 3, MetricTest: 2, MetricSampled: 2, MetricHeldOut: 2, MetricDiversity: 2, MetricCollapsed: 2,
		MetricFlat: 4, MetricExplore: 4, MetricMemory: 4, MetricWarmLoss: 40, MetricParameters: 1, MetricLoss: 0} {
		if got := len(r.Series(name)); got != want {
			t.Errorf("%s is reported %d times, want %d", name, got, want)
		}
	}
	if explore := r.Series(MetricExplore); explore[0] != 0 || slices.Max(explore) == 0 {
		t.Errorf("novelty pays %v, want nothing in the first update and something later", explore)
	}
	if gap := slices.Max(r.Series(MetricGap)); gap > 1e-4 {
		t.Errorf("sampler and trainer differ by %v nats", gap)
	}
	writes := 0
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Memory); ok && m.Op == lab.OpWrite && m.After != nil {
			writes++
		}
	}
	if writes != 4 { // the first group of the first update
		t.Errorf("%d writes are told, want 4", writes)
	}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && !slices.ContainsFunc(metrics(), func(s lab.MetricSpec) bool { return s.Name == m.Name }) {
			t.Fatalf("metric %q has no description", m.Name)
		}
	}
}

func TestAnUntrainedAgentIsTestedOnce(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), brief().With("updates", 0)), 1, oneBase(t)))
	if n := len(r.Series(MetricTest)); n != 1 {
		t.Errorf("%d tests, want 1", n)
	}
}

func TestTheControlLearnsFromTracesThatNobodyUsed(t *testing.T) {
	m := begin(t, setup(t, small(), tinier(), brief().With("more_supervised", true)), 1, oneBase(t))
	r := finish(t, m)
	if n := len(r.Series(MetricLoss)); n != 4 || m.memory.Success.size()+m.memory.Failure.size() != 0 {
		t.Errorf("%d supervised updates, want 4, and nothing stored", n)
	}
}

// Six questions in groups of four: every epoch has each of them once, in an order of its own, and the draws differ each time.
func TestThePoolIsMetWholeInEveryEpoch(t *testing.T) {
	m := begin(t, setup(t, small(), given{"kind": Reference}, brief().With("pool", 6).With("questions", 4)), 1, lab.Bench{})
	var texts []string
	draws := map[uint64]bool{}
	for m.now.Updates = range 6 {
		qs, err := m.ask()
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range qs {
			texts, draws[q.seed] = append(texts, q.Question), true
		}
	}
	first := slices.Sorted(slices.Values(texts[:6]))
	for at := 6; at < 24; at += 6 {
		if !slices.Equal(slices.Sorted(slices.Values(texts[at:at+6])), first) {
			t.Errorf("epoch %d has questions %q, want those of %q", at/6, texts[at:at+6], first)
		}
	}
	if slices.Equal(texts[:6], texts[6:12]) && slices.Equal(texts[6:12], texts[12:18]) || len(draws) != 24 {
		t.Errorf("the order is always the same, or %d draws are not 24", len(draws))
	}
}

// countdown is cancelled after it was asked so many times: in the middle of whatever asks.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A unit that is stopped in its middle is dropped with its events, and done again from the last kept state.
func TestAMethodThatIsStoppedInTheMiddleOfAUnitGoesOnUndisturbed(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), brief())
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	got, m := &record{}, begin(t, s, 1, bench)
	var state bytes.Buffer
	stops := 0
	for patience := 1; ; patience++ {
		ctx, unit := &countdown{Context: t.Context(), left: patience}, &record{}
		p, err := m.Advance(ctx, unit)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			stops++
			m = begin(t, s, 1, bench)
			if state.Len() > 0 && m.Restore(bytes.NewReader(state.Bytes())) != nil {
				t.Fatal("the state cannot be restored")
			}
			continue
		}
		patience = 0
		got.Events = append(got.Events, unit.Events...)
		state.Reset()
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			break
		}
	}
	if got.Text(t) != want || stops < 10 {
		t.Errorf("after %d stops the events differ", stops)
	}
}
