package rl

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// PPOLoss is the loss of proximal policy optimisation as one fused operation with a hand-derived gradient.
//
// arXiv 1707.06347v2, eq. 7 and 9, as a loss to make small, means over the N = T*b samples:
//
//	L = mean(max(-ratio*A, -clip(ratio, 1-eps, 1+eps)*A)) + value * mean(LV) - entropy * mean(H)
//	ratio = exp(log pi(a) - logprob)      LV = (v-R)^2 / 2
//
// With ValueClip the value loss is bounded like the policy's, as in the code published with that paper:
// LV = max((v-R)^2, (v_old + clip(v-v_old, +-ValueClip) - R)^2) / 2.
type PPOLoss struct {
	Knobs PPOKnobs

	out, loss *num.Tensor // [T][b][A+1], [1]
	batch     *Minibatch
	grad      []float32 // [N][A+1] gradient of the loss by out
	probs     []float32 // [N][A]
	terms     []terms   // [N]
	rows      func(i0, i1 int)
}

// terms are what one sample gives: summed over samples in order, whatever the number of workers.
type terms struct{ policy, value, entropy, kl, clipped float64 }

// Stats are means over the samples of a minibatch, or over several minibatches.
type Stats struct {
	Loss, Policy, Value, Entropy float64
	KL                           float64 // estimate of the divergence of the old policy from the new: mean of (ratio-1) - log ratio
	Clipped                      float64 // share of samples whose ratio lies outside the bounds
	GradNorm                     float64 // of all parameters before clipping
}

// Add adds another's numbers weighted by w, to average several.
func (s *Stats) Add(o Stats, w float64) {
	s.Loss += w * o.Loss
	s.Policy += w * o.Policy
	s.Value += w * o.Value
	s.Entropy += w * o.Entropy
	s.KL += w * o.KL
	s.Clipped += w * o.Clipped
	s.GradNorm += w * o.GradNorm
}

// Record computes the loss of out [T][b][A+1], logits then value, and puts it on the tape. Advantages are taken as they are.
func (l *PPOLoss) Record(t *num.Tape, out *num.Tensor, m *Minibatch) (*num.Tensor, Stats) {
	n := len(m.Action)
	if out.Rows() != n || out.Last() < 2 {
		panic(fmt.Sprintf("rl: ppo loss of %v: want [T][b][A+1] for %d samples", out, n))
	}
	if l.rows == nil {
		l.rows = l.sampleRows
	}
	l.out, l.batch, l.loss = out, m, t.Tensor("ppo loss", 1)
	l.grad, l.probs, l.terms = grow(l.grad, out.Len()), grow(l.probs, n*(out.Last()-1)), grow(l.terms, n)
	t.Core.Do(n, n*out.Last()*256, l.rows)
	s := l.sum()
	l.loss.Data[0] = float32(s.Loss)
	t.Custom(l)
	return l.loss, s
}

func (l *PPOLoss) sum() (s Stats) {
	for i := range l.terms {
		e := &l.terms[i]
		s.Policy += e.policy
		s.Value += e.value
		s.Entropy += e.entropy
		s.KL += e.kl
		s.Clipped += e.clipped
	}
	n := float64(len(l.terms))
	s.Policy, s.Value, s.Entropy, s.KL, s.Clipped = s.Policy/n, s.Value/n, s.Entropy/n, s.KL/n, s.Clipped/n
	s.Loss = s.Policy + l.Knobs.Value*s.Value - l.Knobs.Entropy*s.Entropy
	return s
}

func (l *PPOLoss) sampleRows(i0, i1 int) {
	w, scale := l.out.Last(), 1/float64(len(l.terms))
	for i := i0; i < i1; i++ {
		l.terms[i] = l.sample(i, l.out.Data[i*w:(i+1)*w], l.grad[i*w:(i+1)*w], l.probs[i*(w-1):(i+1)*(w-1)], scale)
	}
}

// sample computes one sample's terms and writes the gradient of scale * its loss by its row of out. With
// p = softmax(z), one = the indicator of the action:
//
//	d log pi(a)/dz = one - p       dH/dz_j = -p_j (log p_j + H)
func (l *PPOLoss) sample(i int, row, grad, p []float32, scale float64) (e terms) {
	k, n := &l.Knobs, len(p)
	logits, a := row[:n], int(l.batch.Action[i])
	lse := Probabilities(logits, p)
	logRatio := float64(logits[a]) - lse - float64(l.batch.LogProb[i])
	ratio, adv := math.Exp(logRatio), float64(l.batch.Advantage[i])
	plain, bounded := -ratio*adv, -min(max(ratio, 1-k.Clip), 1+k.Clip)*adv
	e.policy, e.entropy, e.kl = max(plain, bounded), Entropy(logits, p, lse), ratio-1-logRatio
	if math.Abs(ratio-1) > k.Clip {
		e.clipped = 1
	}
	dlogp := plain // d(-ratio*A)/d log pi; nothing passes where the bounded term is the larger one
	if bounded > plain {
		dlogp = 0
	}
	for j, pj := range p {
		d := -float64(pj) * dlogp
		if j == a {
			d += dlogp
		}
		d += k.Entropy * float64(pj) * (float64(logits[j]) - lse + e.entropy)
		grad[j] = float32(scale * d)
	}
	var dv float64
	e.value, dv = l.valueTerm(float64(row[n]), float64(l.batch.Value[i]), float64(l.batch.Return[i]))
	grad[n] = float32(scale * k.Value * dv)
	return e
}

// valueTerm returns LV of one sample and its derivative by v.
func (l *PPOLoss) valueTerm(v, old, ret float64) (loss, dv float64) {
	d := v - ret
	c := l.Knobs.ValueClip
	if c <= 0 {
		return d * d / 2, d
	}
	bounded := old + min(max(v-old, -c), c) - ret
	if bounded*bounded > d*d { // then v lies outside the bounds, where the bounded value does not move
		return bounded * bounded / 2, 0
	}
	return d * d / 2, d
}

// Backward implements num.Func.
func (l *PPOLoss) Backward() {
	g, s := l.out.Gradient(), l.loss.Grad[0]
	for i, d := range l.grad {
		g[i] += s * d
	}
}
