package rarl

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// attendOp is attention of the queries of an agent over the K slots of that agent, with a hand-derived gradient: among the slots
// (step 5, K queries an agent) and from the agent state (step 6, one query).
//
//	a = softmax(q.k_s / sqrt(d))      y = sum_s a_s v_s
//	dl_s = a_s (dy.v_s - sum a (dy.v))      dq = sum dl k / sqrt(d)      dk = dl q / sqrt(d)      dv = a dy
type attendOp struct {
	t       *num.Tape
	q, k, v *num.Tensor // [N*P][D], [N*K][D], [N*K][V]
	y       *num.Tensor // [N*P][V]
	a       []float32   // [N*P][K]
	slots   int         // K
	per     int         // P queries an agent
}

func (o *attendOp) record(t *num.Tape, q, k, v *num.Tensor, slots int) *num.Tensor {
	n := k.Rows() / slots
	o.t, o.q, o.k, o.v, o.slots, o.per = t, q, k, v, slots, q.Rows()/n
	o.a, o.y = grow(o.a, q.Rows()*slots), t.Tensor(v.Name, q.Rows(), v.Last())
	t.Core.Do(q.Rows(), q.Len()*slots*2, o.forward)
	t.Custom(o)
	return o.y
}

func (o *attendOp) scale() float32 { return float32(1 / math.Sqrt(float64(o.q.Last()))) }

func (o *attendOp) forward(r0, r1 int) {
	k, d, v := &o.t.Core.K, o.q.Last(), o.v.Last()
	for r := r0; r < r1; r++ {
		a, first, y := o.a[r*o.slots:(r+1)*o.slots], r/o.per*o.slots, o.y.Data[r*v:r*v+v]
		for s := range a {
			a[s] = o.scale() * k.Dot(o.q.Data[r*d:r*d+d], o.k.Data[(first+s)*d:(first+s)*d+d])
		}
		k.Softmax(a, a, 1, o.slots)
		clear(y)
		for s, as := range a {
			k.Axpy(y, as, o.v.Data[(first+s)*v:(first+s)*v+v])
		}
	}
}

// Backward implements num.Func.
func (o *attendOp) Backward() {
	dy, dq, dk, dv := o.y.Gradient(), o.q.Gradient(), o.k.Gradient(), o.v.Gradient()
	k, d, v := &o.t.Core.K, o.q.Last(), o.v.Last()
	for r := range o.q.Rows() {
		a, first, g := o.a[r*o.slots:(r+1)*o.slots], r/o.per*o.slots, dy[r*v:r*v+v]
		mean := float32(0)
		for s, as := range a {
			mean += as * k.Dot(g, o.v.Data[(first+s)*v:(first+s)*v+v])
		}
		for s, as := range a {
			at := first + s
			dl := as * (k.Dot(g, o.v.Data[at*v:at*v+v]) - mean) * o.scale()
			k.Axpy(dq[r*d:r*d+d], dl, o.k.Data[at*d:at*d+d])
			k.Axpy(dk[at*d:at*d+d], dl, o.q.Data[r*d:r*d+d])
			k.Axpy(dv[at*v:at*v+v], as, g)
		}
	}
}
