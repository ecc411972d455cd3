//go:build amd64

package num

// What decoders need beside products and softmax, as Kernels describes it.

func (a *assembly) expShiftKernel(dst, src []float32, shift float32) float32 {
	src = src[:len(dst)]
	sum := float32(0)
	for i := 0; i < len(dst); i += block {
		sum += a.expShift(&dst[i], &src[i], min(block, len(dst)-i), shift)
	}
	return sum
}

func (a *assembly) softmaxGradKernel(ds, p []float32, mean float32) {
	p = p[:len(ds)]
	for i := 0; i < len(ds); i += block {
		a.softmaxGrad(&ds[i], &p[i], min(block, len(ds)-i), mean)
	}
}

// rotation wraps one of the two turns. A head is short: no need to cut it.
func rotation(f func(dst, src, turn *float32, n int)) func(dst, src, turn []float32) {
	return func(dst, src, turn []float32) {
		n := len(dst) / 2
		if n == 0 {
			return
		}
		src, turn = src[:2*n], turn[:2*n]
		f(&dst[0], &src[0], &turn[0], n)
	}
}

func (a *assembly) swiGLUGradKernel(da, db, dy, x, b []float32) {
	n := len(da)
	db, dy, x, b = db[:n], dy[:n], x[:n], b[:n]
	for i := 0; i < n; i += block {
		a.swiGLUGrad(&da[i], &db[i], &dy[i], &x[i], &b[i], min(block, n-i))
	}
}
