package base

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
)

func TestABaseIsMadeInPartsAsAtOnce(t *testing.T) {
	want := whole(t)
	m := maker(t, "", nil)
	for _, step := range []int{0, 1, 1, 57, 40, keep, steps - 1, steps, steps + 9, 3} {
		before := m.Step()
		to(t, t.Context(), m, step)
		if m.Step() != max(before, min(step, steps)) || (m.Model() != nil) != (m.Step() == steps) {
			t.Errorf("to %d from %d leads to %d", step, before, m.Step())
		}
	}
	same(t, m, want)
	if n := len(want.Curve()); n != points || want.Curve()[n-1].Step != steps {
		t.Errorf("the curve has %d points, the last %v", n, want.Curve()[n-1])
	}
	if first, last := want.Curve()[0].Loss, want.Curve()[points-1].Loss; !(last < first) {
		t.Errorf("the loss goes from %v to %v", first, last)
	}
}

func TestABaseOfNoStepsIsItsFirstWeights(t *testing.T) {
	spec := toy(t)
	spec.Knobs.Steps = 0
	for _, home := range []string{"", t.TempDir()} {
		m, err := New(core(t), lab.Bench{Cache: home}, spec, never(t))
		if err != nil {
			t.Fatal(err)
		}
		to(t, t.Context(), m, 0)
		if m.Model() == nil || m.Step() != 0 || len(m.Curve()) != 0 || m.Spec.Examples() != 0 {
			t.Errorf("model %v, step %d, curve %v", m.Model(), m.Step(), m.Curve())
		}
	}
}

func TestANumberOfThreadsMovesNothing(t *testing.T) {
	m, err := Open(lab.Bench{Threads: 3}, toy(t), rows)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	to(t, t.Context(), m, steps)
	same(t, m, whole(t))
}

// ends is a context that ends when it is asked for the nth time whether it has.
type ends struct {
	context.Context
	left int
}

func (c *ends) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAMakerThatIsStoppedAnywhereGoesOnAsIfItHadNotBeen(t *testing.T) {
	want := whole(t)
	m := maker(t, "", nil)
	stops := 0
	for asked := 0; m.Model() == nil; asked = (asked + 1) % 97 {
		err := m.To(&ends{t.Context(), asked}, steps)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err != nil {
			stops++
		}
	}
	if stops < 10 {
		t.Errorf("it was stopped %d times", stops)
	}
	same(t, m, want)
}

func TestALossThatIsNoNumberNamesTheStepAndWhatToDo(t *testing.T) {
	const bad = keep + 30
	home := t.TempDir()
	m := maker(t, home, func(i uint64) (rl.Datum, error) {
		d, err := rows(i)
		if i == 2*(bad-1) {
			for j := range d.Weights {
				d.Weights[j] *= math.MaxFloat32 // twice it, with the second row, is none
			}
			d.Weights = slices.Clone(d.Weights)
			d.Weights[len(d.Weights)-1] = float32(math.Inf(1))
		}
		return d, err
	})
	err := m.To(t.Context(), steps)
	wantError(t, err, lab.Invalid, "warm start, step 130 of 230", "warm_rate 0.01")
	if m.Step() != bad-1 {
		t.Errorf("%d steps are done, want %d", m.Step(), bad-1)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	again := maker(t, home, nil)
	to(t, t.Context(), again, 0)
	if again.Step() != bad-1 {
		t.Errorf("step %d is kept, want %d", again.Step(), bad-1)
	}
	to(t, t.Context(), again, steps)
	same(t, again, whole(t))
}

func TestALearningRateThatBreaksTheWeightsIsSaid(t *testing.T) {
	spec := toy(t)
	spec.Knobs.Rate = 1e30
	m, err := New(core(t), lab.Bench{}, spec, rows)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, m.To(t.Context(), steps), lab.Invalid, "warm start, step ", " of 230", "warm_rate 1e+30")
}

func TestAnErrorOfTheSourceEndsTheWork(t *testing.T) {
	failed := lab.Errorf(lab.Internal, "no trace")
	m := maker(t, "", func(i uint64) (rl.Datum, error) { return rl.Datum{}, failed })
	if err := m.To(t.Context(), 1); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

func TestSpecsThatFitNoModelAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"a vocabulary that is not the tokenizer's": func(s *Spec) { s.Shape.Vocab++ },
		"a word that stands twice":                 func(s *Spec) { s.Words = append(slices.Clone(s.Words), "a") },
		"a model without width":                    func(s *Spec) { s.Shape.Width = 0 },
	} {
		s := toy(t)
		change(&s)
		if _, err := New(core(t), lab.Bench{}, s, rows); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Open(lab.Bench{Kernel: "sse"}, toy(t), rows); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Errorf("a kernel family that is none gives %v", err)
	}
	k := ModelKnobs{Width: 12, Heads: 4}
	if err := k.Validate(); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Errorf("odd parts of heads give %v", err)
	}
}

func TestABatchIsAMeanOverItsTrainedTokens(t *testing.T) {
	data, tokens, err := Batch(rows, 5, 6)
	if err != nil {
		t.Fatal(err)
	}
	total, trained := 0.0, 0
	for i, d := range data {
		fresh, err := rows(5 + uint64(i))
		if err != nil || !slices.Equal(d.Targets, fresh.Targets) {
			t.Fatalf("row %d is another, %v", i, err)
		}
		for j, w := range d.Weights {
			total += float64(w)
			if fresh.Weights[j] != 0 {
				trained++
				if float64(w) != float64(float32(1/tokens)) {
					t.Errorf("row %d, token %d weighs %v", i, j, w)
				}
			}
		}
	}
	if math.Abs(total-1) > 1e-6 || tokens != float64(trained) {
		t.Errorf("weights sum to %v, %v tokens, want 1 and %d", total, tokens, trained)
	}
}

func TestTheRateRisesStaysAndFalls(t *testing.T) {
	for _, c := range []struct {
		step, steps int
		want        float64
	}{
		{0, 100, 0.2}, {3, 100, 0.8}, {4, 100, 1}, {49, 100, 1}, {50, 100, 1}, {75, 100, 0.55}, {99, 100, 1 - 0.9*49.0/50},
		{0, 1, 1}, {0, 2, 1}, {1, 2, 1}, {0, 10, 1}, {9, 10, 1 - 0.9*4.0/5},
	} {
		if got := Schedule(c.step, c.steps); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("step %d of %d has %v of the rate, want %v", c.step, c.steps, got, c.want)
		}
	}
}
