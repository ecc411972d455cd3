package modelbasedgeneralization

import (
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// experience is N transitions for one update of the Q-network, replayed or imagined.
type experience struct {
	obs, next          *num.Tensor // [N][O]
	action             []int32     // [N]
	reward, cont, keep []float32   // [N] cont: probability that the episode goes on; keep: the weight w of the row
}

func newExperience(n, o int) *experience {
	return &experience{num.New("obs", n, o), num.New("next", n, o), make([]int32, n), make([]float32, n), make([]float32, n), make([]float32, n)}
}

// qnet is the Q-network with its target.
type qnet struct {
	core        *num.Core
	net, target *nn.MLP
	opt         *nn.Adam
	tape        *num.Tape
	gamma       float32
	actions     int

	values, probs, grad []float32
	scratch             []float32
	fresh               []bool
}

// firstGain makes the first values small against any temperature, so that an agent starts by trying all actions alike. With the usual gain
// of 1 they differ by half a reward, a cold softmax plays one action, and an agent may never see that others exist.
const firstGain = 0.01

func newQ(core *num.Core, weights *rng.Stream, o, actions int, k LearnerKnobs, gamma float64) *qnet {
	q := &qnet{core: core, net: perceptron(weights, "q", o, actions, k, firstGain), target: perceptron(weights, "target", o, actions, k, firstGain),
		tape: num.NewTape(core), gamma: float32(gamma), actions: actions}
	q.opt = adamW(q.net.Params())
	q.follow()
	return q
}

// follow copies the network into its target.
func (q *qnet) follow() {
	from := q.net.Params()
	for i, p := range q.target.Params() {
		copy(p.Data, from[i].Data)
	}
}

// of returns the values [n][A] of n observations by one of the two networks, valid until the next call.
func (q *qnet) of(m *nn.MLP, n int, obs []float32) []float32 {
	q.values, q.fresh = grow(q.values, n*q.actions), grow(q.fresh, n)
	q.scratch = grow(q.scratch, n*m.Size().Scratch)
	m.Step(&q.core.K, obs, nil, q.values, q.fresh, q.scratch)
	return q.values
}

// choose draws actions [n] from the softmax of the values at a temperature.
func (q *qnet) choose(s *rng.Stream, n int, obs []float32, temperature float64, actions []int32) {
	values := q.of(q.net, n, obs)
	q.probs = grow(q.probs, q.actions)
	for i := range n {
		softmax(values[i*q.actions:(i+1)*q.actions], temperature, q.probs)
		actions[i] = int32(s.Categorical(q.probs))
	}
}

// softmax writes p(a) = exp(Q(a)/tau) / sum_b exp(Q(b)/tau).
func softmax(values []float32, tau float64, p []float32) {
	top, sum := math.Inf(-1), 0.0
	for _, v := range values {
		top = max(top, float64(v))
	}
	for a, v := range values {
		e := math.Exp((float64(v) - top) / tau)
		p[a] = float32(e)
		sum += e
	}
	for a := range p {
		p[a] = float32(float64(p[a]) / sum)
	}
}

// best is the action of the largest value, the first of several.
func best(values []float32) (a int32) {
	for i, v := range values {
		if v > values[a] {
			a = int32(i)
		}
	}
	return a
}

// update takes one step on a batch:
//
//	L = 1/N sum_i w_i ( Q(o,a) - (r + gamma c max_a' Q_target(o',a')) )^2
//
// Letters: c the (predicted) probability that the episode goes on, w the product of those of the rollout so far, 1 on the first step
// and in tasks without end. It returns L.
func (q *qnet) update(e *experience, rate float64) float64 {
	n := len(e.action)
	next := q.of(q.target, n, e.next.Data)
	y := make([]float32, n)
	for i := range y {
		row := next[i*q.actions : (i+1)*q.actions]
		y[i] = e.reward[i] + q.gamma*e.cont[i]*row[best(row)]
	}
	loss := q.gradients(e, y)
	q.opt.Step(&q.core.K, rate)
	return loss
}

// gradients adds the gradients of L, for targets y [N], to those of the parameters.
func (q *qnet) gradients(e *experience, y []float32) (loss float64) {
	n := len(e.action)
	q.tape.Reset()
	values := q.net.Sequence(q.tape, e.obs, nil, nil)
	q.grad = grow(q.grad, n*q.actions)
	clear(q.grad)
	for i, a := range e.action {
		at := i*q.actions + int(a)
		d := values.Data[at] - y[i]
		q.grad[at] = 2 * e.keep[i] * d / float32(n)
		loss += float64(e.keep[i]) * float64(d) * float64(d) / float64(n)
	}
	q.tape.BackwardFrom(values, q.grad)
	return loss
}
