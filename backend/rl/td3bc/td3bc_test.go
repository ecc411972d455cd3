package td3bc

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

func newCore(t *testing.T) *num.Core {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, 1)
	t.Cleanup(c.Close)
	return c
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func param(name string, rows, cols int, data ...float32) *num.Tensor {
	x := num.NewParam(name, rows, cols)
	copy(x.Data, data)
	return x
}

// Row 0 counts columns 0 and 1: (1-2)^2 + (2-2)^2 = 1. Row 1 counts columns 1 and 2: (5-4)^2 + (6-9)^2 = 10. Mean 5.5.
// Gradients 2 (x - y) / 2: row 0 (-1, 0, 0), row 1 (0, 1, -3).
func TestSquaredByHand(t *testing.T) {
	tape := num.NewTape(newCore(t))
	x := param("x", 2, 3, 1, 2, 3, 4, 5, 6)
	var l Squared
	loss := l.Record(tape, x, []float32{2, 2, 4, 9}, []int32{0, 1})
	near(t, "the loss", float64(loss.Data[0]), 5.5, 1e-6)
	tape.Backward(loss)
	if want := []float32{-1, 0, 0, 0, 1, -3}; !slices.Equal(x.Grad, want) {
		t.Errorf("gradient is %v, want %v", x.Grad, want)
	}
}

// Values 1 and -3: mean of sizes 2, lambda 5/2 = 2.5; loss -2.5 * (-1) = 2.5; gradient -2.5/2 each.
func TestAscendByHand(t *testing.T) {
	tape := num.NewTape(newCore(t))
	q := param("q", 2, 1, 1, -3)
	var l Ascend
	loss := l.Record(tape, q, 5)
	near(t, "lambda", l.Lambda, 2.5, 1e-9)
	near(t, "the loss", float64(loss.Data[0]), 2.5, 1e-6)
	tape.Backward(loss)
	if want := []float32{-1.25, -1.25}; !slices.Equal(q.Grad, want) {
		t.Errorf("gradient is %v, want %v", q.Grad, want)
	}
}

func knobs() Knobs {
	return Knobs{LearningRate: 0.003, Batch: 16, Gamma: 0.5, Tau: 0.05, Alpha: 2.5, Delay: 2}
}

func randomBatch(s *rng.Stream, size int) *Batch {
	b := NewBatch(size, 3, 2)
	for _, x := range [][]float32{b.Obs.Data, b.Next.Data, b.Action.Data, b.Reward} {
		for i := range x {
			x[i] = float32(2*s.Float64() - 1)
		}
	}
	return b
}

// The gradient of value and behaviour together against central differences, with lambda held as the first pass found it.
func TestTheActorsGradientIsThatOfDifferences(t *testing.T) {
	core, s := newCore(t), rng.New(4, "test")
	actor := NewActor(s, "actor", 3, 2, 3, []int{8})
	l, b := New(core, knobs(), actor, 1, 3, []int{8}, s), randomBatch(s, 16)
	tape := num.NewTape(core)
	value, behaviour := l.Loss(tape, b)
	lambda := l.ascend.Lambda
	value.Gradient()[0] = 1
	tape.Backward(behaviour)
	for _, p := range l.Critics.Params() {
		if slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
			t.Fatalf("the actor's loss moves %s of the critics", p.Name)
		}
	}
	at := func() float64 {
		tape.Reset()
		v, e := l.Loss(tape, b)
		return float64(v.Data[0])*lambda/l.ascend.Lambda + float64(e.Data[0])
	}
	for _, p := range actor.Params() {
		grad := slices.Clone(p.Grad)
		for i := range p.Data {
			const h = 2e-3
			old := p.Data[i]
			p.Data[i] = old + h
			up := at()
			p.Data[i] = old - h
			down := at()
			p.Data[i] = old
			near(t, p.Name, float64(grad[i]), (up-down)/(2*h), 3e-3)
		}
	}
	last := actor.Net.Layers[1]
	for c, g := range last.B.Grad {
		if (g != 0) != (c == 2 || c == 3) {
			t.Errorf("head of column %d has gradient %v; the loss is about columns 2 and 3", c, g)
		}
	}
}

