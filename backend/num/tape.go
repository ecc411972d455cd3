package num

import (
	"fmt"
	"slices"
)

// Tensor is a dense row-major array. Grad is nil where no gradient is wanted; otherwise it has the length of Data.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
	Grad  []float32

	// live says that Grad holds a gradient. The gradient of a result is not cleared when the result is made: the first operation that
	// adds to it writes instead, which saves one pass over memory for each operation.
	live bool
}

// New returns a tensor of zeros that wants no gradient: data, masks, stored states.
func New(name string, shape ...int) *Tensor {
	return &Tensor{Name: name, Shape: slices.Clone(shape), Data: make([]float32, size(shape))}
}

// NewParam returns a tensor of zeros with a gradient of zeros, to which every backward pass adds until ZeroGrad.
func NewParam(name string, shape ...int) *Tensor {
	x := New(name, shape...)
	x.Grad, x.live = make([]float32, len(x.Data)), true
	return x
}

// Len returns the number of elements.
func (x *Tensor) Len() int { return len(x.Data) }

// Last returns the size of the last axis.
func (x *Tensor) Last() int { return x.Shape[len(x.Shape)-1] }

// Rows returns the number of rows when all axes but the last are taken together.
func (x *Tensor) Rows() int { return len(x.Data) / max(x.Last(), 1) }

// ZeroGrad clears the gradient of a parameter.
func (x *Tensor) ZeroGrad() {
	clear(x.Grad)
	x.live = x.Grad != nil
}

// Gradient returns the gradient to add to, cleared when nothing was added to it in this backward pass; nil when none is wanted.
func (x *Tensor) Gradient() []float32 {
	if x.Grad != nil && !x.live {
		clear(x.Grad)
		x.live = true
	}
	return x.Grad
}

// accumulate returns the gradient and the beta with which a matrix product must go into it: 0 for the first one.
func (x *Tensor) accumulate() (grad []float32, beta float32) {
	if x.live {
		return x.Grad, 1
	}
	x.live = x.Grad != nil
	return x.Grad, 0
}

// String gives name and shape, as panics print them.
func (x *Tensor) String() string { return fmt.Sprintf("%s %v", x.Name, x.Shape) }

func (x *Tensor) is(shape ...int) bool { return slices.Equal(x.Shape, shape) }

func size(shape []int) int {
	n := 1
	for _, s := range shape {
		if s < 0 {
			panic(fmt.Sprintf("num: shape %v has a negative axis", slices.Clone(shape)))
		}
		n *= s
	}
	return n
}

// mismatch panics in the one form that shape mistakes have: the operation, what was wanted, and every tensor with its shape.
func mismatch(op, want string, xs ...*Tensor) {
	text := ""
	for i, x := range xs {
		if i > 0 {
			text += ", "
		}
		text += x.String()
	}
	panic(fmt.Sprintf("num: %s of %s: want %s", op, text, want))
}

// Func is an operation from outside package num. Its forward pass has been computed when it is recorded; Backward reads the
// gradients of its results and adds to the Gradient of its inputs.
type Func interface {
	Backward()
}

// Tape records fused operations in the order they are computed and runs their gradients in reverse.
//
// It owns all results and scratch of the operations and keeps them: after Reset the next pass takes the same memory in the same
// order, so that a pass of shapes seen before allocates nothing. Tensors made by the tape are therefore valid until Reset only.
// A tape is used by one goroutine; its operations use the workers of its core inside.
type Tape struct {
	Core *Core

	ops     []Func
	tensors []*Tensor
	buffers [][]float32
	shared  []float32
	op      int // operations recorded in this pass
	tensor  int // tensors handed out in this pass
	buffer  int // buffers handed out in this pass
}

// NewTape returns an empty tape that computes on that core.
func NewTape(c *Core) *Tape { return &Tape{Core: c} }

// Reset forgets what was recorded and takes the memory back.
func (t *Tape) Reset() { t.op, t.tensor, t.buffer = 0, 0, 0 }

// Custom records an operation from outside. The same Func may be recorded again after Reset without allocation.
func (t *Tape) Custom(f Func) {
	if t.op < len(t.ops) {
		t.ops[t.op] = f
	} else {
		t.ops = append(t.ops, f)
	}
	t.op++
}

// Tensor returns a result tensor of this pass, with a gradient. Its data are whatever was there before: the caller writes all.
func (t *Tape) Tensor(name string, shape ...int) *Tensor {
	if t.tensor == len(t.tensors) {
		t.tensors = append(t.tensors, new(Tensor))
	}
	x := t.tensors[t.tensor]
	t.tensor++
	n := size(shape)
	x.Name, x.Shape, x.live = name, append(x.Shape[:0], shape...), false
	if cap(x.Data) < n {
		x.Data, x.Grad = make([]float32, n), make([]float32, n)
	}
	x.Data, x.Grad = x.Data[:n], x.Grad[:n]
	return x
}

// floats returns scratch that lives until Reset, with whatever was in it.
func (t *Tape) floats(n int) []float32 {
	if t.buffer == len(t.buffers) {
		t.buffers = append(t.buffers, nil)
	}
	b := t.buffers[t.buffer]
	if cap(b) < n {
		b = make([]float32, n)
	}
	t.buffers[t.buffer] = b[:n]
	t.buffer++
	return b[:n]
}

// borrow returns scratch that the next operation may take over: it is not kept beyond the forward or the backward pass of one.
func (t *Tape) borrow(n int) []float32 {
	if cap(t.shared) < n {
		t.shared = make([]float32, n)
	}
	return t.shared[:n]
}

// Bytes is the memory that the tape keeps: results, their gradients and scratch.
func (t *Tape) Bytes() int {
	n := cap(t.shared)
	for _, x := range t.tensors {
		n += cap(x.Data) + cap(x.Grad)
	}
	for _, b := range t.buffers {
		n += cap(b)
	}
	return 4 * n
}

// Backward sets the gradient of the loss (one element) to one and runs all recorded operations in reverse. An operation whose
// result nobody used is skipped: its result has no gradient.
func (t *Tape) Backward(loss *Tensor) {
	if len(loss.Data) != 1 {
		mismatch("backward", "a loss of one element", loss)
	}
	loss.Gradient()[0] = 1
	t.reverse()
}

// BackwardFrom adds grad to the gradient of x, which the caller has worked out, and runs all recorded operations in reverse. Where
// several results have a gradient from outside, add it to the Gradient of the others before.
func (t *Tape) BackwardFrom(x *Tensor, grad []float32) {
	if len(grad) != len(x.Data) {
		mismatch("backward", fmt.Sprintf("as many elements as the %d of the gradient", len(grad)), x)
	}
	t.Core.K.Axpy(x.Gradient(), 1, grad)
	t.reverse()
}

func (t *Tape) reverse() {
	for i := t.op - 1; i >= 0; i-- {
		t.ops[i].Backward()
	}
}

// record returns the operation of type T at this place of the tape: the one of the former pass where it had the same type, a new
// one (fresh is true) otherwise. Operations bind their worker functions when fresh, so that later passes make no closure.
func record[T any, P interface {
	*T
	Func
}](t *Tape) (p P, fresh bool) {
	if t.op < len(t.ops) {
		if old, ok := t.ops[t.op].(P); ok {
			t.op++
			return old, false
		}
	}
	p = new(T)
	t.Custom(p)
	return p, true
}
