//go:build amd64

package num

// gemmer drives the tiles of one family over a matrix product: k in steps of depth, rows in steps of high, columns in strips.
type gemmer struct {
	width int                      // columns of a strip
	slim  int                      // columns of a strip of few rows
	tall  int                      // rows of a tile
	lanes int                      // side of the blocks that transpose turns
	panel func(s *strip)           // multiplies a strip, m >= 1, k >= 1
	pack  func(s *strip)           // multiplies its first tile, width columns, and copies b to packed
	masks bool                     // strips may be narrower
	turn  func(s *strip, j, n int) // writes n blocks of lanes x lanes of a transposed b to packed, from column j
	// rows does four products of one row and so many columns, at most width; strides count bytes.
	rows  func(k int, a *float32, as int, b *float32, bs, ldb int, c *float32, cs int, alpha, beta float32, fresh bool, columns int)
	spare chan *strip // bounded; when empty a strip is made, when full one is dropped
}

const (
	depth = 256 // steps of k summed in registers: a packed strip of 32 columns is then 32 KiB. It fixes the order of sums.
	high  = 240 // rows of A that stay in the second-level cache, 240 KiB; a multiple of both tile heights
)

// strip is one piece of work, c = alpha*a*b + beta*c, with the buffers it may need. Strides count elements: (i, p) of a lies at
// i*rs + p*ks, row p of b at p*ldb, row i of c at i*ldc. fresh says that c is not read.
type strip struct {
	m, columns, k int
	a, b, c       []float32
	rs, ks        int
	ldb, ldc      int
	alpha, beta   float32
	fresh         bool

	packed [depth * 32]float32 // rows of width columns without gaps
	narrow [high * 16]float32  // of c, where a family has no masks
}

func (g *gemmer) take() *strip {
	select {
	case s := <-g.spare:
		return s
	default:
		return new(strip)
	}
}

func (g *gemmer) giveBack(s *strip) {
	s.a, s.b, s.c = nil, nil, nil
	select {
	case g.spare <- s:
	default:
	}
}

func (g *gemmer) gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	checkGemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		scaleRows(c, ldc, m, n, beta)
		return
	}
	width := g.width
	if m <= g.tall/2 && !transB {
		width = g.slim // keeps as many sums in flight as a tall tile does
	}
	s := g.take()
	s.alpha = alpha
	for p := 0; p < k; p += depth {
		s.k, s.beta, s.fresh = min(depth, k-p), beta, beta == 0
		if p > 0 {
			s.beta, s.fresh = 1, false
		}
		for i := 0; i < m; i += high {
			for j := 0; j < n; j += width {
				s.m, s.columns = min(high, m-i), min(width, n-j)
				s.c, s.ldc = c[i*ldc+j:], ldc
				if transA {
					s.a, s.rs, s.ks = a[p*lda+i:], 1, lda
				} else {
					s.a, s.rs, s.ks = a[i*lda+p:], lda, 1
				}
				if transB {
					s.b, s.ldb = b[j*ldb+p:], ldb
					g.transposed(s)
				} else {
					s.b, s.ldb = b[p*ldb+j:], ldb
					g.straight(s)
				}
			}
		}
	}
	g.giveBack(s)
}

// straight multiplies by rows of b as they lie. When several tiles will read them, the first one packs them on the way, because rows a
// power of two apart push each other out of the first-level cache.
func (g *gemmer) straight(s *strip) {
	if s.m >= 2*g.tall && s.columns == g.width {
		g.pack(s)
		s.b, s.ldb = s.packed[:], g.width
		s.m -= g.tall
		s.a, s.c = s.a[g.tall*s.rs:], s.c[g.tall*s.ldc:]
	}
	g.panel(s)
}

// transposed packs the strip of a b whose rows run along k, then multiplies. What does not fill a block is copied one by one.
func (g *gemmer) transposed(s *strip) {
	b, n := s.b, s.k/g.lanes
	for j := 0; j < s.columns; j += g.lanes {
		done := 0
		if s.b = b[j*s.ldb:]; n > 0 && s.columns-j >= g.lanes {
			g.turn(s, j, n)
			done = n * g.lanes
		}
		for q := j; q < min(j+g.lanes, s.columns); q++ {
			for p, x := range b[q*s.ldb+done : q*s.ldb+s.k] {
				s.packed[(done+p)*g.width+q] = x
			}
		}
	}
	s.b, s.ldb = s.packed[:], g.width
	g.panel(s)
}

