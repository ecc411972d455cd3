package num

func goExpShift(dst, src []float32, shift float32) float32 {
	src = src[:len(dst)]
	sum := float32(0)
	for i, x := range src {
		dst[i] = exp32(x - shift)
		sum += dst[i]
	}
	return sum
}

func goSoftmaxGrad(ds, p []float32, mean float32) {
	p = p[:len(ds)]
	for i := range ds {
		ds[i] = p[i] * (ds[i] - mean)
	}
}

func goRotate(dst, src, turn []float32) {
	n := len(dst) / 2
	src, turn = src[:2*n], turn[:2*n]
	for i := range n {
		a, b, cos, sin := src[i], src[n+i], turn[i], turn[n+i]
		dst[i], dst[n+i] = float32(a*cos)-float32(b*sin), float32(b*cos)+float32(a*sin)
	}
}

func goRotateBack(dst, src, turn []float32) {
	n := len(dst) / 2
	src, turn = src[:2*n], turn[:2*n]
	for i := range n {
		a, b, cos, sin := src[i], src[n+i], turn[i], turn[n+i]
		dst[i], dst[n+i] = float32(a*cos)+float32(b*sin), float32(b*cos)-float32(a*sin)
	}
}

func goSwiGLU(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, x := range a {
		dst[i] = x / (1 + exp32(-x)) * b[i]
	}
}

func goSwiGLUGrad(da, db, dy, a, b []float32) {
	db, dy, a, b = db[:len(da)], dy[:len(da)], a[:len(da)], b[:len(da)]
	for i, x := range a {
		s, d := sigmoid32(x), dy[i]
		slope := float32(s * (1 + float32(x*(1-s))))
		da[i], db[i] = d*b[i]*slope, d*float32(x*s)
	}
}
