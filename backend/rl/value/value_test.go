package value

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

func TestTargetsByHand(t *testing.T) {
	// Two samples of three actions. Max of the slow values: 5 and 2. The network prefers actions 0 and 2, whose slow values are 1 and -1.
	fast, slow := []float32{9, 2, 3, 0, 0, 4}, []float32{1, 5, 2, 2, 0, -1}
	next, y, disc := make([]float32, 2), make([]float32, 2), make([]float32, 2)
	if Max(slow, 3, next); !slices.Equal(next, []float32{5, 2}) {
		t.Errorf("max %v", next)
	}
	if Double(fast, slow, 3, next); !slices.Equal(next, []float32{1, -1}) {
		t.Errorf("double %v", next)
	}
	if Double(slow, slow, 3, next); !slices.Equal(next, []float32{5, 2}) {
		t.Errorf("double with itself %v", next)
	}
	Discounts([]bool{false, true}, 0.5, disc)
	if OneStep([]float32{10, 20}, disc, next, y); !slices.Equal(y, []float32{12.5, 20}) {
		t.Errorf("targets %v", y)
	}
}

func TestNStepTargetsByHand(t *testing.T) {
	// One column, gamma 1/2, n = 3, rewards 1 2 4 8, next values 16 32 64 128.
	reward, next := []float32{1, 2, 4, 8}, []float32{16, 32, 64, 128}
	no := make([]bool, 4)
	at := func(i int) []bool { x := make([]bool, 4); x[i] = true; return x }
	for _, c := range []struct {
		name    string
		s       Steps
		y, mask []float32
	}{
		// 1 + 1 + 1 + 64/8 = 11; 2 + 2 + 2 + 128/8 = 22; 4 + 4 + 128/4 = 40; 8 + 128/2 = 72.
		{"without an end the column closes the sums", Steps{Terminal: no}, []float32{11, 22, 40, 72}, []float32{1, 1, 1, 1}},
		// Step 1 is terminal: 1 + 1 = 2; 2.
		{"a terminal step ends the sum without a value", Steps{Terminal: at(1)}, []float32{2, 2, 40, 72}, []float32{1, 1, 1, 1}},
		// Step 1 is cut: 1 + 1 + 32/4 = 10; 2 + 32/2 = 18.
		{"a cut step ends the sum with a value", Steps{Terminal: no, Cut: at(1)}, []float32{10, 18, 40, 72}, []float32{1, 1, 1, 1}},
		{"a cut whose observation is lost leaves no target", Steps{Terminal: no, Cut: at(1), Lost: at(1)}, []float32{0, 0, 40, 72}, []float32{0, 0, 1, 1}},
		{"a mark of lost matters at a cut only", Steps{Terminal: at(1), Cut: no, Lost: at(1)}, []float32{2, 2, 40, 72}, []float32{1, 1, 1, 1}},
		// Step 3 is padding: 1 + 1 + 1 + 64/8; 2 + 2 + 64/4 = 20; 4 + 64/2 = 36.
		{"padding is not reached", Steps{Terminal: no, Mask: []float32{1, 1, 1, 0}}, []float32{11, 20, 36, 0}, []float32{1, 1, 1, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			y, mask := make([]float32, 4), make([]float32, 4)
			c.s.Reward, c.s.Next = reward, next
			NStep(c.s, 1, 3, 0.5, y, mask)
			if !slices.Equal(y, c.y) || !slices.Equal(mask, c.mask) {
				t.Errorf("targets %v, masks %v, want %v and %v", y, mask, c.y, c.mask)
			}
		})
	}
}

func TestOneStepOfManyIsOneStep(t *testing.T) {
	s := rng.New(1, "steps")
	const steps, b = 9, 3
	reward, next, terminal := make([]float32, steps*b), make([]float32, steps*b), make([]bool, steps*b)
	for i := range reward {
		reward[i], next[i], terminal[i] = float32(s.Normal()), float32(s.Normal()), s.Bool(0.3)
	}
	y, mask, want, disc := make([]float32, steps*b), make([]float32, steps*b), make([]float32, steps*b), make([]float32, steps*b)
	NStep(Steps{Reward: reward, Next: next, Terminal: terminal}, b, 1, 0.9, y, mask)
	Discounts(terminal, 0.9, disc)
	OneStep(reward, disc, next, want)
	for i := range y {
		near(t, "target", float64(y[i]), float64(want[i]), 1e-6)
	}
}

func TestRescalingByHandAndBack(t *testing.T) {
	near(t, "h(3)", Rescale(3), 1.003, 1e-12) // sqrt(4) - 1 + 0.003
	near(t, "h(-8)", Rescale(-8), -2.008, 1e-12)
	for _, x := range []float64{-1e6, -30, -0.5, 0, 1e-4, 1, 7, 12345} {
		near(t, "back", Unscale(Rescale(x)), x, 1e-7*max(1, math.Abs(x)))
	}
}

