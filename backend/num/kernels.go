// Package num is the numeric core: float32 kernels in several families, and a tape of fused operations with hand-derived gradients.
//
// A kernel family is a value of type Kernels. Plain Go ("go") is the reference and the fallback; "avx2" and "avx512" are assembly
// written by the generator under build/kernels. All functions of all families obey the same rules:
//
//   - Slices may overlap only where the comment says "in place". Lengths are those of the first argument; others must be at least as long.
//   - Every element of a result is computed from the same inputs in the same order of operations wherever it lies in the slice or
//     tile, so that splitting work over threads by rows or columns changes no bit.
//   - Approximations: Exp is within 2 units in the last place, Tanh and Sigmoid within 3, SiLU within 4, against exact mathematics.
//     Inside Softmax, LogSumExp and the gates, and in Sigmoid, numbers below 2^-126 may become zero.
//   - Wrong shapes panic: they are mistakes of the programmer. NaN and infinities go through as IEEE 754 says.
package num

// Kernels is one family. Letters: M, N, K sizes of a matrix product; B rows of a batch; H width.
type Kernels struct {
	Name string

	// Gemm computes C = alpha*op(A)*op(B) + beta*C, row-major with row strides (elements) lda, ldb, ldc.
	// op(A) is [m][k]: A is stored [m][k], or [k][m] when transA. op(B) is [k][n]: B is stored [k][n], or [n][k] when transB.
	// The sum over k runs in one fixed order for every element. beta = 0 never reads C.
	Gemm func(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)

	// RowProducts computes products of one row each, c_i = alpha*a_i*B_i + beta*c_i for i < batch, with the bits of Gemm: a_i [k] lies
	// at a[i*as:], B_i [k][n] with row stride ldb at b[i*bs:], c_i [n] at c[i*cs:]. The results may not overlap.
	RowProducts func(batch, n, k int, alpha float32, a []float32, as int, b []float32, bs, ldb int, beta float32, c []float32, cs int)

	// Element-wise, dst may be src (in place).
	Exp     func(dst, src []float32)
	Tanh    func(dst, src []float32)
	Sigmoid func(dst, src []float32)
	Add     func(dst, a, b []float32)                   // a + b
	Mul     func(dst, a, b []float32)                   // a * b
	MulAdd  func(dst, a, b []float32)                   // dst += a * b
	Axpy    func(dst []float32, s float32, x []float32) // dst += s * x
	Scale   func(dst []float32, s float32)              // dst *= s
	Dot     func(a, b []float32) float32                // partial sums by position, then a fixed tree: the order depends on the length only
	Sum     func(a []float32) float32
	Max     func(a []float32) float32 // len >= 1

	// AddRows adds the row bias [n] to every row of x [m][n] (row stride ld); SumRows adds the rows of x into dst [n], row 0 first.
	AddRows func(x []float32, ld, m, n int, bias []float32)
	SumRows func(dst, x []float32, ld, m, n int)

	// Softmax writes the softmax of each row of src [m][n] into dst; LogSumExp writes one number a row. Shifted by the row maximum.
	Softmax   func(dst, src []float32, m, n int)
	LogSumExp func(dst, src []float32, m, n int)

	// ExpShift writes e^(src - shift) and returns the sum, in an order that depends on the length only; dst may be src. SoftmaxGrad turns
	// the gradient ds of probabilities p = softmax(s) into that of s, given mean = sum(ds * p): ds = p * (ds - mean).
	ExpShift    func(dst, src []float32, shift float32) float32
	SoftmaxGrad func(ds, p []float32, mean float32)

	// Rotate turns the pairs (x[i], x[n/2+i]) of one head x [n] by the angles whose cosines, then sines, turn [n] holds; RotateBack turns
	// them the other way, which is also the gradient. dst may be src.
	Rotate, RotateBack func(dst, src, turn []float32)

	// SwiGLU is silu(a) * b (arXiv 2002.05202v1, eq. 6, without its matrices); the gradients replace da and db, which may be a and b.
	SwiGLU     func(dst, a, b []float32)
	SwiGLUGrad func(da, db, dy, a, b []float32)

	// Activations with their gradients: dx += dy * f'(.), y is the forward result.
	ReLU        func(dst, src []float32)
	ReLUGrad    func(dx, dy, y []float32)
	TanhGrad    func(dx, dy, y []float32) // dx += dy * (1 - y*y)
	SigmoidGrad func(dx, dy, y []float32) // dx += dy * y * (1 - y)
	SiLU        func(dst, src []float32)  // x * sigmoid(x)
	SiLUGrad    func(dx, dy, x []float32) // from the input

	// LSTMCell turns gate pre-activations z [4H] (input, forget, cell, output) and the old cell state c0 [H] into gates (activated in
	// place in z), new cell state c [H] and output h [H]:  c = f*c0 + i*g,  h = o*tanh(c).  tc [H] keeps tanh(c).
	// With keep the forget gate is 1 whatever its pre-activation (the control that never forgets).
	LSTMCell func(z, c0, c, tc, h []float32, keep bool)
	// LSTMCellGrad: given dh [H], dc [H] (gradient from the future, replaced by that for c0) and the forward values, writes dz [4H].
	LSTMCellGrad func(dz, dh, dc, z, c0, tc []float32, keep bool)
	// GRUCell: zx [3H] from the input with bias, zh [3H] from the old state with bias (reset, update, candidate; the candidate's
	// recurrent part is gated after the product, as cuDNN does): r,u = sigmoid, n = tanh(zx_n + r*zh_n), h = (1-u)*n + u*h0.
	// Activated gates replace zx; zh is kept.
	GRUCell func(zx, zh, h0, h []float32)
	// GRUCellGrad: given dh [H] writes dzx, dzh [3H] and adds to dh0 [H].
	GRUCellGrad func(dzx, dzh, dh0, dh, zx, zh, h0 []float32)

	// Adam does one step of AdamW with bias correction on all elements. c1 = 1-beta1^t, c2 = 1-beta2^t.
	//   m = b1*m + (1-b1)*g;  v = b2*v + (1-b2)*g*g;  w -= lr * ((m/c1) / (sqrt(v/c2) + eps) + decay*w)
	Adam func(w, g, m, v []float32, lr, beta1, beta2, eps, decay, c1, c2 float32)
}
