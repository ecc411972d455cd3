package slearl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
)

// folder is the cache of warm starts that all tests share, so that each is made once.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "slea") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func oneBase(t *testing.T) lab.Bench {
	t.Helper()
	dir, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	return lab.Bench{Cache: dir}
}

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {0.95, 1}, "memory-free": {0, 0.35}, "random": {0, 0.05}} {
		agent := given{"kind": Reference, "policy": policy, "practice": 250}
		r := finish(t, begin(t, setup(t, given{"kind": "house"}, agent, shelved(), brief().With("test_questions", 200)), 1, lab.Bench{}))
		for _, name := range []string{MetricTest, MetricSuccess} {
			if got := r.Last(t, name); got < want[0] || got > want[1] {
				t.Errorf("%s: %s is %v, want %v to %v", policy, name, got, want[0], want[1])
			}
		}
	}
}

// settings are set-ups that keep their state in different places.
func settings() map[string][2]given {
	return map[string][2]given{
		"by step":     {shelved(), brief()},
		"by task":     {shelved(), brief().With("key", ByTask)},
		"both":        {shelved(), brief().With("key", Hybrid).With("divergence", 0)},
		"bm25":        {given{"kind": "bm25"}, brief()},
		"mem0":        {given{"kind": "mem0"}, brief().With("key", ByTask)},
		"supervision": {shelved(), brief().With("more_supervised", true).With("updates", 2)},
	}
}

func TestAnyNumberOfThreadsGivesTheSameEvents(t *testing.T) {
	bench := oneBase(t)
	for name, g := range settings() {
		s := setup(t, small(), tinier(), g[0], g[1])
		want := finish(t, begin(t, s, 1, bench)).Text(t)
		b := bench
		b.Threads = 2
		if got := finish(t, begin(t, s, 1, b)).Text(t); got != want {
			t.Errorf("%s, 2 threads: events differ", name)
		}
	}
}

// Every unit is left at its end and taken up by another method, library and clusters included.
func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for name, g := range settings() {
		s := setup(t, small(), tinier(), g[0], g[1])
		want := finish(t, begin(t, s, 1, bench))
		got, m := &record{}, begin(t, s, 1, bench)
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
			t.Errorf("%s: events differ", name)
		}
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, small(), tinier(), shelved(), brief().With("updates", 1))
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
	papertest.Whole(t)
	bench := oneBase(t)
	s := setup(t, small(), tinier(), shelved(), brief().With("updates", 2))
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	got, m := &record{}, begin(t, s, 1, bench)
	var state bytes.Buffer
	stops := 0
	for patience := 8; ; patience *= 4 {
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
		patience = 8
		got.Events = append(got.Events, unit.Events...)
		state.Reset()
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			break
		}
	}
	if got.Text(t) != want || stops < 5 {
		t.Errorf("after %d stops the events differ", stops)
	}
}

func TestARunReportsWhatItShouldAndNoMore(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), shelved(), brief()), 1, oneBase(t)))
	for name, want := range map[string]int{MetricSuccess: 3, MetricTest: 2, MetricSampled: 2, MetricBare: 2, MetricTrain: 4, MetricBorn: 4, MetricClusters: 4,
		MetricWarmLoss: 40, MetricParameters: 1, MetricLoss: 0} {
		if got := len(r.Series(name)); got != want {
			t.Errorf("%s is reported %d times, want %d", name, got, want)
		}
	}
	if gap := slices.Max(r.Series(MetricGap)); gap > 1e-4 {
		t.Errorf("sampler and trainer differ by %v nats", gap)
	}
	if r.Last(t, MetricHints) == 0 || r.Last(t, MetricMemory) == 0 || slices.Max(r.Series(MetricTrain)) == 0 {
		t.Error("nothing was read, kept or done")
	}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && !slices.ContainsFunc(metrics(), func(s lab.MetricSpec) bool { return s.Name == m.Name }) {
			t.Fatalf("metric %q has no description", m.Name)
		}
	}
}