func TestHuberByHand(t *testing.T) {
	for _, c := range []struct{ e, delta, loss, slope float64 }{
		{0.5, 1, 0.125, 0.5}, {-3, 1, 2.5, -1}, {3, 2, 4, 2}, {-3, 0, 4.5, -3},
	} {
		l, s := Huber(c.e, c.delta)
		near(t, "loss", l, c.loss, 1e-12)
		near(t, "slope", s, c.slope, 1e-12)
	}
}

func core(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

func TestTheLossByHand(t *testing.T) {
	// Row 0: q = 0 ln3, action 1, y = ln3 - 3, so e = 3: Huber with delta 1 is 2.5, weight 2. The conservative term is
	// ln(1+3) - ln3 = ln(4/3); softmax 1/4, 3/4. Row 1 is masked. M = 1, weight of the term 0.5:
	// L = 5 + 0.5 ln(4/3); gradient: (0.5/4, 2*1 + 0.5*(3/4 - 1)) = (0.125, 1.875).
	q := num.NewParam("q", 2, 2)
	ln3 := float32(math.Log(3))
	q.Data[1], q.Data[2], q.Data[3] = ln3, 7, 7
	tape, loss := num.NewTape(core(t, 1)), Loss{Delta: 1, CQL: 0.5}
	l, s := loss.Record(tape, q, Samples{Action: []int32{1, 0}, Target: []float32{ln3 - 3, 0}, Weight: []float32{2, 1}, Mask: []float32{1, 0}})
	tape.Backward(l)
	near(t, "loss", s.Loss, 5+0.5*math.Log(4./3), 1e-6)
	near(t, "recorded loss", float64(l.Data[0]), s.Loss, 1e-6)
	near(t, "conservative term", s.CQL, math.Log(4./3), 1e-6)
	near(t, "error", float64(loss.Error[0]), 3, 1e-6)
	for i, want := range []float64{0.125, 1.875, 0, 0} {
		near(t, fmt.Sprintf("gradient %d", i), float64(q.Grad[i]), want, 1e-6)
	}
}

func TestTheLossGradientAgreesWithFiniteDifferences(t *testing.T) {
	for _, c := range []Loss{{Delta: 1}, {}, {Delta: 0.7, CQL: 0.8}} {
		s, tape := rng.New(3, "loss"), num.NewTape(core(t, 1))
		const n, acts = 24, 5
		q, b := num.NewParam("q", 4, 6, acts), Samples{Weight: []float32{1, 0.5, 2, 1, 0.1, 1}} // one weight a column of six
		for i := range q.Data {
			q.Data[i] = float32(s.Normal())
		}
		for i := range n {
			b.Action, b.Target = append(b.Action, int32(s.IntN(acts))), append(b.Target, float32(2*s.Normal()))
			b.Mask = append(b.Mask, float32(min(i%7, 1)))
		}
		l, _ := c.Record(tape, q, b)
		tape.Backward(l)
		for i, old := range q.Data {
			const h = 1.0 / 1024
			at := func(d float32) float64 {
				q.Data[i] = old + d
				tape.Reset()
				_, s := c.Record(tape, q, b)
				return s.Loss
			}
			up, down := at(h), at(-h)
			q.Data[i] = old
			near(t, fmt.Sprintf("delta %g, cql %g: gradient %d", c.Delta, c.CQL, i), float64(q.Grad[i]), (up-down)/(2*h), 5e-5)
		}
	}
}

func TestNothingWithATargetGivesNoLossAndNoGradient(t *testing.T) {
	q := num.NewParam("q", 2, 2)
	tape, loss := num.NewTape(core(t, 1)), Loss{Delta: 1, CQL: 1}
	l, s := loss.Record(tape, q, Samples{Action: []int32{0, 0}, Target: []float32{5, 5}, Mask: []float32{0, 0}})
	tape.Backward(l)
	if s.Loss != 0 || !slices.Equal(q.Grad, make([]float32, 4)) {
		t.Errorf("loss %v, gradient %v", s.Loss, q.Grad)
	}
}

func TestTheSlowCopyFollows(t *testing.T) {
	k := num.Go()
	slow, fast := []*num.Tensor{num.New("a", 2)}, []*num.Tensor{num.New("a", 2)}
	copy(fast[0].Data, []float32{8, -4})
	if Follow(&k, slow, fast, 0.25); !slices.Equal(slow[0].Data, []float32{2, -1}) {
		t.Errorf("%v", slow[0].Data)
	}
	if Follow(&k, slow, fast, 0.25); !slices.Equal(slow[0].Data, []float32{3.5, -1.75}) {
		t.Errorf("%v", slow[0].Data)
	}
	if Follow(&k, slow, fast, 1); !slices.Equal(slow[0].Data, fast[0].Data) {
		t.Errorf("%v", slow[0].Data)
	}
}

func TestExplorationDrawsWithItsProbabilities(t *testing.T) {
	s, q, p := rng.New(8, "explore"), []float32{0, 3, 1}, make([]float32, 3)
	count := [3]int{}
	const n = 30000
	for range n {
		count[EpsilonGreedy(s, q, 0.3)]++
	}
	// 0.1, 0.8, 0.1, within five standard deviations of at most 70.
	for a, want := range []int{3000, 24000, 3000} {
		if d := count[a] - want; d < -350 || d > 350 {
			t.Errorf("action %d came %d times, want about %d", a, count[a], want)
		}
	}
	// Temperature 2 on values 0 and 2 ln 3: probabilities 1/4 and 3/4.
	Softmax(s, []float32{0, float32(2 * math.Log(3))}, 2, p[:2])
	near(t, "probability", float64(p[0]), 0.25, 1e-6)
	near(t, "annealed", Anneal(1, 0, 4, 1), 0.75, 0)
	near(t, "annealed to the end", Anneal(1, 0, 4, 9), 0, 0)
	eps := make([]float64, 3)
	Ladder(0.5, 2, eps)
	for i, want := range []float64{0.5, 0.25, 0.125} {
		near(t, "epsilon", eps[i], want, 1e-12)
	}
}

func TestMixedErrorsByHand(t *testing.T) {
	// Two columns of three steps; column 0: 1, -3, masked: 0.9*3 + 0.1*2 = 2.9; column 1 has no target: 0.
	p := make([]float32, 2)
	MixErrors([]float32{1, 5, -3, 5, 9, 5}, []float32{1, 0, 1, 0, 0, 0}, 0.9, p)
	near(t, "priority", float64(p[0]), 2.9, 1e-6)
	near(t, "priority without a target", float64(p[1]), 0, 0)
}

// memory makes a memory by name.
func memory(s *rng.Stream, kind string, in, h int) nn.Memory {
	switch kind {
	case "gru":
		return nn.NewGRU(s, "memory", in, h)
	case "transformer":
		return nn.NewTransformer(s, "memory", in, h/4*2, 2, 2, h, 7)
	}
	return nn.NewMLP(s, "memory", in, []int{h}, num.Tanh)
}

func net(kind string, in, h, acts int, dueling bool) *QNet {
	s := rng.New(7, "weights")
	return NewQNet(s, nn.NewMLP(s, "encoder", in, []int{h}, num.Tanh), memory(s, kind, h, h), acts, dueling)
}

func TestStepAndSequenceGiveTheSameValues(t *testing.T) {
	for _, kind := range []string{"mlp", "gru", "transformer"} {
		for _, dueling := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, " dueling ", dueling), func(t *testing.T) {
				const steps, b, in, acts = 6, 3, 4, 3
				c, q, s := core(t, 1), net(kind, in, 8, acts, dueling), rng.New(2, "obs")
				obs, fresh := num.New("obs", steps, b, in), make([]bool, steps*b)
				for i := range obs.Data {
					obs.Data[i] = float32(s.Normal())
				}
				for i := range fresh {
					fresh[i] = i < b || i == 7
				}
				state0 := num.New("state", b, q.Memory.Size().State)
				got := q.Sequence(num.NewTape(c), obs, state0, fresh)
				space, values := q.NewSpace(b), make([]float32, b*acts)
				for i := range steps {
					q.Step(&c.K, space, obs.Data[i*b*in:(i+1)*b*in], state0.Data, values, fresh[i*b:(i+1)*b], 0, b)
					for j, v := range values {
						near(t, "value", float64(got.Data[i*b*acts+j]), float64(v), 1e-5)
					}
				}
			})
		}
	}
}

func TestDuelingCentresTheAdvantages(t *testing.T) {
	// Advantages 1, 2, 6 (mean 3) and value 10: 8, 9, 13.
	m, k, y := duelingMatrix(3), num.Go(), make([]float32, 3)
	k.Gemm(false, false, 1, 3, 4, 1, []float32{1, 2, 6, 10}, 4, m.Data, 3, 0, y, 3)
	for i, want := range []float64{8, 9, 13} {
		near(t, "value", float64(y[i]), want, 1e-5)
	}
	if a, b := net("mlp", 2, 4, 3, true), net("mlp", 2, 4, 3, false); a.Actions() != 3 || b.Actions() != 3 || rl.Best(y) != 2 {
		t.Error("wrong count of actions")
	}
}
