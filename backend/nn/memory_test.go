package nn

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// memories makes one of every kind at odd widths. Every test of this file runs on all of them.
func memories(in int) map[string]Memory {
	s := rng.New(1, "memories")
	return map[string]Memory{
		"mlp":             NewMLP(s, "mlp", in, []int{7, 5}, num.Tanh),
		"rnn":             NewRNN(s, "rnn", in, 5),
		"gru":             NewGRU(s, "gru", in, 5),
		"lstm":            NewLSTM(s, "lstm", in, 5, 1, false),
		"lstm that keeps": NewLSTM(s, "lstm", in, 5, 0, true),
		"ffm":             NewFFM(s, "ffm", in, 3, 2, 5, 64),
		"transformer":     NewTransformer(s, "transformer", in, 6, 2, 2, 7, 5),
	}
}

func each(t *testing.T, in int, run func(t *testing.T, m Memory)) {
	for name, m := range memories(in) {
		t.Run(name, func(t *testing.T) { run(t, m) })
	}
}

func newCore(t *testing.T, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

// episode is random input with resets, steps before those that count, and the core to run it on.
type episode struct {
	steps, b int
	x        *num.Tensor
	fresh    []bool
}

func newEpisode(in, steps, b int) episode {
	s := rng.New(2, "episode")
	e := episode{steps, b, num.New("x", steps, b, in), make([]bool, steps*b)}
	Uniform(s, e.x, 1.5)
	for i := range e.fresh {
		e.fresh[i] = s.Bool(0.15)
	}
	return e
}

// play steps a memory through rows from..to of the episode, from that state, and returns all outputs.
func (e episode) play(k *num.Kernels, m Memory, state []float32, from, to int) []float32 {
	z := m.Size()
	scratch, out := make([]float32, e.b*z.Scratch), make([]float32, (to-from)*e.b*z.Out)
	for i := from; i < to; i++ {
		m.Step(k, e.x.Data[i*e.b*z.In:(i+1)*e.b*z.In], state, out[(i-from)*e.b*z.Out:(i-from+1)*e.b*z.Out], e.fresh[i*e.b:(i+1)*e.b], scratch)
	}
	return out
}

func TestStepsAndSequenceComputeTheSame(t *testing.T) {
	const in, steps, b, before = 3, 23, 4, 9
	each(t, in, func(t *testing.T, m Memory) {
		core, z, e := newCore(t, 2), m.Size(), newEpisode(in, steps, b)
		state := make([]float32, b*z.State)
		e.play(&core.K, m, state, 0, before) // so that the sequence starts from a state in use
		state0 := num.New("state", b, z.State)
		copy(state0.Data, state)
		want := e.play(&core.K, m, state, before, steps)
		x := num.New("x", steps-before, b, in)
		copy(x.Data, e.x.Data[before*b*in:])
		got := m.Sequence(num.NewTape(core), x, state0, e.fresh[before*b:])
		if !slices.Equal(got.Shape, []int{steps - before, b, z.Out}) {
			t.Fatalf("result has shape %v", got.Shape)
		}
		for i := range want {
			if math.Abs(float64(got.Data[i]-want[i])) > 1e-5 {
				t.Fatalf("number %d is %g by sequence and %g by steps", i, got.Data[i], want[i])
			}
		}
	})
}

func TestAFreshStepForgetsTheState(t *testing.T) {
	const in, b = 3, 2
	each(t, in, func(t *testing.T, m Memory) {
		k, z := num.Go(), m.Size()
		x, scratch := []float32{1, -1, 0.5, 1, -1, 0.5}, make([]float32, b*z.Scratch)
		state, out := make([]float32, b*z.State), make([]float32, b*z.Out)
		for i := range state[:z.State] { // environment 0 carries something, environment 1 nothing
			state[i] = 1
		}
		m.Step(&k, x, state, out, []bool{true, true}, scratch)
		if !slices.Equal(out[:z.Out], out[z.Out:]) {
			t.Errorf("outputs differ: %v and %v", out[:z.Out], out[z.Out:])
		}
		if !slices.Equal(state[:z.State], state[z.State:]) {
			t.Errorf("states differ")
		}
	})
}

func TestRowsDoNotTouchEachOther(t *testing.T) {
	const in, b, steps = 3, 5, 8
	each(t, in, func(t *testing.T, m Memory) {
		k, z, e := num.Go(), m.Size(), newEpisode(in, steps, b)
		whole := e.play(&k, m, make([]float32, b*z.State), 0, steps)
		for row := range b { // the same environments one by one: the same bits
			state, scratch, out := make([]float32, z.State), make([]float32, z.Scratch), make([]float32, z.Out)
			for i := range steps {
				r := i*b + row
				m.Step(&k, e.x.Data[r*in:(r+1)*in], state, out, e.fresh[r:r+1], scratch)
				if !slices.Equal(out, whole[r*z.Out:(r+1)*z.Out]) {
					t.Fatalf("environment %d at step %d differs when it is alone", row, i)
				}
			}
		}
	})
}

func TestStepAllocatesNothing(t *testing.T) {
	const in, b = 3, 4
	each(t, in, func(t *testing.T, m Memory) {
		k, z := num.Go(), m.Size()
		x, state, out := make([]float32, b*in), make([]float32, b*z.State), make([]float32, b*z.Out)
		fresh, scratch := make([]bool, b), make([]float32, b*z.Scratch)
		if n := testing.AllocsPerRun(10, func() { m.Step(&k, x, state, out, fresh, scratch) }); n != 0 {
			t.Errorf("a step allocates %v times", n)
		}
	})
}

func TestEveryParameterGetsItsGradient(t *testing.T) {
	const in, steps, b = 3, 6, 2
	each(t, in, func(t *testing.T, m Memory) {
		core, e := newCore(t, 1), newEpisode(in, steps, b)
		e.fresh[b], e.fresh[2*b] = false, false
		checkMemoryGrad(t, core, m, e)
		names := map[string]bool{}
		for _, p := range m.Params() {
			if names[p.Name] {
				t.Errorf("name %q is used twice", p.Name)
			}
			names[p.Name] = true
		}
	})
}

// squares is the loss of these tests: half the sum of squares of a result.
type squares struct {
	y, loss *num.Tensor
	value   float64
}

func (l *squares) of(t *num.Tape, y *num.Tensor) *num.Tensor {
	l.y, l.loss, l.value = y, t.Tensor("loss", 1), 0
	for i, v := range y.Data {
		l.value += float64(v) * float64(v) / 2 * float64(1+i%3)
	}
	t.Custom(l)
	return l.loss
}

func (l *squares) Backward() {
	for i, g := 0, l.y.Gradient(); i < len(g); i++ {
		g[i] += l.loss.Grad[0] * l.y.Data[i] * float32(1+i%3)
	}
}

// checkMemoryGrad compares parameter gradients with central differences of fourth order in float64. Where two step widths disagree a
// kink of a ReLU lies between, and the place says nothing; few may be left out so.
func checkMemoryGrad(t *testing.T, core *num.Core, m Memory, e episode) {
	t.Helper()
	tape, loss, state0 := num.NewTape(core), new(squares), num.New("state", e.b, m.Size().State)
	run := func() *num.Tensor { tape.Reset(); return loss.of(tape, m.Sequence(tape, e.x, state0, e.fresh)) }
	tape.Backward(run())
	kinks, all := 0, 0
	for _, p := range m.Params() {
		scale := 1.0
		for _, g := range p.Grad {
			scale = max(scale, math.Abs(float64(g)))
		}
		for i, old := range p.Data {
			at := func(d float64) float64 { p.Data[i] = old + float32(d); run(); return loss.value }
			slope := func(h float64) float64 { return (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h) }
			want, narrow := slope(0.005), slope(0.002)
			p.Data[i] = old
			all++
			if math.Abs(want-narrow) > 1e-3*scale {
				kinks++
				continue
			}
			if got := float64(p.Grad[i]); math.Abs(got-want) > 2e-3*scale {
				t.Fatalf("gradient of %s at %d is %g, finite differences say %g", p, i, got, want)
			}
		}
	}
	if kinks*10 > all {
		t.Errorf("%d of %d places lie at kinks, too many to trust", kinks, all)
	}
}

func TestInUseIsWithinTheState(t *testing.T) {
	const in, b, steps = 3, 2, 30
	each(t, in, func(t *testing.T, m Memory) {
		k, z, e := num.Go(), m.Size(), newEpisode(in, steps, b)
		state := make([]float32, b*z.State)
		e.play(&k, m, state, 0, steps)
		if n := m.InUse(state[:z.State]); n < 0 || n > z.State || (z.State > 0 && n == 0) {
			t.Errorf("%d of %d numbers in use", n, z.State)
		}
		for _, p := range m.Probes() {
			if p.At < 0 || p.Len <= 0 || p.At+p.Len > z.Scratch {
				t.Errorf("probe %v lies outside scratch of %d", p, z.Scratch)
			}
		}
	})
}

func TestTheKeepingLSTMShowsForgetGatesOfOne(t *testing.T) {
	m := memories(3)["lstm that keeps"]
	k, z := num.Go(), m.Size()
	scratch := make([]float32, z.Scratch)
	m.Step(&k, []float32{1, 2, 3}, make([]float32, z.State), make([]float32, z.Out), []bool{true}, scratch)
	p, ok := FindProbe(m, ProbeForget)
	if !ok {
		t.Fatal("no probe of the forget gates")
	}
	for _, f := range scratch[p.At : p.At+p.Len] {
		if f != 1 {
			t.Fatalf("forget gates are %v", scratch[p.At:p.At+p.Len])
		}
	}
}
