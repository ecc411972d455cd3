package history

import (
	"sort"

	"github.com/loci-lab/loci/backend/lab"
)

// span is a run of memory events of one episode; episodes that are played side by side have several.
type span struct {
	Episode int64
	First   int // its first event
}

// Place says where a moment lies: behind the last event before it.
type Place struct {
	Moment  int
	Episode int64 // -1 before the first event
	T       int
}

// Place returns where a moment lies.
func (h *Run) Place(moment int) Place {
	m := min(max(moment, 0), len(h.events))
	if m == 0 {
		return Place{Episode: -1, T: -1}
	}
	e := h.events[m-1]
	return Place{Moment: m, Episode: e.episode, T: int(e.t)}
}

// Moment returns the moment behind the last memory event of a step: of the step itself, else of those before it in the episode, else the
// moment at which the episode's first event follows, else that of the episodes before it. step -1 is the end of the episode.
func (h *Run) Moment(episode int64, step int) int {
	behind, before := -1, -1
	for i, s := range h.spans {
		end := len(h.events)
		if i+1 < len(h.spans) {
			end = h.spans[i+1].First
		}
		switch {
		case s.Episode < episode:
			before = end
		case s.Episode == episode:
			if before < s.First && behind < 0 {
				before = s.First
			}
			for k := s.First; k < end; k++ {
				if step < 0 || int(h.events[k].t) <= step {
					behind = k + 1
				}
			}
		}
	}
	switch {
	case behind >= 0:
		return behind
	case before >= 0:
		return before
	}
	return 0
}

// Mark is an episode on the slider: the moments of its events.
type Mark struct {
	Episode int64
	From    int // moment before its first event
	To      int // moment behind its last one
}

// Marks are the episodes in their order, at most so many: neighbours are joined where there are more. The first and the last are always kept.
func (h *Run) Marks(most int) []Mark {
	n := len(h.spans)
	if n == 0 {
		return []Mark{}
	}
	each := (n + most - 1) / most
	out := make([]Mark, 0, min(n, most))
	for i := 0; i < n; i += each {
		to := len(h.events)
		if i+each < n {
			to = h.spans[i+each].First
		}
		out = append(out, Mark{h.spans[i].Episode, h.spans[i].First, to})
	}
	return out
}

// Neighbour returns the moment one episode before or after that of a moment: the end of the neighbouring span, so that a step of the
// slider shows an episode whole. by is -1 or 1.
func (h *Run) Neighbour(moment, by int) int {
	i := sort.Search(len(h.spans), func(i int) bool { return h.spans[i].First >= moment }) - 1 // span of the last event before it
	i += by
	switch {
	case i < 0:
		return 0
	case i >= len(h.spans)-1:
		return len(h.events)
	}
	return h.spans[i+1].First
}

// Bounds are the first and the last moment at which something was written to a bank.
func (b *Bank) Bounds() (first Place, ok bool) {
	for _, i := range b.events {
		if b.run.events[i].op != lab.OpRead {
			return b.run.Place(int(i) + 1), true
		}
	}
	return Place{}, false
}

// Seq returns the place in the record of the event that led to a moment; false for moment 0.
func (h *Run) Seq(moment int) (int64, bool) {
	if moment <= 0 || moment > len(h.events) {
		return 0, false
	}
	return h.events[moment-1].seq, true
}
