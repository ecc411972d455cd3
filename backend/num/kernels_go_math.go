package num

import "math"

// The exponential of all families, by Cody and Waite: n = round(x/ln 2), r = x - n ln 2 with ln 2 in two parts, then a polynomial in r
// scaled by 2^n. The coefficients are those of expf in the Cephes library (S. Moshier).
const (
	expHigh = 89            // e^x is beyond the largest float32: infinity
	expLow  = -104          // e^x is below half the smallest subnormal: zero
	log2e   = 1.44269504089 // 1/ln 2
	ln2High = 0.693359375   // ten bits, so that n*ln2High is exact
	ln2Low  = -2.12194440e-4
	expC0   = 1.9875691500e-4
	expC1   = 1.3981999507e-3
	expC2   = 8.3334519073e-3
	expC3   = 4.1665795894e-2
	expC4   = 1.6666665459e-1
	expC5   = 5.0000001201e-1
	tanhTop = 9.5     // tanh is 1 from 9.02 on
	rounder = 1 << 23 // x + 1.5*rounder - 1.5*rounder rounds x to an integer, ties to even
)

// reduce splits x, |x| < 150, into n and e^r - 1 such that e^x = 2^n * (1 + q).
func reduce(x float32) (n int32, q float32) {
	const magic = 1.5 * rounder
	t := float32(float32(x*log2e)+magic) - magic
	r := float32(x - float32(t*ln2High))
	r = float32(r - float32(t*ln2Low))
	p := float32(expC0)
	p = float32(p*r) + expC1
	p = float32(p*r) + expC2
	p = float32(p*r) + expC3
	p = float32(p*r) + expC4
	p = float32(p*r) + expC5
	return int32(t), float32(float32(p*r)*r) + r
}

// pow2 is 2^n for n in [-126, 127].
func pow2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// exp32 is e^x within 2 ulp, subnormal results included.
func exp32(x float32) float32 {
	if x != x {
		return x
	}
	n, q := reduce(min(max(x, expLow), expHigh))
	half := n >> 1
	return float32((1+q)*pow2(half)) * pow2(n-half)
}

// sigmoid32 is 1/(1+e^-x) within 3 ulp.
func sigmoid32(x float32) float32 { return 1 / (1 + exp32(-x)) }

// tanh32 is tanh(x) within 3 ulp: t/(t+2) with t = e^2|x| - 1, which loses nothing near zero, and the sign of x.
func tanh32(x float32) float32 {
	if x != x {
		return x
	}
	const sign = 1 << 31
	bits := math.Float32bits(x)
	a := math.Float32frombits(bits &^ sign)
	if a > tanhTop {
		a = tanhTop
	}
	n, q := reduce(2 * a)
	s := pow2(n)
	t := float32(s*q) + (s - 1)
	return math.Float32frombits(math.Float32bits(t/(t+2)) | bits&sign)
}

func goExp(dst, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		dst[i] = exp32(x)
	}
}

func goTanh(dst, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		dst[i] = tanh32(x)
	}
}

func goSigmoid(dst, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		dst[i] = sigmoid32(x)
	}
}

func goSiLU(dst, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		dst[i] = x / (1 + exp32(-x))
	}
}

func goSiLUGrad(dx, dy, x []float32) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		s := sigmoid32(x[i])
		slope := float32(s * (1 + float32(x[i]*(1-s))))
		dx[i] += float32(dy[i] * slope)
	}
}

func goSoftmax(dst, src []float32, m, n int) {
	checkRows(dst, n, m, n)
	checkRows(src, n, m, n)
	for i := range m {
		d, s := dst[i*n:(i+1)*n], src[i*n:(i+1)*n]
		top := goMax(s)
		for j, x := range s {
			d[j] = exp32(x - top)
		}
		goScale(d, 1/goSum(d))
	}
}

// goLogSumExp adds the exponentials one after the other: it may not write into src, and has nowhere else to keep them.
func goLogSumExp(dst, src []float32, m, n int) {
	checkRows(src, n, m, n)
	dst = dst[:m]
	for i := range dst {
		row := src[i*n : (i+1)*n]
		top, sum := goMax(row), float32(0)
		for _, x := range row {
			sum += exp32(x - top)
		}
		dst[i] = logOfSum(top, sum)
	}
}

// logOfSum is top + ln(sum) for a normal positive sum, rounded once; NaN and infinity go through. The logarithm is 2 atanh((f-1)/(f+1))
// as a series up to the 17th power, f in [sqrt(1/2), sqrt(2)): 1e-14, the same on every platform.
func logOfSum(top, sum float32) float32 {
	if !(sum <= math.MaxFloat32) {
		return top + sum
	}
	f, e := math.Frexp(float64(sum))
	if f < math.Sqrt2/2 {
		f, e = 2*f, e-1
	}
	u := (f - 1) / (f + 1)
	z, s := float64(u*u), 0.0
	for d := 17.0; d >= 1; d -= 2 {
		s = float64(s*z) + 1/d
	}
	return float32(float64(top) + float64(float64(e)*math.Ln2) + float64(2*u*s))
}
