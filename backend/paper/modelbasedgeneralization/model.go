package modelbasedgeneralization

import (
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

// source predicts one step for n rows: obs [n][O] and actions [n] give next [n][O], reward [n] and the probability cont [n] that the
// episode goes on. Row i may be one that it cannot say anything about; then known is false.
type source interface {
	predict(n int, obs []float32, actions []int32, next, reward, cont []float32, known []bool)
}

// dreamer is the simple model of arXiv 2211.02222v3, sec. 5 and appendix: one network maps (o, one-hot a) to an independent Bernoulli
// for each bit of the next observation, which is the factored prior; one gives the mean reward; one, where episodes can end, the
// logit of the end.
//
//	loss = mean over the batch of [ - sum over bits log p(bit) (not at an end) + (r^ - r)^2 - log p(end or not) ]
type dreamer struct {
	core   *num.Core
	bits   *nn.MLP // [O+A] -> [O] logits
	reward *nn.MLP // [O+A] -> [1]
	end    *nn.MLP // [O+A] -> [1] logit; nil in a task without end
	opt    *nn.Adam
	tape   *num.Tape
	stream *rng.Stream
	o, a   int

	x       *num.Tensor // [n][O+A] inputs of an update
	in      []float32   // [n][O+A] inputs of a prediction
	out     []float32   // [n][O]
	scratch []float32
	fresh   []bool
	grad    []float32
}

func newDreamer(core *num.Core, weights, stream *rng.Stream, o, a int, k LearnerKnobs, continuing bool) *dreamer {
	d := &dreamer{core: core, stream: stream, o: o, a: a, tape: num.NewTape(core), x: num.New("pairs", 0, 0),
		bits: perceptron(weights, "model.bits", o+a, o, k, 1), reward: perceptron(weights, "model.reward", o+a, 1, k, 1)}
	if !continuing {
		d.end = perceptron(weights, "model.end", o+a, 1, k, 1)
	}
	d.opt = adamW(d.params())
	return d
}

// perceptron is a network with the knobs' hidden layers and a linear last one, whose first weights have that gain.
func perceptron(s *rng.Stream, name string, in, out int, k LearnerKnobs, gain float64) *nn.MLP {
	widths := make([]int, k.Depth)
	for i := range widths {
		widths[i] = k.Width
	}
	m := nn.NewMLP(s, name, in, widths, num.ReLU)
	m.Layers = append(m.Layers, nn.NewLinear(s, name+".out", k.Width, out, num.None, gain))
	return m
}

// adamW is the optimiser of all networks of the paper's table: AdamW with b2 0.99, eps 1e-5 and decay 1e-6.
func adamW(params []*num.Tensor) *nn.Adam {
	opt := nn.NewAdam(params)
	opt.Beta2, opt.Eps, opt.Decay = 0.99, 1e-5, 1e-6
	return opt
}

func (d *dreamer) params() []*num.Tensor {
	ps := append(d.bits.Params(), d.reward.Params()...)
	if d.end != nil {
		ps = append(ps, d.end.Params()...)
	}
	return ps
}

// pair writes an observation and a one-hot action beside each other.
func (d *dreamer) pair(dst, obs []float32, action int32) {
	copy(dst, obs[:d.o])
	clear(dst[d.o : d.o+d.a])
	dst[d.o+int(action)] = 1
}

// modelLoss is what an update came to, means over the batch.
type modelLoss struct{ bits, reward, end float64 }

// update takes one step on a batch of replayed transitions.
func (d *dreamer) update(b *replay.Batch, rate float64) modelLoss {
	l := d.gradients(b)
	d.opt.Step(&d.core.K, rate)
	return l
}

// gradients adds the gradients of the loss to those of the parameters.
func (d *dreamer) gradients(b *replay.Batch) (l modelLoss) {
	n, w := len(b.Action), d.o+d.a
	d.x.Shape, d.x.Data = append(d.x.Shape[:0], n, w), grow(d.x.Data, n*w)
	for i := range n {
		d.pair(d.x.Data[i*w:(i+1)*w], b.Obs.Data[i*d.o:(i+1)*d.o], b.Action[i])
	}
	d.tape.Reset()
	logits := d.bits.Sequence(d.tape, d.x, nil, nil)
	d.grad = grow(d.grad, n*d.o)
	for i := range n {
		l.bits += bernoulli(logits.Data[i*d.o:(i+1)*d.o], b.Next.Data[i*d.o:(i+1)*d.o], d.grad[i*d.o:(i+1)*d.o], b.Terminal[i], n)
	}
	d.tape.BackwardFrom(logits, d.grad)
	d.tape.Reset()
	r := d.reward.Sequence(d.tape, d.x, nil, nil)
	for i, want := range b.Reward {
		e := r.Data[i] - want
		d.grad[i] = 2 * e / float32(n)
		l.reward += float64(e) * float64(e) / float64(n)
	}
	d.tape.BackwardFrom(r, d.grad[:n])
	if d.end == nil {
		return l
	}
	d.tape.Reset()
	e := d.end.Sequence(d.tape, d.x, nil, nil)
	for i, ended := range b.Terminal {
		want := [1]float32{}
		if ended {
			want[0] = 1
		}
		l.end += bernoulli(e.Data[i:i+1], want[:], d.grad[i:i+1], false, n)
	}
	d.tape.BackwardFrom(e, d.grad[:n])
	return l
}

// bernoulli is - sum over bits [ x log p + (1-x) log(1-p) ] / n with p = sigmoid(logit), and its gradient (p - x) / n; both are zero
// where the row is skipped.
func bernoulli(logits, bits, grad []float32, skip bool, n int) (loss float64) {
	if skip {
		clear(grad)
		return 0
	}
	for j, z := range logits {
		x := float64(z)
		grad[j] = float32((sigmoid(x) - float64(bits[j])) / float64(n))
		loss += (max(x, 0) - x*float64(bits[j]) + math.Log1p(math.Exp(-math.Abs(x)))) / float64(n)
	}
	return loss
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// apply writes what a network says of n rows of d.in.
func (d *dreamer) apply(m *nn.MLP, n int, out []float32) {
	d.fresh = grow(d.fresh, n)
	d.scratch = grow(d.scratch, n*m.Size().Scratch)
	m.Step(&d.core.K, d.in, nil, out, d.fresh, d.scratch)
}

// predict implements source: bits are drawn with the sigmoid of their logits (drawing with the raw logit as a probability, as a
// published version does, is a mistake).
func (d *dreamer) predict(n int, obs []float32, actions []int32, next, reward, cont []float32, known []bool) {
	d.logits(n, obs, actions)
	for i, z := range d.out[:n*d.o] {
		next[i] = 0
		if d.stream.Float64() < sigmoid(float64(z)) {
			next[i] = 1
		}
	}
	d.apply(d.reward, n, reward)
	d.ends(n, cont)
	for i := range known[:n] {
		known[i] = true
	}
}

// ends writes the probability that an episode goes on.
func (d *dreamer) ends(n int, cont []float32) {
	if d.end == nil {
		for i := range cont[:n] {
			cont[i] = 1
		}
		return
	}
	d.apply(d.end, n, cont)
	for i, z := range cont[:n] {
		cont[i] = float32(sigmoid(-float64(z)))
	}
}

// logits leaves the logits of the next bits in d.out.
func (d *dreamer) logits(n int, obs []float32, actions []int32) {
	w := d.o + d.a
	d.in, d.out = grow(d.in, n*w), grow(d.out, n*d.o)
	for i := range n {
		d.pair(d.in[i*w:(i+1)*w], obs[i*d.o:(i+1)*d.o], actions[i])
	}
	d.apply(d.bits, n, d.out)
}

// likeliest writes the most probable next observation of one pair.
func (d *dreamer) likeliest(obs []float32, action int32, next []float32) {
	d.logits(1, obs, []int32{action})
	for i, z := range d.out[:d.o] {
		next[i] = 0
		if z > 0 {
			next[i] = 1
		}
	}
}

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
