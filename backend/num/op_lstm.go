package num

type lstmOp struct {
	sequence
	keep  bool
	c     []float32 // [T][B][H] cells after each step
	cPast []float32 // [T][B][H] cells before each step, zero where fresh
	tc    []float32 // [T][B][H] tanh of c
	dc    []float32 // [B][H]
}

// LSTM runs long short-term memory over whole sequences. Gates lie in the order input, forget, cell, output:
//
//	i,f,o = sigmoid(x*wx + bx + h*wh)   g = tanh(same)   c' = f*c + i*g   h' = o*tanh(c')
//	x [T][B][D], wx [D][4H], bx [4H], wh [H][4H], state [B][2H] = h then c, fresh [T*B]; result [T][B][H]
//
// With keep the forget gate is 1 whatever its pre-activation: the control that cannot forget. Where fresh, the state before the step
// is zero and no gradient passes.
func (t *Tape) LSTM(x, wx, bx, wh, state *Tensor, fresh []bool, keep bool) *Tensor {
	o, isNew := record[lstmOp](t)
	if isNew {
		o.forwardFn, o.backwardFn = o.forward, o.backward
	}
	o.begin(t, "lstm", x, wx, bx, wh, state, fresh, 4, 2)
	n := len(o.past)
	o.keep, o.c, o.cPast, o.tc = keep, t.floats(n), t.floats(n), t.floats(n)
	o.run()
	return o.y
}

func (o *lstmOp) forward(b0, b1 int) {
	k, h, g := &o.t.Core.K, o.h, o.g
	for i := range o.steps {
		o.before(o.past, o.y.Data, 0, i, b0, b1)
		o.before(o.cPast, o.c, h, i, b0, b1)
		k.AddRows(o.z[(i*o.b+b0)*g:], g, b1-b0, g, o.bx.Data)
		o.recur(o.z, 1, i, b0, b1)
		for r := i*o.b + b0; r < i*o.b+b1; r++ {
			p, q := r*h, r*h+h
			k.LSTMCell(o.z[r*g:r*g+g], o.cPast[p:q], o.c[p:q], o.tc[p:q], o.y.Data[p:q], o.keep)
		}
	}
}

func (o *lstmOp) backward(b0, b1 int) {
	k, h, g := &o.t.Core.K, o.h, o.g
	for i := o.steps - 1; i >= 0; i-- {
		r0, r1 := i*o.b+b0, i*o.b+b1
		carry := o.carry[b0*h : b1*h]
		k.Add(carry, carry, o.y.Grad[r0*h:r1*h])
		for b := b0; b < b1; b++ {
			z, p, c := (i*o.b+b)*g, (i*o.b+b)*h, b*h
			k.LSTMCellGrad(o.dz[z:z+g], o.carry[c:c+h], o.dc[c:c+h], o.z[z:z+g], o.cPast[p:p+h], o.tc[p:p+h], o.keep)
		}
		o.recurGrad(o.carry, o.dz, 0, i, b0, b1)
		o.cut(o.carry, i, b0, b1)
		o.cut(o.dc, i, b0, b1)
	}
}

// Backward implements Func.
func (o *lstmOp) Backward() {
	if !o.y.live {
		return
	}
	o.beginBackward()
	o.dc = o.t.floats(len(o.carry))
	clear(o.dc)
	o.t.Core.Do(o.b, o.steps*o.b*o.g*o.h, o.backwardFn)
	o.finish(o.dz)
	o.stateGrad(o.carry, 0)
	o.stateGrad(o.dc, o.h)
}
