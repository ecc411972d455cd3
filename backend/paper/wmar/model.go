package wmar

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

// model is the world model (sec. 3 of the paper, DreamerV3's): encoder, recurrent state with categorical latents, and heads for the
// planes of the observation, the reward and whether the game goes on.
//
//	L = mean over rows of [ - log p(o_t | h_t, z_t) + k (r^(g_t) - symlog r_t)^2 - log p(c_t | g_t) + 0.5 dyn_t + 0.1 rep_t ]
//
// Reward and continuation are read from g_t, the state after the action and before the next observation, which a spliced rollout does not
// hold where an episode ends.
type model struct {
	core *num.Core
	o, a int
	h, z int
	cls  int
	free float64
	k    float64 // weight of the reward

	enc    *nn.Linear // [O] -> [E]
	post   *nn.Linear // [E] -> [Z]
	scan   *scan
	prior  *nn.MLP // [H] -> [Z]
	dec    *nn.MLP // [H+Z] -> [O] logits
	reward *nn.MLP // [H] -> [1], of symlog rewards
	goes   *nn.MLP // [H] -> [1] logit that the game goes on
	opt    *nn.Adam
	tape   *num.Tape

	obs                  num.Tensor // view of a batch
	soft, probs, scratch []float32
	one                  []float32
	work                 [4][]float32 // of steps without gradient
	fresh                []bool
}

func newModel(core *num.Core, s *rng.Stream, o, actions int, k LearnerKnobs, r Knobs) *model {
	h, z, half := k.State, k.latent(), max(k.Width/2, 1)
	m := &model{core: core, o: o, a: actions, h: h, z: z, cls: k.Classes, free: r.FreeNats, k: r.RewardWeight, tape: num.NewTape(core),
		enc:   nn.NewLinear(s, "encoder", o, k.Width, num.ReLU, math.Sqrt2),
		post:  nn.NewLinear(s, "posterior.e", k.Width, z, num.None, 1),
		prior: perceptron(s, "prior", h, half, z), dec: perceptron(s, "decoder", h+z, k.Width, o),
		reward: perceptron(s, "reward", h, half, 1), goes: perceptron(s, "continue", h, half, 1)}
	m.scan = &scan{gru: nn.NewGRU(s, "gru", z+actions, h), wp: num.NewParam("posterior.h", h, z), cls: k.Classes, acts: actions}
	nn.Orthogonal(s, m.scan.wp, 0, z, 1)
	m.opt = nn.NewAdam(m.params())
	return m
}

// perceptron has one hidden layer of ReLU units; its last layer starts small, so that first guesses are even.
func perceptron(s *rng.Stream, name string, in, hidden, out int) *nn.MLP {
	m := nn.NewMLP(s, name, in, []int{hidden}, num.ReLU)
	m.Layers = append(m.Layers, nn.NewLinear(s, name+".out", hidden, out, num.None, 0.1))
	return m
}

func (m *model) params() []*num.Tensor {
	ps := append(m.enc.Params(), m.post.Params()...)
	ps = append(append(ps, m.scan.wp), m.scan.gru.Params()...)
	for _, net := range []*nn.MLP{m.prior, m.dec, m.reward, m.goes} {
		ps = append(ps, net.Params()...)
	}
	return ps
}

// losses are means over rows, in nats but for the reward.
type losses struct{ Planes, KL, Reward, Goes float64 }

func (l *losses) add(x losses) {
	l.Planes += x.Planes
	l.KL += x.KL
	l.Reward += x.Reward
	l.Goes += x.Goes
}

func (l losses) over(n float64) losses {
	return losses{l.Planes / n, l.KL / n, l.Reward / n, l.Goes / n}
}

// nll bounds the negative log-likelihood of a step from above: planes given the latents, the divergence of the latents, continuation.
func (l losses) nll() float64 { return l.Planes + l.KL + l.Goes }

// update takes one step on a batch of windows.
func (m *model) update(w *replay.Windows, steps int, chance *rng.Stream, rate float64) (losses, error) {
	l := m.gradients(w, steps, chance)
	if sum := l.nll() + l.Reward; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return l, lab.Errorf(lab.Internal, "wmar: the loss of the world model is %v", sum).WithHint("lower rl.learning_rate")
	}
	nn.ClipNorm(&m.core.K, m.params(), clipNorm)
	m.opt.Step(&m.core.K, rate)
	return l, nil
}

// clipNorm bounds the gradients of an update.
const clipNorm = 100

// outputs of a forward pass.
type outputs struct{ prior, planes, reward, goes *num.Tensor }

// forward records the model on the first steps of the windows.
func (m *model) forward(w *replay.Windows, steps int, chance *rng.Stream) outputs {
	n := len(w.At)
	rows := steps * n
	m.obs.Name, m.obs.Shape, m.obs.Data = "obs", append(m.obs.Shape[:0], rows, m.o), w.Obs.Data[:rows*m.o]
	m.tape.Reset()
	e := m.post.Forward(m.tape, m.enc.Forward(m.tape, &m.obs))
	m.scan.record(m.tape, e, w.Action, w.Fresh, steps, n, chance)
	s := m.scan
	return outputs{m.prior.Sequence(m.tape, s.past, nil, nil), m.dec.Sequence(m.tape, s.feat, nil, nil),
		m.reward.Sequence(m.tape, s.next, nil, nil), m.goes.Sequence(m.tape, s.next, nil, nil)}
}

