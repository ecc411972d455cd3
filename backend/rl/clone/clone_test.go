package clone

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

func core(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

func TestCrossEntropyByHand(t *testing.T) {
	// Logits 0 and ln 3: p = 1/4, 3/4. Row 0 wants action 1: -ln(3/4), gradient (1/4, -1/4). Row 1 wants 0 and counts half: -ln(1/4),
	// gradient half of (-3/4, 3/4). M = 1.5. Row 2 is masked.
	ln3 := float32(math.Log(3))
	z := num.NewParam("z", 3, 2)
	copy(z.Data, []float32{0, ln3, 0, ln3, 5, 5})
	tape, c := num.NewTape(core(t, 1)), CrossEntropy{}
	l, s := c.Record(tape, z, []int32{1, 0, -1}, []float32{1, 0.5, 0})
	tape.Backward(l)
	near(t, "loss", s.Loss, (math.Log(4./3)+0.5*math.Log(4))/1.5, 1e-6)
	near(t, "share right", s.Right, 1/1.5, 1e-12)
	for i, want := range []float64{0.25, -0.25, -0.375, 0.375, 0, 0} {
		near(t, "gradient", float64(z.Grad[i]), want/1.5, 1e-6)
	}
	// Smoothing 1/2 of two actions: 3/4 of the target on action 1: ln 4 - (3/4) ln 3.
	c = CrossEntropy{Smoothing: 0.5}
	_, s = c.Record(tape, z, []int32{1, 0, 0}, []float32{1, 0, 0})
	near(t, "smoothed loss", s.Loss, math.Log(4)-0.75*math.Log(3), 1e-6)
}

func TestSquaredErrorByHand(t *testing.T) {
	// Row 0: (1, 2) against (0, 4): 1 + 4 = 5, gradient (2, -4)/M. Row 1 is masked.
	y := num.NewParam("y", 2, 2)
	copy(y.Data, []float32{1, 2, 9, 9})
	tape, c := num.NewTape(core(t, 1)), Squared{}
	l, s := c.Record(tape, y, []float32{0, 4, 0, 0}, []float32{1, 0})
	tape.Backward(l)
	near(t, "loss", s.Loss, 5, 1e-6)
	if !slices.Equal(y.Grad, []float32{2, -4, 0, 0}) {
		t.Errorf("gradient %v", y.Grad)
	}
}

func TestGradientsAgreeWithFiniteDifferences(t *testing.T) {
	s := rng.New(3, "clone")
	const n, acts = 11, 4
	action, target, mask := make([]int32, n), make([]float32, n*acts), make([]float32, n)
	for i := range action {
		action[i], mask[i] = int32(s.IntN(acts)), float32(i%4)/3
	}
	for i := range target {
		target[i] = float32(s.Normal())
	}
	cross, squared := CrossEntropy{Smoothing: 0.1}, Squared{}
	for name, record := range map[string]func(*num.Tape, *num.Tensor) (*num.Tensor, Stats){
		"cross entropy": func(tape *num.Tape, y *num.Tensor) (*num.Tensor, Stats) { return cross.Record(tape, y, action, mask) },
		"squared error": func(tape *num.Tape, y *num.Tensor) (*num.Tensor, Stats) { return squared.Record(tape, y, target, mask) },
	} {
		t.Run(name, func(t *testing.T) {
			tape, y := num.NewTape(core(t, 1)), num.NewParam("y", n, 1, acts)
			for i := range y.Data {
				y.Data[i] = float32(s.Normal())
			}
			l, _ := record(tape, y)
			tape.Backward(l)
			for i, old := range y.Data {
				const h = 1.0 / 256
				at := func(d float32) float64 {
					y.Data[i] = old + d
					tape.Reset()
					_, s := record(tape, y)
					return s.Loss
				}
				up, down := at(h), at(-h)
				y.Data[i] = old
				near(t, fmt.Sprintf("gradient %d", i), float64(y.Grad[i]), (up-down)/(2*h), 3e-5)
			}
		})
	}
}

// teacher wants the action whose number is the largest of three observations, and as continuous action their sum.
func teacher(s *rng.Stream, n int) (obs *num.Tensor, action []int32, sum []float32) {
	obs, action, sum = num.New("obs", n, 3), make([]int32, n), make([]float32, n)
	for i := range n {
		row, best := obs.Data[3*i:3*i+3], 0
		for j := range row {
			row[j] = float32(s.Normal())
			sum[i] += row[j]
			if row[j] > row[best] {
				best = j
			}
		}
		action[i] = int32(best)
	}
	return obs, action, sum
}

func TestCloningFollowsTheTeacherAndGoesOnAfterAStop(t *testing.T) {
	obs, action, sum := teacher(rng.New(1, "teacher"), 256)
	make1 := func(workers, out int) (*Learner, *nn.MLP) {
		s := rng.New(2, "weights")
		net := nn.NewMLP(s, "policy", 3, []int{32}, num.Tanh)
		net.Layers = append(net.Layers, nn.NewLinear(s, "head", 32, out, num.None, 0.01))
		return NewLearner(core(t, workers), net.Params(), Knobs{LearningRate: 0.01, MaxGradNorm: 1}), net
	}
	var cross CrossEntropy
	var squared Squared
	for _, c := range []struct {
		name   string
		out    int
		record func(net *nn.MLP) func(*num.Tape) (*num.Tensor, Stats)
		good   func(s Stats) bool
	}{
		{"discrete", 3, func(net *nn.MLP) func(*num.Tape) (*num.Tensor, Stats) {
			return func(tape *num.Tape) (*num.Tensor, Stats) {
				return cross.Record(tape, net.Sequence(tape, obs, nil, nil), action, nil)
			}
		}, func(s Stats) bool { return s.Right > 0.97 }},
		{"continuous", 1, func(net *nn.MLP) func(*num.Tape) (*num.Tensor, Stats) {
			return func(tape *num.Tape) (*num.Tensor, Stats) {
				return squared.Record(tape, net.Sequence(tape, obs, nil, nil), sum, nil)
			}
		}, func(s Stats) bool { return s.Loss < 0.02 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(l *Learner, net *nn.MLP, n int) (s Stats) {
				var err error
				for range n {
					if s, err = l.Step(t.Context(), c.record(net)); err != nil {
						t.Fatal(err)
					}
				}
				return s
			}
			whole, wholeNet := make1(1, c.out)
			last := run(whole, wholeNet, 300)
			if !c.good(last) {
				t.Errorf("after learning %+v", last)
			}
			part, partNet := make1(2, c.out)
			run(part, partNet, 100)
			var kept bytes.Buffer
			if err := part.Snapshot(&kept); err != nil {
				t.Fatal(err)
			}
			resumed, resumedNet := make1(3, c.out)
			if err := resumed.Restore(&kept); err != nil {
				t.Fatal(err)
			}
			if run(resumed, resumedNet, 200); !slices.Equal(resumedNet.Layers[0].W.Data, wholeNet.Layers[0].W.Data) {
				t.Error("the continued run has other weights")
			}
			record := c.record(wholeNet)
			ctx := t.Context()
			if n := testing.AllocsPerRun(5, func() { _, _ = whole.Step(ctx, record) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestALearnerStopsAtNumbersThatAreNone(t *testing.T) {
	y := num.NewParam("y", 1, 2)
	y.Data[0] = float32(math.NaN())
	l := NewLearner(core(t, 1), []*num.Tensor{y}, Knobs{LearningRate: 0.1, MaxGradNorm: 1})
	var c CrossEntropy
	_, err := l.Step(t.Context(), func(tape *num.Tape) (*num.Tensor, Stats) { return c.Record(tape, y, []int32{0}, nil) })
	if lab.CodeOf(err) != lab.Internal || err == nil || !strings.Contains(err.Error(), "loss is NaN after 0 gradient steps") {
		t.Errorf("error %v", err)
	}
}
