package summary

import "github.com/loci-lab/loci/backend/num"

// piece is a run of rows of a tensor with stride rows for each trial, rows from..from+count of each; stride 0 gives every trial the
// same rows. Through a cut piece no gradient passes.
type piece struct {
	x                   *num.Tensor
	stride, from, count int
	cut                 bool
}

// joinOp puts pieces behind each other, trial by trial: result [B*n][D].
type joinOp struct {
	core   *num.Core
	pieces []piece
	b, n   int
	y      *num.Tensor
}

// join records the pieces that were put into o.pieces.
func (o *joinOp) join(t *num.Tape, b, d int) *num.Tensor {
	o.core, o.b, o.n = t.Core, b, 0
	for _, p := range o.pieces {
		o.n += p.count
	}
	o.y = t.Tensor("join", b*o.n, d)
	at := 0
	for _, p := range o.pieces {
		for i := range b {
			from, to := (i*p.stride+p.from)*d, (i*o.n+at)*d
			copy(o.y.Data[to:to+p.count*d], p.x.Data[from:])
		}
		at += p.count
	}
	t.Custom(o)
	return o.y
}

// Backward implements num.Func.
func (o *joinOp) Backward() {
	dy, d, at := o.y.Gradient(), o.y.Last(), 0
	for _, p := range o.pieces {
		if !p.cut && p.x.Grad != nil {
			g := p.x.Gradient()
			for i := range o.b {
				from, to := (i*p.stride+p.from)*d, (i*o.n+at)*d
				o.core.K.Axpy(g[from:from+p.count*d], 1, dy[to:to+p.count*d])
			}
		}
		at += p.count
	}
}
