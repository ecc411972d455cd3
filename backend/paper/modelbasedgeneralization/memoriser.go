package modelbasedgeneralization

import (
	"slices"

	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/factored"
)

// code is an observation of up to 128 bits as a key.
type code [2]uint64

// encode packs bits; a number above 0.5 counts as 1.
func encode(obs []float32) (c code) {
	for i, v := range obs {
		if v > 0.5 {
			c[i>>6] |= 1 << (i & 63)
		}
	}
	return c
}

// distance is how many bits two observations differ in.
func (c code) distance(d code) (n int) {
	for i := range c {
		for x := c[i] ^ d[i]; x != 0; x &= x - 1 {
			n++
		}
	}
	return n
}

// pair is an observation with an action.
type pair struct {
	obs    code
	action int32
}

// seen knows which pairs the buffer holds, and in which slots.
type seen struct {
	ring  *replay.Ring
	slots map[pair][]int32
}

func newSeen(ring *replay.Ring) *seen { return &seen{ring, map[pair][]int32{}} }

// add takes the transition that came into a slot; the one that stood there before is forgotten.
func (s *seen) add(slot int, t replay.Transition) {
	p := pair{encode(t.Obs), t.Action}
	at, _ := slices.BinarySearch(s.slots[p], int32(slot)) // in order of slots, so that a restored run draws the same
	s.slots[p] = slices.Insert(s.slots[p], at, int32(slot))
}

// drop forgets the transition of a slot, which is about to be taken.
func (s *seen) drop(slot int) {
	t := s.ring.At(slot)
	p := pair{encode(t.Obs), t.Action}
	if at, ok := slices.BinarySearch(s.slots[p], int32(slot)); ok {
		s.slots[p] = slices.Delete(s.slots[p], at, at+1)
	}
	if len(s.slots[p]) == 0 {
		delete(s.slots, p)
	}
}

// has tells whether the buffer holds the pair.
func (s *seen) has(obs []float32, action int32) bool {
	return len(s.slots[pair{encode(obs), action}]) > 0
}

// pairs is the number of different pairs in the buffer.
func (s *seen) pairs() int { return len(s.slots) }

// states lists the different observations of the buffer, in the order of their first slots.
func (s *seen) states() (all []code) {
	had := map[code]bool{}
	for slot := range s.ring.Len() {
		if c := encode(s.ring.At(slot).Obs); !had[c] {
			had[c] = true
			all = append(all, c)
		}
	}
	return all
}

// nearest is the smallest distance of an observation from some, -1 where there are none.
func nearest(states []code, c code) int {
	least := -1
	for _, s := range states {
		if d := s.distance(c); least < 0 || d < least {
			least = d
		}
	}
	return least
}

// commonest writes the successor of a pair that is stored most often, the one stored first among equals; false where there is none.
func (s *seen) commonest(obs []float32, action int32, next []float32) bool {
	slots := s.slots[pair{encode(obs), action}]
	times, most := map[code]int{}, 0
	for _, slot := range slots {
		c := encode(s.ring.At(int(slot)).Next)
		times[c]++
		most = max(most, times[c])
	}
	for _, slot := range slots {
		t := s.ring.At(int(slot))
		if times[encode(t.Next)] == most {
			copy(next, t.Next)
			return true
		}
	}
	return false
}

// table is the memoriser: a model that returns a stored successor of a pair that it has seen, one of them by chance where there are
// several, and knows nothing of others. It plans like the learned model and generalises to nothing.
type table struct {
	seen   *seen
	stream *rng.Stream
	o      int
}

// predict implements source.
func (m *table) predict(n int, obs []float32, actions []int32, next, reward, cont []float32, known []bool) {
	for i := range n {
		slots := m.seen.slots[pair{encode(obs[i*m.o : (i+1)*m.o]), actions[i]}]
		if known[i] = len(slots) > 0; !known[i] {
			continue
		}
		t := m.seen.ring.At(int(slots[m.stream.IntN(len(slots))]))
		copy(next[i*m.o:(i+1)*m.o], t.Next)
		reward[i], cont[i] = t.Reward, 1
		if t.Terminal {
			cont[i] = 0
		}
	}
}

// truth is the world's own step in place of a model.
type truth struct {
	world  *factored.World
	stream *rng.Stream
	o      int
}

// predict implements source.
func (m *truth) predict(n int, obs []float32, actions []int32, next, reward, cont []float32, known []bool) {
	for i := range n {
		r, over := m.world.Next(obs[i*m.o:(i+1)*m.o], actions[i], m.stream.Uint64(), next[i*m.o:(i+1)*m.o])
		reward[i], cont[i], known[i] = r, 1, true
		if over {
			cont[i] = 0
		}
	}
}
