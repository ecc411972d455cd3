package num

import "time"

// PeakGFLOPS measures the best rate of the matrix product of a family on one core, in 1e9 floating-point operations a second, over about
// the duration d: operands that stay in the second-level cache, sizes that fill every tile. Shares of the matrix peak refer to it.
func PeakGFLOPS(k Kernels, d time.Duration) float64 {
	const m, n, depth = 120, 128, 256
	a, b, c := make([]float32, m*depth), make([]float32, depth*n), make([]float32, m*n)
	for i := range a {
		a[i] = float32(i%7) - 3
	}
	for i := range b {
		b[i] = float32(i%5) - 2
	}
	const perRound = 8 // long enough for the clock, short enough to find an undisturbed round
	best := time.Duration(1<<63 - 1)
	for start := time.Now(); time.Since(start) < d; {
		round := time.Now()
		for range perRound {
			k.Gemm(false, false, m, n, depth, 1, a, depth, b, n, 0, c, n)
		}
		best = min(best, max(time.Since(round), 1))
	}
	return 2 * m * n * depth * perRound / float64(best.Nanoseconds())
}
