package num

//go:generate go run ../../build/kernels .

// assembly is what the generator writes for one family, without bounds checks: callers pass at least as many elements as they say.
type assembly struct {
	exp, tanh, sigmoid, relu, silu                              func(dst, src *float32, n int)
	add, mul, mulAdd, reluGrad, tanhGrad, sigmoidGrad, siluGrad func(dst, a, b *float32, n int)
	rotate, rotateBack                                          func(dst, src, turn *float32, n int)
	swiGLU                                                      func(dst, a, b *float32, n int)
	swiGLUGrad                                                  func(da, db, dy, a, b *float32, n int)
	softmaxGrad                                                 func(ds, p *float32, n int, mean float32)
	axpy                                                        func(dst, x *float32, n int, s float32)
	scale                                                       func(dst *float32, n int, s float32)
	dot                                                         func(a, b *float32, n int) float32
	sum, max                                                    func(a *float32, n int) float32
	expShift                                                    func(dst, src *float32, n int, top float32) float32
	sumExpShift                                                 func(src *float32, n int, top float32) float32
	addRows, sumRows                                            func(x, y *float32, ld, m, n int)
	lstmCell                                                    func(z, c0, c, tc, h *float32, n int, and, or uint32)
	lstmCellGrad                                                func(dz, dh, dc, z, c0, tc *float32, n int, and uint32)
	gruCell                                                     func(zx, zh, h0, h *float32, n int)
	gruCellGrad                                                 func(dzx, dzh, dh0, dh, zx, zh, h0 *float32, n int)
	adam                                                        func(w, g, m, v *float32, n int, lr, b1, a1, b2, a2, r1, r2, eps, decay float32)
}

// block is the longest run of elements given to one assembly call, which the scheduler cannot interrupt: some tens of microseconds.
const block = 1 << 14

func avx512() Kernels {
	a := assembly{
		exp: expAVX512, tanh: tanhAVX512, sigmoid: sigmoidAVX512, relu: reluAVX512, silu: siluAVX512,
		add: addAVX512, mul: mulAVX512, mulAdd: mulAddAVX512, reluGrad: reluGradAVX512, tanhGrad: tanhGradAVX512,
		sigmoidGrad: sigmoidGradAVX512, siluGrad: siluGradAVX512, axpy: axpyAVX512, scale: scaleAVX512,
		dot: dotAVX512, sum: sumAVX512, max: maxAVX512, expShift: expShiftAVX512, sumExpShift: sumExpShiftAVX512,
		addRows: addRowsAVX512, sumRows: sumRowsAVX512, adam: adamAVX512,
		lstmCell: lstmCellAVX512, lstmCellGrad: lstmCellGradAVX512, gruCell: gruCellAVX512, gruCellGrad: gruCellGradAVX512,
		rotate: rotateAVX512, rotateBack: rotateBackAVX512, swiGLU: swiGLUAVX512, swiGLUGrad: swiGLUGradAVX512, softmaxGrad: softmaxGradAVX512,
	}
	k := a.kernels()
	g := avx512Gemmer()
	k.Name, k.Gemm, k.RowProducts = "avx512", g.gemm, g.rowProducts
	return k
}

func avx2Family() Kernels {
	a := assembly{
		exp: expAVX2, tanh: tanhAVX2, sigmoid: sigmoidAVX2, relu: reluAVX2, silu: siluAVX2,
		add: addAVX2, mul: mulAVX2, mulAdd: mulAddAVX2, reluGrad: reluGradAVX2, tanhGrad: tanhGradAVX2,
		sigmoidGrad: sigmoidGradAVX2, siluGrad: siluGradAVX2, axpy: axpyAVX2, scale: scaleAVX2,
		dot: dotAVX2, sum: sumAVX2, max: maxAVX2, expShift: expShiftAVX2, sumExpShift: sumExpShiftAVX2,
		addRows: addRowsAVX2, sumRows: sumRowsAVX2, adam: adamAVX2,
		lstmCell: lstmCellAVX2, lstmCellGrad: lstmCellGradAVX2, gruCell: gruCellAVX2, gruCellGrad: gruCellGradAVX2,
		rotate: rotateAVX2, rotateBack: rotateBackAVX2, swiGLU: swiGLUAVX2, swiGLUGrad: swiGLUGradAVX2, softmaxGrad: softmaxGradAVX2,
	}
	k := a.kernels()
	g := avx2Gemmer()
	k.Name, k.Gemm, k.RowProducts = "avx2", g.gemm, g.rowProducts
	return k
}

