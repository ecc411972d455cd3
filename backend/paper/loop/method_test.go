package loop

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {0, 0.02}, "random": {0, 0.02}} {
		r := finish(t, begin(t, setup(t, given{"kind": Reference, "policy": policy}, brief().With("test_tasks", 120)), 1, lab.Bench{}))
		for _, name := range []string{MetricTest, MetricSuccess, MetricChallenge} {
			if got := r.Last(t, name); got < want[0] || got > want[1] {
				t.Errorf("%s: %s is %v, want %v to %v", policy, name, got, want[0], want[1])
			}
		}
	}
}

// settings are set-ups that keep their state in different places.
func settings() map[string]given {
	short := brief().With("updates", 2)
	return map[string]given{
		"loop":       short,
		"grpo":       short.With("epochs", 1).With("minibatch", 0).With("advantage", Normal).With("kl", 0.1),
		"ppo":        short.With("learner", Critic),
		"trajectory": short.With("ratio", ByTrajectory),
		"sft":        short.With("learner", Supervised),
	}
}

func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for name, g := range settings() {
		s := setup(t, tinier(), g)
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
	s := setup(t, tinier(), brief().With("updates", 1))
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
	s := setup(t, tinier(), brief().With("updates", 2))
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
	if got.Text(t) != want || stops < 3 {
		t.Errorf("after %d stops the events differ", stops)
	}
}

// The trainer's log-probabilities are recomputed before the first step, so its ratios are 1 to the last bit whatever the sampler's
// arithmetic is; and sampler and trainer agree to rounding.
func TestTheFirstRatioOfAnIterationIsOne(t *testing.T) {
	r := finish(t, begin(t, setup(t, tinier(), brief()), 1, oneBase(t)))
	for i, e := range r.Series(MetricFirst) {
		if e > 1e-5 {
			t.Errorf("iteration %d: a ratio of the first minibatch is %v away from 1", i+1, e)
		}
	}
	if len(r.Series(MetricFirst)) == 0 || r.Last(t, MetricGap) > 1e-3 {
		t.Errorf("sampler and trainer are %v nats apart", r.Last(t, MetricGap))
	}
}

// An iteration with two passes of minibatches takes more optimiser steps than one of a single pass over all attempts, which takes one;
// a bound of 0 on the divergence ends every iteration behind its first step that sees some.
func TestPassesMinibatchesAndTheStopSetTheNumberOfSteps(t *testing.T) {
	bench := oneBase(t)
	most := func(g given) (n float64) {
		for _, v := range finish(t, begin(t, setup(t, tinier(), g), 1, bench)).Series(MetricSteps) {
			n = max(n, float64(v))
		}
		return n
	}
	if n := most(brief().With("epochs", 1).With("minibatch", 0)); n != 1 {
		t.Errorf("one pass over all attempts takes %v steps, want 1", n)
	}
	if n := most(brief().With("tasks", 10).With("group", 6)); n < 4 {
		t.Errorf("two passes of minibatches take %v steps at most, want 4 or more", n)
	}
	if n := most(brief().With("tasks", 10).With("group", 6).With("stop_kl", 0)); n > 2 {
		t.Errorf("with a bound of 0 an iteration takes %v steps, want at most 2", n)
	}
}

func TestKnobsOfTheClippedLossAreRefusedElsewhere(t *testing.T) {
	for _, k := range []RLKnobs{{Learner: Critic, Ratio: ByTurn, Advantage: LeaveOneOut}, {Learner: Rejection, Ratio: ByToken, Advantage: Normal}, {Learner: Supervised, Ratio: ByToken, Advantage: LeaveOneOut, KL: 1}} {
		if err := k.Validate(); lab.CodeOf(err) != lab.Invalid || err == nil {
			t.Errorf("%+v is taken: %v", k, err)
		}
	}
}

// What is kept of an episode holds the very tokens: each step's context is the one before it, what was answered, and the reply.
func TestKeptEpisodesShowTheVeryContextAndGrow(t *testing.T) {
	r := finish(t, begin(t, setup(t, tinier(), brief().With("updates", 0)), 1, oneBase(t)))
	last, seen := 0, 0
	for _, ev := range r.Events {
		c, ok := ev.(lab.Context)
		if !ok {
			continue
		}
		n := 0
		for _, b := range c.Blocks {
			n += len(b.Tokens)
			if b.Count != len(b.Tokens) {
				t.Errorf("block %s counts %d of %d tokens", b.Name, b.Count, len(b.Tokens))
			}
		}
		if c.T > 0 && n <= last {
			t.Errorf("step %d of episode %d has %d tokens before it, the step before had %d", c.T, c.Episode, n, last)
		}
		last = n
		seen++
	}
	if seen == 0 {
		t.Error("no episode was kept")
	}
}
