package wmar

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
)

// behaviour is actor and critic, which learn from imagined rollouts alone.
type behaviour struct {
	core  *num.Core
	knobs Knobs
	acts  int
	d     int // width of [h, z]

	actor, critic, slow *nn.MLP // slow follows the critic and values the ends of imagined rollouts
	actorOpt, criticOpt *nn.Adam
	spread              spread
	tape                *num.Tape

	dream   dream
	scratch []float32
	fresh   []bool
}

// follow is the share by which the slow critic follows at each update.
const follow = 0.02

func newBehaviour(core *num.Core, s *rng.Stream, d, actions int, k LearnerKnobs, r Knobs) *behaviour {
	half := max(k.Width/2, 1)
	b := &behaviour{core: core, knobs: r, acts: actions, d: d, tape: num.NewTape(core),
		actor: perceptron(s, "actor", d, half, actions), critic: perceptron(s, "critic", d, half, 1), slow: perceptron(s, "slow", d, half, 1)}
	value.Follow(&core.K, b.slow.Params(), b.critic.Params(), 1)
	b.actorOpt, b.criticOpt = nn.NewAdam(b.actor.Params()), nn.NewAdam(b.critic.Params())
	return b
}

// spread is the running range of returns, by which advantages are divided: S = max(1, ema(Per(R, 95) - Per(R, 5))).
type spread struct {
	Value float64
	Seen  bool
}

// spreadKeep is the share of the old range that stays at each update.
const spreadKeep = 0.99

// take lets the range follow the returns, whose order it changes, and returns S.
func (s *spread) take(returns []float32) float64 {
	slices.Sort(returns)
	at := func(q float64) float64 { return float64(returns[int(q*float64(len(returns)-1)+0.5)]) }
	now := at(0.95) - at(0.05)
	if s.Seen {
		now = spreadKeep*s.Value + (1-spreadKeep)*now
	}
	s.Value, s.Seen = now, true
	return max(1, now)
}

// dream is N imagined rollouts of K steps.
type dream struct {
	n, k    int
	feat    *num.Tensor // [K+1][N][H+Z]
	action  []int32     // [K][N]
	reward  []float32   // [K][N]
	goes    []float32   // [K][N] probability that the game goes on
	value   []float32   // [K+1][N] by the slow critic
	base    []float32   // [K][N] by the critic
	returns []float32   // [K][N]
	weight  []float32   // [K][N] probability that the game still goes on, discounted
	order   []float32
}

func (d *dream) fit(n, k, width int) {
	d.n, d.k = n, k
	if d.feat == nil || d.feat.Len() != (k+1)*n*width {
		d.feat = num.New("imagined", (k+1)*n, width)
	}
	d.action, d.reward, d.goes = grow(d.action, k*n), grow(d.reward, k*n), grow(d.goes, k*n)
	d.value, d.base, d.returns, d.weight = grow(d.value, (k+1)*n), grow(d.base, (k+1)*n), grow(d.returns, k*n), grow(d.weight, k*n)
}

// imagine rolls the model out for k steps from n states h and latents z, which it moves, with the present policy.
func (b *behaviour) imagine(m *model, n, k int, h, z []float32, chance *rng.Stream) {
	d := &b.dream
	d.fit(n, k, b.d)
	logits, p := make([]float32, n*b.acts), make([]float32, b.acts)
	for t := range k + 1 {
		feat := d.feat.Data[t*n*b.d : (t+1)*n*b.d]
		m.features(n, h, z, feat)
		if t == k {
			break
		}
		b.apply(b.actor, n, feat, logits)
		for i := range n {
			rl.Probabilities(logits[i*b.acts:(i+1)*b.acts], p)
			d.action[t*n+i] = int32(chance.Categorical(p))
		}
		m.move(n, h, z, d.action[t*n:(t+1)*n])
		m.apply(m.reward, n, h, d.reward[t*n:])
		m.apply(m.goes, n, h, d.goes[t*n:])
		for i := t * n; i < (t+1)*n; i++ {
			d.reward[i], d.goes[i] = float32(symexp(float64(d.reward[i]))), sigmoid(d.goes[i])
		}
		m.expect(n, h, z, chance)
	}
	b.apply(b.slow, (k+1)*n, d.feat.Data, d.value)
	b.apply(b.critic, (k+1)*n, d.feat.Data, d.base)
}

