package tiny

import (
	"github.com/loci-lab/loci/backend/num"
)

// lane carries rows of tokens through the layers. One lane may use all workers inside each product (many rows of prompts, or weights
// that exceed the caches), or several lanes run beside each other with rows of their own: every kernel computes a row in the same way
// whatever the rows beside it are, so both give the same bits.
type lane struct {
	w       *weights
	k       *num.Kernels
	mul     func(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
	do      func(n, work int, f func(i0, i1 int))
	threads int // that do may use

	places []place // [N] the rows
	spans  []span  // of rows, in order; together they are all rows
	layer  int     // under way

	x, a []float32 // [N][D] the stream; its norm
	qkv  []float32 // [N][(H+2KV) dh]
	q    []float32 // [KV][N][H/KV][dh] rotated queries
	heed []float32 // [KV][N][H/KV][dh] what attention gives
	join []float32 // [N][H dh] the same, row by row
	f    []float32 // [N][2F]
	g    []float32 // [N][F]

	scores  [][]float32 // [threads] working memory of attention
	logits  []float32   // [rows][V]
	total   []float32   // [rows] logarithm of the sum of e^logits
	choices []chooser   // [threads]
	draws   []draw

	rows []*row // that the lane decodes
	err  error  // that ended it

	normRows, rotateRows, attendUnits, joinRows, gateRows, sumRows, drawRows func(i0, i1 int) // bound once, so that a step allocates nothing
	gain                                                                     []float32        // of the norm under way
}

// place is one row: a token, where it stands in its sequence, and where its key and value go.
type place struct {
	token    int32
	position int
	cache    *cache
	at       int // in the cache
}

// newLane returns a lane of one worker, or one that shares its work among that many.
func newLane(w *weights, core *num.Core, threads int) *lane {
	l := &lane{w: w, k: &core.K, mul: core.Gemm, do: core.Do, threads: threads}
	if threads == 1 {
		if own, err := num.Family(core.K.Name); err == nil {
			l.k = &own // the same kernels with working memory of their own, for which lanes need not queue
		}
		l.mul, l.do = l.k.Gemm, alone
	}
	l.scores, l.choices = make([][]float32, threads), make([]chooser, threads)
	l.normRows, l.rotateRows, l.attendUnits = l.norm, l.rotate, l.attend
	l.joinRows, l.gateRows, l.sumRows, l.drawRows = l.joinHeads, l.gate, l.sum, l.chooseRows
	return l
}

// alone is Core.Do of one worker.
func alone(n, _ int, f func(i0, i1 int)) {
	if n > 0 {
		f(0, n)
	}
}

// sized returns a slice of n numbers, the old one where it is long enough, with whatever was in it.
func sized(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n, n+n/4)
	}
	return x[:n]
}

// fit makes the buffers large enough for the rows in places.
func (l *lane) fit() {
	s, n := l.w.shape, len(l.places)
	wide := s.Heads * s.HeadDim
	l.x, l.a = sized(l.x, n*s.Width), sized(l.a, n*s.Width)
	l.qkv = sized(l.qkv, n*(wide+2*s.KVHeads*s.HeadDim))
	l.q, l.heed, l.join = sized(l.q, n*wide), sized(l.heed, n*wide), sized(l.join, n*wide)
	l.f, l.g = sized(l.f, n*2*s.Inner), sized(l.g, n*s.Inner)
	most := 0
	for _, p := range l.spans {
		heads := 1 // of keys, whose scores are there at once
		if p.own > 0 {
			heads = s.KVHeads
		}
		most = max(most, heads*(p.end-p.start)*(p.shared+p.own))
	}
	for i := range l.scores {
		l.scores[i] = sized(l.scores[i], most*s.Heads/s.KVHeads)
	}
}

// forward carries the rows through all layers: x then holds the stream in front of the last norm, and the caches hold their keys and
// values. Sums into the stream are done by the products.
func (l *lane) forward() {
	l.fit()
	s, n := l.w.shape, len(l.places)
	d, wide := s.Width, s.Heads*s.HeadDim
	all := wide + 2*s.KVHeads*s.HeadDim
	for i, p := range l.places {
		copy(l.x[i*d:(i+1)*d], l.w.embed[int(p.token)*d:])
	}
	for i := range l.w.layers {
		y := &l.w.layers[i]
		l.layer = i
		l.normalise(y.norm1)
		l.mul(false, false, n, all, d, 1, l.a, d, y.qkv, all, 0, l.qkv, all)
		l.do(n, n*all*16, l.rotateRows)
		l.do(l.threads, l.attentionWork(), l.attendUnits)
		l.do(n, n*wide, l.joinRows)
		l.mul(false, false, n, d, wide, 1, l.join, wide, y.out, d, 1, l.x, d)
		l.normalise(y.norm2)
		l.mul(false, false, n, 2*s.Inner, d, 1, l.a, d, y.gateUp, 2*s.Inner, 0, l.f, 2*s.Inner)
		l.do(n, n*s.Inner*32, l.gateRows)
		l.mul(false, false, n, d, s.Inner, 1, l.g, s.Inner, y.down, d, 1, l.x, d)
	}
}

// normalise writes the RMS norm of the stream into a.
func (l *lane) normalise(gain []float32) {
	l.gain = gain
	l.do(len(l.places), len(l.x)*8, l.normRows)
}

func (l *lane) norm(i0, i1 int) {
	d := l.w.shape.Width
	for i := i0; i < i1; i++ {
		rmsNorm(l.k, l.a[i*d:(i+1)*d], l.x[i*d:(i+1)*d], l.gain, l.w.shape.Eps)
	}
}

// rmsNorm writes gain * src / sqrt(mean(src^2) + eps) (arXiv 1910.07467v1, eq. 4). dst may be src.
func rmsNorm(k *num.Kernels, dst, src, gain []float32, eps float64) {
	num.RMSRow(k, dst, src, eps)
	k.Mul(dst, dst, gain)
}

func (l *lane) gate(i0, i1 int) {
	n := l.w.shape.Inner
	for i := i0; i < i1; i++ {
		f := l.f[i*2*n : (i+1)*2*n]
		l.k.SwiGLU(l.g[i*n:(i+1)*n], f[:n], f[n:])
	}
}

// readout writes the logits of rows of hidden [n][D] (after the last norm) and the logarithms of the sums of their exponentials.
func (l *lane) readout(hidden []float32, n int) {
	v, d := l.w.shape.Vocab, l.w.shape.Width
	l.logits, l.total = sized(l.logits, n*v), sized(l.total, n)
	ld := v
	if l.w.headRows {
		ld = d
	}
	l.mul(false, l.w.headRows, n, v, d, 1, hidden, d, l.w.head, ld, 0, l.logits, v)
	l.do(n, n*v*16, l.sumRows)
}

func (l *lane) sum(i0, i1 int) {
	v := l.w.shape.Vocab
	l.k.LogSumExp(l.total[i0:i1], l.logits[i0*v:i1*v], i1-i0, v)
}
