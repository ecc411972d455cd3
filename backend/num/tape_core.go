package num

// Core is what a computation runs on: a kernel family and workers. One goroutine uses it at a time.
//
// The number of workers changes no bit of any result: work is split over rows or columns of results, never over a sum.
type Core struct {
	K Kernels

	workers *Workers
	mul     matmul
	sum     columnSum
}

// matmul is a matrix product under way. It lives in the core so that splitting one allocates nothing.
type matmul struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    float32
	a, b, c        []float32
	lda, ldb, ldc  int
	rows, cols     func(i0, i1 int)
}

// columnSum is a sum of rows under way.
type columnSum struct {
	dst, x []float32
	m, n   int
	part   func(i0, i1 int)
}

// A product is split in blocks of whole micro-tiles, and work of any kind only where it is worth waking a worker, which takes a few
// microseconds.
const (
	blockRows = 12
	blockCols = 32
	smallWork = 1 << 17 // multiply-adds, or elements times sixteen
)

// NewCore returns a core of that family with that many workers, at least one. Close ends the workers.
func NewCore(k Kernels, workers int) *Core {
	c := &Core{K: k, workers: NewWorkers(max(workers, 1))}
	c.mul.rows, c.mul.cols = c.mulRows, c.mulCols
	c.sum.part = c.sumColumns
	return c
}

// Close ends the workers.
func (c *Core) Close() { c.workers.Close() }

// Do splits 0..n over the workers and waits for all. Work says how much there is in multiply-adds; little of it is done at once.
func (c *Core) Do(n, work int, f func(i0, i1 int)) {
	if work < smallWork {
		if n > 0 {
			f(0, n)
		}
		return
	}
	c.workers.Do(n, f)
}

// slots is how many chunks Do may cut, and slot the number of the chunk of 0..n that begins at i0: each may have its own scratch.
func (c *Core) slots() int { return c.workers.Size() }

func (c *Core) slot(i0, n int) int {
	chunks := min(c.slots(), n)
	return (i0*chunks + n - 1) / n
}

// Gemm is Kernels.Gemm, split over the workers by rows or columns of C, whichever gives more blocks. Not to be called inside Do.
func (c *Core) Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, dst []float32, ldc int) {
	if m*n*k < smallWork {
		c.K.Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, dst, ldc)
		return
	}
	p := &c.mul
	p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.beta = transA, transB, m, n, k, alpha, beta
	p.a, p.lda, p.b, p.ldb, p.c, p.ldc = a, lda, b, ldb, dst, ldc
	if blocks := ceil(m, blockRows); blocks >= ceil(n, blockCols) {
		c.workers.Do(blocks, p.rows)
	} else {
		c.workers.Do(ceil(n, blockCols), p.cols)
	}
	p.a, p.b, p.c = nil, nil, nil
}

func (c *Core) mulRows(i0, i1 int) {
	p := &c.mul
	r0, r1 := i0*blockRows, min(i1*blockRows, p.m)
	first := r0 * p.lda
	if p.transA {
		first = r0 // A is stored [k][m]: its rows are the columns that this part of C needs
	}
	a := p.a[first:]
	c.K.Gemm(p.transA, p.transB, r1-r0, p.n, p.k, p.alpha, a, p.lda, p.b, p.ldb, p.beta, p.c[r0*p.ldc:], p.ldc)
}

func (c *Core) mulCols(i0, i1 int) {
	p := &c.mul
	c0, c1 := i0*blockCols, min(i1*blockCols, p.n)
	first := c0
	if p.transB {
		first = c0 * p.ldb
	}
	b := p.b[first:]
	c.K.Gemm(p.transA, p.transB, p.m, c1-c0, p.k, p.alpha, p.a, p.lda, b, p.ldb, p.beta, p.c[c0:], p.ldc)
}

// SumRows adds the m rows of x [m][n] into dst [n], row 0 first, split over columns.
func (c *Core) SumRows(dst, x []float32, m, n int) {
	c.sum.dst, c.sum.x, c.sum.m, c.sum.n = dst, x, m, n
	c.Do(ceil(n, blockCols), m*n*4, c.sum.part)
	c.sum.dst, c.sum.x = nil, nil
}

func (c *Core) sumColumns(i0, i1 int) {
	s := &c.sum
	c0, c1 := i0*blockCols, min(i1*blockCols, s.n)
	c.K.SumRows(s.dst[c0:c1], s.x[c0:], s.n, s.m, c1-c0)
}

func ceil(n, block int) int { return (n + block - 1) / block }

// transpose writes the transpose of src [m][n] into dst [n][m], in square blocks that stay in the first-level cache.
func transpose(dst, src []float32, m, n int) {
	const block = 16
	for i0 := 0; i0 < m; i0 += block {
		i1 := min(i0+block, m)
		for j0 := 0; j0 < n; j0 += block {
			for j := j0; j < min(j0+block, n); j++ {
				row := dst[j*m+i0 : j*m+i1]
				for i := range row {
					row[i] = src[(i0+i)*n+j]
				}
			}
		}
	}
}
