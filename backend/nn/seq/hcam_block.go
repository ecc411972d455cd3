package seq

import (
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Recall is hierarchical chunk attention, one block (arXiv 2105.14039v1, sec. 2; equations at recall): first choose which event, then look
// inside it.
//
//	q = W_q x, kappa_i = W_k mean(chunk i): one head, no bias       -> which K chunks, and their weights
//	a_i = multi-head attention of x over the rows of chunk i        -> sum_i w_i a_i
type Recall struct {
	Choose *num.Tensor   // [D][D] W_q
	Key    *num.Tensor   // [D][D] W_k, transposed
	Ask    *nn.Linear    // D -> D, the queries of all heads
	Keys   []*num.Tensor // [D/H][D] for each head, its key matrix transposed; a bias would cancel in the softmax
	Values []*num.Tensor // [D][D/H] for each head
	Out    *nn.Linear    // D -> D

	K      int       // chunks that a query reads
	Codes  []float32 // position inside a chunk, see BackwardCodes; nil for none
	Stop   bool      // no gradient goes into what is stored
	Pooled bool      // the ablation without stage two: of a chunk only its mean is read
}

// NewRecall returns a block of width d. W_q and W_k start with variance 2/D (published module); the rest is orthogonal.
func NewRecall(s *rng.Stream, name string, d, heads, k int) *Recall {
	r := &Recall{Choose: num.NewParam(name+".choose", d, d), Key: num.NewParam(name+".key", d, d), K: k,
		Ask: nn.NewLinear(s, name+".ask", d, d, num.None, 1), Out: nn.NewLinear(s, name+".out", d, d, num.None, 1)}
	for _, w := range []*num.Tensor{r.Choose, r.Key} {
		for i := range w.Data {
			w.Data[i] = float32(s.Normal() * math.Sqrt(2/float64(d)))
		}
	}
	for h := range heads {
		key, value := num.NewParam(name+".key"+strconv.Itoa(h), d/heads, d), num.NewParam(name+".value"+strconv.Itoa(h), d, d/heads)
		nn.Orthogonal(s, key, 0, d, 1)
		nn.Orthogonal(s, value, 0, d/heads, 1)
		r.Keys, r.Values = append(r.Keys, key), append(r.Values, value)
	}
	return r
}

// Params are all parameters.
func (r *Recall) Params() []*num.Tensor {
	ps := append([]*num.Tensor{r.Choose, r.Key}, r.Ask.Params()...)
	ps = append(append(ps, r.Keys...), r.Values...)
	return append(ps, r.Out.Params()...)
}

// Width is D.
func (r *Recall) Width() int { return r.Key.Last() }

func (r *Recall) reading() reading {
	return reading{width: r.Width(), heads: len(r.Keys), k: r.K, size: r.Choose.Last(), codes: r.Codes, pooled: r.Pooled}
}

// Forward records the read of a store [R][D] by queries x [..][D], one for each range of c; result like x. Seen tells what was read, valid
// until the tape is reset.
func (r *Recall) Forward(t *num.Tape, x, store *num.Tensor, c *Chunks) (y *num.Tensor, seen Seen) {
	if r.Stop {
		store = Constant(store)
	}
	d, dh := r.Width(), r.Width()/len(r.Keys)
	pick := t.Linear(t.Linear(x, r.Choose, nil, num.None), r.Key, nil, num.None)
	asked := r.Ask.Forward(t, x)
	ask := r.eachHead(t, asked, dh, r.Keys)
	read := recall(t, r.reading(), pick, ask, store, c)
	return r.Out.Forward(t, r.eachHead(t, read.y, d, r.Values)), Seen{read}
}

// eachHead multiplies part h of x [..][H*width] with matrix h and puts the results side by side.
func (r *Recall) eachHead(t *num.Tape, x *num.Tensor, width int, by []*num.Tensor) (y *num.Tensor) {
	for h, w := range by {
		part := x
		if len(by) > 1 {
			part = t.Slice(x, h*width, (h+1)*width)
		}
		part = t.Linear(part, w, nil, num.None)
		if h == 0 {
			y = part
			continue
		}
		y = t.Concat(y, part)
	}
	return y
}

// Seen tells what a recorded read did.
type Seen struct{ op *recallOp }

// Open returns the first chunk that query i could choose and the relevance of each, before the softmax.
func (s Seen) Open(i int) (first int, relevance []float32) {
	o := s.op
	lo, hi, d := int(o.chunks.Lo[i]), int(o.chunks.Hi[i]), o.width
	relevance = make([]float32, hi-lo)
	for j := range relevance {
		relevance[j] = o.relevance() * o.core.K.Dot(o.pick.Data[i*d:(i+1)*d], o.means[(lo+j)*d:(lo+j+1)*d])
	}
	return lo, relevance
}

// Chosen returns the chunks that query i read, most relevant first, and their weights, which sum to one.
func (s Seen) Chosen(i int) (which []int32, w []float32) {
	k := s.op.k
	which = s.op.which[i*k : (i+1)*k]
	for len(which) > 0 && which[len(which)-1] < 0 {
		which = which[:len(which)-1]
	}
	return which, s.op.w[i*k : i*k+len(which)]
}

// Inside returns the attention of query i over the rows of the chunk of that rank, mean over the heads; nil where stage two is left out.
func (s Seen) Inside(i, rank int) []float32 {
	o := s.op
	if o.pooled {
		return nil
	}
	c, _ := o.rows(i, rank)
	p, n := o.prob(i, rank), int(c.Len)
	mean := make([]float32, n)
	for h := range o.heads {
		o.core.K.Axpy(mean, 1/float32(o.heads), p[h*n:(h+1)*n])
	}
	return mean
}
