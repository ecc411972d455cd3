package sched

import (
	"math"
	"slices"
	"time"
)

// paceWindow is the number of last units that a run's speed rests on.
const paceWindow = 50

// pace measures how fast one run goes: seconds per unit of work, over its last units.
type pace struct {
	at   []time.Time // of the last progress events, oldest first
	done []int64
}

// mark notes that done units were reached at that time.
func (p *pace) mark(at time.Time, done int64) {
	p.at, p.done = append(p.at, at), append(p.done, done)
	if len(p.at) > paceWindow+1 {
		p.at, p.done = p.at[1:], p.done[1:]
	}
}

// pause forgets the times before a pause, so that waiting is not counted as work.
func (p *pace) pause() { p.at, p.done = p.at[:0], p.done[:0] }

// left estimates the seconds that the rest takes, as a range from the fast and the slow fifth of the last units. ok is false before
// five units were seen.
func (p *pace) left(rest int64) (low, high float64, ok bool) {
	if len(p.at) < 6 {
		return 0, 0, false
	}
	var each []float64
	for i := 1; i < len(p.at); i++ {
		if d := p.done[i] - p.done[i-1]; d > 0 {
			each = append(each, p.at[i].Sub(p.at[i-1]).Seconds()/float64(d))
		}
	}
	if len(each) == 0 {
		return 0, 0, false
	}
	mean := 0.0
	for _, e := range each {
		mean += e / float64(len(each))
	}
	slices.Sort(each)
	fifth := len(each) / 5
	// The mean belongs into the range: evaluation units are rare and long, and quantiles alone would leave them out.
	low, high = math.Min(mean, each[fifth]), math.Max(mean, each[len(each)-1-fifth])
	return low * float64(rest), high * float64(rest), true
}

// spread turns the seconds that each remaining run takes alone into the time until all are done on that many workers: at least the
// longest run, at least the sum shared evenly.
func spread(seconds []float64, workers int) time.Duration {
	sum, longest := 0.0, 0.0
	for _, s := range seconds {
		sum += s
		longest = math.Max(longest, s)
	}
	return time.Duration(math.Max(longest, sum/float64(max(workers, 1))) * float64(time.Second))
}
