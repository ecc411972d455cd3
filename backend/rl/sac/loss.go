package sac

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// SoftTargets writes what critics are to say: arXiv 1812.05905v2, eq. 3 and 5, with the smaller of two slow critics.
//
//	y = r + discount ( min(q1, q2) - alpha log pi )      all [N]; q1, q2 and log pi of the next step's own action
func SoftTargets(reward, discount, q1, q2, logProb []float32, alpha float64, y []float32) {
	for i, r := range reward {
		v := float64(min(q1[i], q2[i])) - alpha*float64(logProb[i])
		y[i] = float32(float64(r) + float64(discount[i])*v)
	}
}

// ActorLoss is the loss of a policy whose actions critics value: arXiv 1812.05905v2, eq. 7 and 9, with the smaller of two critics. M is
// the sum of the masks.
//
//	L = 1/M sum_i mask_i ( alpha log pi_i - min(q1_i, q2_i) )
type ActorLoss struct {
	q1, q2, logp, loss *num.Tensor
	alpha, total       float64
	mask               []float32
}

// Record puts the loss on the tape; q1, q2 [..][1], logProb [N], mask [N] or nil. Value is the mean of the smaller critic.
func (l *ActorLoss) Record(t *num.Tape, q1, q2, logProb *num.Tensor, alpha float64, mask []float32) (loss *num.Tensor, value float64) {
	n := logProb.Len()
	if q1.Len() != n || q2.Len() != n || mask != nil && len(mask) != n {
		panic(fmt.Sprintf("sac: actor loss of %v, %v and %v with %d marks", q1, q2, logProb, len(mask)))
	}
	l.q1, l.q2, l.logp, l.alpha, l.mask, l.loss = q1, q2, logProb, alpha, mask, t.Tensor("actor loss", 1)
	l.total = 0
	sum := 0.0
	for i, lp := range logProb.Data {
		m, q := l.weight(i), float64(min(q1.Data[i], q2.Data[i]))
		l.total += m
		sum += m * alpha * float64(lp)
		value += m * q
	}
	total := max(l.total, 1e-12)
	l.loss.Data[0] = float32((sum - value) / total)
	t.Custom(l)
	return l.loss, value / total
}

func (l *ActorLoss) weight(i int) float64 {
	if l.mask == nil {
		return 1
	}
	return float64(l.mask[i])
}

// Backward implements num.Func.
func (l *ActorLoss) Backward() {
	s := float64(l.loss.Grad[0]) / max(l.total, 1e-12)
	g1, g2, glp := l.q1.Gradient(), l.q2.Gradient(), l.logp.Gradient()
	for i := range glp {
		d := s * l.weight(i)
		glp[i] += float32(d * l.alpha)
		if l.q1.Data[i] <= l.q2.Data[i] {
			g1[i] -= float32(d)
		} else {
			g2[i] -= float32(d)
		}
	}
}

// Temperature is the weight of the entropy, tuned so that the mean entropy comes to a target: arXiv 1812.05905v2, eq. 18, by gradient
// steps on log alpha.
//
//	J(alpha) = mean( -alpha (log pi + target) )
type Temperature struct {
	Target float64 // entropy, nats; the negative of the number of action numbers is usual
	Rate   float64 // learning rate; 0 keeps alpha

	log    *num.Tensor // [1]
	opt    *nn.Adam
	params []*num.Tensor
}

// NewTemperature returns one that starts at alpha.
func NewTemperature(alpha, target, rate float64) *Temperature {
	x := num.NewParam("log_alpha", 1)
	x.Data[0] = float32(math.Log(alpha))
	t := &Temperature{Target: target, Rate: rate, log: x, params: []*num.Tensor{x}}
	t.opt = nn.NewAdam(t.params)
	return t
}

// Alpha is the weight.
func (t *Temperature) Alpha() float64 { return math.Exp(float64(t.log.Data[0])) }

// Step moves alpha by one gradient step, given the mean of log pi.
func (t *Temperature) Step(k *num.Kernels, meanLogProb float64) {
	if t.Rate == 0 {
		return
	}
	t.log.Grad[0] = float32(-t.Alpha() * (meanLogProb + t.Target))
	t.opt.Step(k, t.Rate)
}

