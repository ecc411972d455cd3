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

// cell is a recurrent operation with its tensors, all of which want gradients.
type cell struct {
	name     string
	run      build
	xs       []*Tensor
	x, state *Tensor // the inputs [T][B][D] and the state before them; a state that wants no gradient is not in xs
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
		{"rnn", func(t *Tape) *Tensor { return t.RNN(rnn[0], rnn[1], rnn[2], rnn[3], rnn[4], fresh) }, rnn[:5], rnn[0], rnn[4]},
		{"gru", func(t *Tape) *Tensor { return t.GRU(gru[0], gru[1], gru[2], gru[3], gru[5], gru[4], fresh) }, gru, gru[0], gru[4]},
		{"lstm", func(t *Tape) *Tensor { return t.LSTM(lstm[0], lstm[1], lstm[2], lstm[3], lstm[4], fresh, false) }, lstm[:5], lstm[0], lstm[4]},
		{"lstm that keeps", func(t *Tape) *Tensor { return t.LSTM(keep[0], keep[1], keep[2], keep[3], keep[4], fresh, true) }, keep[:5], keep[0], keep[4]},
		ffaCell(r, steps, b, d, h, fresh),
		attendCell(r, steps, b, 2*d, h+2, fresh),
	}
}

func ffaCell(r *rand.Rand, steps, b, m, c int, fresh []bool) cell {
	x, alpha, omega := NewParam("ffa.x", steps, b, m), NewParam("ffa.alpha", m), NewParam("ffa.omega", c)
	state := NewParam("ffa.state", b, 2*m*c)
	randomise(r, 0.6, x, alpha, omega, state)
	alpha.Data[0] = -0.4 // both signs of alpha decay
	run := func(t *Tape) *Tensor { return t.FFA(x, alpha, omega, state, fresh) }
	return cell{"ffa", run, []*Tensor{x, alpha, omega, state}, x, state}
}

// attendCell has two heads and states that hold nothing, some and all of a window.
func attendCell(r *rand.Rand, steps, b, width, window int, fresh []bool) cell {
	w := Window{Heads: 2, Steps: window, Width: width}
	qkv, bias := NewParam("attend.qkv", steps, b, 3*width), NewParam("attend.bias", 2, window)
	state := New("attend.state", b, 3+w.StateSize())
	randomise(r, 0.6, qkv, bias, state)
	for e := range b {
		state.Data[e*state.Last()+3] = float32(e * (window - 1))
	}
	run := func(t *Tape) *Tensor { return t.Attend(w, qkv, bias, state, 3, fresh) }
	return cell{"attend", run, []*Tensor{qkv, bias}, qkv, state}
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
			border := 3 * b * y.Last()
			before := slices.Clone(y.Data[border:])
			loss := &weighted{w: make([]float32, y.Len())} // weights only after the border
			for i := range before {
				loss.w[border+i] = float32(1 + i%3)
			}
			tape.Backward(loss.record(tape, y))
			x, state := c.x, c.state
			past := 3 * b * x.Last()
			nonzero := func(g float32) bool { return g != 0 }
			if slices.ContainsFunc(x.Grad[:past], nonzero) || !slices.ContainsFunc(x.Grad[past:], nonzero) {
				t.Fatalf("gradients of the inputs are %v before the border and %v after it", x.Grad[:past], x.Grad[past:])
			}
			if slices.ContainsFunc(state.Grad, nonzero) {
				t.Fatal("the gradient reached the state before the border")
			}
			for i := range x.Data[:past] {
				x.Data[i]++
			}
			tape.Reset()
			if after := c.run(tape).Data[border:]; !slices.Equal(before, after) {
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
