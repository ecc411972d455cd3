package tiny

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// span is a run of rows that see the same keys: those of a shared cache, and each row those of its own cache beside them.
type span struct {
	start, end int    // rows
	past       *cache // shared
	shared     int    // keys of past that the last row sees
	own        int    // keys of the rows' own caches that each row sees; 0 in a prompt, where each row sees one shared key more than the one before
}

// A span is cut so that its scores stay in the first-level caches and there are pieces for all workers.
const (
	promptSpan = 32 // rows
	decodeSpan = 16
)

// rotate turns queries and keys by their positions, after their norms where the model has some, and files keys and values in the caches.
func (l *lane) rotate(i0, i1 int) {
	s, y := l.w.shape, &l.w.layers[l.layer]
	dh, rep, n := s.HeadDim, s.Heads/s.KVHeads, len(l.places)
	all := (s.Heads + 2*s.KVHeads) * dh
	for i := i0; i < i1; i++ {
		p, row := &l.places[i], l.qkv[i*all:(i+1)*all]
		turn := l.w.turns[p.position*dh : (p.position+1)*dh]
		for h := range s.Heads {
			q := row[h*dh : (h+1)*dh]
			if y.queryNorm != nil {
				rmsNorm(l.k, q, q, y.queryNorm, s.Eps)
			}
			at := (((h/rep)*n+i)*rep + h%rep) * dh
			l.k.Rotate(l.q[at:at+dh], q, turn)
		}
		for h := range s.KVHeads {
			key := row[(s.Heads+h)*dh : (s.Heads+h+1)*dh]
			if y.keyNorm != nil {
				rmsNorm(l.k, key, key, y.keyNorm, s.Eps)
			}
			l.k.Rotate(key, key, turn)
			p.cache.put(l.layer, h, p.at, key, row[(s.Heads+s.KVHeads+h)*dh:(s.Heads+s.KVHeads+h+1)*dh])
		}
	}
}

// attend does the share of workers i0..i1 of all spans and heads of keys.
func (l *lane) attend(i0, i1 int) {
	kv := l.w.shape.KVHeads
	units := len(l.spans) * kv
	for t := i0; t < i1; t++ {
		end := (t + 1) * units / l.threads
		for u := t * units / l.threads; u < end; {
			p, h0 := &l.spans[u/kv], u%kv
			h1 := min(kv, h0+end-u)
			if p.own == 0 {
				l.attendPrompt(p, h0, h1, l.scores[t])
			} else {
				l.attendSpan(p, h0, h1, l.scores[t])
			}
			u += h1 - h0
		}
	}
}

func (l *lane) attentionWork() (work int) {
	for _, p := range l.spans {
		work += (p.end - p.start) * (p.shared + p.own)
	}
	return 2 * work * l.w.shape.Heads * l.w.shape.HeadDim
}

// scale is the factor of the scores.
func (l *lane) scale() float32 { return float32(1 / math.Sqrt(float64(l.w.shape.HeadDim))) }

// attendPrompt is softmax(q K / sqrt(dh)) V of rows of a prompt and heads h0..h1 of keys, all queries of a head at once.
func (l *lane) attendPrompt(p *span, h0, h1 int, scores []float32) {
	s := l.w.shape
	rep, m := s.Heads/s.KVHeads, (p.end-p.start)*(s.Heads/s.KVHeads)
	for h := h0; h < h1; h++ {
		from := (h*len(l.places) + p.start) * rep * s.HeadDim
		b := attention{layer: l.layer, head: h, heads: 1, width: p.shared}
		b.score(l.k, p.past, m, p.shared, l.scale(), l.q[from:], scores)
		l.causal(scores, p, rep)
		b.weigh(l.k, p.past, m, p.shared, 0, scores, l.heed[from:])
	}
}

