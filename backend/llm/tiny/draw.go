package tiny

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
)

// chooser draws tokens; it holds working memory only.
type chooser struct {
	p   []float32 // [V]
	ids []int32   // [V]
}

const (
	sumBlock = 256   // probabilities that are summed at once before the token is looked for among them
	coldest  = 1e-30 // temperatures below it cannot be divided by in float32 and count as 0
)

// choose returns a token of logits [V], given a number u in [0,1). First the temperature, then the K most probable tokens, then the
// fewest of those whose probabilities, made to sum to one, reach P. Whatever the logits are, NaN included, it returns an id below V.
func (c *chooser) choose(k *num.Kernels, logits []float32, s *llm.Sampling, u float64) int32 {
	if s.Temperature < coldest {
		return best(k, logits)
	}
	c.soften(k, logits, s.Temperature)
	some := s.TopK > 0 && s.TopK < len(logits)
	if !some && (s.TopP <= 0 || s.TopP >= 1) {
		return c.pick(k, u)
	}
	return c.pickAmong(k, logits, s, u)
}

// best is the lowest id of the largest logit.
func best(k *num.Kernels, logits []float32) int32 {
	top := k.Max(logits)
	for i, x := range logits {
		if x == top {
			return int32(i)
		}
	}
	return 0 // there is a NaN
}

// soften writes e^((logit - largest) / temperature), not yet divided by the sum.
func (c *chooser) soften(k *num.Kernels, logits []float32, temperature float64) {
	c.p = sized(c.p, len(logits))
	top, inv := k.Max(logits), float32(1/temperature)
	for i, x := range logits {
		c.p[i] = (x - top) * inv
	}
	k.Exp(c.p, c.p)
}

// pick draws among all tokens, in the order of their ids.
func (c *chooser) pick(k *num.Kernels, u float64) int32 {
	total := float64(0)
	for i := 0; i < len(c.p); i += sumBlock {
		total += float64(k.Sum(c.p[i:min(i+sumBlock, len(c.p))]))
	}
	left, last := u*total, int32(0)
	for i := 0; i < len(c.p); i += sumBlock {
		part := c.p[i:min(i+sumBlock, len(c.p))]
		if sum := float64(k.Sum(part)); left >= sum {
			left -= sum
			last = lastPossible(part, i, last)
			continue
		}
		for j, p := range part {
			if left -= float64(p); left < 0 {
				return int32(i + j)
			}
		}
		return lastPossible(part, i, last) // the sum of the block was rounded up
	}
	return last // the total was rounded up
}

// lastPossible is the last id of a part with a probability, other where there is none.
func lastPossible(part []float32, start int, other int32) int32 {
	for j := len(part) - 1; j >= 0; j-- {
		if part[j] > 0 {
			return int32(start + j)
		}
	}
	return other
}

// pickAmong draws among the tokens that top-k and top-p leave, the most probable first.
func (c *chooser) pickAmong(k *num.Kernels, logits []float32, s *llm.Sampling, u float64) int32 {
	c.heap(logits)
	var kept []int32
	if s.TopK > 0 && s.TopK < len(logits) {
		kept = c.reaching(c.most(logits, s.TopK, math.Inf(1)), s.TopP)
	} else {
		kept = c.most(logits, len(logits), s.TopP*float64(k.Sum(c.p))) // the heap is emptied only as far as needed
	}
	left := u * c.mass(kept)
	for _, id := range kept {
		if left -= float64(c.p[id]); left < 0 {
			return id
		}
	}
	return kept[0]
}

func (c *chooser) mass(ids []int32) (sum float64) {
	for _, id := range ids {
		sum += float64(c.p[id])
	}
	return sum
}

// reaching cuts tokens in order of probability behind the one at which their share of all of them reaches P.
func (c *chooser) reaching(ids []int32, share float64) []int32 {
	if share <= 0 || share >= 1 {
		return ids
	}
	sum, total := float64(0), c.mass(ids)
	for i, id := range ids {
		if sum += float64(c.p[id]); sum >= share*total {
			return ids[:i+1]
		}
	}
	return ids
}

// heap orders all ids as a heap, the most probable token on top.
func (c *chooser) heap(logits []float32) {
	if cap(c.ids) < len(logits) {
		c.ids = make([]int32, len(logits))
	}
	c.ids = c.ids[:len(logits)]
	for i := range c.ids {
		c.ids[i] = int32(i)
	}
	for i := len(c.ids)/2 - 1; i >= 0; i-- {
		sink(c.ids, i, logits)
	}
}

// most takes tokens from the heap, the most probable first, until there are limit of them or their probabilities reach mass. It
// returns them in that order.
func (c *chooser) most(logits []float32, limit int, mass float64) []int32 {
	n, sum := len(c.ids), float64(0)
	for len(c.ids)-n < limit {
		n--
		top := c.ids[0]
		c.ids[0], c.ids[n] = c.ids[n], top
		sink(c.ids[:n], 0, logits)
		if sum += float64(c.p[top]); sum >= mass {
			break
		}
	}
	slices.Reverse(c.ids[n:]) // each was put in front of those before it
	return c.ids[n:]
}

// sink moves entry i down to where it belongs.
func sink(heap []int32, i int, logits []float32) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && before(heap[child+1], heap[child], logits) {
			child++
		}
		if !before(heap[child], heap[i], logits) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// before says that token a is more probable than b, or as probable with a lower id.
func before(a, b int32, logits []float32) bool {
	return logits[a] > logits[b] || logits[a] == logits[b] && a < b
}
