package tiny

import "math"

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
		for u := t * units / l.threads; u < (t+1)*units/l.threads; u++ {
			l.attendSpan(&l.spans[u/kv], u%kv, l.scores[t])
		}
	}
}

func (l *lane) attentionWork() (work int) {
	for _, p := range l.spans {
		work += (p.end - p.start) * (p.shared + p.own)
	}
	return 2 * work * l.w.shape.Heads * l.w.shape.HeadDim
}

// attendSpan is softmax(q K / sqrt(dh)) V of one head of keys, all queries of the span and of that head at once. Sums over shared keys
// come first, then those over own keys: the order depends on the two counts alone, not on who else is in the span.
func (l *lane) attendSpan(p *span, head int, scores []float32) {
	s := l.w.shape
	dh, rep := s.HeadDim, s.Heads/s.KVHeads
	m, n := (p.end-p.start)*rep, p.shared+p.own
	from := (head*len(l.places) + p.start) * rep * dh
	q, y := l.q[from:from+m*dh], l.heed[from:from+m*dh]
	scale := float32(1 / math.Sqrt(float64(dh)))
	l.k.Gemm(false, false, m, p.shared, dh, scale, q, dh, p.past.keys(l.layer, head), p.past.room, 0, scores, n)
	if p.own == 0 {
		l.causal(scores, p, rep)
	} else {
		for i := range p.end - p.start {
			own := l.places[p.start+i].cache
			l.k.Gemm(false, false, rep, p.own, dh, scale, q[i*rep*dh:], dh, own.keys(l.layer, head), own.room, 0, scores[i*rep*n+p.shared:], n)
		}
		l.k.Softmax(scores, scores, m, n)
	}
	l.k.Gemm(false, false, m, dh, p.shared, 1, scores, n, p.past.values(l.layer, head), dh, 0, y, dh)
	if p.own == 0 {
		return
	}
	for i := range p.end - p.start {
		own := l.places[p.start+i].cache
		l.k.Gemm(false, false, rep, dh, p.own, 1, scores[i*rep*n+p.shared:], n, own.values(l.layer, head), dh, 1, y[i*rep*dh:], dh)
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
