package rl

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// gspoCap is the largest logarithm of a sequence's ratio; beyond it nothing passes.
const gspoCap = 10

// Wanted marks the positions [N][K] whose log-probability or value the loss has to know: all others have loss and gradient 0 whatever
// the model says there, so a trainer that is asked for the update alone may leave them out.
func (l Loss) Wanted(d *Datum) []bool {
	wanted, any := make([]bool, len(d.Input)*max(d.K, 1)), false
	for i := range wanted {
		wanted[i] = d.weight(i) != 0
		trains := wanted[i] && (l.Name == CrossEntropy || l.Name == DRO || l.Name == PPOCritic || d.Advantages[i] != 0)
		any = any || trains
		if l.Name != GSPO { // whose ratio is of the whole sequence
			wanted[i] = trains
		}
	}
	if !any {
		clear(wanted)
	}
	return wanted
}

// weight is the weight of entry i, 1 where there are none.
func (d *Datum) weight(i int) float64 {
	if d.Weights == nil {
		return 1
	}
	return float64(d.Weights[i])
}

// Eval computes the loss of one row from the log-probabilities of its targets under the model, [N][K] in nats, and writes the gradient
// by them, which may be nil. Entries that are not Wanted are not read. PPOCritic takes the values [N] of the value head instead.
// elementwise [N] is the loss of each position, of cross entropy alone. An error of code invalid says what is wrong with the row, or
// that the loss is not finite.
//
// With lp the logarithm of the model's probability, q that of the sampler's, A the advantage, w the weight, ratio r = exp(lp - q)
// and clip(r) = min(max(r, low), high), the loss of a row is the plain sum over its positions of w times
//
//	cross_entropy        -lp                                     w of any sign, K targets a position
//	importance_sampling  -r A                                    the policy gradient, corrected for the sampler's probabilities
//	ppo                  -min(r A, clip(r) A)                    arXiv 1707.06347v2, eq. 7; low 0.8, high 1.2
//	cispo                -sg(clip(r)) lp A                       arXiv 2506.13585v1, sec. 3.1; low 0, high 4
//	dro                  -(lp A - beta/2 (lp-q)^2)               arXiv 2405.19107v1, a token's term given its advantage
//	gspo                 -min(s A, clip(s) A)                    arXiv 2507.18071v2, sec. 4.1 and 4.3; low 0.8, high 1.2
//	dppo                 -r A m                                  arXiv 2602.04879v1, by the binary total variation
//
// where m = 0 once the probability has moved by more than delta (0.2) the way A pulls, that is for A > 0 where e^lp - e^q > delta_high
// and for A < 0 where e^q - e^lp > delta_low, and 1 elsewhere; s = exp(mean of lp - q over the positions of weight not 0), at most
// e^10, and the gradient of s by one lp is taken as s, that of the paper's token variant. The loss of ppo_critic is, unlike the others, a mean over the row's weighted positions:
//
//	ppo_critic           max((v-R)^2, (old + clamp(v-old, -c, c) - R)^2) / 2         c = 0.2
//
// sg stops the gradient. Weights of losses other than cross entropy are masks; another number scales the position.
func (l Loss) Eval(d *Datum, logprobs, grad []float32) (sum float64, elementwise []float32, err error) {
	if err := l.Check(); err != nil {
		return 0, nil, err
	}
	if err := l.checkArrays(d); err != nil {
		return 0, nil, err
	}
	n := len(d.Input) * max(d.K, 1)
	if len(logprobs) != n || grad != nil && len(grad) != n {
		return 0, nil, lab.Errorf(lab.Internal, "loss of %d log-probabilities with a gradient of %d, want %d", len(logprobs), len(grad), n)
	}
	if grad == nil {
		grad = make([]float32, n)
	}
	clear(grad)
	switch l.Name {
	case CrossEntropy:
		sum, elementwise = crossEntropy(d, logprobs, grad)
	case PPOCritic:
		sum = l.critic(d, logprobs, grad)
	default:
		sum = l.policy(d, logprobs, grad)
	}
	return sum, elementwise, finiteLoss(l.Name, sum, grad)
}

func finiteLoss(loss string, sum float64, grad []float32) error {
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return lab.Errorf(lab.Invalid, "%s loss is %v, want a finite number", loss, sum).WithHint("lower the learning rate, or look for rows whose log-probabilities are not the sampler's")
	}
	for t, g := range grad {
		if math.IsNaN(float64(g)) || math.IsInf(float64(g), 0) {
			return lab.Errorf(lab.Invalid, "gradient of the %s loss at position %d is %v, want a finite number", loss, t, g)
		}
	}
	return nil
}

func crossEntropy(d *Datum, logprobs, grad []float32) (sum float64, elementwise []float32) {
	elementwise = make([]float32, len(d.Input))
	k := max(d.K, 1)
	for t := range elementwise {
		at := 0.0
		for i := t * k; i < (t+1)*k; i++ {
			if w := float64(d.Weights[i]); w != 0 {
				at -= w * float64(logprobs[i])
				grad[i] = float32(-w)
			}
		}
		elementwise[t] = float32(at)
		sum += at
	}
	return sum, elementwise
}