// kernels wraps the assembly in checks of lengths, which panic as slicing does.
func (a assembly) kernels() Kernels {
	return Kernels{
		Exp: unary(a.exp), Tanh: unary(a.tanh), Sigmoid: unary(a.sigmoid), ReLU: unary(a.relu), SiLU: unary(a.silu),
		Add: binary(a.add), Mul: binary(a.mul), MulAdd: binary(a.mulAdd),
		ReLUGrad: binary(a.reluGrad), TanhGrad: binary(a.tanhGrad), SigmoidGrad: binary(a.sigmoidGrad), SiLUGrad: binary(a.siluGrad),
		Axpy: a.axpyKernel, Scale: a.scaleKernel, Dot: a.dotKernel, Sum: a.sumKernel, Max: a.maxKernel,
		AddRows: a.addRowsKernel, SumRows: a.sumRowsKernel, Softmax: a.softmaxKernel, LogSumExp: a.logSumExpKernel,
		ExpShift: a.expShiftKernel, SoftmaxGrad: a.softmaxGradKernel, Rotate: rotation(a.rotate), RotateBack: rotation(a.rotateBack),
		SwiGLU: binary(a.swiGLU), SwiGLUGrad: a.swiGLUGradKernel,
		LSTMCell: a.lstmCellKernel, LSTMCellGrad: a.lstmCellGradKernel, GRUCell: a.gruCellKernel, GRUCellGrad: a.gruCellGradKernel,
		Adam: a.adamKernel,
	}
}

func unary(f func(dst, src *float32, n int)) func(dst, src []float32) {
	return func(dst, src []float32) {
		src = src[:len(dst)]
		for i := 0; i < len(dst); i += block {
			f(&dst[i], &src[i], min(block, len(dst)-i))
		}
	}
}

func binary(f func(dst, a, b *float32, n int)) func(dst, a, b []float32) {
	return func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := 0; i < len(dst); i += block {
			f(&dst[i], &a[i], &b[i], min(block, len(dst)-i))
		}
	}
}

func (a *assembly) axpyKernel(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += block {
		a.axpy(&dst[i], &x[i], min(block, len(dst)-i), s)
	}
}

func (a *assembly) scaleKernel(dst []float32, s float32) {
	for i := 0; i < len(dst); i += block {
		a.scale(&dst[i], min(block, len(dst)-i), s)
	}
}

// dotKernel and sumKernel add the sums of whole blocks in their order.
func (a *assembly) dotKernel(x, y []float32) float32 {
	y = y[:len(x)]
	sum := float32(0)
	for i := 0; i < len(x); i += block {
		sum += a.dot(&x[i], &y[i], min(block, len(x)-i))
	}
	return sum
}

func (a *assembly) sumKernel(x []float32) float32 {
	sum := float32(0)
	for i := 0; i < len(x); i += block {
		sum += a.sum(&x[i], min(block, len(x)-i))
	}
	return sum
}

func (a *assembly) maxKernel(x []float32) float32 {
	top := x[0]
	for i := 0; i < len(x); i += block {
		top = max(top, a.max(&x[i], min(block, len(x)-i)))
	}
	return top
}

