package seq

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// layer returns a linear layer of those numbers, w [in][out] row by row.
func layer(in int, w, b []float32, act num.Act) *nn.Linear {
	l := nn.NewLinear(rng.New(1, "layer"), "layer", in, len(b), act, 1)
	copy(l.W.Data, w)
	copy(l.B.Data, b)
	return l
}

func param(shape []int, v ...float64) *num.Tensor {
	p := num.NewParam("p", shape...)
	for i, x := range v {
		p.Data[i] = float32(x)
	}
	return p
}

// byHand is a layer with numbers of its own, what it reads, and what follows, worked out in the comment. NewAt is a step at which
// another episode starts, or 0.
type byHand struct {
	name  string
	level Level
	newAt int
	x     []float32
	want  []float64
}

func hands() []byHand {
	third := math.Pow(100, -2.0/3)
	one := []int{1}
	return []byHand{
		// Three numbers: frequencies 1 and 100^(-2/3); the step counts 0, 1, and 0 again.
		{"positions", positions(3, 100), 2, []float32{1, 1, 1, 1, 1, 1, 5, 5, 5}, []float64{
			1, 2, 1,
			1 + math.Sin(1), 1 + math.Cos(1), 1 + math.Sin(third),
			5, 6, 5,
		}},
		// [x_t, x_{t-2}, x_{t-4}], zeros before the episode.
		{"frames", Frames{1, 3, 2}, 5, []float32{1, 2, 3, 4, 5, 6, 7}, []float64{
			1, 0, 0, 2, 0, 0, 3, 1, 0, 4, 2, 0, 5, 3, 1,
			6, 0, 0, 7, 0, 0,
		}},
		// 1 + relu(2*1 + 0.5) = 3.5;  3 + relu(6 - 1 + 0.5) = 8.5;  -4 + relu(-8 - 3 + 0.5) = -4;  new: 1 + relu(2.5) = 3.5
		{"conv", Conv{Frames{1, 2, 1}, layer(2, []float32{2, -1}, []float32{0.5}, num.ReLU)}, 3, []float32{1, 3, -4, 1}, []float64{3.5, 8.5, -4, 3.5}},
		// relu(2 - 1) = 1;  relu(1 + 0.5) = 1.5;  relu(-3 + 0.75) = 0;  relu(1 + 0) = 1;  new: 1
		{"indrnn", &IndRNN{layer(1, []float32{2}, []float32{-1}, num.None), param(one, 0.5), 2}, 4, []float32{1, 1, -1, 1, 1}, []float64{1, 1.5, 0, 1, 1}},
		// u = 5 is cut to 2:  1, 1 + 2*1 = 3, 1 + 2*3 = 7
		{"indrnn at its bound", &IndRNN{layer(1, []float32{2}, []float32{-1}, num.None), param(one, 5), 2}, 0, []float32{1, 1, 1}, []float64{1, 3, 7}},
		// z = sigmoid(ln 3) = 3/4, c = 2x:  3/4*2 = 1.5;  1.5/4 + 3/4*(-2) = -1.125;  new: 1.5
		{"mingru", MinGRU{layer(1, []float32{0, 2}, []float32{float32(math.Log(3)), 0}, num.None)}, 2, []float32{1, -1, 1}, []float64{1.5, -1.125, 1.5}},
		// k = q = v = x. x = 1: a = p = 2, W = 2, z = 2, y = 4/4 = 1.  x = -ln 2: a = 1/2, W = 2 - ln 2/2, z = 5/2, y = W/z.
		{"linear attention", FastWeights{layer(1, []float32{1, 1, 1}, make([]float32, 3), num.None), 1, Sum, ELU}, 2,
			[]float32{1, float32(-math.Ln2), 1}, []float64{1, (2 - math.Ln2/2) / 2.5, 1}},
		// k = q = v = x, beta = 1/2. x = (1, 2): r = (1, 2, 0, 0), a = (2, 0, 0, 0), over its sum (1, 0, 0, 0): the first row of W becomes
		// (1, 2)/2, then (1, 2)*3/4. x = (-1, 2): r = (0, 2, 1, 0), a = (0, 1, 0, 0): the second row becomes (-1, 2)/2. The first is still
		// there: once more (1, 2), and it becomes (1, 2)*7/8.
		{"fast weights", FastWeights{layer(2, []float32{1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0}, make([]float32, 7), num.None), 1, Delta, DPFP}, 4,
			[]float32{1, 2, 1, 2, -1, 2, 1, 2, 1, 2}, []float64{0.5, 1, 0.75, 1.5, -0.5, 1, 0.875, 1.75, 0.5, 1}},
		// lambda = i/2, gamma = 2, B = 1, C = 3 + 4i, D = 0.1.  s = 2, y = 6 + 0.1;  s = i + 2, y = 6 - 4 + 0.1;  s = i - 1/2, y = -1.5 - 4
		{"lru", &LRU{
			param(one, math.Log(math.Ln2)), param(one, math.Log(math.Pi/2)), param(one, math.Ln2),
			param([]int{1, 2}, 1, 0), param([]int{2, 1}, 3, -4), param(one, 0.1),
		}, 3, []float32{1, 1, 0, 1}, []float64{6.1, 2.1, -5.5, 6.1}},
		// A = -ln 2 + i pi/2, dt = 1: a = i/2, g = (i/2 - 1)/A = 0.501566 + 0.415293i. C = 1 + 2i, D = 1:
		// y = 2 Re(C g) + 1 = 0.341960;  s = i g/2 = -0.207646 + 0.250783i, y = -1.418424
		{"s4d", &S4D{
			param(one, 0), param([]int{1, 1}, math.Log(math.Ln2)), param([]int{1, 1}, math.Pi/2),
			param([]int{1, 1}, 1), param([]int{1, 1}, 2), param(one, 1),
		}, 2, []float32{1, 0, 1}, []float64{0.341960, -1.418424, 0.341960}},
		// Norm of one number is its bias, 1/2; the inner layer doubles it; a = 3*1, b = 0: y = x + 3/2.
		{"block", Block{
			&nn.Norm{Gain: param(one, 1), Bias: param(one, 0.5)}, Dense{layer(1, []float32{2}, []float32{0}, num.None)}, num.None,
			layer(1, []float32{3, 0}, []float32{0, 0}, num.None),
		}, 0, []float32{7, -7}, []float64{8.5, -5.5}},
	}
}