// What the policy read at a kept step is what the record says: the entries of the bank at that time, and their words before the observation.
func TestTheRecordSaysWhatWasRead(t *testing.T) {
	m := begin(t, setup(t, small(), tinier(), shelved(), brief()), 1, oneBase(t))
	r := finish(t, m)
	banks := map[string]map[string]string{zoneStrategies: {}, zoneWarnings: {}}
	var used []string
	reads, contexts := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Memory:
			switch {
			case ev.Op == lab.OpRead:
				reads++
				for _, h := range ev.Hits {
					if h.Used {
						if banks[ev.Bank][h.Entry] == "" {
							t.Fatalf("a reading of %s uses entry %s, which the events do not hold", ev.Bank, h.Entry)
						}
						used = append(used, banks[ev.Bank][h.Entry])
					}
				}
			case ev.Op == lab.OpDelete:
				delete(banks[ev.Bank], ev.Entry)
			default:
				banks[ev.Bank][ev.Entry] = ev.After.Text
			}
		case lab.Context:
			if ev.Blocks[0].Name != "memory" {
				continue
			}
			contexts++
			said, err := m.player.words.Decode(ev.Blocks[0].Tokens)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(strings.TrimSpace(said), "\n") {
				if !slices.Contains(used, line) {
					t.Errorf("the model read %q, which no reading gave", line)
				}
			}
		}
	}
	if reads == 0 || contexts == 0 {
		t.Errorf("%d readings and %d contexts with hints are in the record", reads, contexts)
	}
}

func TestAnUntrainedAgentIsTestedOnce(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), shelved(), brief().With("updates", 0)), 1, oneBase(t)))
	if n := len(r.Series(MetricTest)); n != 1 {
		t.Errorf("%d tests, want 1", n)
	}
}

func TestWithoutHintsAtTheTestBothTestsAreTheSame(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), shelved(), brief().With("test_hints", false)), 1, oneBase(t)))
	if a, b := r.Series(MetricTest), r.Series(MetricBare); !slices.Equal(a, b) {
		t.Errorf("success is %v, without hints %v", a, b)
	}
}

// Every memory of the catalog fills the hint slots, and the same policy reads it.
func TestAnyMemoryGivesHints(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for _, kind := range mem.Kinds() {
		r := finish(t, begin(t, setup(t, small(), tinier(), given{"kind": kind.Name}, brief().With("updates", 2)), 1, bench))
		if got := r.Last(t, MetricHints); (got == 0) != (kind.Name == "none") {
			t.Errorf("%s: %v hints a step", kind.Name, got)
		}
	}
}

// An examination leaves no trace: what is kept is the same before and after it.
func TestAnExaminationLeavesTheMemoryAsItWas(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for _, kind := range []given{shelved(), {"kind": "generative-agents"}, {"kind": "memrl"}} {
		m := begin(t, setup(t, small(), tinier(), kind, brief().With("updates", 2)), 1, bench)
		finish(t, m)
		state := func() string {
			var b bytes.Buffer
			if err := m.player.memory.Snapshot(&b); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		before := state()
		if err := m.evaluate(t.Context(), &record{}); err != nil {
			t.Fatal(err)
		}
		if state() != before {
			t.Errorf("%v: an evaluation changes the memory", kind["kind"])
		}
	}
}

func TestHintsAreCutToTheirSlotsAndToKnownWords(t *testing.T) {
	m := begin(t, setup(t, small(), given{"kind": Reference}, shelved(), brief()), 1, lab.Bench{})
	long := "heat clay mug : use oven works ; heat clay mug"
	got := m.player.hints(mem.Reading{Entries: []lab.Entry{{Text: "go bed"}, {Text: "a stranger"}, {Text: long}, {Text: "one take cup"}}})
	if want := []string{"heat clay mug : use oven works ;", "take cup"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("hints are %q, want %q", got, want)
	}
}

func TestAHintFitsAStepThatItIsAbout(t *testing.T) {
	s := tally{writer: newWriter()}
	for _, c := range []struct {
		hint, subject string
		fits          bool
	}{
		{"heat clay mug : use oven", "heat clay mug", true},
		{"heat clay : use oven", "heat clay mug", true},
		{"heat clay ring : use oven", "heat clay mug", true},
		{"heat wood ring : use oven", "heat clay mug", false},
		{"heat clay mug : use oven", "store clay mug", false},
		{"store dish : put in box", "store clay mug", true},
		{"store toy : put in box", "store clay mug", false},
		{"look at clay mug : not use lamp", "look at clay cup", true},
	} {
		if got := s.fitting(c.hint, c.subject); got != c.fits {
			t.Errorf("%q at %q: %v", c.hint, c.subject, got)
		}
	}
}
