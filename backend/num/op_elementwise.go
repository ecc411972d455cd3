package num

type addOp struct {
	t       *Tape
	a, b, y *Tensor
	fwd     func(i0, i1 int)
}

// Add returns a + b, of the same shape: a residual connection.
func (t *Tape) Add(a, b *Tensor) *Tensor {
	if !a.is(b.Shape...) {
		mismatch("add", "two equal shapes", a, b)
	}
	o, fresh := record[addOp](t)
	if fresh {
		o.fwd = o.forward
	}
	o.t, o.a, o.b, o.y = t, a, b, t.like(a.Name, a, a.Last())
	t.Core.Do(a.Len(), a.Len()*4, o.fwd)
	return o.y
}

func (o *addOp) forward(i0, i1 int) {
	o.t.Core.K.Add(o.y.Data[i0:i1], o.a.Data[i0:i1], o.b.Data[i0:i1])
}

// Backward implements Func.
func (o *addOp) Backward() {
	if !o.y.live {
		return
	}
	for _, x := range [2]*Tensor{o.a, o.b} {
		if g, beta := x.accumulate(); g == nil {
			continue
		} else if beta == 0 {
			copy(g, o.y.Grad)
		} else {
			o.t.Core.K.Axpy(g, 1, o.y.Grad)
		}
	}
}

type actOp struct {
	t    *Tape
	x, y *Tensor
	act  Act
	fwd  func(i0, i1 int)
}

// Activate returns act(x).
func (t *Tape) Activate(x *Tensor, act Act) *Tensor {
	o, fresh := record[actOp](t)
	if fresh {
		o.fwd = o.forward
	}
	o.t, o.x, o.act, o.y = t, x, act, t.like(x.Name, x, x.Last())
	t.Core.Do(x.Len(), x.Len()*16, o.fwd)
	return o.y
}

func (o *actOp) forward(i0, i1 int) {
	o.act.Apply(&o.t.Core.K, o.y.Data[i0:i1], o.x.Data[i0:i1])
}

// Backward implements Func.
func (o *actOp) Backward() {
	if g := o.x.Gradient(); g != nil && o.y.live {
		o.act.grad(&o.t.Core.K, g, o.y.Grad, o.y.Data, o.x.Data)
	}
}

type mulOp struct {
	t       *Tape
	a, b, y *Tensor
}

// Mul returns a * b element by element, of the same shape.
func (t *Tape) Mul(a, b *Tensor) *Tensor {
	if !a.is(b.Shape...) {
		mismatch("mul", "two equal shapes", a, b)
	}
	o, _ := record[mulOp](t)
	o.t, o.a, o.b, o.y = t, a, b, t.like(a.Name, a, a.Last())
	t.Core.K.Mul(o.y.Data, a.Data, b.Data)
	return o.y
}

// Backward implements Func.
func (o *mulOp) Backward() {
	if !o.y.live {
		return
	}
	if g := o.a.Gradient(); g != nil {
		o.t.Core.K.MulAdd(g, o.y.Grad, o.b.Data)
	}
	if g := o.b.Gradient(); g != nil {
		o.t.Core.K.MulAdd(g, o.y.Grad, o.a.Data)
	}
}

type mixOp struct {
	t          *Tape
	g, a, b, y *Tensor
}

// Mix returns g*a + (1-g)*b element by element: a gate that chooses between two signals. All have the same shape.
func (t *Tape) Mix(g, a, b *Tensor) *Tensor {
	if !g.is(a.Shape...) || !g.is(b.Shape...) {
		mismatch("mix", "three equal shapes", g, a, b)
	}
	o, _ := record[mixOp](t)
	o.t, o.g, o.a, o.b, o.y = t, g, a, b, t.like(a.Name, a, a.Last())
	for i, gi := range g.Data {
		o.y.Data[i] = b.Data[i] + gi*(a.Data[i]-b.Data[i])
	}
	return o.y
}

// Backward implements Func.
func (o *mixOp) Backward() {
	if !o.y.live {
		return
	}
	dy, g, a, b := o.y.Grad, o.g.Data, o.a.Data, o.b.Data
	if d := o.g.Gradient(); d != nil {
		for i, v := range dy {
			d[i] += v * (a[i] - b[i])
		}
	}
	if d := o.a.Gradient(); d != nil {
		for i, v := range dy {
			d[i] += v * g[i]
		}
	}
	if d := o.b.Gradient(); d != nil {
		for i, v := range dy {
			d[i] += v * (1 - g[i])
		}
	}
}

type sliceOp struct {
	x, y     *Tensor
	from, to int
}

// Slice returns columns from..to of the last axis.
func (t *Tape) Slice(x *Tensor, from, to int) *Tensor {
	if from < 0 || to <= from || to > x.Last() {
		mismatch("slice", "columns within the last axis", x)
	}
	o, _ := record[sliceOp](t)
	o.x, o.from, o.to, o.y = x, from, to, t.like(x.Name, x, to-from)
	w, n := x.Last(), to-from
	for i := range x.Rows() {
		copy(o.y.Data[i*n:i*n+n], x.Data[i*w+from:])
	}
	return o.y
}

// Backward implements Func.
func (o *sliceOp) Backward() {
	if !o.y.live || o.x.Grad == nil {
		return
	}
	g, w, n := o.x.Gradient(), o.x.Last(), o.to-o.from
	for i := range o.x.Rows() {
		addTo(g[i*w+o.from:i*w+o.to], o.y.Grad[i*n:])
	}
}

type concatOp struct{ a, b, y *Tensor }

// Concat puts b behind a on the last axis; the other axes are equal.
func (t *Tape) Concat(a, b *Tensor) *Tensor {
	if len(a.Shape) != len(b.Shape) || a.Rows() != b.Rows() {
		mismatch("concat", "equal axes but the last", a, b)
	}
	o, _ := record[concatOp](t)
	n, m := a.Last(), b.Last()
	o.a, o.b, o.y = a, b, t.like(a.Name, a, n+m)
	for i := range a.Rows() {
		row := o.y.Data[i*(n+m):]
		copy(row[:n], a.Data[i*n:])
		copy(row[n:n+m], b.Data[i*m:])
	}
	return o.y
}

// Backward implements Func.
func (o *concatOp) Backward() {
	if !o.y.live {
		return
	}
	n, m := o.a.Last(), o.b.Last()
	da, db := o.a.Gradient(), o.b.Gradient()
	for i := range o.a.Rows() {
		row := o.y.Grad[i*(n+m):]
		if da != nil {
			addTo(da[i*n:i*n+n], row)
		}
		if db != nil {
			addTo(db[i*m:i*m+m], row[n:])
		}
	}
}

func addTo(dst, src []float32) {
	for i := range dst {
		dst[i] += src[i]
	}
}
