package offlinehistories

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/stitch"
)

func core(t *testing.T) *num.Core {
	t.Helper()
	c, err := exam.Core(lab.Bench{Kernel: "go", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func tensor(last int, data ...float32) *num.Tensor {
	x := num.NewParam("x", len(data)/last, last)
	copy(x.Data, data)
	return x
}

// Means (0, 3) and (4, 0): 16 + 9 = 25. Logarithms of deviations 0, 0 against ln 3, 0: deviations differ by 2: 25 + 4 = 29.
func TestTheDistanceOfTwoGaussiansByHand(t *testing.T) {
	d := wasserstein([]float32{0, 3, 0, 0}, []float32{4, 0, float32(math.Log(3)), 0})
	if math.Abs(d-math.Sqrt(29)) > 1e-6 {
		t.Errorf("distance %v, want %v", d, math.Sqrt(29))
	}
	if d := wasserstein([]float32{0, 9}, []float32{0, 99}); d != 0 {
		t.Errorf("deviations beyond the bound differ by %v", d)
	}
}

// Two pairs of latents of four numbers, whose root is 2. Pair 1: |z-z~| = 1 + 2 + 3 + 0 = 6, over the root 3; rewards 0.5 and 0; equal
// Gaussians but for a mean off by 2: target 0.5 + 0.5*2 = 1.5, difference 1.5, square 2.25. Pair 2: the same row twice over: 0 against 0.
// J = 1.125 and the mean squared distance 4.5; the gradient of pair 1 is 2*1.5/(2*2) = 0.75 along the signs.
func TestTheBisimulationLossByHand(t *testing.T) {
	z := tensor(4, 1, 0, 3, 5, 0, 2, 0, 5)
	r := tensor(1, 0.5, 0)
	p := tensor(8, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	grad := make([]float32, 8)
	b := bisimulation([]couple{{0, 1}, {1, 1}}, z, r, p, 0.5, 1, grad)
	if math.Abs(b.J-1.125) > 1e-6 || math.Abs(b.Distance-1.5) > 1e-6 || math.Abs(b.Target-0.75) > 1e-6 || math.Abs(b.scaled()-0.25) > 1e-6 {
		t.Errorf("%+v, scaled %v", b, b.scaled())
	}
	if !slices.Equal(grad, []float32{0.75, -0.75, 0.75, 0, -0.75, 0.75, -0.75, 0}) {
		t.Errorf("gradient %v", grad)
	}
	for _, g := range append(r.Grad, p.Grad...) {
		if g != 0 {
			t.Fatal("the predictions got a gradient")
		}
	}
}

// One step: predicted reward 1 against 0.5: 0.25, slope 1. Latent mean (1, 0) with deviations 1, target (0, 0) at an end: (0.5 + 0)/2 = 0.25,
// slopes (0.5, 0), and (1-1)/2 = 0, (1-0)/2 = 0.5 by the logarithms.
func TestTheModelLossByHand(t *testing.T) {
	r, p, z := tensor(1, 1), tensor(4, 1, 0, 0, 0), tensor(2, 7, 7, 0, 0)
	for i, terminal := range []bool{true, false} { // the next latent is (0, 0) either way
		clear(r.Grad)
		clear(p.Grad)
		reward, next := modelLoss(r, p, z, 1, []float32{0.5}, []bool{terminal}, []float32{1})
		if math.Abs(reward-0.25) > 1e-6 || math.Abs(next-0.25) > 1e-6 || r.Grad[0] != 1 || !slices.Equal(p.Grad, []float32{0.5, 0, 0, 0.5}) {
			t.Errorf("%d: losses %v and %v, gradients %v and %v", i, reward, next, r.Grad, p.Grad)
		}
	}
	if a, b := modelLoss(r, p, z, 1, []float32{0.5}, []bool{true}, []float32{0}); a != 0 || b != 0 {
		t.Errorf("padding costs %v and %v", a, b)
	}
}

func TestPairsShareTheActionAndNeverTheTrajectory(t *testing.T) {
	const cols = 4
	action, mask := make([]int32, 40), make([]float32, 40)
	for i := range action {
		action[i], mask[i] = int32(i*7%3), float32(min(i%5, 1))
	}
	for _, same := range []bool{true, false} {
		pairs, mixed := couples(rng.New(1, "p"), action, mask, cols, 4, same), 0
		if len(pairs) < 10 {
			t.Fatalf("%d pairs", len(pairs))
		}
		for _, p := range pairs {
			if mask[p.a] == 0 || mask[p.b] == 0 || p.a%cols == p.b%cols {
				t.Errorf("pair %v: padding, or one trajectory", p)
			}
			if action[p.a] != action[p.b] {
				mixed++
			}
		}
		if same == (mixed > 0) {
			t.Errorf("same action %v: %d pairs of different actions", same, mixed)
		}
	}
}

// little is a learner on a few trajectories.
func little(t *testing.T, change func(*LearnerKnobs)) *learner {
	t.Helper()
	a := LearnerKnobs{Method: CQL, Sees: History, Bisim: 0.5, Model: 1, Pairs: "same-action", Width: 6, Latent: 3, Heads: 5, TopShare: 0.25}
	if change != nil {
		change(&a)
	}
	w := WorldKnobs{Knobs: stitch.Knobs{Nuisance: 2, StepCost: 0.02, Trap: 0.5, Horizon: 14}, DataKnobs: stitch.DataKnobs{Random: 0.1}}
	data, err := newDataset(w, a.Sees, 12, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	return newLearner(core(t), data, OfflineKnobs{LearningRate: 0.01, Alpha: 0.5, Gamma: 0.9, MaxGradNorm: 10, Batch: 6, Target: 10}, a, 1)
}

// total is the loss on the batch, all its terms with their weights. The targets of the parts without gradient are those of held: what
// carries no gradient must stay as it is while a parameter moves.
func (l *learner) total(pairs []couple, r, p, slowNext *num.Tensor) float64 {
	w, n := &l.batch, len(l.batch.At)
	t := num.NewTape(l.core)
	z := l.net.encode(t, w.Obs, num.New("state0", n, l.agent.Width), w.Fresh)
	head := l.net.values(t, z)
	sum := 0.0
	if l.agent.Method == CQL {
		_, s := l.cql.Record(t, head, l.samples())
		sum = s.Loss
	} else {
		_, s := l.clone.Record(t, head, l.action, l.mask)
		sum = s.Loss
	}
	nr, np := l.predict(t, z, w, 1)
	next := num.New("next", slowNext.Shape...)
	copy(next.Data, slowNext.Data)
	reward, likelihood := modelLoss(nr, np, next, n, l.data.normal(w.Reward, nil), w.Terminal, w.Mask)
	sum += l.agent.Model * (reward + likelihood)
	if l.agent.Bisim > 0 {
		sum += l.agent.Bisim * bisimulation(pairs, z, r, p, l.knobs.Gamma, 0, nil).J
	}
	return sum
}

// The gradient of the encoder is that of the whole loss, with what is held still held still.
func TestTheGradientOfTheEncoderIsThatOfTheWholeLoss(t *testing.T) {
	for name, change := range map[string]func(*LearnerKnobs){
		"all terms": nil, "cql alone": func(a *LearnerKnobs) { a.Bisim, a.Model = 0, 0 }, "true state": func(a *LearnerKnobs) { a.Sees = State },
		"cloning": func(a *LearnerKnobs) { a.Method, a.Bisim = BC, 0 },
	} {
		t.Run(name, func(t *testing.T) {
			l := little(t, change)
			l.data.store.Sample(l.draws, l.knobs.Batch, l.data.steps, &l.batch)
			l.gradients(&l.batch, rng.New(9, "p"), l.agent.Bisim)
			pairs := couples(rng.New(9, "p"), l.batch.Action, l.batch.Mask, len(l.batch.At), acts, true)
			tape := num.NewTape(l.core)
			z := l.net.encode(tape, l.batch.Obs, num.New("state0", len(l.batch.At), l.agent.Width), l.batch.Fresh)
			r, p := l.predict(tape, z, &l.batch, 1)
			const h = 3e-3
			for _, x := range l.net.params() {
				for j := 0; j < x.Len(); j += 1 + x.Len()/5 {
					old := x.Data[j]
					x.Data[j] = old + h
					up := l.total(pairs, r, p, z)
					x.Data[j] = old - h
					down := l.total(pairs, r, p, z)
					x.Data[j] = old
					if want := (up - down) / (2 * h); math.Abs(want-float64(x.Grad[j])) > 4e-3*(1+math.Abs(want)) {
						t.Errorf("%s[%d]: gradient %v, difference quotient %v", x.Name, j, x.Grad[j], want)
					}
				}
			}
		})
	}
}

// Where the model's weight is 0, its heads learn and the encoder hears nothing of it.
func TestAModelOfNoWeightLeavesTheEncoderAlone(t *testing.T) {
	grads := func(change func(*LearnerKnobs)) (encoder, heads []float32) {
		l := little(t, change)
		l.data.store.Sample(l.draws, l.knobs.Batch, l.data.steps, &l.batch)
		l.gradients(&l.batch, l.pairs, l.agent.Bisim)
		return slices.Clone(l.net.latent.W.Grad), slices.Clone(l.model.reward.Layers[0].W.Grad)
	}
	alone, heads := grads(func(a *LearnerKnobs) { a.Bisim, a.Model = 0, 0 })
	with, same := grads(func(a *LearnerKnobs) { a.Bisim, a.Model = 0, 1 })
	if slices.Equal(alone, with) {
		t.Error("a weight of 1 does not reach the encoder")
	}
	if !slices.Equal(heads, same) || slices.Max(heads) == 0 {
		t.Error("the heads learn with the weight of the encoder")
	}
}

// A player's recurrent layer, step by step, must give the values that the encoder gives for the whole trajectory.
func TestActingSeesWhatTrainingSaw(t *testing.T) {
	for _, sees := range []string{History, State} {
		l := little(t, func(a *LearnerKnobs) { a.Sees = sees })
		maze, err := stitch.New(stitch.Knobs{Nuisance: 2, StepCost: 0.02, Trap: 0.5, Horizon: 14}, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlayer(l, maze)
		obs, reward, done, fresh, action := make([]float32, maze.Spec().Obs), make([]float32, 1), make([]bool, 1), []bool{true}, make([]int32, 1)
		maze.Reset(4, obs)
		w := stitch.Trajectory{}
		var values [][]float32
		for !done[0] {
			w.Obs, w.Truth = append(w.Obs, slices.Clone(obs)), append(w.Truth, maze.Truth(0))
			p.Act(obs, fresh, action)
			values = append(values, slices.Clone(p.values))
			maze.Step(action, obs, reward, done)
			w.Action, w.Reward = append(w.Action, action[0]), append(w.Reward, reward[0])
			fresh[0] = false
		}
		w.Obs, w.Truth = append(w.Obs, w.Obs[0]), append(w.Truth, w.Truth[0])
		q := l.data.sequence(&w, sees)
		x := num.New("x", q.Steps+1, 1, l.data.in)
		copy(x.Data, q.Obs)
		tape := num.NewTape(l.core)
		all := l.net.values(tape, l.net.encode(tape, x, num.New("s", 1, l.agent.Width), q.Fresh))
		for i, v := range values {
			for a, want := range v {
				if got := all.Data[i*acts+a]; math.Abs(float64(got-want)) > 1e-5 {
					t.Fatalf("%s, step %d: %v in training, %v in play", sees, i, got, want)
				}
			}
		}
	}
}

func TestFilteredCloningKeepsTheBestReturns(t *testing.T) {
	w := WorldKnobs{Knobs: stitch.Knobs{StepCost: 0.02, Trap: 0.5, Horizon: 14}, DataKnobs: stitch.DataKnobs{Random: 0.1}}
	all, err := newDataset(w, History, 100, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	best, err := newDataset(w, History, 100, 0.25, 3)
	if err != nil {
		t.Fatal(err)
	}
	var returns []float64
	for _, x := range all.walks {
		returns = append(returns, x.Return)
	}
	slices.Sort(returns)
	if len(best.walks) != 25 || best.walks[0].Return != returns[99] || best.walks[24].Return != returns[75] {
		t.Errorf("%d walks from %v to %v, want 25 from %v to %v", len(best.walks), best.walks[0].Return, best.walks[24].Return, returns[99], returns[75])
	}
}

// Points on a line through three dimensions lie in order on the first axis and nowhere on the second.
func TestProjectionsKeepTheMainAxis(t *testing.T) {
	z := tensor(3, 0, 0, 0, 1, 2, 2, 2, 4, 4, 4, 8, 8)
	xy := project(z, []int{0, 1, 2, 3})
	if a := xy[0][0]; a != 0 && a != side-1 || xy[1][0] == xy[2][0] || xy[0][0]+xy[3][0] != side-1 {
		t.Errorf("places %v", xy)
	}
}
