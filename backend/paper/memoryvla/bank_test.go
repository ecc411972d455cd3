package memoryvla

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
)

// filled is a bank of one-token entries, two wide, after those frames.
func filled(evict string, length int, frames ...[2]float32) (*bank, []change) {
	m := newBank(VLAKnobs{Length: length, Evict: evict}, 1, 2)
	var changes []change
	chance := rng.New(1, "evictions")
	for t, f := range frames {
		changes = append(changes, m.add(t, f[:], chance))
	}
	return m, changes
}

func TestAFullBankMergesTheNeighboursThatAreMostAlike(t *testing.T) {
	// Cosines of neighbours: (1,0)(0,1): 0; (0,1)(0,3): 1; (0,3)(1,1): 0.707. Entries 1 and 2 become (0,2), with the earlier time.
	m, changes := filled(EvictMerge, 3, [2]float32{1, 0}, [2]float32{0, 1}, [2]float32{0, 3}, [2]float32{1, 1})
	if !slices.Equal(m.tokens, []float32{1, 0, 0, 2, 1, 1}) || !slices.Equal(m.times, []int32{0, 1, 3}) || !slices.Equal(m.frames, []int32{1, 2, 1}) {
		t.Errorf("tokens %v, times %v, frames %v", m.tokens, m.times, m.frames)
	}
	if c := changes[3]; !c.happened || !c.merged || c.at != 1 || math.Abs(c.likeness-1) > 1e-9 {
		t.Errorf("the merge is told as %+v", c)
	}
}

func TestTheMeanOfAMergeIsNotWeightedByFrames(t *testing.T) {
	// All frames alike: 4, 4, 4 and then 8 with one entry besides. (4 merged with 4) stays 4, merged with 8 it is 6, not 5.
	m, _ := filled(EvictMerge, 1, [2]float32{4, 0}, [2]float32{4, 0}, [2]float32{4, 0}, [2]float32{8, 0})
	if !slices.Equal(m.tokens, []float32{6, 0}) || !slices.Equal(m.frames, []int32{4}) || !slices.Equal(m.times, []int32{0}) {
		t.Errorf("tokens %v, frames %v, times %v, want 6, 4 frames, time 0", m.tokens, m.frames, m.times)
	}
}

func TestLikenessIsTheMeanOverTokens(t *testing.T) {
	// Two tokens an entry: the first pair points the same way (1), the second pair stands upright on each other (0).
	m := newBank(VLAKnobs{Length: 4, Evict: EvictMerge}, 2, 2)
	m.add(0, []float32{1, 0, 1, 0}, nil)
	m.add(1, []float32{2, 0, 0, 5}, nil)
	if got := m.likeness(0); math.Abs(got-0.5) > 1e-9 {
		t.Errorf("likeness %v, want 0.5", got)
	}
	if cosine([]float32{0, 0}, []float32{1, 0}) != 0 {
		t.Error("a zero token is like another one")
	}
}

func TestFirstInFirstOutLosesTheOldest(t *testing.T) {
	m, changes := filled(EvictFIFO, 2, [2]float32{1, 0}, [2]float32{0, 1}, [2]float32{0, 3})
	if !slices.Equal(m.times, []int32{1, 2}) || changes[2].merged || changes[2].at != 0 || !changes[2].happened {
		t.Errorf("times %v, told as %+v", m.times, changes[2])
	}
}

func TestRandomEvictionKeepsAnySubsetInOrder(t *testing.T) {
	first := map[int32]bool{}
	for seed := range 40 {
		m := newBank(VLAKnobs{Length: 2, Evict: EvictRandom}, 1, 2)
		chance := rng.New(uint64(seed), "evictions")
		for i := range 5 {
			m.add(i, []float32{1, float32(i)}, chance)
		}
		if m.entries() != 2 || m.times[0] >= m.times[1] {
			t.Fatalf("times %v", m.times)
		}
		first[m.times[0]] = true
	}
	if len(first) < 3 {
		t.Errorf("the older entry was always one of %v", first)
	}
}

func TestAFrameThatStandsOutSurvivesADelayOnlyWhereEntriesMerge(t *testing.T) {
	// One odd frame, then twenty that are nearly the same.
	frames := [][2]float32{{0, 1}}
	for i := range 20 {
		frames = append(frames, [2]float32{1, 0.05 * float32(i%3)})
	}
	merged, _ := filled(EvictMerge, 4, frames...)
	if merged.times[0] != 0 || !slices.Equal(merged.entry(0), []float32{0, 1}) {
		t.Errorf("the odd frame is gone: times %v", merged.times)
	}
	fifo, _ := filled(EvictFIFO, 4, frames...)
	if fifo.times[0] != 17 {
		t.Errorf("first in, first out holds %v", fifo.times)
	}
}