// maskedMean is the mean of x where mask, which may be nil, is not 0, weighted by it.
func maskedMean(x, mask []float32) float64 {
	sum, total := 0.0, 0.0
	for i, v := range x {
		m := 1.0
		if mask != nil {
			m = float64(mask[i])
		}
		if m != 0 {
			sum += m * float64(v)
			total += m
		}
	}
	return sum / max(total, 1e-12)
}

// DiscreteValues writes the soft value of each row: arXiv 1910.07207v2, eq. 10, with the smaller of two critics for each action.
//
//	v = sum_a pi_a ( min(q1_a, q2_a) - alpha log pi_a )      logits, q1, q2 [N][A], v [N]; p [A] is scratch
func DiscreteValues(logits, q1, q2 []float32, alpha float64, p, v []float32) {
	acts := len(p)
	for i := range v {
		z := logits[i*acts : i*acts+acts]
		lse, sum := rl.Probabilities(z, p), 0.0
		for j, pj := range p {
			sum += float64(pj) * (float64(min(q1[i*acts+j], q2[i*acts+j])) - alpha*(float64(z[j])-lse))
		}
		v[i] = float32(sum)
	}
}

// DiscreteActorLoss is the loss of a policy over A actions: arXiv 1910.07207v2, eq. 12. The expectation over actions is exact, so there
// is nothing to draw.
//
//	L = 1/M sum_i mask_i sum_a pi_a f_a      f_a = alpha log pi_a - min(q1_a, q2_a)      dL/dz_a = mask/M pi_a (f_a - sum_b pi_b f_b)
type DiscreteActorLoss struct {
	Entropy []float32 // [N] of the last Record, nats

	logits, loss *num.Tensor
	grad, p      []float32
}

// Record puts the loss on the tape; logits [..][A]; q1, q2 [N][A] carry no gradient; mask [N] or nil.
func (l *DiscreteActorLoss) Record(t *num.Tape, logits *num.Tensor, q1, q2 []float32, alpha float64, mask []float32) *num.Tensor {
	n, acts := logits.Rows(), logits.Last()
	if len(q1) < n*acts || len(q2) < n*acts || mask != nil && len(mask) != n {
		panic(fmt.Sprintf("sac: actor loss of %v with %d and %d values and %d marks", logits, len(q1), len(q2), len(mask)))
	}
	l.logits, l.loss = logits, t.Tensor("actor loss", 1)
	l.grad, l.p, l.Entropy = grow(l.grad, n*acts), grow(l.p, acts), grow(l.Entropy, n)
	total := float64(n)
	if mask != nil {
		total = 0
		for _, m := range mask {
			total += float64(m)
		}
	}
	total = max(total, 1e-12)
	sum := 0.0
	for i := range n {
		m := 1.0
		if mask != nil {
			m = float64(mask[i])
		}
		sum += m * l.sample(i, q1, q2, alpha, m/total)
	}
	l.loss.Data[0] = float32(sum / total)
	t.Custom(l)
	return l.loss
}

// sample returns the loss of row i and writes its gradient times scale.
func (l *DiscreteActorLoss) sample(i int, q1, q2 []float32, alpha, scale float64) (mean float64) {
	acts := len(l.p)
	z, g := l.logits.Data[i*acts:i*acts+acts], l.grad[i*acts:i*acts+acts]
	lse := rl.Probabilities(z, l.p)
	l.Entropy[i] = float32(rl.Entropy(z, l.p, lse))
	f := func(j int) float64 {
		return alpha*(float64(z[j])-lse) - float64(min(q1[i*acts+j], q2[i*acts+j]))
	}
	for j, pj := range l.p {
		mean += float64(pj) * f(j)
	}
	for j, pj := range l.p {
		g[j] = float32(scale * float64(pj) * (f(j) - mean))
	}
	return mean
}

// Backward implements num.Func.
func (l *DiscreteActorLoss) Backward() {
	g, s := l.logits.Gradient(), l.loss.Grad[0]
	for i, d := range l.grad {
		g[i] += s * d
	}
}

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
