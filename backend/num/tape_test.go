package num

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A build records operations and returns the result whose gradient is tested.
type build func(t *Tape) *Tensor

// weighted is a scalar loss for tests: the sum of a result times fixed weights, in float64 for finite differences.
type weighted struct {
	y, loss *Tensor
	w       []float32
	value   float64
}

func (l *weighted) record(t *Tape, y *Tensor) *Tensor {
	for len(l.w) < y.Len() {
		l.w = append(l.w, float32(math.Sin(float64(3*len(l.w)+1))))
	}
	l.y, l.loss, l.value = y, t.Tensor("loss", 1), 0
	for i, v := range y.Data {
		l.value += float64(l.w[i]) * float64(v)
	}
	l.loss.Data[0] = float32(l.value)
	t.Custom(l)
	return l.loss
}

func (l *weighted) Backward() {
	g := l.y.Gradient()
	for i := range g {
		g[i] += l.loss.Grad[0] * l.w[i]
	}
}

func testCore(t *testing.T, workers int) *Core {
	t.Helper()
	c := NewCore(Go(), workers)
	t.Cleanup(c.Close)
	return c
}

func randomise(r *rand.Rand, scale float64, xs ...*Tensor) {
	for _, x := range xs {
		for i := range x.Data {
			x.Data[i] = float32(r.NormFloat64() * scale)
		}
	}
}

// marks returns fresh marks with probability p, seeded.
func marks(r *rand.Rand, n int, p float64) []bool {
	m := make([]bool, n)
	for i := range m {
		m[i] = r.Float64() < p
	}
	return m
}

// checkGrad compares the gradients of all xs with central differences of fourth order in float64:
// f'(x) = (8*(f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, whose error is h^4 and the float32 noise of f over h.
func checkGrad(t *testing.T, b build, xs ...*Tensor) {
	t.Helper()
	checkGradStep(t, 0.005, 2e-3, b, xs...)
}

func checkGradStep(t *testing.T, h, tol float64, b build, xs ...*Tensor) {
	t.Helper()
	tape, loss := NewTape(testCore(t, 1)), new(weighted)
	value := func() float64 {
		tape.Reset()
		loss.record(tape, b(tape))
		return loss.value
	}
	for _, x := range xs {
		x.ZeroGrad()
	}
	tape.Reset()
	tape.Backward(loss.record(tape, b(tape)))
	for _, x := range xs {
		got := slices.Clone(x.Grad)
		scale := 1.0
		for _, g := range got {
			scale = max(scale, math.Abs(float64(g)))
		}
		for i, old := range x.Data {
			at := func(d float64) float64 { x.Data[i] = old + float32(d); return value() }
			want := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
			x.Data[i] = old
			if math.Abs(float64(got[i])-want) > tol*scale {
				t.Fatalf("gradient of %s at %d is %g, finite differences say %g", x, i, got[i], want)
			}
		}
	}
}

func TestLinearByHand(t *testing.T) {
	// x = [1 2], w = [[1 0] [-1 3]], b = [0.5 -1]: z = [1-2+0.5, 0+6-1] = [-0.5, 5]; relu gives [0 5].
	// Loss weights come from dy = [1 1]: dz = [0 1], dw = x^T dz = [[0 1] [0 2]], db = [0 1], dx = dz w^T = [0 3].
	x, w, b := NewParam("x", 1, 2), NewParam("w", 2, 2), NewParam("b", 2)
	copy(x.Data, []float32{1, 2})
	copy(w.Data, []float32{1, 0, -1, 3})
	copy(b.Data, []float32{0.5, -1})
	tape := NewTape(testCore(t, 1))
	y := tape.Linear(x, w, b, ReLU)
	if want := []float32{0, 5}; !slices.Equal(y.Data, want) {
		t.Fatalf("y is %v, want %v", y.Data, want)
	}
	loss := &weighted{w: []float32{1, 1}}
	tape.Backward(loss.record(tape, y))
	for _, c := range []struct {
		x    *Tensor
		want []float32
	}{{w, []float32{0, 1, 0, 2}}, {b, []float32{0, 1}}, {x, []float32{0, 3}}} {
		if !slices.Equal(c.x.Grad, c.want) {
			t.Errorf("gradient of %s is %v, want %v", c.x, c.x.Grad, c.want)
		}
	}
}

