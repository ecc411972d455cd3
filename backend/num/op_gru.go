package num

type gruOp struct {
	sequence
	bh   *Tensor
	zh   []float32 // [T][B][3H] past*wh + bh
	dzh  []float32 // [T][B][3H]
	next []float32 // [B][H] becomes carry
}

// GRU runs gated recurrent units over whole sequences. Gates lie in the order reset, update, candidate; the candidate's recurrent
// part is gated after its product, as cuDNN does:
//
//	r,u = sigmoid(x*wx + bx + h*wh + bh)   n = tanh(x*wx_n + bx_n + r*(h*wh_n + bh_n))   h' = (1-u)*n + u*h
//	x [T][B][D], wx [D][3H], bx [3H], wh [H][3H], bh [3H], h0 [B][H], fresh [T*B]; result [T][B][H]
//
// Where fresh, the state before the step is zero and no gradient passes.
func (t *Tape) GRU(x, wx, bx, wh, bh, h0 *Tensor, fresh []bool) *Tensor {
	o, isNew := record[gruOp](t)
	if isNew {
		o.forwardFn, o.backwardFn = o.forward, o.backward
	}
	o.begin(t, "gru", x, wx, bx, wh, h0, fresh, 3, 1)
	if !bh.is(o.g) {
		mismatch("gru", "wh [H][3H] and bh [3H]", wh, bh)
	}
	o.bh, o.zh = bh, t.floats(len(o.z))
	o.run()
	return o.y
}

func (o *gruOp) forward(b0, b1 int) {
	k, h, g := &o.t.Core.K, o.h, o.g
	for i := range o.steps {
		r := i*o.b + b0
		o.before(o.past, o.y.Data, 0, i, b0, b1)
		o.recur(o.zh, 0, i, b0, b1)
		k.AddRows(o.zh[r*g:], g, b1-b0, g, o.bh.Data)
		k.AddRows(o.z[r*g:], g, b1-b0, g, o.bx.Data)
		for ; r < i*o.b+b1; r++ {
			k.GRUCell(o.z[r*g:r*g+g], o.zh[r*g:r*g+g], o.past[r*h:r*h+h], o.y.Data[r*h:r*h+h])
		}
	}
}

func (o *gruOp) backward(b0, b1 int) {
	k, h, g := &o.t.Core.K, o.h, o.g
	carry, next := o.carry, o.next
	for i := o.steps - 1; i >= 0; i-- {
		r0, r1 := i*o.b+b0, i*o.b+b1
		k.Add(carry[b0*h:b1*h], carry[b0*h:b1*h], o.y.Grad[r0*h:r1*h])
		clear(next[b0*h : b1*h])
		for b := b0; b < b1; b++ {
			z, p, c := (i*o.b+b)*g, (i*o.b+b)*h, b*h
			k.GRUCellGrad(o.dz[z:z+g], o.dzh[z:z+g], next[c:c+h], carry[c:c+h], o.z[z:z+g], o.zh[z:z+g], o.past[p:p+h])
		}
		o.recurGrad(next, o.dzh, 1, i, b0, b1)
		o.cut(next, i, b0, b1)
		carry, next = next, carry
	}
	if o.steps%2 == 1 { // the two buffers changed places an odd number of times
		copy(o.carry[b0*h:b1*h], carry[b0*h:b1*h])
	}
}

// Backward implements Func.
func (o *gruOp) Backward() {
	if !o.y.live {
		return
	}
	o.beginBackward()
	o.dzh, o.next = o.t.floats(len(o.dz)), o.t.floats(len(o.carry))
	o.t.Core.Do(o.b, o.steps*o.b*o.g*o.h, o.backwardFn)
	o.finish(o.dzh)
	if o.bh.Grad != nil {
		o.t.Core.SumRows(o.bh.Gradient(), o.dzh, o.steps*o.b, o.g)
	}
	o.stateGrad(o.carry, 0)
}
