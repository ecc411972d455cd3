package sac

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

func knobs() Knobs {
	return Knobs{LearningRate: 3e-3, AlphaRate: 3e-3, Alpha: 0.2, Entropy: -1, Gamma: 0.95, Tau: 0.02, MaxGradNorm: 10}
}

// memory is a GRU, or nothing but a layer.
func memory(s *rng.Stream, name string, recurrent bool, in, h int) nn.Memory {
	if recurrent {
		return nn.NewGRU(s, name, in, h)
	}
	return nn.NewMLP(s, name, in, []int{h}, num.Tanh)
}

func policy(recurrent bool, in, out int) *value.QNet {
	s := rng.New(1, "policy")
	return value.NewQNet(s, nil, memory(s, "memory", recurrent, in, 16), out, false)
}

func newLearner(t testing.TB, workers int, recurrent bool, obs, acts int, k Knobs) *Learner {
	t.Helper()
	c, s := core(t, workers), rng.New(2, "critics")
	twin := NewTwin(c, func(i int, _ bool) *Critic {
		if name := fmt.Sprint("q", i); recurrent {
			return NewCritic(s, name, nn.NewGRU(s, name+".memory", obs, 16), 16, acts, []int{16})
		} else {
			return NewCritic(s, name, nil, obs, acts, []int{16})
		}
	})
	return NewLearner(c, policy(recurrent, obs, 2*acts), twin, k, rng.New(3, "draws"))
}

func weightsOf(ps []*num.Tensor) (all []float32) {
	for _, x := range ps {
		all = append(all, x.Data...)
	}
	return all
}

// aim is a bandit in one dimension: the observation says where the target is, the reward is minus the squared distance.
func aim(s *rng.Stream, n int) *replay.Ring {
	ring := replay.NewRing(n, 1, 1)
	for range n {
		at, a := s.Float32()-0.5, 2*s.Float32()-1
		ring.Add(replay.Transition{Obs: []float32{at}, Act: []float32{a}, Reward: -4 * (a - at) * (a - at), Next: []float32{0}, Terminal: true})
	}
	return ring
}