func TestLinearGradients(t *testing.T) {
	for _, act := range []Act{None, ReLU, Tanh, Sigmoid, SiLU} {
		t.Run(fmt.Sprintf("activation %d agrees with finite differences", act), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(act)))
			x, w, b := NewParam("x", 3, 2, 5), NewParam("w", 5, 7), NewParam("b", 7)
			randomise(r, 0.5, x, w, b)
			h := 0.02
			if act == ReLU { // a step must not cross the kink; the function is linear elsewhere, so a small step loses nothing
				h = 1e-3
			}
			checkGradStep(t, h, 3e-3, func(t *Tape) *Tensor { return t.Linear(x, w, b, act) }, x, w, b)
		})
	}
}

func TestLinearTwiceAddsBothGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	x, w, b := NewParam("x", 4, 3), NewParam("w", 3, 3), NewParam("b", 3)
	randomise(r, 0.5, x, w, b)
	checkGrad(t, func(t *Tape) *Tensor { // w is used twice, and so is the first result
		y := t.Linear(x, w, b, Tanh)
		return t.Add(t.Linear(y, w, b, Tanh), y)
	}, x, w, b)
}

// cell is a recurrent operation with its tensors, all of which want gradients.
type cell struct {
	name string
	run  build
	xs   []*Tensor
}

// cells makes every recurrent operation at odd sizes with resets in the middle.
func cells(steps, b, d, h int, fresh []bool) []cell {
	r := rand.New(rand.NewPCG(3, 0))
	make := func(name string, gates, states int) (xs []*Tensor) {
		xs = []*Tensor{
			NewParam(name+".x", steps, b, d), NewParam(name+".wx", d, gates*h), NewParam(name+".bx", gates*h),
			NewParam(name+".wh", h, gates*h), NewParam(name+".state", b, states*h), NewParam(name+".bh", gates*h),
		}
		randomise(r, 0.6, xs...)
		return xs
	}
	rnn, gru, lstm, keep := make("rnn", 1, 1), make("gru", 3, 1), make("lstm", 4, 2), make("keep", 4, 2)
	return []cell{
		{"rnn", func(t *Tape) *Tensor { return t.RNN(rnn[0], rnn[1], rnn[2], rnn[3], rnn[4], fresh) }, rnn[:5]},
		{"gru", func(t *Tape) *Tensor { return t.GRU(gru[0], gru[1], gru[2], gru[3], gru[5], gru[4], fresh) }, gru},
		{"lstm", func(t *Tape) *Tensor { return t.LSTM(lstm[0], lstm[1], lstm[2], lstm[3], lstm[4], fresh, false) }, lstm[:5]},
		{"lstm that keeps", func(t *Tape) *Tensor { return t.LSTM(keep[0], keep[1], keep[2], keep[3], keep[4], fresh, true) }, keep[:5]},
	}
}

func TestSequenceGradients(t *testing.T) {
	const steps, b = 5, 3
	fresh := marks(rand.New(rand.NewPCG(4, 0)), steps*b, 0.25)
	fresh[0] = false // so that the stored state of environment 0 is used
	for _, c := range cells(steps, b, 2, 3, fresh) {
		t.Run(c.name+" agrees with finite differences", func(t *testing.T) { checkGrad(t, c.run, c.xs...) })
	}
}