// critic is the loss of the value head.
func (l Loss) critic(d *Datum, values, grad []float32) (sum float64) {
	c, n := l.number(ValueClip), 0
	for t := range values {
		w := d.weight(t)
		if w == 0 {
			continue
		}
		old, ret, v := float64(d.Values[t]), float64(d.Returns[t]), float64(values[t])
		term, slope := clippedSquare(v, old, ret, c)
		sum += w * term
		grad[t] = float32(w * slope)
		n++
	}
	for t := range grad {
		grad[t] /= float32(max(n, 1))
	}
	return sum / float64(max(n, 1))
}

// clippedSquare is max((v-ret)^2, (old + clamp(v-old, -c, c) - ret)^2) / 2 and its derivative by v: where the bounded value is the
// worse one it lies at a bound and does not move.
func clippedSquare(v, old, ret, c float64) (loss, slope float64) {
	d, b := v-ret, old+min(max(v-old, -c), c)-ret
	if b*b > d*d {
		return b * b / 2, 0
	}
	return d * d / 2, d
}

// policy is every loss that reads advantages.
func (l Loss) policy(d *Datum, logprobs, grad []float32) (sum float64) {
	token, low, high := l.token(), l.number(ClipLow), l.number(ClipHigh)
	shared, capped := 0.0, false
	if l.Name == GSPO {
		shared, capped = sequenceRatio(d, logprobs)
	}
	for t := range logprobs {
		w, p := d.weight(t), position{q: float64(d.Logprobs[t]), advantage: float64(d.Advantages[t]), sequence: shared}
		if w == 0 || p.advantage == 0 && l.Name != DRO {
			continue
		}
		p.lp = float64(logprobs[t])
		p.low, p.high = d.bounds(t, low, high)
		term, slope := token(p)
		sum += w * term
		if !capped {
			grad[t] = float32(w * slope)
		}
	}
	return sum
}

// sequenceRatio is the ratio of a whole row and whether it met its cap.
func sequenceRatio(d *Datum, logprobs []float32) (ratio float64, capped bool) {
	n, mean := 0, 0.0
	for t, lp := range logprobs {
		if d.weight(t) != 0 {
			mean += float64(lp) - float64(d.Logprobs[t])
			n++
		}
	}
	mean /= float64(max(n, 1))
	return math.Exp(min(mean, gspoCap)), mean > gspoCap
}

// bounds of the ratio at a position: the row's own, else those given.
func (d *Datum) bounds(t int, low, high float64) (lo, hi float64) {
	if d.Low != nil {
		low = float64(d.Low[t])
	}
	if d.High != nil {
		high = float64(d.High[t])
	}
	return low, high
}

// position is what a loss sees of one position.
type position struct {
	lp, q, advantage float64
	low, high        float64
	sequence         float64 // ratio of the whole row, of GSPO alone
}

func (p position) ratio() float64 { return math.Exp(p.lp - p.q) }

// token returns the formula of a loss: the term of a position and its derivative by lp.
func (l Loss) token() func(p position) (loss, slope float64) {
	switch l.Name {
	case PPO:
		return func(p position) (float64, float64) { return p.bounded(p.ratio()) }
	case GSPO:
		return func(p position) (float64, float64) { return p.bounded(p.sequence) }
	case CISPO:
		return position.cispo
	case DRO:
		beta := l.number(Beta)
		return func(p position) (float64, float64) {
			d := p.lp - p.q
			return -(p.lp*p.advantage - beta*d*d/2), -(p.advantage - beta*d)
		}
	case DPPO:
		low, high := l.number(DeltaLow), l.number(DeltaHigh)
		return func(p position) (float64, float64) { return p.trusted(low, high) }
	}
	return func(p position) (float64, float64) { return -p.ratio() * p.advantage, -p.ratio() * p.advantage }
}

// bounded is -min(r A, clip(r) A); d r / d lp = r, and nothing passes where the clipped term is the smaller one.
func (p position) bounded(r float64) (loss, slope float64) {
	plain, clipped := r*p.advantage, min(max(r, p.low), p.high)*p.advantage
	if clipped < plain {
		return -clipped, 0
	}
	return -plain, -plain
}

func (p position) cispo() (loss, slope float64) {
	c := min(max(p.ratio(), p.low), p.high)
	return -c * p.lp * p.advantage, -c * p.advantage
}

// trusted is the plain term where the probability is within its trust region, or is pulled back into it; 0 elsewhere.
func (p position) trusted(low, high float64) (loss, slope float64) {
	moved := math.Exp(p.lp) - math.Exp(p.q)
	if p.advantage > 0 && moved > high || p.advantage < 0 && -moved > low {
		return 0, 0
	}
	loss = -p.ratio() * p.advantage
	return loss, loss
}
