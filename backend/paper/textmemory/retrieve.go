package textmemory

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
)

// depths are the k of recall at k.
func depths() [4]int { return [4]int{1, 5, 10, 20} }

// finding is where the evidence of one question stands among what was recalled for it.
type finding struct {
	evidence []string
	category string
	ranks    []int // of each evidence, from 1; 0 for one that was not recalled
}

// find looks for the evidence of this turn's question in a reading; nil where there is none, or the agent does not ask for it.
func (e *episode) find(d world.Dialogue, reading mem.Reading) *finding {
	told, ok := d.(evident)
	if !ok || e.kind != Retrieval || !e.family.asks(d) {
		return nil
	}
	f := &finding{evidence: told.Evidence(), category: told.Category()}
	if len(f.evidence) == 0 {
		e.sums.Unanswerable++
		return nil
	}
	f.ranks = make([]int, len(f.evidence))
	for rank, entry := range bestFirst(reading) {
		for i, id := range f.evidence {
			if f.ranks[i] == 0 && slices.Contains(entry.Sources, id) {
				f.ranks[i] = rank + 1
			}
		}
	}
	e.sums.found(f)
	return f
}

// bestFirst are the entries in the order of their ranks: a reading presents the best last.
func bestFirst(reading mem.Reading) []lab.Entry {
	entries := slices.Clone(reading.Entries)
	slices.Reverse(entries)
	return entries
}

// holds says whether an entry comes of a turn that is evidence.
func (f *finding) holds(entry lab.Entry) bool {
	return slices.ContainsFunc(f.evidence, func(id string) bool { return slices.Contains(entry.Sources, id) })
}

// recall is the share of the evidence among the first k, |evidence within the first k| / |evidence|.
func (f *finding) recall(k int) float64 {
	n := 0
	for _, rank := range f.ranks {
		if rank > 0 && rank <= k {
			n++
		}
	}
	return float64(n) / float64(len(f.ranks))
}

// reciprocal is 1 over the rank of the first evidence, 0 where none was recalled.
func (f *finding) reciprocal() float64 {
	best := 0
	for _, rank := range f.ranks {
		if rank > 0 && (best == 0 || rank < best) {
			best = rank
		}
	}
	if best == 0 {
		return 0
	}
	return 1 / float64(best)
}