// rowProducts runs as many products side by side as the assembly takes, in strips as wide as it has; the rest is left to gemm.
func (g *gemmer) rowProducts(batch, n, k int, alpha float32, a []float32, as int, b []float32, bs, ldb int, beta float32, c []float32, cs int) {
	checkRowProducts(batch, n, k, a, as, b, bs, ldb, c, cs)
	if n == 0 {
		return
	}
	done, columns := batch&^3, n
	if !g.masks {
		columns = n / g.width * g.width
	}
	if k == 0 {
		done = 0
	}
	for i := 0; i < done; i += 4 {
		for p := 0; p < k; p += depth {
			steps, fresh := min(depth, k-p), beta == 0 && p == 0
			kept := beta
			if p > 0 {
				kept = 1
			}
			for j := 0; j < columns; j += g.width {
				g.rows(steps, &a[i*as+p], 4*as, &b[i*bs+p*ldb+j], 4*bs, 4*ldb, &c[i*cs+j], 4*cs, alpha, kept, fresh, min(g.width, n-j))
			}
		}
		for r := i; r < i+4 && columns < n; r++ {
			g.gemm(false, false, 1, n-columns, k, alpha, a[r*as:], k, b[r*bs+columns:], ldb, beta, c[r*cs+columns:], n-columns)
		}
	}
	for i := done; i < batch; i++ {
		g.gemm(false, false, 1, n, k, alpha, a[min(i*as, len(a)):], k, b[min(i*bs, len(b)):], ldb, beta, c[i*cs:], n)
	}
}

// scaleRows is the product over an empty k.
func scaleRows(c []float32, ldc, m, n int, beta float32) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

func avx512Gemmer() *gemmer {
	return &gemmer{
		width: 32, slim: 64, tall: 12, lanes: 16, masks: true, panel: panelMasked, spare: make(chan *strip, 64),
		pack: func(s *strip) {
			pack32AVX512(s.k, &s.a[0], 4*s.rs, 4*s.ks, &s.b[0], 4*s.ldb, &s.c[0], 4*s.ldc, s.alpha, s.beta, s.fresh, 1<<32-1, &s.packed[0])
		},
		rows: func(k int, a *float32, as int, b *float32, bs, ldb int, c *float32, cs int, alpha, beta float32, fresh bool, columns int) {
			rowProductsAVX512(k, a, as, b, bs, ldb, c, cs, alpha, beta, fresh, uint64(1)<<columns-1)
		},
		turn: func(s *strip, j, n int) { transposeAVX512(&s.packed[j], 4*32, &s.b[0], 4*s.ldb, n) },
	}
}

// panelMasked picks the narrowest tiles that hold the columns; a mask keeps them inside.
func panelMasked(s *strip) {
	mask := uint64(1)<<s.columns - 1
	a, rs, ks, b, ldb, c, ldc := &s.a[0], 4*s.rs, 4*s.ks, &s.b[0], 4*s.ldb, &s.c[0], 4*s.ldc
	switch {
	case s.columns > 32:
		panel64AVX512(s.m, s.k, a, rs, ks, b, ldb, c, ldc, s.alpha, s.beta, s.fresh, mask)
	case s.columns > 16:
		panel32AVX512(s.m, s.k, a, rs, ks, b, ldb, c, ldc, s.alpha, s.beta, s.fresh, mask)
	default:
		panel16AVX512(s.m, s.k, a, rs, ks, b, ldb, c, ldc, s.alpha, s.beta, s.fresh, mask)
	}
}

func avx2Gemmer() *gemmer {
	return &gemmer{
		width: 16, slim: 16, tall: 6, lanes: 8, panel: panelPadded, spare: make(chan *strip, 64),
		pack: func(s *strip) {
			pack16AVX2(s.k, &s.a[0], 4*s.rs, 4*s.ks, &s.b[0], 4*s.ldb, &s.c[0], 4*s.ldc, s.alpha, s.beta, s.fresh, &s.packed[0])
		},
		rows: func(k int, a *float32, as int, b *float32, bs, ldb int, c *float32, cs int, alpha, beta float32, fresh bool, _ int) {
			rowProductsAVX2(k, a, as, b, bs, ldb, c, cs, alpha, beta, fresh)
		},
		turn: func(s *strip, j, n int) { transposeAVX2(&s.packed[j], 4*16, &s.b[0], 4*s.ldb, n) },
	}
}

// panelPadded multiplies 16 columns; a narrower strip does so in copies of b and c with zeros beside it, element by element the same.
func panelPadded(s *strip) {
	if s.columns == 16 {
		panel16AVX2(s.m, s.k, &s.a[0], 4*s.rs, 4*s.ks, &s.b[0], 4*s.ldb, &s.c[0], 4*s.ldc, s.alpha, s.beta, s.fresh)
		return
	}
	for p := range s.k { // in place when b is packed already
		row := s.packed[p*16 : p*16+16]
		copy(row, s.b[p*s.ldb:p*s.ldb+s.columns])
		clear(row[s.columns:])
	}
	if !s.fresh {
		for i := range s.m {
			copy(s.narrow[i*16:], s.c[i*s.ldc:i*s.ldc+s.columns])
		}
	}
	panel16AVX2(s.m, s.k, &s.a[0], 4*s.rs, 4*s.ks, &s.packed[0], 64, &s.narrow[0], 64, s.alpha, s.beta, s.fresh)
	for i := range s.m {
		copy(s.c[i*s.ldc:i*s.ldc+s.columns], s.narrow[i*16:])
	}
}
