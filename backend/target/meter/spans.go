package meter

import (
	"slices"
	"time"
)

// span is a stretch of time.
type span struct{ from, to time.Time }

// spans are stretches of time in order, no two of which meet: how long at least one of several things went on.
type spans []span

// add takes a stretch in; an empty one is none.
func (s *spans) add(from, to time.Time) {
	if !from.Before(to) {
		return
	}
	all := *s
	first, _ := slices.BinarySearchFunc(all, from, func(x span, t time.Time) int { return x.to.Compare(t) })
	last := first
	for ; last < len(all) && !all[last].from.After(to); last++ {
		if all[last].from.Before(from) {
			from = all[last].from
		}
		if all[last].to.After(to) {
			to = all[last].to
		}
	}
	*s = slices.Replace(all, first, last, span{from, to})
}

// seconds is the length of all.
func (s spans) seconds() (sum float64) {
	for _, x := range s {
		sum += x.to.Sub(x.from).Seconds()
	}
	return sum
}