func TestNothingCrossesTheStartOfAnEpisode(t *testing.T) {
	const steps, b, d, h = 6, 2, 3, 4
	fresh := make([]bool, steps*b)
	fresh[3*b], fresh[3*b+1] = true, true
	for _, c := range cells(steps, b, d, h, fresh) {
		t.Run(c.name, func(t *testing.T) {
			tape := NewTape(testCore(t, 1))
			y := c.run(tape)
			before := slices.Clone(y.Data[3*b*h:])
			loss := &weighted{w: make([]float32, steps*b*h)} // weights only after the border
			for i := 3 * b * h; i < steps*b*h; i++ {
				loss.w[i] = 1
			}
			tape.Backward(loss.record(tape, y))
			x, state := c.xs[0], c.xs[4]
			for i, g := range x.Grad {
				if past := i < 3*b*d; past != (g == 0) {
					t.Fatalf("gradient of input %d of %d is %g", i, len(x.Grad), g)
				}
			}
			if slices.ContainsFunc(state.Grad, func(g float32) bool { return g != 0 }) {
				t.Fatal("the gradient reached the state before the border")
			}
			for i := range x.Data[:3*b*d] {
				x.Data[i] += 1
			}
			tape.Reset()
			if after := c.run(tape).Data[3*b*h:]; !slices.Equal(before, after) {
				t.Fatal("inputs before the border change outputs after it")
			}
		})
	}
}

func TestWorkersChangeNoBit(t *testing.T) {
	const steps, b, d, h = 7, 13, 33, 35 // large enough that work is split
	fresh := marks(rand.New(rand.NewPCG(5, 0)), steps*b, 0.1)
	for _, c := range cells(steps, b, d, h, fresh) {
		t.Run(c.name, func(t *testing.T) {
			var want []float32
			for workers := 1; workers <= 4; workers++ {
				got := passOf(NewTape(testCore(t, workers)), c)
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%d workers give other bits than one", workers)
				}
			}
		})
	}
}

// passOf returns the result and all gradients of one pass, end to end.
func passOf(tape *Tape, c cell) []float32 {
	for _, x := range c.xs {
		x.ZeroGrad()
	}
	y := c.run(tape)
	loss := new(weighted)
	tape.Backward(loss.record(tape, y))
	out := slices.Clone(y.Data)
	for _, x := range c.xs {
		out = append(out, x.Grad...)
	}
	return out
}

func TestAPassOfKnownShapesAllocatesNothing(t *testing.T) {
	const steps, b = 6, 4
	for _, workers := range []int{1, 2} {
		for _, c := range cells(steps, b, 33, 65, make([]bool, steps*b)) {
			t.Run(fmt.Sprintf("%s on %d workers", c.name, workers), func(t *testing.T) {
				tape, loss := NewTape(testCore(t, workers)), new(weighted)
				pass := func() {
					tape.Reset()
					tape.Backward(loss.record(tape, c.run(tape)))
				}
				pass()
				if n := testing.AllocsPerRun(5, pass); n != 0 {
					t.Errorf("a pass allocates %v times", n)
				}
			})
		}
	}
}

func TestShapeMistakesPanicWithOperationShapesAndNames(t *testing.T) {
	tape := NewTape(testCore(t, 1))
	x, w := New("obs", 2, 3), New("encoder.w", 4, 5)
	state := New("state", 9, 2)
	for _, c := range []struct {
		name string
		run  func()
		want []string
	}{
		{"linear", func() { tape.Linear(x, w, nil, None) }, []string{"linear", "obs [2 3]", "encoder.w [4 5]"}},
		{"bias", func() { tape.Linear(New("y", 2, 4), w, x, None) }, []string{"linear", "encoder.w [4 5]", "obs [2 3]"}},
		{"state", func() {
			tape.RNN(New("in", 1, 3, 4), New("wx", 4, 2), New("bx", 2), New("wh", 2, 2), state, make([]bool, 3))
		}, []string{"rnn", "in [1 3 4]", "state [9 2]"}},
		{"add", func() { tape.Add(x, w) }, []string{"add", "obs [2 3]", "encoder.w [4 5]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				text := fmt.Sprint(recover())
				for _, part := range c.want {
					if !strings.Contains(text, part) {
						t.Errorf("panic %q lacks %q", text, part)
					}
				}
			}()
			c.run()
		})
	}
}
