package num

type rnnOp struct{ sequence }

// RNN runs a plain recurrent network over whole sequences: h_t = tanh(x_t*wx + bx + h_{t-1}*wh).
//
//	x [T][B][D], wx [D][H], bx [H], wh [H][H], h0 [B][H], fresh [T*B]; result [T][B][H]
//
// Where fresh, h_{t-1} is zero and no gradient passes.
func (t *Tape) RNN(x, wx, bx, wh, h0 *Tensor, fresh []bool) *Tensor {
	o, isNew := record[rnnOp](t)
	if isNew {
		o.forwardFn, o.backwardFn = o.forward, o.backward
	}
	o.begin(t, "rnn", x, wx, bx, wh, h0, fresh, 1, 1)
	o.run()
	return o.y
}

func (o *rnnOp) forward(b0, b1 int) {
	k, h := &o.t.Core.K, o.h
	for i := range o.steps {
		r0, r1 := (i*o.b+b0)*h, (i*o.b+b1)*h
		o.before(o.past, o.y.Data, 0, i, b0, b1)
		k.AddRows(o.z[r0:r1], h, b1-b0, h, o.bx.Data)
		o.recur(o.z, 1, i, b0, b1)
		k.Tanh(o.y.Data[r0:r1], o.z[r0:r1])
	}
}

func (o *rnnOp) backward(b0, b1 int) {
	k, h := &o.t.Core.K, o.h
	carry := o.carry[b0*h : b1*h]
	for i := o.steps - 1; i >= 0; i-- {
		r0, r1 := (i*o.b+b0)*h, (i*o.b+b1)*h
		k.Add(carry, carry, o.y.Grad[r0:r1])
		clear(o.dz[r0:r1])
		k.TanhGrad(o.dz[r0:r1], carry, o.y.Data[r0:r1])
		o.recurGrad(o.carry, o.dz, 0, i, b0, b1)
		o.cut(o.carry, i, b0, b1)
	}
}

// Backward implements Func.
func (o *rnnOp) Backward() {
	if !o.y.live {
		return
	}
	o.beginBackward()
	o.t.Core.Do(o.b, o.steps*o.b*o.g*o.h, o.backwardFn)
	o.finish(o.dz)
	o.stateGrad(o.carry, 0)
}
