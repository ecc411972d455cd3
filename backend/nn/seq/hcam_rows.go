package seq

import "github.com/loci-lab/loci/backend/num"

// rowsOp copies rows of a result to another place, gradient included.
type rowsOp struct {
	x, y *num.Tensor
	ids  []int32
}

// Rows returns the rows of x, all its axes but the last taken together, with those numbers, as a result of that shape; a negative number
// gives a row of zeros. Rows may repeat.
func Rows(t *num.Tape, x *num.Tensor, ids []int32, shape ...int) *num.Tensor {
	o := &rowsOp{x, t.Tensor(x.Name, shape...), ids}
	d := x.Last()
	for i, id := range ids {
		to := o.y.Data[i*d : (i+1)*d]
		if id < 0 {
			clear(to)
			continue
		}
		copy(to, x.Data[int(id)*d:(int(id)+1)*d])
	}
	t.Custom(o)
	return o.y
}

// Backward implements num.Func.
func (o *rowsOp) Backward() {
	g, d := o.x.Gradient(), o.x.Last()
	if g == nil {
		return
	}
	dy := o.y.Gradient()
	for i, id := range o.ids {
		if id < 0 {
			continue
		}
		to := g[int(id)*d : (int(id)+1)*d]
		for j, v := range dy[i*d : (i+1)*d] {
			to[j] += v
		}
	}
}

// Last returns the last n steps of x [T][B][D] as [n][B][D].
func Last(t *num.Tape, x *num.Tensor, n int) *num.Tensor {
	steps, b := x.Shape[0], x.Shape[1]
	if n == steps {
		return x
	}
	ids := make([]int32, n*b)
	for i := range ids {
		ids[i] = int32((steps-n)*b + i)
	}
	return Rows(t, x, ids, n, b, x.Last())
}

// Constant is x without its gradient: what reads it teaches it nothing.
func Constant(x *num.Tensor) *num.Tensor {
	return &num.Tensor{Name: x.Name, Shape: x.Shape, Data: x.Data}
}
