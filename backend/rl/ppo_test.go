package rl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// weightsOf is all parameters end to end.
func weightsOf(p *ActorCritic) (all []float32) {
	for _, x := range p.Params() {
		all = append(all, x.Data...)
	}
	return all
}

func TestReplayFromStoredStatesGivesRatioOne(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			k := newKit(t, num.Go(), kind, 2, 16, 3, toyKnobs())
			k.advance(t) // so that weights are not the first ones; the episodes of 5 steps do not divide the rollout of 32
			if err := Collect(t.Context(), k.actor, k.rollout, Hooks{}); err != nil {
				t.Fatal(err)
			}
			r := k.rollout
			GAE(r.Reward, r.Value, r.Done, r.Last, 0.99, 0.95, r.Advantage, r.Return)
			for _, envs := range k.learner.Shuffle(r) {
				k.learner.Forward(r, envs)
				l := &k.learner.Loss
				for i, a := range l.batch.Action {
					w := l.out.Last()
					row := l.out.Data[i*w : (i+1)*w]
					logp := float64(row[a]) - Probabilities(row[:w-1], make([]float32, w-1))
					near(t, fmt.Sprintf("log-probability of sample %d", i), logp, float64(l.batch.LogProb[i]), 1e-6)
					near(t, fmt.Sprintf("value of sample %d", i), float64(row[w-1]), float64(l.batch.Value[i]), 1e-5)
				}
			}
		})
	}
}

func TestCollectAndUpdateAllocateNothing(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			knobs := toyKnobs()
			knobs.Rollout, knobs.Epochs = 8, 1
			k := newKit(t, num.Go(), kind, 2, 16, 2, knobs)
			k.advance(t)
			ctx := t.Context()
			if n := testing.AllocsPerRun(3, func() {
				if err := Collect(ctx, k.actor, k.rollout, Hooks{}); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("a rollout allocates %v times", n)
			}
			if n := testing.AllocsPerRun(3, func() {
				if _, err := k.learner.Update(ctx, k.rollout); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("an update allocates %v times", n)
			}
		})
	}
}

// best is the fastest kernel family of this machine.
func best(t testing.TB) num.Kernels {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWorkersChangeNoBitOfLearning(t *testing.T) {
	for _, kind := range kinds() {
		for _, family := range []num.Kernels{num.Go(), best(t)} {
			t.Run(kind+" on "+family.Name, func(t *testing.T) {
				var want []float32
				for workers := 1; workers <= 4; workers++ {
					knobs := toyKnobs()
					knobs.Envs, knobs.Rollout, knobs.Minibatches, knobs.Epochs = 17, 12, 3, 1 // uneven minibatches
					k := newKit(t, family, kind, workers, 33, 3, knobs)
					k.advance(t)
					k.advance(t)
					got := weightsOf(k.actor.Policy)
					if want == nil {
						want = got
					}
					if !slices.Equal(got, want) {
						t.Fatalf("%d workers give other weights than one", workers)
					}
				}
			})
		}
	}
}

func TestAContinuedRunEqualsAnUndisturbedOneBitForBit(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			knobs := toyKnobs()
			knobs.Epochs = 1
			whole := newKit(t, best(t), kind, 1, 16, 3, knobs)
			whole.advance(t)
			whole.learner.Rate = 1e-3
			var kept bytes.Buffer
			if err := WriteParts(&kept, whole.parts()...); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint(whole.advance(t), whole.advance(t))
			again := newKit(t, best(t), kind, 1, 16, 3, knobs)
			again.advance(t) // goes elsewhere first: restoring overwrites everything
			again.advance(t)
			if err := ReadParts(&kept, again.parts()...); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(again.advance(t), again.advance(t)); got != want {
				t.Errorf("continued run has %s, want %s", got, want)
			}
			if !slices.Equal(weightsOf(whole.actor.Policy), weightsOf(again.actor.Policy)) || !slices.Equal(whole.actor.State, again.actor.State) || !slices.Equal(whole.actor.Episodes, again.actor.Episodes) {
				t.Error("weights, states or episode counts differ")
			}
		})
	}
}

