package memoryvla

import (
	"math"

	"github.com/loci-lab/loci/backend/rng"
)

// bank holds the tokens of past frames of one stream in the order of time: at most L entries of N tokens, each D wide.
type bank struct {
	length int // L
	width  int // D of a token
	size   int // N*D numbers of an entry
	evict  string

	tokens []float32 // [entries][N*D]
	times  []int32   // [entries] step of the frame; a merged entry keeps the earlier one
	frames []int32   // [entries] frames it has absorbed
}

func newBank(k VLAKnobs, tokens, width int) *bank {
	return &bank{length: k.Length, width: width, size: tokens * width, evict: k.Evict}
}

// clear empties the bank: an episode begins.
func (m *bank) clear() { m.tokens, m.times, m.frames = m.tokens[:0], m.times[:0], m.frames[:0] }

// entries is the number of entries.
func (m *bank) entries() int { return len(m.times) }

func (m *bank) entry(i int) []float32 { return m.tokens[i*m.size : (i+1)*m.size] }

// change tells what happened to make room: entry At left, or was merged with the one behind it, at that likeness.
type change struct {
	happened bool
	at       int
	merged   bool
	likeness float64
}

// add appends the tokens of frame t and makes room where the bank is too long. Chance is read with random eviction alone.
func (m *bank) add(t int, tokens []float32, chance *rng.Stream) change {
	m.tokens, m.times, m.frames = append(m.tokens, tokens...), append(m.times, int32(t)), append(m.frames, 1)
	if m.entries() <= m.length {
		return change{}
	}
	switch m.evict {
	case EvictMerge:
		if m.entries() == 1 {
			break
		}
		at, likeness := m.closest()
		m.merge(at)
		return change{happened: true, at: at, merged: true, likeness: likeness}
	case EvictRandom:
		at := chance.IntN(m.entries())
		m.drop(at)
		return change{happened: true, at: at}
	}
	m.drop(0)
	return change{happened: true}
}

// closest finds the neighbours with the highest likeness, the earlier ones of equals.
func (m *bank) closest() (at int, likeness float64) {
	likeness = math.Inf(-1)
	for i := range m.entries() - 1 {
		if s := m.likeness(i); s > likeness {
			at, likeness = i, s
		}
	}
	return at, likeness
}

// likeness of entries i and i+1 is the mean over their tokens of the cosine of the two.
func (m *bank) likeness(i int) float64 {
	a, b := m.entry(i), m.entry(i+1)
	sum := 0.0
	for at := 0; at < m.size; at += m.width {
		sum += cosine(a[at:at+m.width], b[at:at+m.width])
	}
	return sum / float64(m.size/m.width)
}

// cosine of two vectors, 0 where one is zero.
func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i, x := range a {
		ab += float64(x) * float64(b[i])
		aa += float64(x) * float64(x)
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// merge makes entry at the plain mean of itself and the next, which leaves: not weighted by the frames that each has absorbed (sheet,
// pitfalls), so that a long stay counts as much as a moment.
func (m *bank) merge(at int) {
	a, b := m.entry(at), m.entry(at+1)
	for i := range a {
		a[i] = (a[i] + b[i]) / 2
	}
	m.frames[at] += m.frames[at+1]
	m.drop(at + 1)
}

func (m *bank) drop(at int) {
	m.tokens = append(m.tokens[:at*m.size], m.tokens[(at+1)*m.size:]...)
	m.times = append(m.times[:at], m.times[at+1:]...)
	m.frames = append(m.frames[:at], m.frames[at+1:]...)
}
