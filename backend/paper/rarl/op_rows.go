package rarl

import "github.com/loci-lab/loci/backend/num"

// rowsOp copies rows: y[i] = x[ids[i]]. It turns time round for the summary of the future, puts time-major rows into the order of
// trajectories, and gives every slot the state of its agent. Rows may repeat; their gradients add up in the order of ids.
type rowsOp struct {
	x, y *num.Tensor
	ids  []int32
}

func (o *rowsOp) record(t *num.Tape, x *num.Tensor, ids []int32, shape ...int) *num.Tensor {
	w := x.Last()
	o.x, o.ids, o.y = x, ids, t.Tensor(x.Name, append(shape, w)...)
	for i, id := range ids {
		copy(o.y.Data[i*w:i*w+w], x.Data[int(id)*w:])
	}
	t.Custom(o)
	return o.y
}

// Backward implements num.Func.
func (o *rowsOp) Backward() {
	to, from, w := o.x.Gradient(), o.y.Gradient(), o.x.Last()
	if to == nil {
		return
	}
	for i, id := range o.ids {
		row := to[int(id)*w : int(id)*w+w]
		for j, g := range from[i*w : i*w+w] {
			row[j] += g
		}
	}
}
