package rarl

import (
	"flag"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

func tiny() given { return given{"tasks": 4, "horizon": 10, "episodes": 24, "grid": 4} }

func brief() given {
	return given{"updates": 24, "reports": 2, "eval_episodes": 2, "batch": 16, "groups": 2}
}

func ra() given {
	return given{"kind": Retrieval, "width": 12, "summary": 8, "code": 4, "trajectories": 3, "length": 10, "k_traj": 2, "k_states": 3}
}

func begin(t testing.TB, agent given, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, papertest.Setup(t, Slug, "fast", Sections(), tiny(), agent, brief()), seed, bench, New)
}

// arms are the agents of the notebook in small.
func arms() map[string]given {
	return map[string]given{
		"ra-dqn": ra(), "no-store": ra().With("content", Zeros), "agent-asks": ra().With("state", "agent"), "short": ra().With("length", 5),
		"free": ra().With("beta", 0.0), "one-round": ra().With("rounds", 1), "mixed": ra().With("content", Mixed), "best": ra().With("content", Best),
		"by-return": ra().With("choose", "return"), "dqn": {"kind": DQN, "width": 12}, "solver": {"kind": Reference},
	}
}

func core(t testing.TB) *num.Core {
	t.Helper()
	k, err := num.Family("go")
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

func random(s *rng.Stream, name string, shape ...int) *num.Tensor {
	x := num.NewParam(name, shape...)
	for i := range x.Data {
		x.Data[i] = float32(s.Normal())
	}
	return x
}

// weighted records sum_i c_i x_i, so that a loss reaches every element of x differently.
type weighted struct {
	x, loss *num.Tensor
	c       []float32
}

func total(tape *num.Tape, x *num.Tensor) *num.Tensor {
	o := &weighted{x: x, loss: tape.Tensor("total", 1), c: make([]float32, x.Len())}
	sum := 0.0
	for i := range o.c {
		o.c[i] = float32(math.Sin(float64(3*i + 1)))
		sum += float64(o.c[i]) * float64(x.Data[i])
	}
	o.loss.Data[0] = float32(sum)
	tape.Custom(o)
	return o.loss
}

func (o *weighted) Backward() {
	g := o.x.Gradient()
	for i, c := range o.c {
		g[i] += o.loss.Gradient()[0] * c
	}
}

// differences compares the gradients of what record makes with central differences at up to some elements of every parameter. The loss is
// the sum of the tensors returned, each counted once.
func differences(t *testing.T, tape *num.Tape, params []*num.Tensor, elements int, tolerance float64, record func() []*num.Tensor) {
	t.Helper()
	value := func() (sum float64) {
		tape.Reset()
		for _, l := range record() {
			sum += float64(l.Data[0])
		}
		return sum
	}
	tape.Reset()
	losses := record()
	for _, p := range params {
		p.ZeroGrad()
	}
	for _, l := range losses[1:] {
		l.Gradient()[0]++
	}
	tape.Backward(losses[0])
	const eps = 2e-3
	for _, p := range params {
		step := max(1, p.Len()/elements)
		for i := 0; i < p.Len(); i += step {
			was := p.Data[i]
			p.Data[i] = was + eps
			up := value()
			p.Data[i] = was - eps
			down := value()
			p.Data[i] = was
			want, got := (up-down)/(2*eps), float64(p.Grad[i])
			if math.Abs(got-want) > tolerance*(1+math.Abs(want)) {
				t.Errorf("gradient of %s[%d] is %v, differences say %v", p.Name, i, got, want)
			}
		}
	}
}
