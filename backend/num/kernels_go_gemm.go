package num

import "fmt"

// goTile is the width of the column block whose sums live on the stack: four rows of it stay in the first-level cache.
const goTile = 64

// goGemm walks tiles of four rows and goTile columns. Each element is one running sum over k from zero, then alpha*sum + beta*c.
func goGemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	checkGemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc)
	rs, ks := lda, 1 // element (i, p) of op(A) is a[i*rs + p*ks]
	if transA {
		rs, ks = 1, lda
	}
	var sum [4][goTile]float32
	for i := 0; i < m; i += 4 {
		// A tile that sticks out repeats the last row; what it computes there is dropped.
		r0, r1, r2, r3 := i*rs, min(i+1, m-1)*rs, min(i+2, m-1)*rs, min(i+3, m-1)*rs
		for j := 0; j < n; j += goTile {
			width := min(goTile, n-j)
			sum = [4][goTile]float32{}
			if transB {
				goTileDots(&sum, width, k, a, r0, r1, r2, r3, ks, b[j*ldb:], ldb)
			} else {
				goTileRows(&sum, width, k, a, r0, r1, r2, r3, ks, b, j, ldb)
			}
			for r := range min(4, m-i) {
				goTileStore(c[(i+r)*ldc+j:(i+r)*ldc+j+width], &sum[r], alpha, beta)
			}
		}
	}
}

// goTileRows adds, for each p, four multiples of a row of B.
func goTileRows(sum *[4][goTile]float32, width, k int, a []float32, r0, r1, r2, r3, ks int, b []float32, j, ldb int) {
	s0, s1, s2, s3 := sum[0][:width], sum[1][:width], sum[2][:width], sum[3][:width]
	for p := range k {
		a0, a1, a2, a3 := a[r0+p*ks], a[r1+p*ks], a[r2+p*ks], a[r3+p*ks]
		row := b[p*ldb+j : p*ldb+j+width]
		for q, y := range row {
			s0[q] += float32(a0 * y)
			s1[q] += float32(a1 * y)
			s2[q] += float32(a2 * y)
			s3[q] += float32(a3 * y)
		}
	}
}

// goTileDots does the same for a transposed B, whose rows run along k.
func goTileDots(sum *[4][goTile]float32, width, k int, a []float32, r0, r1, r2, r3, ks int, b []float32, ldb int) {
	for q := range width {
		var s0, s1, s2, s3 float32
		for p, y := range b[q*ldb : q*ldb+k] {
			s0 += float32(a[r0+p*ks] * y)
			s1 += float32(a[r1+p*ks] * y)
			s2 += float32(a[r2+p*ks] * y)
			s3 += float32(a[r3+p*ks] * y)
		}
		sum[0][q], sum[1][q], sum[2][q], sum[3][q] = s0, s1, s2, s3
	}
}

func goTileStore(c []float32, sum *[goTile]float32, alpha, beta float32) {
	for q := range c {
		if beta == 0 {
			c[q] = alpha * sum[q]
		} else {
			c[q] = float32(alpha*sum[q]) + float32(beta*c[q])
		}
	}
}

func goRowProducts(batch, n, k int, alpha float32, a []float32, as int, b []float32, bs, ldb int, beta float32, c []float32, cs int) {
	checkRowProducts(batch, n, k, a, as, b, bs, ldb, c, cs)
	if n == 0 {
		return
	}
	for i := range batch {
		goGemm(false, false, 1, n, k, alpha, a[min(i*as, len(a)):], k, b[min(i*bs, len(b)):], ldb, beta, c[i*cs:], n)
	}
}

// checkRowProducts panics when a slice is too short.
func checkRowProducts(batch, n, k int, a []float32, as int, b []float32, bs, ldb int, c []float32, cs int) {
	if batch < 0 || n < 0 || k < 0 || as < 0 || bs < 0 {
		panic(fmt.Sprintf("num: %d row products of size %d x %d with strides %d and %d", batch, n, k, as, bs))
	}
	if batch == 0 || n == 0 {
		return
	}
	if k > 0 {
		last := batch - 1
		checkMatrix("A", a[min(last*as, len(a)):], k, 1, k)
		checkMatrix("B", b[min(last*bs, len(b)):], ldb, k, n)
	}
	if batch == 1 {
		cs = n // there is no next result
	}
	checkMatrix("C", c, cs, batch, n)
}

// checkGemm panics when a slice is too short for its shape: assembly checks no bounds.
func checkGemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if m < 0 || n < 0 || k < 0 {
		panic(fmt.Sprintf("num: gemm of negative size %d x %d x %d", m, n, k))
	}
	if m == 0 || n == 0 {
		return
	}
	ar, ac, br, bc := m, k, k, n
	if transA {
		ar, ac = k, m
	}
	if transB {
		br, bc = n, k
	}
	if k > 0 {
		checkMatrix("A", a, lda, ar, ac)
		checkMatrix("B", b, ldb, br, bc)
	}
	checkMatrix("C", c, ldc, m, n)
}

func checkRows(x []float32, ld, m, n int) {
	if m > 0 && n > 0 {
		checkMatrix("x", x, ld, m, n)
	}
}

// checkMatrix wants rows x cols, both at least 1, with row stride ld to lie inside x.
func checkMatrix(name string, x []float32, ld, rows, cols int) {
	if ld < cols || len(x) < (rows-1)*ld+cols {
		panic(fmt.Sprintf("num: matrix %s of %d x %d with row stride %d does not fit %d elements", name, rows, cols, ld, len(x)))
	}
}