// lambdaReturns are, backwards from R_K = v_K,
//
//	R_t = r_t + gamma c_t ((1-lambda) v_{t+1} + lambda R_{t+1}),   w_0 = 1, w_{t+1} = w_t gamma c_t
//
// for k steps of n rollouts: reward, goes [K][N], value [K+1][N]; writes returns and weight [K][N].
func lambdaReturns(n, k int, gamma, lambda float64, reward, goes, value, returns, weight []float32) {
	for i := range n {
		next, w := float64(value[k*n+i]), 1.0
		for t := k - 1; t >= 0; t-- {
			at := t*n + i
			next = float64(reward[at]) + gamma*float64(goes[at])*((1-lambda)*float64(value[at+n])+lambda*next)
			returns[at] = float32(next)
		}
		for t := range k {
			weight[t*n+i] = float32(w)
			w *= gamma * float64(goes[t*n+i])
		}
	}
}

// taught is what an update of the behaviour came to.
type taught struct{ Return, Entropy, Critic float64 }

// update imagines from n states and takes one step of actor and critic:
//
//	L(actor)  = mean w [ - (R - v) / S log pi(a) - eta H(pi) ]
//	L(critic) = mean w (v - R)^2 / 2
func (b *behaviour) update(m *model, n int, h, z []float32, chance *rng.Stream) (taught, error) {
	k, d := b.knobs.Horizon, &b.dream
	b.imagine(m, n, k, h, z, chance)
	lambdaReturns(n, k, b.knobs.Gamma, b.knobs.Lambda, d.reward, d.goes, d.value, d.returns, d.weight)
	d.order = append(d.order[:0], d.returns...)
	scale := b.spread.take(d.order)
	rows := n * k
	feat := &num.Tensor{Name: "imagined", Shape: []int{rows, b.d}, Data: d.feat.Data[:rows*b.d]}
	var t taught
	t.Entropy = b.teachActor(feat, d.action, d.returns, d.base, d.weight, scale)
	t.Critic = b.teachCritic(feat, d.returns, d.weight)
	for _, r := range d.returns {
		t.Return += float64(r) / float64(rows)
	}
	if sum := t.Entropy + t.Critic; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return t, lab.Errorf(lab.Internal, "wmar: the loss of the critic is %v", t.Critic).WithHint("lower rl.actor_rate")
	}
	nn.ClipNorm(&b.core.K, b.actor.Params(), clipNorm)
	b.actorOpt.Step(&b.core.K, b.knobs.ActorRate)
	nn.ClipNorm(&b.core.K, b.critic.Params(), clipNorm)
	b.criticOpt.Step(&b.core.K, b.knobs.ActorRate)
	value.Follow(&b.core.K, b.slow.Params(), b.critic.Params(), follow)
	return t, nil
}

// teachActor adds the gradients of L(actor) and returns the mean entropy. With A = (R - v) / S:
//
//	dL/dlogit_j = w/rows [ -A (1[j = a] - p_j) + eta p_j (log p_j + H) ]
func (b *behaviour) teachActor(feat *num.Tensor, action []int32, returns, base, weight []float32, scale float64) (entropy float64) {
	rows := feat.Rows()
	b.tape.Reset()
	logits := b.actor.Sequence(b.tape, feat, nil, nil)
	grad, p := make([]float32, logits.Len()), make([]float32, b.acts)
	for r := range rows {
		row := logits.Data[r*b.acts : (r+1)*b.acts]
		lse := rl.Probabilities(row, p)
		h := rl.Entropy(row, p, lse)
		entropy += h / float64(rows)
		adv, w := float64(returns[r]-base[r])/scale, float64(weight[r])/float64(rows)
		for j, pj := range p {
			g := adv*float64(pj) + b.knobs.Entropy*float64(pj)*(float64(row[j])-lse+h)
			if int32(j) == action[r] {
				g -= adv
			}
			grad[r*b.acts+j] = float32(w * g)
		}
	}
	b.tape.BackwardFrom(logits, grad)
	return entropy
}

// teachCritic adds the gradients of L(critic) and returns it.
func (b *behaviour) teachCritic(feat *num.Tensor, returns, weight []float32) (loss float64) {
	rows := feat.Rows()
	b.tape.Reset()
	v := b.critic.Sequence(b.tape, feat, nil, nil)
	grad := make([]float32, rows)
	for r := range rows {
		d, w := float64(v.Data[r]-returns[r]), float64(weight[r])/float64(rows)
		loss += w * d * d / 2
		grad[r] = float32(w * d)
	}
	b.tape.BackwardFrom(v, grad)
	return loss
}

// apply computes a network on n rows without gradient.
func (b *behaviour) apply(net *nn.MLP, n int, in, out []float32) {
	b.fresh, b.scratch = grow(b.fresh, n), grow(b.scratch, n*net.Size().Scratch)
	net.Step(&b.core.K, in, nil, out, b.fresh, b.scratch)
}