// gradients adds the gradients of L to those of the parameters.
func (m *model) gradients(w *replay.Windows, steps int, chance *rng.Stream) losses {
	out := m.forward(w, steps, chance)
	l := m.loss(out, w, true)
	m.tape.BackwardFrom(out.goes, m.one[:out.goes.Len()])
	return l
}

// score is the loss without gradients.
func (m *model) score(w *replay.Windows, steps int, chance *rng.Stream) losses {
	return m.loss(m.forward(w, steps, chance), w, false)
}

// loss sums the parts. With learn the gradients of all outputs but goes are set, and that one's is left in m.one.
func (m *model) loss(out outputs, w *replay.Windows, learn bool) (l losses) {
	rows := out.goes.Len()
	z, scale := m.z, 1/float32(rows)
	m.soft, m.probs, m.scratch, m.one = grow(m.soft, rows*z), grow(m.probs, rows*z), grow(m.scratch, m.cls), grow(m.one, rows)
	mixed(&m.core.K, out.prior.Data, m.soft, m.probs, m.cls)
	var planes, prior, post, reward []float32
	if learn {
		planes, prior, post, reward = out.planes.Gradient(), out.prior.Gradient(), m.scan.logits.Gradient(), out.reward.Gradient()
	}
	row := func(x []float32, r, width int) []float32 {
		if x == nil {
			return nil
		}
		return x[r*width : (r+1)*width]
	}
	for r := range rows {
		l.Planes += bernoulli(row(out.planes.Data, r, m.o), row(m.obs.Data, r, m.o), row(planes, r, m.o), scale)
		l.KL += balance(row(m.scan.probs, r, z), row(m.probs, r, z), row(m.scan.soft, r, z), row(m.soft, r, z), m.cls, m.free, scale,
			row(post, r, z), row(prior, r, z), m.scratch)
		d := float64(out.reward.Data[r]) - symlog(float64(w.Reward[r]))
		l.Reward += d * d
		if learn {
			reward[r] = 2 * float32(m.k*d) * scale
		}
		on := [1]float32{1}
		if w.Terminal[r] {
			on[0] = 0
		}
		l.Goes += bernoulli(out.goes.Data[r:r+1], on[:], m.one[r:r+1], scale)
	}
	return l.over(float64(rows))
}

// apply computes a network on n rows without gradient.
func (m *model) apply(net *nn.MLP, n int, in, out []float32) {
	m.fresh = grow(m.fresh, n)
	m.work[0] = grow(m.work[0], n*net.Size().Scratch)
	net.Step(&m.core.K, in, nil, out, m.fresh, m.work[0])
}

// observe writes the latents z [n][Z] of what n environments show, given their states h [n][H]: drawn from chance, or the likeliest where
// chance is nil.
func (m *model) observe(n int, obs, h, z []float32, chance *rng.Stream) {
	k, e := &m.core.K, m.enc.Out()
	m.work[1], m.work[2], m.work[3] = grow(m.work[1], n*e), grow(m.work[2], n*m.z), grow(m.work[3], n*m.z)
	m.enc.Apply(k, obs, m.o, m.work[1], e, n)
	m.post.Apply(k, m.work[1], e, m.work[2], m.z, n)
	k.Gemm(false, false, n, m.z, m.h, 1, h, m.h, m.scan.wp.Data, m.z, 1, m.work[2], m.z)
	m.choose(n, z, chance)
}

// expect writes the latents that the prior expects in states h.
func (m *model) expect(n int, h, z []float32, chance *rng.Stream) {
	m.work[2], m.work[3] = grow(m.work[2], n*m.z), grow(m.work[3], n*m.z)
	m.apply(m.prior, n, h, m.work[2])
	m.choose(n, z, chance)
}

// choose turns the logits in work[2] into latents.
func (m *model) choose(n int, z []float32, chance *rng.Stream) {
	p := m.work[2][:n*m.z]
	mixed(&m.core.K, p, m.work[3], p, m.cls)
	if chance == nil {
		likeliest(p, z, m.cls)
		return
	}
	draw(chance, p, z, m.cls)
}

// move takes states h [n][H] with latents z and actions to the next states, in place.
func (m *model) move(n int, h, z []float32, actions []int32) {
	w := m.z + m.a
	m.work[1], m.work[2] = grow(m.work[1], n*w), grow(m.work[2], n*m.h)
	m.work[3], m.fresh = grow(m.work[3], n*6*m.h), grow(m.fresh, n)
	for i, a := range actions[:n] {
		row := m.work[1][i*w : (i+1)*w]
		copy(row, z[i*m.z:(i+1)*m.z])
		clear(row[m.z:])
		row[m.z+int(a)] = 1
	}
	m.scan.gru.Step(&m.core.K, m.work[1], h, m.work[2], m.fresh, m.work[3])
}

// features writes [h, z] of n rows.
func (m *model) features(n int, h, z, out []float32) {
	d := m.h + m.z
	for i := range n {
		copy(out[i*d:], h[i*m.h:(i+1)*m.h])
		copy(out[i*d+m.h:(i+1)*d], z[i*m.z:(i+1)*m.z])
	}
}
