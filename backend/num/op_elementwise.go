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
	t        *Tape
	x, y     *Tensor
	act      Act
	fwd, bwd func(i0, i1 int)
}

// Activate returns act(x).
func (t *Tape) Activate(x *Tensor, act Act) *Tensor {
	o, fresh := record[actOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
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
	if o.y.live && o.x.Gradient() != nil {
		o.t.Core.Do(o.x.Len(), o.x.Len()*16, o.bwd)
	}
}

func (o *actOp) backward(i0, i1 int) {
	o.act.grad(&o.t.Core.K, o.x.Grad[i0:i1], o.y.Grad[i0:i1], o.y.Data[i0:i1], o.x.Data[i0:i1])
}

type mulOp struct {
	t        *Tape
	a, b, y  *Tensor
	fwd, bwd func(i0, i1 int)
}

// Mul returns a * b element by element, of the same shape.
func (t *Tape) Mul(a, b *Tensor) *Tensor {
	if !a.is(b.Shape...) {
		mismatch("mul", "two equal shapes", a, b)
	}
	o, fresh := record[mulOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.a, o.b, o.y = t, a, b, t.like(a.Name, a, a.Last())
	t.Core.Do(a.Len(), a.Len()*4, o.fwd)
	return o.y
}

func (o *mulOp) forward(i0, i1 int) {
	o.t.Core.K.Mul(o.y.Data[i0:i1], o.a.Data[i0:i1], o.b.Data[i0:i1])
}

// Backward implements Func.
func (o *mulOp) Backward() {
	if !o.y.live {
		return
	}
	o.a.Gradient()
	o.b.Gradient()
	o.t.Core.Do(o.y.Len(), o.y.Len()*8, o.bwd)
}

func (o *mulOp) backward(i0, i1 int) {
	if o.a.Grad != nil {
		o.t.Core.K.MulAdd(o.a.Grad[i0:i1], o.y.Grad[i0:i1], o.b.Data[i0:i1])
	}
	if o.b.Grad != nil {
		o.t.Core.K.MulAdd(o.b.Grad[i0:i1], o.y.Grad[i0:i1], o.a.Data[i0:i1])
	}
}

type mixOp struct {
	t          *Tape
	g, a, b, y *Tensor
	fwd, bwd   func(i0, i1 int)
}

// Mix returns g*a + (1-g)*b element by element: a gate that chooses between two signals. All have the same shape.
func (t *Tape) Mix(g, a, b *Tensor) *Tensor {
	if !g.is(a.Shape...) || !g.is(b.Shape...) {
		mismatch("mix", "three equal shapes", g, a, b)
	}
	o, fresh := record[mixOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.g, o.a, o.b, o.y = t, g, a, b, t.like(a.Name, a, a.Last())
	t.Core.Do(g.Len(), g.Len()*16, o.fwd)
	return o.y
}

func (o *mixOp) forward(i0, i1 int) {
	y, a, b := o.y.Data[i0:i1], o.a.Data[i0:i1], o.b.Data[i0:i1]
	for i, g := range o.g.Data[i0:i1] {
		y[i] = b[i] + float32(g*(a[i]-b[i]))
	}
}

// Backward implements Func.
func (o *mixOp) Backward() {
	if !o.y.live {
		return
	}
	o.g.Gradient()
	o.a.Gradient()
	o.b.Gradient()
	o.t.Core.Do(o.y.Len(), o.y.Len()*16, o.bwd)
}

func (o *mixOp) backward(i0, i1 int) {
	dy, g, a, b := o.y.Grad[i0:i1], o.g.Data[i0:i1], o.a.Data[i0:i1], o.b.Data[i0:i1]
	if o.g.Grad != nil {
		d := o.g.Grad[i0:i1]
		for i, v := range dy {
			d[i] += float32(v * (a[i] - b[i]))
		}
	}
	if o.a.Grad != nil {
		o.t.Core.K.MulAdd(o.a.Grad[i0:i1], dy, g)
	}
	if o.b.Grad != nil {
		d := o.b.Grad[i0:i1]
		for i, v := range dy {
			d[i] += float32(v * (1 - g[i]))
		}
	}
}

type sliceOp struct {
	t        *Tape
	x, y     *Tensor
	from, to int
	fwd, bwd func(i0, i1 int)
}

// Slice returns columns from..to of the last axis.
func (t *Tape) Slice(x *Tensor, from, to int) *Tensor {
	if from < 0 || to <= from || to > x.Last() {
		mismatch("slice", "columns within the last axis", x)
	}
	o, fresh := record[sliceOp](t)
	if fresh {
		o.fwd, o.bwd = o.forward, o.backward
	}
	o.t, o.x, o.from, o.to, o.y = t, x, from, to, t.like(x.Name, x, to-from)
	t.Core.Do(x.Rows(), o.y.Len()*4, o.fwd)
	return o.y
}

func (o *sliceOp) forward(i0, i1 int) {
	w, n := o.x.Last(), o.to-o.from
	for i := i0; i < i1; i++ {
		copy(o.y.Data[i*n:i*n+n], o.x.Data[i*w+o.from:])
	}
}

// Backward implements Func.
func (o *sliceOp) Backward() {
	if o.y.live && o.x.Gradient() != nil {
		o.t.Core.Do(o.x.Rows(), o.y.Len()*4, o.bwd)
	}
}

func (o *sliceOp) backward(i0, i1 int) {
	w, n := o.x.Last(), o.to-o.from
	for i := i0; i < i1; i++ {
		g := o.x.Grad[i*w+o.from : i*w+o.to]
		o.t.Core.K.Add(g, g, o.y.Grad[i*n:i*n+n])
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