func (a *assembly) addRowsKernel(x []float32, ld, m, n int, bias []float32) {
	checkRows(x, ld, m, n)
	bias = bias[:n]
	if n == 0 {
		return
	}
	high := 1 + block/n
	for i := 0; i < m; i += high {
		a.addRows(&x[i*ld], &bias[0], 4*ld, min(high, m-i), n)
	}
}

func (a *assembly) sumRowsKernel(dst, x []float32, ld, m, n int) {
	checkRows(x, ld, m, n)
	dst = dst[:n]
	if n == 0 {
		return
	}
	high := 1 + block/n
	for i := 0; i < m; i += high {
		a.sumRows(&dst[0], &x[i*ld], 4*ld, min(high, m-i), n)
	}
}

func (a *assembly) softmaxKernel(dst, src []float32, m, n int) {
	checkRows(dst, n, m, n)
	checkRows(src, n, m, n)
	if n == 0 {
		return
	}
	for i := range m {
		d, s := dst[i*n:(i+1)*n], src[i*n:(i+1)*n]
		top, sum := a.maxKernel(s), float32(0)
		for j := 0; j < n; j += block {
			sum += a.expShift(&d[j], &s[j], min(block, n-j), top)
		}
		a.scaleKernel(d, 1/sum)
	}
}

func (a *assembly) logSumExpKernel(dst, src []float32, m, n int) {
	checkRows(src, n, m, n)
	dst = dst[:m]
	for i := range dst {
		s := src[i*n : (i+1)*n]
		top, sum := a.maxKernel(s), float32(0)
		for j := 0; j < n; j += block {
			sum += a.sumExpShift(&s[j], min(block, n-j), top)
		}
		dst[i] = logOfSum(top, sum)
	}
}

// forgetMasks: the forget gate is and-ed with the first and or-ed with the second; with keep that leaves the bits of 1.
func forgetMasks(keep bool) (and, or uint32) {
	if keep {
		return 0, 0x3f800000
	}
	return 0xffffffff, 0
}

func (a *assembly) lstmCellKernel(z, c0, c, tc, h []float32, keep bool) {
	w := len(z) / 4
	if w == 0 {
		return
	}
	c0, c, tc, h = c0[:w], c[:w], tc[:w], h[:w]
	and, or := forgetMasks(keep)
	a.lstmCell(&z[0], &c0[0], &c[0], &tc[0], &h[0], w, and, or)
}

func (a *assembly) lstmCellGradKernel(dz, dh, dc, z, c0, tc []float32, keep bool) {
	w := len(dz) / 4
	if w == 0 {
		return
	}
	dh, dc, z, c0, tc = dh[:w], dc[:w], z[:4*w], c0[:w], tc[:w]
	and, _ := forgetMasks(keep)
	a.lstmCellGrad(&dz[0], &dh[0], &dc[0], &z[0], &c0[0], &tc[0], w, and)
}

func (a *assembly) gruCellKernel(zx, zh, h0, h []float32) {
	w := len(zx) / 3
	if w == 0 {
		return
	}
	zh, h0, h = zh[:3*w], h0[:w], h[:w]
	a.gruCell(&zx[0], &zh[0], &h0[0], &h[0], w)
}

func (a *assembly) gruCellGradKernel(dzx, dzh, dh0, dh, zx, zh, h0 []float32) {
	w := len(dzx) / 3
	if w == 0 {
		return
	}
	dzh, dh0, dh, zx, zh, h0 = dzh[:3*w], dh0[:w], dh[:w], zx[:3*w], zh[:3*w], h0[:w]
	a.gruCellGrad(&dzx[0], &dzh[0], &dh0[0], &dh[0], &zx[0], &zh[0], &h0[0], w)
}

func (a *assembly) adamKernel(w, g, m, v []float32, lr, beta1, beta2, eps, decay, c1, c2 float32) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i := 0; i < len(w); i += block {
		a.adam(&w[i], &g[i], &m[i], &v[i], min(block, len(w)-i), lr, beta1, 1-beta1, beta2, 1-beta2, 1/c1, 1/c2, eps, decay)
	}
}