func TestBrokenKeptStatesSayWhatIsWrong(t *testing.T) {
	k := newKit(t, num.Go(), "gru", 1, 8, 2, toyKnobs())
	var kept bytes.Buffer
	if err := WriteParts(&kept, k.parts()...); err != nil {
		t.Fatal(err)
	}
	whole := kept.String()
	for _, c := range []struct {
		name, state, want string
		parts             []Part
	}{
		{"nothing", "", `ends before part "actor"`, k.parts()},
		{"cut in the middle", whole[:len(whole)/2], "restoring", k.parts()},
		{"another order", whole, `part "actor", want "learner"`, []Part{{"learner", k.learner}}},
		{"another memory", whole, "tensor", newKit(t, num.Go(), "lstm", 1, 8, 2, toyKnobs()).parts()},
		{"a part that reads less", whole, "left over", []Part{{"actor", Stream(rng.New(1, "x"))}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ReadParts(strings.NewReader(c.state), c.parts...)
			if c.name == "a part that reads less" {
				err = ReadParts(strings.NewReader(whole), Part{"actor", readsNothing{}})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

type readsNothing struct{}

func (readsNothing) Snapshot(io.Writer) error { return nil }
func (readsNothing) Restore(io.Reader) error  { return nil }

func FuzzReadParts(f *testing.F) {
	var good bytes.Buffer
	s := rng.New(1, "x")
	if err := WriteParts(&good, Part{"stream", Stream(s)}); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:9])
	f.Fuzz(func(t *testing.T, b []byte) {
		s := rng.New(2, "y")
		if err := ReadParts(bytes.NewReader(b), Part{"stream", Stream(s)}); err != nil {
			return
		}
		var again bytes.Buffer
		if err := WriteParts(&again, Part{"stream", Stream(s)}); err != nil || !bytes.HasPrefix(b, again.Bytes()) {
			t.Errorf("what was read is written differently (%v)", err)
		}
	})
}

func TestACancelledContextStopsAtOnce(t *testing.T) {
	k := newKit(t, num.Go(), "gru", 1, 8, 2, toyKnobs())
	k.advance(t)
	before := weightsOf(k.actor.Policy)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	err := Collect(ctx, k.actor, k.rollout, Hooks{After: func(int) {
		if steps++; steps == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || steps != 3 {
		t.Errorf("collect returns %v after %d steps", err, steps)
	}
	if _, err := k.learner.Update(ctx, k.rollout); !errors.Is(err, context.Canceled) {
		t.Errorf("update returns %v", err)
	}
	if err := Evaluate(ctx, k.actor, 1, 2, Hooks{}); !errors.Is(err, context.Canceled) {
		t.Errorf("evaluate returns %v", err)
	}
	if !slices.Equal(before, weightsOf(k.actor.Policy)) {
		t.Error("weights moved")
	}
}

func TestALossThatIsNoNumberStopsAndMovesNothing(t *testing.T) {
	k := newKit(t, num.Go(), "gru", 1, 8, 2, toyKnobs())
	k.advance(t)
	k.rollout.Reward[3] = float32(math.NaN())
	before := weightsOf(k.actor.Policy)
	if _, err := k.learner.Update(t.Context(), k.rollout); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(before, weightsOf(k.actor.Policy)) {
		t.Error("weights moved")
	}
}

func TestEvaluateCountsTheFirstEpisodesOfEveryEnvironment(t *testing.T) {
	k := newKit(t, num.Go(), "gru", 1, 8, 2, toyKnobs())
	k.actor.Greedy = true
	seen := map[[2]int]int{}
	play := func() (sum float32) {
		err := Evaluate(t.Context(), k.actor, 5, 3, Hooks{End: func(b, episode int, info world.Info) {
			seen[[2]int{b, episode}]++
			sum += info.Return * float32(1+b)
		}})
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := play()
	if len(seen) != 16*3 {
		t.Errorf("%d episodes, want 48", len(seen))
	}
	if second := play(); first != second {
		t.Errorf("the same seed gives returns %g and %g", first, second)
	}
}

// success trains for that many rollouts and returns the share of right answers of the greedy policy on 96 new episodes.
func success(t *testing.T, family num.Kernels, kind string, delay, rollouts int) float64 {
	t.Helper()
	k := newKit(t, family, kind, 2, 32, delay, toyKnobs())
	for range rollouts {
		k.advance(t)
	}
	k.actor.Greedy = true
	right, n := 0, 0
	if err := Evaluate(t.Context(), k.actor, 1000, 6, Hooks{End: func(_, _ int, info world.Info) {
		n++
		if info.Success {
			right++
		}
	}}); err != nil {
		t.Fatal(err)
	}
	return float64(right) / float64(n)
}

func TestMemoriesLearnToRecallAndTheMLPCannot(t *testing.T) {
	for _, c := range []struct {
		kind            string
		delay, rollouts int
		min, max        float64
	}{
		{"mlp", 6, 40, 0.35, 0.65}, // 96 fair coins: three standard deviations
		{"gru", 6, 40, 0.95, 1},
		{"lstm", 6, 40, 0.95, 1},
		{"ffm", 6, 40, 0.95, 1},
		{"rnn", 3, 20, 0.95, 1},
		{"transformer", 3, 20, 0.95, 1},
	} {
		t.Run(fmt.Sprintf("%s over %d blank steps", c.kind, c.delay), func(t *testing.T) {
			if s := success(t, best(t), c.kind, c.delay, c.rollouts); s < c.min || s > c.max {
				t.Errorf("success is %.3f, want %g to %g", s, c.min, c.max)
			}
		})
	}
}

func TestKnobsThatDoNotFitAreRefused(t *testing.T) {
	k := toyKnobs()
	if err := k.Validate(); err != nil {
		t.Error(err)
	}
	k.Minibatches = 17
	if err := k.Validate(); err == nil || !strings.Contains(err.Error(), "minibatches is 17") {
		t.Errorf("error %v", err)
	}
}
