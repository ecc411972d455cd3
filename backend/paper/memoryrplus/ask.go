package memoryrplus

import (
	"fmt"

	"github.com/loci-lab/loci/backend/rng"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// ask returns the questions of the next update. Those of a pool come again in every epoch, in a new order, and are answered by new draws.
func (m *method) ask() ([]question, error) {
	seeds := m.asks.Seeds(m.knobs.Questions)
	if m.knobs.Pool == 0 {
		return questions(m.world, m.words, mathworld.Train, seeds)
	}
	qs, err := questions(m.world, m.words, mathworld.Train, m.items())
	for i := range qs {
		qs[i].seed = seeds[i]
	}
	return qs, err
}

// items are the seeds of the next questions of the pool.
func (m *method) items() []uint64 {
	pool := rng.New(m.drawn, "pool").Seeds(m.knobs.Pool)
	items, order, of := make([]uint64, m.knobs.Questions), make([]int, len(pool)), -1
	for i := range items {
		at := m.now.Updates*len(items) + i
		if epoch := at / len(pool); epoch != of {
			rng.New(m.drawn, fmt.Sprintf("epoch %d", epoch)).Perm(order)
			of = epoch
		}
		items[i] = pool[order[at%len(pool)]]
	}
	return items
}