// attendSpan is softmax(q K / sqrt(dh)) V of rows that are decoded and heads h0..h1 of keys. Sums over shared keys come first, then
// those over own keys: the order depends on the two counts alone, not on who else is in the span.
func (l *lane) attendSpan(p *span, h0, h1 int, scores []float32) {
	s := l.w.shape
	dh, rep, n := s.HeadDim, s.Heads/s.KVHeads, p.shared+p.own
	m, apart := (p.end-p.start)*rep, len(l.places)*rep*dh
	q, y := l.q[h0*apart+p.start*rep*dh:], l.heed[h0*apart+p.start*rep*dh:]
	b := attention{layer: l.layer, head: h0, heads: h1 - h0, width: n, apart: apart, scores: m * n}
	b.score(l.k, p.past, m, p.shared, l.scale(), q, scores)
	for i := range p.end - p.start {
		b.score(l.k, l.places[p.start+i].cache, rep, p.own, l.scale(), q[i*rep*dh:], scores[i*rep*n+p.shared:])
	}
	l.k.Softmax(scores, scores, b.heads*m, n)
	b.weigh(l.k, p.past, m, p.shared, 0, scores, y)
	for i := range p.end - p.start {
		b.weigh(l.k, l.places[p.start+i].cache, rep, p.own, 1, scores[i*rep*n+p.shared:], y[i*rep*dh:])
	}
}

// attention says which heads are under way and how the scores and the queries of a span lie. A single row goes through all heads at
// once, several through each head together: both give the same bits.
type attention struct {
	layer, head, heads int
	width              int // of a row of scores
	scores, apart      int // numbers from one head to the next, of scores and of queries
}

// score writes the products of the first keys of a cache and some queries, times scale.
func (a *attention) score(k *num.Kernels, c *cache, rows, keys int, scale float32, q, dst []float32) {
	for j := 0; j < keys; j += keyBlock {
		n := min(keyBlock, keys-j)
		if rows == 1 {
			k.RowProducts(a.heads, n, c.dh, scale, q, a.apart, c.keys(a.layer, a.head, j/keyBlock), c.apart(), keyBlock, 0, dst[j:], a.scores)
			continue
		}
		for h := range a.heads {
			block := c.keys(a.layer, a.head+h, j/keyBlock)
			k.Gemm(false, false, rows, n, c.dh, scale, q[h*a.apart:], c.dh, block, keyBlock, 0, dst[h*a.scores+j:], a.width)
		}
	}
}

// weigh writes the sums of the first values of a cache, weighted by some scores, plus beta times what is there.
func (a *attention) weigh(k *num.Kernels, c *cache, rows, values int, beta float32, scores, dst []float32) {
	if rows == 1 {
		k.RowProducts(a.heads, c.dh, values, 1, scores, a.scores, c.values(a.layer, a.head), c.apart(), c.dh, beta, dst, a.apart)
		return
	}
	for h := range a.heads {
		k.Gemm(false, false, rows, c.dh, values, 1, scores[h*a.scores:], a.width, c.values(a.layer, a.head+h), c.dh, beta, dst[h*a.apart:], c.dh)
	}
}

// causal is the softmax over the keys that each row of a prompt sees; the others get 0.
func (l *lane) causal(scores []float32, p *span, rep int) {
	n := p.shared
	for i := range (p.end - p.start) * rep {
		row, seen := scores[i*n:(i+1)*n], n-(p.end-p.start)+i/rep+1
		l.k.Softmax(row[:seen], row[:seen], 1, seen)
		clear(row[seen:])
	}
}

// joinHeads brings the heads of a row together.
func (l *lane) joinHeads(i0, i1 int) {
	s, n := l.w.shape, len(l.places)
	part := s.Heads / s.KVHeads * s.HeadDim
	for i := i0; i < i1; i++ {
		for h := range s.KVHeads {
			copy(l.join[(i*s.KVHeads+h)*part:(i*s.KVHeads+h+1)*part], l.heed[(h*n+i)*part:])
		}
	}
}
