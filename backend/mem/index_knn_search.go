package mem

import (
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// queriesTogether are so many queries as are multiplied with a block at once.
const queriesTogether = 64

// Top returns the k nearest vectors to a query by cosine, best first; the lower id first where similarities are equal. Fewer where there
// are fewer.
func (x *Vectors) Top(query []float32, k int) ([]Match, error) {
	found, err := x.TopBatch([][]float32{query}, k)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// TopBatch answers several queries at once, each as Top would, bit for bit.
func (x *Vectors) TopBatch(queries [][]float32, k int) ([][]Match, error) {
	units := make([]float32, 0, len(queries)*x.width)
	for i, q := range queries {
		u, err := x.unit(q)
		if err != nil {
			return nil, lab.Errorf(lab.Invalid, "query %d: %w", i, err)
		}
		units = append(units, u...)
	}
	found := make([][]Match, len(queries))
	for i := 0; i < len(queries); i += queriesTogether {
		n := min(queriesTogether, len(queries)-i)
		copy(found[i:], x.search(units[i*x.width:(i+n)*x.width], n, max(k, 0)))
	}
	return found, nil
}

// search answers n queries at unit length [n][D]. Groups of blocks are split over the workers, each of which keeps its own best.
func (x *Vectors) search(units []float32, n, k int) [][]Match {
	tops := newTops(n, k)
	if k == 0 || len(x.ids) == 0 {
		return tops.sorted()
	}
	const groupRows = blockRows * blocksSide
	groups := (len(x.ids) + groupRows - 1) / groupRows
	var all sync.Mutex
	x.core.Do(groups, n*len(x.ids)*x.width, func(g0, g1 int) {
		mine, scores := newTops(n, k), make([]float32, n*groupRows)
		for g := g0; g < g1; g++ {
			x.scan(mine, units, scores, n, g*groupRows)
		}
		all.Lock()
		defer all.Unlock()
		tops.join(mine)
	})
	return tops.sorted()
}

// scan offers the rows of one group, from row0 on. A row product has the bits of the matrix product, so both ways give the same scores.
func (x *Vectors) scan(mine tops, units, scores []float32, n, row0 int) {
	const size = blockRows * blocksSide
	blocks := x.chunks[row0/chunkRows][row0%chunkRows*x.width:]
	k, per := x.core.K, blockRows*x.width
	if n == 1 {
		k.RowProducts(blocksSide, blockRows, x.width, 1, units, 0, blocks, per, blockRows, 0, scores, blockRows)
	} else {
		for b := range blocksSide {
			k.Gemm(false, false, n, blockRows, x.width, 1, units, x.width, blocks[b*per:], blockRows, 0, scores[b*blockRows:], size)
		}
	}
	ids := x.ids[row0:min(row0+size, len(x.ids))]
	for q := range n {
		mine[q].offerAll(ids, scores[q*size:(q+1)*size])
	}
}

// offerAll offers what may be among the best.
func (b *best) offerAll(ids []string, scores []float32) {
	for i, id := range ids {
		s := float64(scores[i])
		if floor, full := b.floor(); !full || s >= floor {
			b.offer(Match{id, s})
		}
	}
}

// tops are the best of several queries.
type tops []*best

func newTops(n, k int) tops {
	t := make(tops, n)
	for i := range t {
		t[i] = &best{k: k}
	}
	return t
}

func (t tops) join(o tops) {
	for q := range t {
		for _, m := range o[q].heap {
			t[q].offer(m)
		}
	}
}

func (t tops) sorted() [][]Match {
	all := make([][]Match, len(t))
	for q := range t {
		all[q] = t[q].sorted()
	}
	return all
}
