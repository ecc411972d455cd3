package spatiallyawaretransformer

import (
	"slices"

	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// visitSteps is the length of a visit, and of a dance.
const visitSteps = 8

// stepsPerVisit is how many steps of the rooms count as one visit of the capacity.
const stepsPerVisit = 12

// kept is what a memory holds of one episode when the question comes: chunks of steps, each step by its number.
type kept struct {
	chunks [][]int // steps of each chunk, in order of time
	places []int   // room of each chunk, -1 where it has several
}

// keeping decides what is kept.
type keeping struct {
	knobs  AgentKnobs
	visits bool // the world is that of visits
	places int
	keeper ballet.Keeper
}

// episode keeps steps of one episode: place [T] as it was told, rule where the world is that of visits, draw for rules by chance.
func (k *keeping) episode(place []int, rule string, draw func() float64) kept {
	switch {
	case k.visits:
		return k.byVisit(place, rule, draw)
	case k.knobs.Grouping == ByPlace:
		return k.byPlace(place)
	}
	return k.byTime(place)
}

// byVisit: an entry is a whole visit; the rule says which one goes (arXiv 2402.15160v1, fixed rules of the adaptive memory allocator).
func (k *keeping) byVisit(place []int, rule string, draw func() float64) (m kept) {
	k.keeper.Begin(rule, k.knobs.Capacity)
	for t := 0; t < len(place); t += visitSteps {
		k.keeper.Visit(place[t], draw())
	}
	for _, v := range k.keeper.Kept {
		m.chunks = append(m.chunks, steps(v*visitSteps, (v+1)*visitSteps))
		m.places = append(m.places, place[v*visitSteps])
	}
	return m
}

// byTime: consecutive steps make a chunk; the oldest chunk goes (T-FIFO, SAT-FIFO).
func (k *keeping) byTime(place []int) (m kept) {
	c := k.knobs.Chunk
	first := max(0, len(place)-k.knobs.Capacity*stepsPerVisit)
	for t := (first + c - 1) / c * c; t < len(place); t += c {
		m.chunks = append(m.chunks, steps(t, min(t+c, len(place))))
		m.places = append(m.places, -1)
	}
	return m
}

// byPlace: one queue for each room, of equal capacity, whose oldest step goes; a queue is cut into chunks of one room (SAT-PM-PH).
func (k *keeping) byPlace(place []int) (m kept) {
	queues := make([][]int, k.places)
	for t, p := range place {
		queues[p] = append(queues[p], t)
	}
	room := max(1, k.knobs.Capacity*stepsPerVisit/k.places)
	for p, q := range queues {
		q = q[max(0, len(q)-room):]
		for part := range slices.Chunk(q, k.knobs.Chunk) {
			m.chunks, m.places = append(m.chunks, part), append(m.places, p)
		}
	}
	return m
}

func steps(from, to int) (all []int) {
	for t := from; t < to; t++ {
		all = append(all, t)
	}
	return all
}

// holds tells whether that step is kept.
func (m *kept) holds(step int) bool {
	for _, c := range m.chunks {
		if slices.Contains(c, step) {
			return true
		}
	}
	return false
}

// size is the number of steps kept.
func (m *kept) size() (n int) {
	for _, c := range m.chunks {
		n += len(c)
	}
	return n
}

// layout puts the memories of a batch one after another: the chunks as the reader takes them, and for each row of the store its episode and
// step.
func layout(all []kept) (c *seq.Chunks, episode, step []int) {
	c = &seq.Chunks{Envs: len(all), Start: []int32{0}}
	for e := range all {
		c.Lo = append(c.Lo, int32(len(c.All)))
		for _, chunk := range all[e].chunks {
			c.All = append(c.All, seq.Chunk{Row: int32(len(step)), Len: int32(len(chunk))})
			for _, t := range chunk {
				episode, step = append(episode, e), append(step, t)
			}
		}
		c.Hi = append(c.Hi, int32(len(c.All)))
		c.Start = append(c.Start, int32(len(c.All)))
	}
	return c, episode, step
}