func TestNumbersWorkedOutByHand(t *testing.T) {
	core := hcamCore(t)
	for _, c := range hands() {
		t.Run(c.name, func(t *testing.T) {
			m := stack(c.level)
			z := m.Size()
			steps := len(c.x) / z.In
			fresh := make([]bool, steps)
			fresh[0], fresh[c.newAt] = true, true
			x := num.New("x", steps, 1, z.In)
			copy(x.Data, c.x)
			whole := m.Sequence(num.NewTape(core), x, num.New("state", 1, z.State), fresh)
			for way, got := range map[string][]float32{
				"steps":    play(&core.K, m, c.x, make([]float32, z.State), fresh, 1),
				"sequence": whole.Data,
			} {
				if len(got) != len(c.want) {
					t.Fatalf("%s: %d numbers, want %d", way, len(got), len(c.want))
				}
				for i, want := range c.want {
					if math.Abs(float64(got[i])-want) > 1e-4 {
						t.Errorf("%s: number %d is %g, want %g", way, i, got[i], want)
					}
				}
			}
		})
	}
}

func TestOutsideItsBoundARecurrentWeightMayOnlyComeBack(t *testing.T) {
	core := hcamCore(t)
	for _, c := range []struct {
		u, dy float32 // descent lowers u where more h is unwelcome (dy > 0)
		moves bool
	}{{1.9, 1, true}, {1.9, -1, true}, {2.5, 1, true}, {2.5, -1, false}} {
		l := &IndRNN{layer(1, []float32{1}, []float32{0}, num.None), param([]int{1}, float64(c.u)), 2}
		tape, x := num.NewTape(core), num.New("x", 2, 1, 1)
		x.Data[0], x.Data[1] = 1, 1
		y := stack(l).Sequence(tape, x, num.New("state", 1, 1), []bool{true, false})
		tape.BackwardFrom(y, []float32{0, c.dy})
		if moved := l.u.Grad[0] != 0; moved != c.moves {
			t.Errorf("u = %g with dy = %g: gradient %g", c.u, c.dy, l.u.Grad[0])
		}
	}
}

func TestFirstWeightsAreAsThePapersSay(t *testing.T) {
	s := rng.New(3, "start")
	lru := newLRU(s, "lru", 4, 200, Ring{RMin: 0.4, RMax: 0.9, MaxPhase: 1})
	room := make([]float32, 800)
	lambda := newTurn(room[:600])
	lru.derive(lambda, room[600:])
	for i := range 200 {
		r := math.Hypot(float64(lambda.re[i]), float64(lambda.im[i]))
		phase := math.Atan2(float64(lambda.im[i]), float64(lambda.re[i]))
		if r < 0.4-1e-6 || r > 0.9+1e-6 || phase < 0 || phase > 1+1e-6 {
			t.Fatalf("eigenvalue %d has modulus %g and phase %g", i, r, phase)
		}
		if g := float64(room[600+i]); math.Abs(g*g-(1-r*r)) > 1e-5 {
			t.Fatalf("gamma %d is %g at modulus %g", i, g, r)
		}
	}
	s4d := newS4D(s, "s4d", 50, 3, Times{DtMin: 0.01, DtMax: 0.1})
	for i := range s4d.alpha.Data {
		dt, a, _, _ := s4d.exact(i)
		if dt < 0.01-1e-6 || dt > 0.1+1e-6 || math.Abs(real(a)+0.5) > 1e-6 || math.Abs(imag(a)-math.Pi*float64(i/50)) > 1e-5 {
			t.Fatalf("place %d has dt %g and A %g", i, dt, a)
		}
	}
	ind := indRNN(s, "indrnn", 3, 200, 64)
	for i, u := range ind.u.Data {
		if u < 0.5-1e-6 || u > float32(math.Pow(2, -1.0/64))+1e-6 {
			t.Fatalf("recurrent weight %d is %g", i, u)
		}
	}
	tcn := NewTCN(s, "tcn", 3, 4, 3, 3)
	if w := tcn.Size().Window; w != 27 {
		t.Errorf("three blocks of three taps see %d steps, want 27", w)
	}
}
