package seq

import (
	"fmt"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Rule is how a pair of key and value is written into fast weights.
type Rule string

// The rules.
const (
	Sum   Rule = "sum"   // the pair is added: linear attention
	Delta Rule = "delta" // what the key recalls so far is replaced, by a learned share
)

// FastWeights is attention whose softmax became a product of features, so that the past fits into a matrix W, for each head:
//
//	k, v, q = W_k x, W_v x, W_q x        a = phi(k), p = phi(q)
//	sum    W_t = W_{t-1} + a v^T    z_t = z_{t-1} + a    y = (p^T W_t) / (p^T z_t)             (arXiv 2006.16236v3, sec. 3.4, eq. 16 to 20)
//	delta  W_t = W_{t-1} + beta a (v - W_{t-1}^T a)^T    y = p^T W_t    beta = sigmoid(w x + c)   (arXiv 2102.11174v3, sec. 4.2)
//
// Under delta a and p are divided by the sum of their features (the same section), so that a recalled value is a weighted mean, and no z is
// needed. x, y [D]; k, q, v [D/Heads]; phi is a Map with F features. It carries W, F D numbers, and under sum z [Heads][F].
type FastWeights struct {
	lin   *nn.Linear // D -> 3D: keys, queries, values, each [Heads][D/Heads]; under delta [Heads] more: beta
	heads int
	rule  Rule
	phi   Map
}

// NewFastWeights returns so many blocks of width d, a multiple of the heads, around fast weights. With a period the sinusoids of
// Positions are added to the input: what is added up has no order of its own.
func NewFastWeights(s *rng.Stream, name string, d, heads, blocks int, rule Rule, phi Map, period float64) *Stack {
	if d%heads != 0 || rule != Sum && rule != Delta || phi != ELU && phi != DPFP {
		panic(fmt.Sprintf("seq: fast weights %q of width %d with %d heads, rule %q and map %q: want heads that divide the width, sum or delta, elu or dpfp", name, d, heads, rule, phi))
	}
	var ls []Level
	if period > 0 {
		ls = append(ls, positions(d, period))
	}
	for i := range blocks {
		b := name + "." + strconv.Itoa(i)
		wide := 3 * d
		if rule == Delta {
			wide += heads
		}
		l := FastWeights{nn.NewLinear(s, b+".qkv", d, wide, num.None, 1), heads, rule, phi}
		for at := 0; at < 3*d; at += d {
			nn.Orthogonal(s, l.lin.W, at, at+d, 1)
		}
		ls = append(ls, block(s, b, d, l, num.None))
	}
	return stack(ls...)
}

// head gives the widths of one head: keys, queries and values [e], features [f], the numbers carried, and those of a step that the
// gradient needs: features of key and query, what was written [e], and their sums, the share and the divisor.
func (l FastWeights) head() (e, f, state, kept int) {
	e = l.lin.In() / l.heads
	f = l.phi.features(e)
	state = f * e
	if l.rule == Sum {
		state += f
	}
	return e, f, state, 2*f + e + 4
}

func (l FastWeights) extent() extent {
	_, _, state, kept := l.head()
	return extent{in: l.lin.In(), out: l.lin.In(), state: l.heads * state, scratch: l.lin.Out() + l.heads*kept}
}

func (l FastWeights) params() []*num.Tensor { return l.lin.Params() }

// moment is one head of one environment at one step.
type moment struct {
	k, q, v, y []float32 // [e]
	beta       []float32 // [1] before its sigmoid; empty under sum
	a, p       []float32 // [f] features of key and query
	wrote      []float32 // [e] delta: v minus what was recalled
	sums       []float32 // [4] of the features of k and q, the share, the divisor
}

// moment divides a row of the projections and one of what is kept.
func (l FastWeights) moment(h int, pre, y, kept []float32) (m moment) {
	d := l.lin.In()
	e, f, _, n := l.head()
	at := h * e
	m.k, m.q, m.v, m.y = pre[at:at+e], pre[d+at:d+at+e], pre[2*d+at:2*d+at+e], y[at:at+e]
	if l.rule == Delta {
		m.beta = pre[3*d+h : 3*d+h+1]
	}
	row := kept[h*n : (h+1)*n]
	m.a, m.p, m.wrote, m.sums = row[:f], row[f:2*f], row[2*f:2*f+e], row[2*f+e:]
	return m
}

// take turns the numbers carried before into those after, in place, and writes y.
func (l FastWeights) take(k *num.Kernels, m moment, state []float32) {
	e, f := len(m.v), len(m.a)
	w := state[:f*e]
	l.phi.apply(k, m.a, m.k)
	l.phi.apply(k, m.p, m.q)
	if l.rule == Sum {
		z := state[f*e : f*e+f]
		outer(k, w, 1, m.a, m.v)
		k.Add(z, z, m.a)
		m.sums[3] = k.Dot(m.p, z) + tiny
		lookUp(k, m.y, m.p, w)
		k.Scale(m.y, 1/m.sums[3])
		return
	}
	m.sums[0], m.sums[1], m.sums[2] = normalise(k, m.a), normalise(k, m.p), sigmoid(m.beta[0])
	lookUp(k, m.wrote, m.a, w)
	for i, v := range m.v {
		m.wrote[i] = v - m.wrote[i]
	}
	outer(k, w, m.sums[2], m.a, m.wrote)
	lookUp(k, m.y, m.p, w)
}

// outer adds share a b^T to w [len(a)][len(b)].
func outer(k *num.Kernels, w []float32, share float32, a, b []float32) {
	k.Gemm(true, false, len(a), len(b), 1, share, a, len(a), b, len(b), 1, w, len(b))
}

// lookUp writes a^T w.
func lookUp(k *num.Kernels, y, a, w []float32) {
	k.Gemm(false, false, 1, len(y), len(a), 1, a, len(a), w, len(y), 0, y, len(y))
}

// weigh writes w b, or with beta 1 adds it.
func weigh(k *num.Kernels, y, w, b []float32, beta float32) {
	k.Gemm(false, true, 1, len(y), len(b), 1, b, len(b), w, len(b), beta, y, len(y))
}

func (l FastWeights) step(k *num.Kernels, r rows) {
	_, _, n, _ := l.head()
	wide := l.lin.Out()
	l.lin.Apply(k, r.x, r.ldx, r.scratch, r.ldw, r.n)
	for b := range r.n {
		pre, y, kept, state := r.scratch[b*r.ldw:b*r.ldw+wide], r.out[b*r.ldo:], r.scratch[b*r.ldw+wide:], r.state[b*r.lds:]
		for h := range l.heads {
			l.take(k, l.moment(h, pre, y, kept), state[h*n:(h+1)*n])
		}
	}
}
