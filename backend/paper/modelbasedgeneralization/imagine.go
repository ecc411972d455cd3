package modelbasedgeneralization

import (
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

// imagination rolls a source out from replayed observations with the current policy and fills experience with what it says.
type imagination struct {
	source source
	q      *qnet
	ring   *replay.Ring
	stream *rng.Stream // actions, and starts anew where a rollout ended

	rollouts, steps int
	tau             float64
	continuing      bool
	o               int

	obs, next    []float32 // [rollouts][O]
	action       []int32
	reward, cont []float32
	keep         []float32 // [rollouts] product of the continuations so far
	known        []bool
	ended        int // steps at which a source knew nothing and a rollout began anew
}

func newImagination(s source, q *qnet, ring *replay.Ring, stream *rng.Stream, rollouts, o int, k LearnerKnobs, continuing bool) *imagination {
	return &imagination{source: s, q: q, ring: ring, stream: stream, rollouts: rollouts, steps: k.Rollout, tau: k.Temperature, continuing: continuing, o: o,
		obs: make([]float32, rollouts*o), next: make([]float32, rollouts*o), action: make([]int32, rollouts), reward: make([]float32, rollouts),
		cont: make([]float32, rollouts), keep: make([]float32, rollouts), known: make([]bool, rollouts)}
}

// fill writes rollouts*steps transitions into e from row 0 on, starting from the first observations of starts [..][O].
func (m *imagination) fill(e *experience, starts []float32) {
	copy(m.obs, starts[:m.rollouts*m.o])
	for i := range m.keep {
		m.keep[i] = 1
	}
	for t := range m.steps {
		m.q.choose(m.stream, m.rollouts, m.obs, m.tau, m.action)
		m.source.predict(m.rollouts, m.obs, m.action, m.next, m.reward, m.cont, m.known)
		for i, known := range m.known {
			if !known {
				m.restart(i)
			}
		}
		m.write(e, t*m.rollouts)
	}
}

// restart takes a replayed transition for row i, whose rollout has come to an end: the batch stays as large as that of every source.
func (m *imagination) restart(i int) {
	t := m.ring.At(m.stream.IntN(m.ring.Len()))
	copy(m.obs[i*m.o:(i+1)*m.o], t.Obs)
	copy(m.next[i*m.o:(i+1)*m.o], t.Next)
	m.action[i], m.reward[i], m.cont[i], m.keep[i] = t.Action, t.Reward, 1, 1
	if t.Terminal {
		m.cont[i] = 0
	}
	m.ended++
}

// write puts one step of all rollouts into rows at.. and moves on. In a task without end the weight stays 1.
func (m *imagination) write(e *experience, at int) {
	copy(e.obs.Data[at*m.o:], m.obs)
	copy(e.next.Data[at*m.o:], m.next)
	copy(e.action[at:], m.action)
	copy(e.reward[at:], m.reward)
	copy(e.cont[at:], m.cont)
	copy(e.keep[at:], m.keep)
	if !m.continuing {
		for i, c := range m.cont {
			m.keep[i] *= c
		}
	}
	m.obs, m.next = m.next, m.obs
}

// replayed writes transitions of the buffer into e from row at on.
func replayed(e *experience, at int, b *replay.Batch) {
	o := e.obs.Last()
	copy(e.obs.Data[at*o:], b.Obs.Data)
	copy(e.next.Data[at*o:], b.Next.Data)
	copy(e.action[at:], b.Action)
	copy(e.reward[at:], b.Reward)
	for i, over := range b.Terminal {
		e.cont[at+i], e.keep[at+i] = 1, 1
		if over {
			e.cont[at+i] = 0
		}
	}
}
