package num

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

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

func TestAttendAgreesWithADirectSum(t *testing.T) {
	// Longer than a block of queries, so that blocks, windows and borders of episodes cut each other.
	const steps, b, width, window = 75, 3, 6, 9
	fresh := marks(rand.New(rand.NewPCG(6, 0)), steps*b, 0.07)
	c := attendCell(rand.New(rand.NewPCG(7, 0)), steps, b, width, window, fresh)
	y := c.run(NewTape(testCore(t, 1)))
	w := Window{Heads: 2, Steps: window, Width: width}
	qkv, bias, dh := c.xs[0], c.xs[1], width/2
	for e := range b {
		for head := range 2 {
			var keys, values [][]float32 // of the episode so far, the state's first
			row := c.state.Data[e*c.state.Last()+3:]
			rk, rv := w.ring(row, head)
			for p := max(0, int(row[0])-(window-1)); p < int(row[0]); p++ {
				s := p % (window - 1) * dh
				keys, values = append(keys, rk[s:s+dh]), append(values, rv[s:s+dh])
			}
			for i := range steps {
				if fresh[i*b+e] {
					keys, values = nil, nil
				}
				at := qkv.Data[(i*b+e)*3*width+head*dh:]
				keys, values = append(keys, at[width:width+dh]), append(values, at[2*width:2*width+dh])
				sum, out := 0.0, make([]float64, dh)
				for s := max(0, len(keys)-window); s < len(keys); s++ {
					score := 0.0
					for j, q := range at[:dh] {
						score += float64(q) * float64(keys[s][j])
					}
					p := math.Exp(score/math.Sqrt(float64(dh)) + float64(bias.Data[head*window+len(keys)-1-s]))
					sum += p
					for j, v := range values[s] {
						out[j] += p * float64(v)
					}
				}
				for j, v := range out {
					got := float64(y.Data[(i*b+e)*width+head*dh+j])
					if math.Abs(got-v/sum) > 1e-5 {
						t.Fatalf("environment %d, head %d, step %d: %g, want %g", e, head, i, got, v/sum)
					}
				}
			}
		}
	}
}

func TestFFAByHand(t *testing.T) {
	// M = C = 1, alpha = ln 2, omega = pi/2: Gamma = i/2. State 1 + 2i, x = 3 then, after a reset, 5:
	// X_1 = (1+2i) i/2 + 3 = (-1 + 0.5i) + 3 = 2 + 0.5i;  X_2 = 5.
	x, alpha, omega, state := New("x", 2, 1, 1), New("alpha", 1), New("omega", 1), New("state", 1, 2)
	x.Data[0], x.Data[1], alpha.Data[0], omega.Data[0] = 3, 5, math.Ln2, math.Pi/2
	copy(state.Data, []float32{1, 2})
	y := NewTape(testCore(t, 1)).FFA(x, alpha, omega, state, []bool{false, true})
	for i, want := range []float64{2, 0.5, 5, 0} {
		if math.Abs(float64(y.Data[i])-want) > 1e-6 {
			t.Fatalf("states are %v", y.Data)
		}
	}
}

func TestOtherGradients(t *testing.T) {
	const n, d = 5, 4
	r := rand.New(rand.NewPCG(8, 0))
	x, y, g := NewParam("x", n, d), NewParam("y", n, d), NewParam("g", n, d)
	gain, bias := NewParam("gain", d), NewParam("bias", d)
	wy, ux, ug := NewParam("wy", d, 3*d), NewParam("ux", d, 2*d), NewParam("ug", d, d)
	randomise(r, 0.7, x, y, g, gain, bias, wy, ux, ug)
	for name, c := range map[string]struct {
		run build
		xs  []*Tensor
	}{
		"add":                 {func(t *Tape) *Tensor { return t.Add(x, y) }, []*Tensor{x, y}},
		"add to itself":       {func(t *Tape) *Tensor { return t.Add(x, x) }, []*Tensor{x}},
		"mul":                 {func(t *Tape) *Tensor { return t.Mul(x, y) }, []*Tensor{x, y}},
		"mix":                 {func(t *Tape) *Tensor { return t.Mix(g, x, y) }, []*Tensor{g, x, y}},
		"slice":               {func(t *Tape) *Tensor { return t.Slice(x, 1, 3) }, []*Tensor{x}},
		"concat":              {func(t *Tape) *Tensor { return t.Concat(x, t.Slice(y, 0, 3)) }, []*Tensor{x, y}},
		"activate":            {func(t *Tape) *Tensor { return t.Activate(x, Sigmoid) }, []*Tensor{x}},
		"layer norm":          {func(t *Tape) *Tensor { return t.LayerNorm(x, gain, bias) }, []*Tensor{x, gain, bias}},
		"layer norm, no gain": {func(t *Tape) *Tensor { return t.LayerNorm(x, nil, nil) }, []*Tensor{x}},
		"rms norm":            {func(t *Tape) *Tensor { return t.RMSNorm(x, gain) }, []*Tensor{x, gain}},
		"gate":                {func(t *Tape) *Tensor { return t.Gate(x, y, wy, ux, ug, bias) }, []*Tensor{x, y, wy, ux, ug, bias}},
	} {
		t.Run(name+" agrees with finite differences", func(t *testing.T) { checkGrad(t, c.run, c.xs...) })
	}
}

