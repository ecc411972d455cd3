package mem

import (
	"cmp"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Match is what a search found.
type Match struct {
	ID    string
	Score float64
}

// CompareIDs orders ids: the shorter first, then by bytes. For the ids that a bank gives, this is the order in which they were written.
func CompareIDs(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

// compare orders matches: the higher score first (a NaN last), the lower id where scores are equal. It is a total order, so that what a
// search finds depends neither on threads nor on the order of writing.
func (m Match) compare(o Match) int {
	return cmp.Or(cmp.Compare(o.Score, m.Score), CompareIDs(m.ID, o.ID))
}

func (m Match) better(o Match) bool { return m.compare(o) < 0 }

func sortMatches(all []Match) { slices.SortFunc(all, Match.compare) }

// sortHits puts the best first, the lower id where scores are equal, and numbers the ranks from 1.
func sortHits(hits []lab.Hit) {
	slices.SortFunc(hits, func(a, b lab.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), CompareIDs(a.Entry, b.Entry))
	})
	for i := range hits {
		hits[i].Rank = i + 1
	}
}

// HitsOf writes matches as hits whose score is one part of that name.
func HitsOf(matches []Match, part string) []lab.Hit {
	hits := make([]lab.Hit, len(matches))
	for i, m := range matches {
		hits[i] = lab.Hit{Entry: m.ID, Score: lab.Float(m.Score), Parts: map[string]lab.Float{part: lab.Float(m.Score)}}
	}
	sortHits(hits)
	return hits
}

// best keeps the K best matches that it is offered, as a heap with the worst of them on top.
type best struct {
	k    int
	heap []Match
}

// floor is the score below which nothing is kept; full tells whether there is one.
func (b *best) floor() (score float64, full bool) {
	if len(b.heap) < b.k {
		return 0, false
	}
	return b.heap[0].Score, true
}

func (b *best) offer(m Match) {
	if len(b.heap) < b.k {
		b.heap = append(b.heap, m)
		b.up(len(b.heap) - 1)
		return
	}
	if b.k > 0 && m.better(b.heap[0]) {
		b.heap[0] = m
		b.down(0)
	}
}

func (b *best) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !b.heap[parent].better(b.heap[i]) {
			return
		}
		b.heap[parent], b.heap[i] = b.heap[i], b.heap[parent]
		i = parent
	}
}

func (b *best) down(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(b.heap); c++ {
			if b.heap[worst].better(b.heap[c]) {
				worst = c
			}
		}
		if worst == i {
			return
		}
		b.heap[i], b.heap[worst] = b.heap[worst], b.heap[i]
		i = worst
	}
}

// sorted returns what was kept, best first.
func (b *best) sorted() []Match {
	sortMatches(b.heap)
	return b.heap
}
