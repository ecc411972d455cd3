package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	peakTime  = 150 * time.Millisecond // the fastest of many short stretches counts, so that this suffices
	shapeTime = 60 * time.Millisecond
)

// shape is a matrix product that hot paths ask for.
type shape struct {
	what           string
	m, n, k        int
	transA, transB bool
}

// hotShapes are those of a GRU of 128 with 64 environments and of its minibatches of 16 environments x 128 steps.
func hotShapes() []shape {
	return []shape{
		{"gates, 64 rows", 64, 384, 128, false, false},
		{"gates, 16 rows", 16, 384, 128, false, false},
		{"gates, whole minibatch", 2048, 384, 128, false, false},
		{"gradient by the state", 16, 128, 384, false, true},
		{"gradient by the input", 2048, 128, 384, false, true},
		{"gradient by the weights", 128, 384, 2048, true, false},
		{"square", 512, 512, 512, false, false},
	}
}

// benchKernels measures products in shares of the peak of the same round, and the cells of recurrent layers.
func benchKernels(ctx context.Context, l *benchLab) ([]measure, error) {
	jobs := append(gemmJobs(&l.kernels), cellJobs(&l.kernels)...)
	peak := measure{Name: "matrix peak", Unit: "GFLOP/s", Threads: 1}
	rates, shares := make([]measure, len(jobs)), make([]measure, len(jobs))
	err := l.inRounds(ctx, func(int) error {
		top := num.PeakGFLOPS(l.kernels, peakTime)
		peak.Rounds = append(peak.Rounds, top)
		for i, j := range jobs {
			rate := j.amount * callsPerSecond(shapeTime, j.f) / 1e9
			rates[i].Rounds = append(rates[i].Rounds, rate)
			shares[i].Rounds = append(shares[i].Rounds, rate/top)
		}
		return nil
	})
	out := []measure{peak}
	for i, j := range jobs {
		rates[i].Name, rates[i].Unit, rates[i].Threads = j.name, j.unit, 1
		out = append(out, rates[i])
		if j.share {
			shares[i].Name, shares[i].Unit, shares[i].Threads = j.name+", share of the peak", "share", 1
			out = append(out, shares[i])
		}
	}
	return out, err
}

// kernelJob is one call of a kernel and what it amounts to.
type kernelJob struct {
	name, unit string
	amount     float64 // operations or elements of one call
	share      bool    // its rate can be held against the matrix peak
	f          func()
}

func gemmJobs(k *num.Kernels) (jobs []kernelJob) {
	for _, s := range hotShapes() {
		lda, ldb := s.k, s.n
		if s.transA {
			lda = s.m
		}
		if s.transB {
			ldb = s.k
		}
		a, b, c := noise("a", s.m*s.k), noise("b", s.k*s.n), make([]float32, s.m*s.n)
		jobs = append(jobs, kernelJob{
			name: fmt.Sprintf("%s, %dx%dx%d", s.what, s.m, s.n, s.k), unit: "GFLOP/s", amount: 2 * float64(s.m) * float64(s.n) * float64(s.k), share: true,
			f: func() { k.Gemm(s.transA, s.transB, s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n) },
		})
	}
	return jobs
}

func cellJobs(k *num.Kernels) []kernelJob {
	const h, n = 128, 1 << 14
	src, zh, dzx, dzh := noise("zx", 3*h), noise("zh", 3*h), make([]float32, 3*h), make([]float32, 3*h)
	zx, h0, out, dh0 := make([]float32, 3*h), noise("h0", h), make([]float32, h), make([]float32, h)
	w, g, m, v := noise("w", n), noise("g", n), make([]float32, n), make([]float32, n)
	x, y := noise("x", n), make([]float32, n)
	return []kernelJob{
		{name: "gru cell", unit: "G units/s", amount: h, f: func() { copy(zx, src); k.GRUCell(zx, zh, h0, out) }},
		{name: "gru cell, gradient", unit: "G units/s", amount: h, f: func() { clear(dh0); k.GRUCellGrad(dzx, dzh, dh0, out, zx, zh, h0) }},
		{name: "adam", unit: "G elements/s", amount: n, f: func() { k.Adam(w, g, m, v, 1e-4, 0.9, 0.999, 1e-5, 0, 0.1, 0.001) }},
		{name: "tanh", unit: "G elements/s", amount: n, f: func() { k.Tanh(y, x) }},
	}
}

// noise returns n standard normal numbers.
func noise(name string, n int) []float32 {
	s, x := rng.New(0, name), make([]float32, n)
	for i := range x {
		x[i] = float32(s.Normal())
	}
	return x
}

// callsPerSecond calls f for about the duration d and returns the rate over all of it. The clock is read between growing numbers of
// calls, so that reading it costs nothing even for the shortest f.
func callsPerSecond(d time.Duration, f func()) float64 {
	f() // buffers and caches are warm
	calls, step, start := 0, 1, time.Now()
	for {
		for range step {
			f()
		}
		calls += step
		t := time.Since(start)
		if t >= d {
			return float64(calls) / t.Seconds()
		}
		if t < d/8 {
			step *= 2
		}
	}
}

// peakOf measures the matrix peak of that many cores at once, in GFLOP/s.
func peakOf(k num.Kernels, threads int) float64 {
	peaks := make([]float64, threads)
	var all sync.WaitGroup
	for i := range peaks {
		all.Go(func() { peaks[i] = num.PeakGFLOPS(k, peakTime) })
	}
	all.Wait()
	sum := 0.0
	for _, p := range peaks {
		sum += p
	}
	return sum
}