func TestNormsByHand(t *testing.T) {
	// Row 1 3 5 7: mean 4, variance 5, mean square 21.
	x := New("x", 1, 4)
	copy(x.Data, []float32{1, 3, 5, 7})
	tape := NewTape(testCore(t, 1))
	ln, rms := tape.LayerNorm(x, nil, nil), tape.RMSNorm(x, nil)
	for i, v := range x.Data {
		a, b := (float64(v)-4)/math.Sqrt(5), float64(v)/math.Sqrt(21)
		if math.Abs(float64(ln.Data[i])-a) > 1e-5 || math.Abs(float64(rms.Data[i])-b) > 1e-5 {
			t.Fatalf("norms are %v and %v", ln.Data, rms.Data)
		}
	}
}

func TestCellsByHand(t *testing.T) {
	// One unit, x = 1, weights of the input w, of the state u, no bias unless said; s is the sigmoid.
	//	rnn:  h0 = 0.5, w = 0.3, u = -0.4: tanh(0.3 - 0.2) = 0.0996680.
	//	gru:  h0 = 0.5, w = 0.1 0.2 0.3, u = 0.4 0.6 0.8, candidate bias of the state 0.5: r = s(0.1+0.2) = 0.5744425,
	//	      u = s(0.2+0.3) = 0.6224593, n = tanh(0.3 + r*(0.4+0.5)) = tanh(0.8169983) = 0.6734328, h = (1-u)*n + u*0.5 = 0.5654779.
	//	lstm: h0 = 0.5, c0 = -1, w = 0.1 0.2 0.3 0.4, u = 0.2 0.4 0.6 0.8: i = s(0.2) = 0.5498340, f = s(0.4) = 0.5986877,
	//	      g = tanh(0.6) = 0.5370496, o = s(0.8) = 0.6899745, c = -f + i*g = -0.3033995, h = o*tanh(c) = -0.2031427;
	//	      with f = 1: c = -0.7047119, h = o*tanh(c) = -0.4190561.
	one := func(name string, shape []int, v ...float32) *Tensor {
		x := New(name, shape...)
		copy(x.Data, v)
		return x
	}
	tape, fresh := NewTape(testCore(t, 1)), []bool{false}
	x, h0 := one("x", []int{1, 1, 1}, 1), one("h0", []int{1, 1}, 0.5)
	hc := one("hc", []int{1, 2}, 0.5, -1)
	wx, wh, zero := one("wx", []int{1, 4}, 0.1, 0.2, 0.3, 0.4), one("wh", []int{1, 4}, 0.2, 0.4, 0.6, 0.8), New("bias", 4)
	rnn := tape.RNN(x, one("wx", []int{1, 1}, 0.3), New("bx", 1), one("wh", []int{1, 1}, -0.4), h0, fresh)
	gru := tape.GRU(x, one("wx", []int{1, 3}, 0.1, 0.2, 0.3), New("bx", 3), one("wh", []int{1, 3}, 0.4, 0.6, 0.8), one("bh", []int{3}, 0, 0, 0.5), h0, fresh)
	lstm := tape.LSTM(x, wx, zero, wh, hc, fresh, false)
	keep := tape.LSTM(x, wx, zero, wh, hc, fresh, true)
	for i, c := range []struct {
		y    *Tensor
		want float64
	}{{rnn, 0.0996680}, {gru, 0.5654779}, {lstm, -0.2031427}, {keep, -0.4190561}} {
		if got := float64(c.y.Data[0]); math.Abs(got-c.want) > 2e-6 {
			t.Errorf("cell %d gives %.7f, want %.7f", i, got, c.want)
		}
	}
}
