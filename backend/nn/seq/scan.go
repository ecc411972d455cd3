package seq

import "github.com/loci-lab/loci/backend/num"

// scan is what operations over time share: n numbers a step and environment, each step made from the one before. Environments are
// independent, so workers split B; what is summed over environments is summed in order afterwards, so that the number of workers
// changes no bit.
type scan struct {
	t        *num.Tape
	c        carried
	steps, b int
	n        int
	s        *num.Tensor // [T][B][n] after each step; its gradient is free for the operation
	zeros    []float32   // [n]
}

// begin takes the memory for n numbers a step of x [T][B][..].
func (o *scan) begin(t *num.Tape, name string, x *num.Tensor, c carried, n int) {
	o.t, o.c, o.steps, o.b, o.n = t, c, x.Shape[0], x.Shape[1], n
	o.s = t.Tensor(name, o.steps, o.b, n)
	o.zeros = t.Tensor(name, n).Data
	clear(o.zeros)
}

// at is row b of step i of the numbers carried.
func (o *scan) at(i, b int) []float32 {
	r := (i*o.b + b) * o.n
	return o.s.Data[r : r+o.n]
}

// before are the numbers that environment b carries into step i: those of the step before or of the stored state, zero where fresh.
func (o *scan) before(i, b int) []float32 {
	switch {
	case o.c.fresh[i*o.b+b]:
		return o.zeros
	case i == 0:
		from := b*o.c.state0.Last() + o.c.at
		return o.c.state0.Data[from : from+o.n]
	}
	return o.at(i-1, b)
}

// cut stops the gradient at the start of an episode.
func (o *scan) cut(carry []float32, i, b int) {
	if o.c.fresh[i*o.b+b] {
		clear(carry)
	}
}

// stateGrad adds the gradient of the numbers carried into the sequence, row b of carry with that stride, to that of the stored state.
func (o *scan) stateGrad(carry []float32, stride int) {
	g := o.c.state0.Gradient()
	if g == nil {
		return
	}
	for b := range o.b {
		from := b*o.c.state0.Last() + o.c.at
		o.t.Core.K.Axpy(g[from:from+o.n], 1, carry[b*stride:b*stride+o.n])
	}
}

// cleared returns scratch of zeros that lives until the tape is reset.
func cleared(t *num.Tape, n int) []float32 {
	x := t.Tensor("scratch", n).Data
	clear(x)
	return x
}

// sumEnvs adds the rows of parts [B][n], environment 0 first, into a new sum [n].
func sumEnvs(t *num.Tape, parts []float32, b, n int) []float32 {
	sum := cleared(t, n)
	t.Core.K.SumRows(sum, parts, n, b, n)
	return sum
}
