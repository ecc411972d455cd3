package num

import "fmt"

type gatherOp struct {
	t     *Tape
	x, y  *Tensor
	ids   []int32 // [N] rows of x
	own   []int32 // where ids is not the caller's
	fwd   func(i0, i1 int)
	bwd   func(i0, i1 int)
	width int
}

// Gather returns the rows of x [V][D] with those numbers: an embedding. Result [N][D].
func (t *Tape) Gather(x *Tensor, ids []int32) *Tensor {
	o := t.gather(x)
	o.ids = ids
	return o.run()
}

// GatherRuns is Gather with one row for each run of equal numbers.
func (t *Tape) GatherRuns(x *Tensor, ids []int32) *Tensor {
	o := t.gather(x)
	o.own = o.own[:0]
	for i, id := range ids {
		if i == 0 || id != ids[i-1] {
			o.own = append(o.own, id)
		}
	}
	o.ids = o.own
	return o.run()
}

func (t *Tape) gather(x *Tensor) *gatherOp {
	if len(x.Shape) != 2 {
		mismatch("gather", "a table [V][D]", x)
	}
	o, fresh := record[gatherOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.x, o.width = t, x, x.Last()
	return o
}

func (o *gatherOp) run() *Tensor {
	o.y = o.t.Tensor(o.x.Name, len(o.ids), o.width)
	o.t.Core.Do(len(o.ids), o.y.Len()*4, o.fwd)
	return o.y
}

func (o *gatherOp) forward(i0, i1 int) {
	d, rows := o.width, o.x.Rows()
	for i := i0; i < i1; i++ {
		id := int(o.ids[i])
		if id < 0 || id >= rows {
			panic(fmt.Sprintf("num: gather of row %d from %s: want 0 to %d", id, o.x, rows-1))
		}
		copy(o.y.Data[i*d:i*d+d], o.x.Data[id*d:id*d+d])
	}
}

// Backward implements Func. Rows may repeat, so workers share columns.
func (o *gatherOp) Backward() {
	if o.y.live && o.x.Gradient() != nil {
		o.t.Core.Do(ceil(o.width, blockCols), o.y.Len()*4, o.bwd)
	}
}

func (o *gatherOp) backward(i0, i1 int) {
	d, c0, c1 := o.width, i0*blockCols, min(i1*blockCols, o.width)
	for i, id := range o.ids {
		to := o.x.Grad[int(id)*d:]
		o.t.Core.K.Axpy(to[c0:c1], 1, o.y.Grad[i*d+c0:i*d+c1])
	}
}