// Without noise y is r where the task ends, else r + 0.5 min(Q1', Q2')(s', pi'(s')).
func TestTargetsByHand(t *testing.T) {
	core, s := newCore(t), rng.New(5, "test")
	l, b := New(core, knobs(), NewActor(s, "actor", 3, 2, 1, []int{8}), 0, 3, []int{8}, s), randomBatch(s, 16)
	b.Terminal[3] = true
	y := slices.Clone(l.Targets(num.NewTape(core), b))
	tape := num.NewTape(core)
	q1, q2 := l.targets.Record(tape, tape.Concat(b.Next, l.target.Record(tape, b.Next, 0)))
	for i := range y {
		want := float64(b.Reward[i])
		if i != 3 {
			want += 0.5 * math.Min(float64(q1.Data[i]), float64(q2.Data[i]))
		}
		near(t, "y", float64(y[i]), want, 1e-6)
	}
	gaps := make([]float32, 16)
	l.Gap(b, gaps)
	tape.Reset()
	q, _ := l.Critics.Record(tape, tape.Concat(b.Obs, b.Action))
	near(t, "the gap", float64(gaps[3]), math.Abs(float64(q.Data[3]-b.Reward[3])), 1e-6)
}

func TestTargetsFollowSlowly(t *testing.T) {
	core := newCore(t)
	net := Net(rng.New(6, "test"), "n", 2, nil, 1, num.None, 1)
	target := Target(net)
	copy(net.Layers[0].W.Data, []float32{1, 3})
	copy(target.Layers[0].W.Data, []float32{0, 1})
	Follow(&core.K, target, net, 0.25)
	if want := []float32{0.25, 1.5}; !slices.Equal(target.Layers[0].W.Data, want) {
		t.Errorf("the target is %v, want %v", target.Layers[0].W.Data, want)
	}
	if f := Frozen(net); &f.Layers[0].W.Data[0] != &net.Layers[0].W.Data[0] || f.Layers[0].W.Grad != nil {
		t.Error("a frozen network does not share the numbers, or has gradients")
	}
}

// One step pays -(a - 0.5 s)^2 and ends: from data with uniform actions, the learned action goes to 0.5 s.
func TestItLearnsABetterActionThanTheData(t *testing.T) {
	core, s := newCore(t), rng.New(7, "test")
	k := knobs()
	k.Batch, k.Alpha, k.LearningRate = 64, 100, 0.01
	actor := NewActor(s, "actor", 1, 1, 1, []int{16})
	l, opt := New(core, k, actor, 0, 1, []int{16}, s), nn.NewAdam(actor.Params())
	b, tape := NewBatch(64, 1, 1), num.NewTape(core)
	for step := range 1500 {
		for i := range b.Reward {
			o, a := float32(2*s.Float64()-1), float32(2*s.Float64()-1)
			b.Obs.Data[i], b.Action.Data[i], b.Terminal[i] = o, a, true
			b.Reward[i] = -(a - o/2) * (a - o/2)
		}
		if _, err := l.Criticise(b); err != nil {
			t.Fatal(err)
		}
		if step%k.Delay == 0 {
			tape.Reset()
			value, behaviour := l.Loss(tape, b)
			value.Gradient()[0] = 1
			tape.Backward(behaviour)
			opt.Step(&core.K, k.LearningRate)
			l.Follow()
		}
	}
	copy(b.Obs.Data, []float32{-1, 0, 1})
	tape.Reset()
	for i, a := range actor.Record(tape, b.Obs, 0).Data[:3] {
		near(t, "the action", float64(a), float64(i-1)/2, 0.15)
	}
}

func TestALearnerGoesOnFromACheckpoint(t *testing.T) {
	core := newCore(t)
	begin := func() (*Learner, *rng.Stream) {
		s := rng.New(8, "test")
		return New(core, knobs(), NewActor(s, "actor", 3, 2, 1, []int{8}), 0, 3, []int{8}, s), rng.New(9, "data")
	}
	l, data := begin()
	step := func(l *Learner, s *rng.Stream) float64 {
		loss, err := l.Criticise(randomBatch(s, 16))
		if err != nil {
			t.Fatal(err)
		}
		l.Follow()
		return loss
	}
	step(l, data)
	var kept bytes.Buffer
	parts := append(l.Parts("task"), rl.Part{Name: "data", State: rl.Stream(data)})
	if err := rl.WriteParts(&kept, parts...); err != nil {
		t.Fatal(err)
	}
	want := step(l, data)
	other, again := begin()
	if err := rl.ReadParts(&kept, append(other.Parts("task"), rl.Part{Name: "data", State: rl.Stream(again)})...); err != nil {
		t.Fatal(err)
	}
	if got := step(other, again); got != want {
		t.Errorf("the loss after a checkpoint is %v, want %v", got, want)
	}
}
