package mem1

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// settings are set-ups that take different ways through the code.
func settings() map[string][2]given {
	return map[string][2]given{
		"pruned":      {tinier(), brief()},
		"whole":       {tinier().With("template", Whole), brief()},
		"stitched":    {tinier(), brief().With("credit", Stitched).With("minibatches", 2)},
		"supervision": {tinier(), brief().With("more_supervised", true)},
	}
}

func TestAnyNumberOfThreadsGivesTheSameEvents(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for name, g := range settings() {
		s := setup(t, small(), g[0], g[1])
		want := finish(t, begin(t, s, 1, bench)).Text(t)
		b := bench
		b.Threads = 2
		if got := finish(t, begin(t, s, 1, b)).Text(t); got != want {
			t.Errorf("%s, 2 threads: events differ", name)
		}
	}
}

// Every unit is left at its end and taken up by another method.
func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for name, g := range settings() {
		s := setup(t, small(), g[0], g[1])
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
	s := setup(t, small(), tinier(), brief().With("updates", 1))
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
	s := setup(t, small(), tinier(), brief().With("updates", 2))
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	got, m := &record{}, begin(t, s, 1, bench)
	var state bytes.Buffer
	stops := 0
	for patience := 4; ; patience *= 4 {
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
		patience = 4
		got.Events = append(got.Events, unit.Events...)
		state.Reset()
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			break
		}
	}
	if got.Text(t) != want || stops < 3 {
		t.Errorf("after %d stops the events differ", stops)
	}
}

func TestARunReportsWhatItShouldAndNoMore(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), brief()), 1, oneBase(t)))
	for name, want := range map[string]int{MetricScore: 3, MetricTest: 3, MetricSampled: 3, MetricPeak: 3, MetricPairs: 3, MetricTrain: 3, MetricProbe: 3, MetricParameters: 1, MetricLoss: 0} {
		if got := len(r.Series(name)); got != want {
			t.Errorf("%s is reported %d times, want %d", name, got, want)
		}
	}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && !slices.ContainsFunc(metrics(), func(s lab.MetricSpec) bool { return s.Name == m.Name }) {
			t.Fatalf("metric %q has no description", m.Name)
		}
	}
}

// Claim 4 at the first step: under the context of the turn the trainer finds the sampler's probabilities; under the whole history it does not.
func TestTheRatioIsOneAtTheFirstStepUnderTheContextOfTheTurnAlone(t *testing.T) {
	bench := oneBase(t)
	for name, c := range map[string]struct {
		agent, rl given
		right     bool
	}{
		"by turn":             {tinier(), brief(), true},
		"stitched":            {tinier(), brief().With("credit", Stitched), false},
		"whole":               {tinier().With("template", Whole), brief(), true},
		"whole, and stitched": {tinier().With("template", Whole), brief().With("credit", Stitched), true}, // nothing was pruned
	} {
		r := finish(t, begin(t, setup(t, small(), c.agent, c.rl.With("updates", 1)), 1, bench))
		if gap := r.Series(MetricGap); len(gap) > 0 && (float64(gap[0]) < 1e-4) != c.right {
			t.Errorf("%s: probabilities differ by up to %v nats", name, gap[0])
		} else if len(gap) == 0 {
			t.Errorf("%s: nothing was trained", name)
		}
	}
}

// The chart of the context is what the record's token ids say: with every test episode kept, the mean of their peaks is the metric.
func TestTheContextChartComesFromTheTokenIDsOfTheRecord(t *testing.T) {
	for name, g := range settings() {
		m := begin(t, setup(t, small(), g[0], g[1].With("updates", 0).With("test_questions", keptTests)), 1, oneBase(t))
		r := finish(t, m)
		peaks, sums, n := map[int64]int{}, map[int]float64{}, map[int]int{}
		context := 0
		for _, ev := range r.Events {
			switch ev := ev.(type) {
			case lab.Context:
				context = 0
				for _, b := range ev.Blocks {
					if text, err := m.player.words.Decode(b.Tokens); err != nil || text != b.Text || b.Count != len(b.Tokens) {
						t.Fatalf("block %+v: %v", b, err)
					}
					context += len(b.Tokens)
				}
			case lab.Step:
				peaks[ev.Episode] = max(peaks[ev.Episode], context+len(strings.Fields(ev.Action)))
			case lab.Episode:
				if float64(ev.Context) != float64(peaks[ev.ID]) {
					t.Errorf("%s: episode %d has a peak of %v, its token ids of %d", name, ev.ID, ev.Context, peaks[ev.ID])
				}
				if ev.ID > keptEpisodes {
					sums[int(ev.Numbers["questions"])] += float64(peaks[ev.ID])
					n[int(ev.Numbers["questions"])]++
				}
			}
		}
		for i, want := range r.Series(MetricPeak) {
			if q := tested()[i]; n[q] != keptTests || math.Abs(sums[q]/float64(n[q])-float64(want)) > 1e-9 {
				t.Errorf("%s: %d questions: %d episodes have a mean peak of %v, the metric is %v", name, q, n[q], sums[q]/float64(n[q]), want)
			}
		}
	}
}

// What the state holds by the memory events is what the model wrote, at every turn of every kept episode.
func TestTheMemoryEventsRebuildTheState(t *testing.T) {
	r := finish(t, begin(t, setup(t, small(), tinier(), brief()), 1, oneBase(t)))
	held, wrote, episode, events := map[string]string{}, said{}, int64(0), 0
	check := func() {
		n := 0
		for i, w := range wrote.state {
			if i > 0 && strings.HasPrefix(wrote.state[i-1], "#") && !strings.HasPrefix(w, "#") && slices.Index(wrote.state, wrote.state[i-1]) == i-1 {
				n++
			}
		}
		if len(held) > n {
			t.Fatalf("the bank holds %v, the state is %q", held, wrote.state)
		}
		for _, text := range held {
			if !slices.Contains(wrote.state, text[strings.LastIndex(text, " ")+1:]) {
				t.Fatalf("the bank holds %q, the state is %q", text, wrote.state)
			}
		}
	}
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Step:
			if check(); ev.Episode != episode {
				held, episode = map[string]string{}, ev.Episode
			}
			wrote = parse(strings.TrimSuffix(ev.Action, " <end>"))
		case lab.Memory:
			events++
			if ev.After == nil {
				delete(held, ev.Entry)
			} else {
				held[ev.Entry] = ev.After.Text
			}
			if ev.Reason == "" || ev.Size < 0 {
				t.Fatalf("event %+v", ev)
			}
		}
	}
	if events == 0 {
		t.Error("no state was ever kept")
	}
}

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {0, 0.55}, "random": {0, 0.1}} {
		r := finish(t, begin(t, setup(t, given{}, given{"kind": Reference, "policy": policy}, brief().With("test_questions", 60)), 1, lab.Bench{}))
		for _, name := range []string{MetricTest, MetricScore} {
			if got := r.Last(t, name); got < want[0] || got > want[1] {
				t.Errorf("%s: %s is %v, want %v to %v", policy, name, got, want[0], want[1])
			}
		}
		if peak := r.Series(MetricPeak); policy == "full-memory" && peak[2] < 3*peak[0] || policy == "memory-free" && peak[2] > 2*peak[0] {
			t.Errorf("%s has %v tokens in sight", policy, peak)
		}
	}
}