func TestContinuousSACFindsTheTargetOfABandit(t *testing.T) {
	k := knobs()
	k.Entropy, k.AlphaRate = -2, 1e-2
	l, ring, s := newLearner(t, 1, false, 1, 1, k), aim(rng.New(4, "data"), 600), rng.New(5, "batch")
	var b replay.Batch
	var last Stats
	for range 900 {
		ring.Sample(s, 32, &b)
		var err error
		if last, err = l.Step(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	m := NewMean(core(t, 1), l.Policy, control.Spec{Obs: 1, Act: 1, Low: []float32{-1}, High: []float32{1}}, 5)
	obs, act := []float32{-0.4, -0.2, 0, 0.2, 0.4}, make([]float32, 5)
	m.Act(obs, make([]bool, 5), act)
	for i := range obs {
		near(t, "mean action", float64(act[i]), float64(obs[i]), 0.12)
	}
	if math.Abs(last.Entropy-(-2)) > 0.7 {
		t.Errorf("entropy %.2f, want about the target of -2", last.Entropy)
	}
}

// recalled is episodes of three steps: the first observation says +-0.6, the last action is to repeat it. Other actions do not matter.
func recalled(s *rng.Stream, n int, discrete bool) *replay.Sequences {
	acts := 1
	if discrete {
		acts = 0
	}
	q := replay.NewSequences(n, 3, 2, acts, 0)
	for range n {
		cue := float32(0.6)
		if s.Bool(0.5) {
			cue = -0.6
		}
		e := &replay.Sequence{Steps: 3, Obs: []float32{cue, 0, 0, 0, 0, 1, 0, 0}, Fresh: []bool{true, false, false, false}, Action: make([]int32, 3), Act: make([]float32, 3*acts),
			Reward: make([]float32, 3), Terminal: []bool{false, false, true}, Cut: make([]bool, 3)}
		if discrete {
			e.Action[2] = int32(s.IntN(2))
			if e.Reward[2] = -1; (e.Action[2] == 1) == (cue > 0) {
				e.Reward[2] = 1
			}
		} else {
			for i := range e.Act {
				e.Act[i] = 2*s.Float32() - 1
			}
			e.Reward[2] = -(e.Act[2] - cue) * (e.Act[2] - cue)
		}
		q.Add(e)
	}
	return q
}

// answers are what a policy says first at the last step after each of the two cues.
func answers(t *testing.T, p *value.QNet) (out [2][]float32) {
	c := core(t, 1)
	for i, cue := range []float32{-0.6, 0.6} {
		obs := &num.Tensor{Shape: []int{3, 1, 2}, Data: []float32{cue, 0, 0, 0, 0, 1}}
		y := p.Sequence(num.NewTape(c), obs, num.New("state", 1, p.Memory.Size().State), []bool{true, false, false})
		out[i] = y.Data[2*y.Last():]
	}
	return out
}

func TestRecurrentSACRecallsACue(t *testing.T) {
	k := knobs()
	k.LearningRate = 1e-2
	l, data, s := newLearner(t, 1, true, 2, 1, k), recalled(rng.New(4, "data"), 400, false), rng.New(5, "batch")
	var w replay.Windows
	for range 500 {
		data.Sample(s, 32, 3, &w)
		if _, err := l.StepWindows(t.Context(), &w, 0); err != nil {
			t.Fatal(err)
		}
	}
	got := answers(t, l.Policy)
	near(t, "action after -0.6", math.Tanh(float64(got[0][0])), -0.6, 0.25)
	near(t, "action after +0.6", math.Tanh(float64(got[1][0])), 0.6, 0.25)
}

func newDiscrete(t testing.TB, workers int, recurrent bool, obs, acts int, k Knobs) *DiscreteLearner {
	t.Helper()
	var nets [4]*value.QNet
	s := rng.New(2, "critics")
	for i := range nets {
		name := fmt.Sprint("q", i%2)
		nets[i] = value.NewQNet(s, nil, memory(s, name, recurrent, obs, 16), acts, false)
		nets[i].Head.W.Name, nets[i].Head.B.Name = name+".head.w", name+".head.b"
	}
	return NewDiscreteLearner(core(t, workers), policy(recurrent, obs, acts), [2]*value.QNet{nets[0], nets[1]}, [2]*value.QNet{nets[2], nets[3]}, k)
}

func TestDiscreteSACRecallsACueOnlyWithAMemory(t *testing.T) {
	for _, recurrent := range []bool{true, false} {
		k := knobs()
		k.Entropy, k.LearningRate = 0.3, 1e-2
		l, data, s := newDiscrete(t, 1, recurrent, 2, 2, k), recalled(rng.New(4, "data"), 400, true), rng.New(5, "batch")
		var w replay.Windows
		for range 250 {
			data.Sample(s, 32, 3, &w)
			if _, err := l.StepWindows(t.Context(), &w, 0); err != nil {
				t.Fatal(err)
			}
		}
		got := answers(t, l.Policy)
		right := got[0][0] > got[0][1] && got[1][1] > got[1][0]
		if right != recurrent {
			t.Errorf("recurrent %v: logits %v", recurrent, got)
		}
	}
}

func TestDiscreteSACReachesTheSoftOptimumOfABandit(t *testing.T) {
	// One state, rewards 1, 0 and 0.5, fixed alpha 0.5: the best policy is softmax(2 r).
	k := knobs()
	k.Alpha, k.AlphaRate, k.LearningRate = 0.5, 0, 1e-2
	l, s := newDiscrete(t, 1, false, 1, 3, k), rng.New(5, "batch")
	ring := replay.NewRing(90, 1, 0)
	for i := range 90 {
		ring.Add(replay.Transition{Obs: []float32{1}, Action: int32(i % 3), Reward: []float32{1, 0, 0.5}[i%3], Next: []float32{1}, Terminal: true})
	}
	var b replay.Batch
	for range 400 {
		ring.Sample(s, 32, &b)
		if _, err := l.Step(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	z := l.Policy.Sequence(num.NewTape(core(t, 1)), &num.Tensor{Shape: []int{1, 1, 1}, Data: []float32{1}}, num.New("state", 1, 0), []bool{true}).Data
	near(t, "log odds of 1 against 0", float64(z[0]-z[1]), 2, 0.2)
	near(t, "log odds of 0.5 against 0", float64(z[2]-z[1]), 1, 0.2)
}

// pointMass is what plays and learns on a point mass for a while.
type pointMass struct {
	l    *Learner
	a    *Actor
	ring *replay.Ring
	s    *rng.Stream
	b    replay.Batch
}

func newPointMass(t testing.TB, workers int) *pointMass {
	t.Helper()
	w, err := control.New(&control.PointMassKnobs{Goals: 5, Radius: 1.5, Horizon: 20}, 9)
	if err != nil {
		t.Fatal(err)
	}
	l := newLearner(t, workers, false, w.Spec().Obs, w.Spec().Act, knobs())
	p := &pointMass{l: l, a: NewActor(l.core, l.Policy, w, rng.New(6, "actions")), ring: replay.NewRing(500, w.Spec().Obs, w.Spec().Act), s: rng.New(7, "replay")}
	p.a.Reset(8)
	return p
}

func (p *pointMass) advance(t testing.TB, n int) {
	for range n {
		p.a.Random = p.ring.Len() < 100
		p.a.Step()
		for b := range p.a.Done {
			p.ring.Add(p.a.Lived(b))
		}
		p.ring.Sample(p.s, 16, &p.b)
		if _, err := p.l.Step(t.Context(), &p.b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlayingAndLearningAreTheSameForAnyWorkersAndAfterAStop(t *testing.T) {
	whole := newPointMass(t, 1)
	whole.advance(t, 60)
	stopped := newPointMass(t, 2)
	stopped.advance(t, 35)
	resumed := newPointMass(t, 3)
	for _, c := range []struct{ from, to lab.Snapshotter }{{stopped.l, resumed.l}, {stopped.a, resumed.a}, {stopped.ring, resumed.ring}} {
		var kept bytes.Buffer
		if err := c.from.Snapshot(&kept); err != nil {
			t.Fatal(err)
		}
		if err := c.to.Restore(&kept); err != nil {
			t.Fatal(err)
		}
	}
	state, _ := stopped.s.MarshalBinary()
	if err := resumed.s.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	resumed.advance(t, 25)
	if !slices.Equal(weightsOf(resumed.l.params), weightsOf(whole.l.params)) || !slices.Equal(weightsOf(resumed.l.Twin.slow), weightsOf(whole.l.Twin.slow)) {
		t.Error("the continued run has other weights")
	}
	if resumed.l.Temperature.Alpha() != whole.l.Temperature.Alpha() {
		t.Error("another entropy weight")
	}
}

func TestTheActorTellsTimeLimitsFromEnds(t *testing.T) {
	p := newPointMass(t, 1)
	for i := range 20 {
		p.a.Step()
		x := p.a.Lived(3)
		if x.Cut != (i == 19) || x.Terminal {
			t.Fatalf("step %d: cut %v, terminal %v", i, x.Cut, x.Terminal)
		}
		if i == 19 && (slices.Equal(x.Next, p.a.Obs[12:16]) || !slices.Equal(x.Next, p.a.World.Last(3))) {
			t.Error("the last observation is not that of the episode")
		}
	}
}

func TestStepsAllocateNothingAfterTheFirst(t *testing.T) {
	ctx := t.Context()
	plain := newPointMass(t, 1)
	plain.advance(t, 20)
	recurrent, disc := newLearner(t, 1, true, 2, 1, knobs()), newDiscrete(t, 1, true, 2, 2, knobs())
	s := rng.New(1, "batch")
	var w, v replay.Windows
	recalled(s, 30, false).Sample(s, 8, 3, &w)
	recalled(s, 30, true).Sample(s, 8, 3, &v)
	for name, once := range map[string]func() error{
		"playing":    func() error { plain.a.Step(); plain.ring.Add(plain.a.Lived(0)); return nil },
		"continuous": func() error { _, err := plain.l.Step(ctx, &plain.b); return err },
		"recurrent":  func() error { _, err := recurrent.StepWindows(ctx, &w, 1); return err },
		"discrete":   func() error { _, err := disc.StepWindows(ctx, &v, 1); return err },
	} {
		if err := once(); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(5, func() { _ = once() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestLearnersStopAtNumbersThatAreNone(t *testing.T) {
	s := rng.New(1, "batch")
	var b replay.Batch
	aim(s, 20).Sample(s, 4, &b)
	b.Reward[2] = float32(math.NaN())
	l := newLearner(t, 1, false, 1, 1, knobs())
	before := weightsOf(l.Twin.params)
	_, err := l.Step(t.Context(), &b)
	if lab.CodeOf(err) != lab.Internal || err == nil || !strings.Contains(err.Error(), "loss of the critics is NaN after 0 gradient steps") || lab.HintOf(err) == "" {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(before, weightsOf(l.Twin.params)) {
		t.Error("parameters moved")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Step(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled step gives %v", err)
	}
}

func TestBurnInAndCutsWithoutAnObservationDoNotCount(t *testing.T) {
	s := rng.New(1, "batch")
	var w replay.Windows
	recalled(s, 30, false).Sample(s, 2, 3, &w)
	w.Terminal[2], w.Cut[2], w.Fresh[4] = false, true, true // window 0, step 1: cut, and the next observation is of another episode
	l := newLearner(t, 1, true, 2, 1, knobs())
	if _, err := l.StepWindows(t.Context(), &w, 1); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(l.rows.mask, []float32{0, 0, 0, 1, 1, 1}) {
		t.Errorf("mask %v", l.rows.mask)
	}
}

func TestAContinuedDiscreteLearnerEqualsAnUndisturbedOneForAnyWorkers(t *testing.T) {
	data := recalled(rng.New(4, "data"), 50, true)
	run := func(l *DiscreteLearner, from, to int) {
		var w replay.Windows
		for i := from; i < to; i++ {
			data.Sample(rng.New(uint64(i), "batch"), 40, 3, &w)
			if _, err := l.StepWindows(t.Context(), &w, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	k := knobs()
	k.Entropy = 0.5
	whole, stopped, resumed := newDiscrete(t, 1, true, 2, 2, k), newDiscrete(t, 2, true, 2, 2, k), newDiscrete(t, 3, true, 2, 2, k)
	run(whole, 0, 12)
	run(stopped, 0, 7)
	var kept bytes.Buffer
	if err := stopped.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	if err := resumed.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	run(resumed, 7, 12)
	if !slices.Equal(weightsOf(resumed.params), weightsOf(whole.params)) || !slices.Equal(weightsOf(resumed.slow), weightsOf(whole.slow)) ||
		resumed.Temperature.Alpha() != whole.Temperature.Alpha() {
		t.Error("the continued run has other numbers")
	}
}

func TestAPolicyIsImprovedWithoutMovingItsCritics(t *testing.T) {
	for _, recurrent := range []bool{false, true} {
		l, tape, obs := newLearner(t, 1, recurrent, 2, 1, knobs()), num.NewTape(core(t, 1)), num.New("obs", 3, 4, 2)
		Normals(rng.New(1, "obs"), obs.Data)
		act, fresh := num.NewParam("act", 3, 4, 1), make([]bool, 12)
		q := l.Twin.frozenValues(tape, obs, act, fresh)
		tape.BackwardFrom(q[0], slices.Repeat([]float32{1}, 12))
		if slices.Equal(act.Grad, make([]float32, 12)) {
			t.Error("no gradient reaches the action")
		}
		for _, p := range l.Twin.params {
			if slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
				t.Errorf("a gradient reaches %s", p)
			}
		}
		// The frozen critics say what the critics say.
		whole := l.Twin.Critic[0].Value(tape, l.Twin.Critic[0].Read(tape, obs, l.Twin.blank.of(l.Twin.Critic[0].Memory, 4), fresh), act)
		for i, v := range whole.Data {
			near(t, "value", float64(q[0].Data[i]), float64(v), 1e-6)
		}
	}
}
