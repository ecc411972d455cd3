package memoryvla

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// lookOp is single-head attention of groups that do not see each other: queries q [G*Q][D] of group g read the first count[g] of its S
// rows of keys and values [G*S][D]:
//
//	p = softmax(q k^T / sqrt(D)),  y = p v
//
// A group with nothing to read gives zeros.
type lookOp struct {
	core       *num.Core
	q, k, v, y *num.Tensor
	asks, rows int // Q and S
	count      []int32
	scale      float32
	p          []float32 // [G][Q][S]; with n rows to read, the first Q*n numbers of a group are [Q][n]
	dp         []float32 // the same shape
}

func look(t *num.Tape, q, k, v *num.Tensor, asks, rows int, count []int32) *lookOp {
	g := len(count)
	if q.Rows() != g*asks || k.Rows() != g*rows || v.Rows() != g*rows || q.Last() != k.Last() {
		panic(fmt.Sprintf("memoryvla: look with %d groups of %d and %d rows got %v, %v and %v", g, asks, rows, q, k, v))
	}
	o := &lookOp{core: t.Core, q: q, k: k, v: v, asks: asks, rows: rows, count: count, scale: float32(1 / math.Sqrt(float64(q.Last())))}
	o.p, o.y = make([]float32, g*asks*rows), t.Tensor(q.Name, q.Rows(), v.Last())
	t.Custom(o)
	o.core.Do(g, g*asks*rows*q.Last()*4, o.forward)
	return o
}

func (o *lookOp) forward(g0, g1 int) {
	d, w, k := o.q.Last(), o.v.Last(), &o.core.K
	for g := g0; g < g1; g++ {
		n := int(o.count[g])
		y := o.y.Data[g*o.asks*w : (g+1)*o.asks*w]
		if n == 0 {
			clear(y)
			continue
		}
		p := o.p[g*o.asks*o.rows:]
		k.Gemm(false, true, o.asks, n, d, o.scale, o.q.Data[g*o.asks*d:], d, o.k.Data[g*o.rows*d:], d, 0, p, n)
		k.Softmax(p[:o.asks*n], p[:o.asks*n], o.asks, n)
		k.Gemm(false, false, o.asks, w, n, 1, p, n, o.v.Data[g*o.rows*w:], w, 0, y, w)
	}
}

// Backward implements num.Func.
func (o *lookOp) Backward() {
	if o.dp == nil {
		o.dp = make([]float32, len(o.p))
	}
	o.y.Gradient()
	o.q.Gradient()
	o.k.Gradient()
	o.v.Gradient()
	g := len(o.count)
	o.core.Do(g, g*o.asks*o.rows*o.q.Last()*8, o.backward)
}

func (o *lookOp) backward(g0, g1 int) {
	d, w, k := o.q.Last(), o.v.Last(), &o.core.K
	for g := g0; g < g1; g++ {
		n := int(o.count[g])
		if n == 0 {
			continue
		}
		at, qd, kd, vd := g*o.asks*o.rows, g*o.asks*d, g*o.rows*d, g*o.rows*w
		p, ds, dy := o.p[at:at+o.asks*n], o.dp[at:at+o.asks*n], o.y.Grad[g*o.asks*w:]
		k.Gemm(false, true, o.asks, n, w, 1, dy, w, o.v.Data[vd:], w, 0, ds, n)
		if o.v.Grad != nil {
			k.Gemm(true, false, n, w, o.asks, 1, p, n, dy, w, 1, o.v.Grad[vd:], w)
		}
		for i := range o.asks {
			row, prob := ds[i*n:(i+1)*n], p[i*n:(i+1)*n]
			k.SoftmaxGrad(row, prob, k.Dot(row, prob))
		}
		if o.q.Grad != nil {
			k.Gemm(false, false, o.asks, d, n, o.scale, ds, n, o.k.Data[kd:], d, 1, o.q.Grad[qd:], d)
		}
		if o.k.Grad != nil {
			k.Gemm(true, false, n, d, o.asks, o.scale, ds, n, o.q.Data[qd:], d, 1, o.k.Grad[kd:], d)
		}
	}
}

// viewOp is a tensor of another shape with the same numbers.
type viewOp struct{ x, y *num.Tensor }

// view returns x as [rows][rest].
func view(t *num.Tape, x *num.Tensor, shape ...int) *num.Tensor {
	o := &viewOp{x, t.Tensor(x.Name, shape...)}
	t.Custom(o)
	copy(o.y.Data, x.Data)
	return o.y
}

// Backward implements num.Func.
func (o *viewOp) Backward() {
	dy := o.y.Gradient()
	if dx := o.x.Gradient(); dx != nil {
		for i, v := range dy {
			dx[i] += v
		}
	}
}
