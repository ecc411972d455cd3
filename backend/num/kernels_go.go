package num

import "math"

// Go is the family in plain Go: the reference for the others and the fallback. Every product that is added to something is rounded
// first by an explicit conversion, so that no platform fuses the two and all platforms give the same bits.
func Go() Kernels {
	return Kernels{
		Name: "go",
		Gemm: goGemm, RowProducts: goRowProducts,
		Exp: goExp, Tanh: goTanh, Sigmoid: goSigmoid,
		Add: goAdd, Mul: goMul, MulAdd: goMulAdd, Axpy: goAxpy, Scale: goScale,
		Dot: goDot, Sum: goSum, Max: goMax, AddRows: goAddRows, SumRows: goSumRows,
		Softmax: goSoftmax, LogSumExp: goLogSumExp,
		ExpShift: goExpShift, SoftmaxGrad: goSoftmaxGrad, Rotate: goRotate, RotateBack: goRotateBack,
		SwiGLU: goSwiGLU, SwiGLUGrad: goSwiGLUGrad,
		ReLU: goReLU, ReLUGrad: goReLUGrad, TanhGrad: goTanhGrad, SigmoidGrad: goSigmoidGrad,
		SiLU: goSiLU, SiLUGrad: goSiLUGrad,
		LSTMCell: goLSTMCell, LSTMCellGrad: goLSTMCellGrad, GRUCell: goGRUCell, GRUCellGrad: goGRUCellGrad,
		Adam: goAdam,
	}
}

func goAdd(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func goMul(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func goMulAdd(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += float32(a[i] * b[i])
	}
}

func goAxpy(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += float32(s * x[i])
	}
}

func goScale(dst []float32, s float32) {
	for i := range dst {
		dst[i] *= s
	}
}

// tree8 adds eight partial sums in the one order that Dot and Sum promise.
func tree8(s *[8]float32) float32 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func goDot(a, b []float32) float32 {
	b = b[:len(a)]
	var s [8]float32
	i := 0
	for ; i+8 <= len(a); i += 8 {
		x, y := a[i:i+8:i+8], b[i:i+8:i+8]
		for j := range s {
			s[j] += float32(x[j] * y[j])
		}
	}
	for j := 0; i+j < len(a); j++ {
		s[j] += float32(a[i+j] * b[i+j])
	}
	return tree8(&s)
}

func goSum(a []float32) float32 {
	var s [8]float32
	i := 0
	for ; i+8 <= len(a); i += 8 {
		x := a[i : i+8 : i+8]
		for j := range s {
			s[j] += x[j]
		}
	}
	for j := 0; i+j < len(a); j++ {
		s[j] += a[i+j]
	}
	return tree8(&s)
}

func goMax(a []float32) float32 {
	top := a[0]
	for _, x := range a {
		if x > top || x != x {
			top = x
		}
		if top != top {
			return top
		}
	}
	return top
}

func goAddRows(x []float32, ld, m, n int, bias []float32) {
	checkRows(x, ld, m, n)
	for i := range m {
		row := x[i*ld : i*ld+n]
		goAdd(row, row, bias)
	}
}

func goSumRows(dst, x []float32, ld, m, n int) {
	checkRows(x, ld, m, n)
	dst = dst[:n]
	for i := range m {
		goAdd(dst, dst, x[i*ld:i*ld+n])
	}
}

func goReLU(dst, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		if x < 0 {
			x = 0
		}
		dst[i] = x
	}
}

func goReLUGrad(dx, dy, y []float32) {
	dy, y = dy[:len(dx)], y[:len(dx)]
	for i := range dx {
		if y[i] > 0 {
			dx[i] += dy[i]
		}
	}
}

func goTanhGrad(dx, dy, y []float32) {
	dy, y = dy[:len(dx)], y[:len(dx)]
	for i := range dx {
		dx[i] += float32(dy[i] * (1 - float32(y[i]*y[i])))
	}
}

func goSigmoidGrad(dx, dy, y []float32) {
	dy, y = dy[:len(dx)], y[:len(dx)]
	for i := range dx {
		dx[i] += float32(float32(dy[i]*y[i]) * (1 - y[i]))
	}
}

// goAdam takes the square root through float64, which is correctly rounded for float32 arguments too.
func goAdam(w, g, m, v []float32, lr, beta1, beta2, eps, decay, c1, c2 float32) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	a1, a2, r1, r2 := 1-beta1, 1-beta2, 1/c1, 1/c2
	for i := range w {
		gi := g[i]
		mi := float32(beta1*m[i]) + float32(a1*gi)
		vi := float32(beta2*v[i]) + float32(float32(a2*gi)*gi)
		m[i], v[i] = mi, vi
		root := float32(math.Sqrt(float64(float32(vi * r2))))
		step := float32(mi*r1)/(root+eps) + float32(decay*w[i])
		w[i] -= float32(lr * step)
	}
}
