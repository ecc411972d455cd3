package value

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// Loss is the loss of Q-learning as one fused operation with a hand-derived gradient. With e = q[a] - y and M the sum of the masks:
//
//	L = 1/M sum_i mask_i ( w_i huber(e_i) + CQL ( log sum_j exp q_i[j] - q_i[a_i] ) )
//	huber(e) = e^2/2 where |e| <= Delta, else Delta (|e| - Delta/2);  with Delta 0 it is e^2/2 everywhere
//
// The second term is that of conservative Q-learning, arXiv 2006.04779v3, eq. 4: values of actions that the data do not have are pushed
// down. Targets y carry no gradient.
type Loss struct {
	Delta float64 // threshold of the Huber loss; 0 for the squared error
	CQL   float64 // weight of the conservative term

	// Error [N] is e of the last Record, 0 where masked: what priorities are made of.
	Error []float32

	q, loss *num.Tensor
	batch   Samples
	grad    []float32 // [N][A]
	probs   []float32 // [N][A]
	terms   []terms   // [N]
	total   float64   // M
	rows    func(i0, i1 int)
}

// Samples are what values are compared with. Weight may be nil (1 everywhere), or have one number for each column of a batch [T][B]; Mask
// may be nil (1 everywhere).
type Samples struct {
	Action       []int32   // [N]
	Target       []float32 // [N]
	Weight, Mask []float32
}

// terms are what one sample gives: summed over samples in order, whatever the number of workers.
type terms struct{ mask, td, cql, value, abs float64 }

// Stats are means over the samples with a target.
type Stats struct {
	Loss     float64
	TD       float64 // weighted Huber loss
	CQL      float64 // log-sum-exp of the values minus the value of the action of the data, nats
	Value    float64 // of the actions taken
	Error    float64 // absolute difference to the target
	GradNorm float64 // of all parameters before clipping
}

// Record computes the loss of q [..][A] and puts it on the tape.
func (l *Loss) Record(t *num.Tape, q *num.Tensor, b Samples) (*num.Tensor, Stats) {
	n := len(b.Action)
	if q.Rows() != n || len(b.Target) != n || len(b.Weight) > 0 && n%len(b.Weight) != 0 || b.Mask != nil && len(b.Mask) != n {
		panic(fmt.Sprintf("value: loss of %v with %d actions, %d targets, %d weights and %d marks", q, n, len(b.Target), len(b.Weight), len(b.Mask)))
	}
	if l.rows == nil {
		l.rows = l.sampleRows
	}
	l.q, l.batch, l.loss, l.total = q, b, t.Tensor("q loss", 1), float64(n)
	if b.Mask != nil {
		l.total = 0
		for _, m := range b.Mask {
			l.total += float64(m)
		}
	}
	l.Error, l.grad, l.probs, l.terms = grow(l.Error, n), grow(l.grad, q.Len()), grow(l.probs, q.Len()), grow(l.terms, n)
	t.Core.Do(n, q.Len()*256, l.rows)
	s := l.sum()
	l.loss.Data[0] = float32(s.Loss)
	t.Custom(l)
	return l.loss, s
}

func (l *Loss) sum() (s Stats) {
	for i := range l.terms {
		e := &l.terms[i]
		s.TD += e.mask * e.td
		s.CQL += e.mask * e.cql
		s.Value += e.mask * e.value
		s.Error += e.mask * e.abs
	}
	m := max(l.total, 1e-12)
	s.TD, s.CQL, s.Value, s.Error = s.TD/m, s.CQL/m, s.Value/m, s.Error/m
	s.Loss = s.TD + l.CQL*s.CQL
	return s
}

func (l *Loss) sampleRows(i0, i1 int) {
	a := l.q.Last()
	for i := i0; i < i1; i++ {
		l.terms[i] = l.sample(i, l.q.Data[i*a:i*a+a], l.grad[i*a:i*a+a], l.probs[i*a:i*a+a])
	}
}

// sample computes one sample's terms and the gradient of the loss by its row of values:
//
//	dL/dq_j = mask/M ( (j = a) w huber'(e) + CQL (softmax(q)_j - (j = a)) )      huber'(e) = e cut to +-Delta
func (l *Loss) sample(i int, q, grad, p []float32) (e terms) {
	clear(grad)
	l.Error[i] = 0
	if e.mask = 1; l.batch.Mask != nil {
		e.mask = float64(l.batch.Mask[i])
	}
	if e.mask == 0 {
		return e
	}
	w, a := 1.0, int(l.batch.Action[i])
	if n := len(l.batch.Weight); n > 0 {
		w = float64(l.batch.Weight[i%n])
	}
	d := float64(q[a]) - float64(l.batch.Target[i])
	l.Error[i], e.value, e.abs = float32(d), float64(q[a]), math.Abs(d)
	td, slope := Huber(d, l.Delta)
	e.td = w * td
	scale := e.mask / l.total
	if l.CQL > 0 {
		e.cql = rl.Probabilities(q, p) - float64(q[a])
		for j, pj := range p {
			grad[j] = float32(scale * l.CQL * float64(pj))
		}
	}
	grad[a] += float32(scale * (w*slope - l.CQL))
	return e
}

// Huber returns the Huber loss of an error and its slope; with delta 0, half of the square.
func Huber(e, delta float64) (loss, slope float64) {
	if a := math.Abs(e); delta > 0 && a > delta {
		return delta * (a - delta/2), math.Copysign(delta, e)
	}
	return e * e / 2, e
}

// Backward implements num.Func.
func (l *Loss) Backward() {
	g, s := l.q.Gradient(), l.loss.Grad[0]
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
