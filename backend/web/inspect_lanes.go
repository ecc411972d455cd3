package web

import (
	"fmt"
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// laneColumns is how many columns the bar of an episode has at most; a step has its own where there are no more.
const laneColumns = 2000

// lanesOf puts the points of an episode into columns. Extremes and counts of a column cover all of its steps.
func lanesOf(points []point) Lanes {
	per := max(1, (len(points)+laneColumns-1)/laneColumns)
	n := (len(points) + per - 1) / per
	ints := func() []int { return make([]int, n) }
	l := Lanes{Per: per, RewardLo: make([]lab.Float, n), RewardHi: make([]lab.Float, n), Context: ints(), Limit: ints(), Dropped: ints(),
		Reads: ints(), Writes: ints(), Changes: ints(), Deletes: ints(), Errors: ints(), Turns: ints()}
	for c := range n {
		l.column(c, points, c*per, min((c+1)*per, len(points)))
	}
	l.Sentence = l.words(points)
	return l
}

func (l *Lanes) column(c int, points []point, from, to int) {
	lo, hi := math.NaN(), math.NaN()
	l.Context[c] = -1
	for t := from; t < to; t++ {
		p := &points[t]
		if !math.IsNaN(p.reward) && p.flags&pointKept != 0 {
			lo, hi = least(lo, p.reward), most(hi, p.reward)
		}
		if int(p.tokens) > l.Context[c] {
			l.Context[c], l.Limit[c] = int(p.tokens), int(p.limit)
		}
		l.Dropped[c] = max(l.Dropped[c], int(p.dropped))
		l.Reads[c] += int(p.reads)
		l.Writes[c] += int(p.writes)
		l.Changes[c] += int(p.changes)
		l.Deletes[c] += int(p.deletes)
		if p.flags&pointError != 0 {
			l.Errors[c]++
		}
		if turns(points, t) {
			l.Turns[c]++
		}
	}
	l.RewardLo[c], l.RewardHi[c] = lab.Float(lo), lab.Float(hi)
}

// least and most are the extremes of two numbers of which the first may be missing.
func least(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

func most(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}

// turns tells whether the reward of a step is unlike that of the step before; before the first one it was 0. Beside a step that cannot be
// read nobody knows.
func turns(points []point, t int) bool {
	known := func(p *point) bool { return p.flags&pointKept != 0 && p.flags&pointBroken == 0 }
	if !known(&points[t]) || (t > 0 && !known(&points[t-1])) {
		return false
	}
	before := 0.0
	if t > 0 {
		before = points[t-1].reward
	}
	now := points[t].reward
	return now != before && !(math.IsNaN(now) && math.IsNaN(before))
}

// words say what the bar shows.
func (l *Lanes) words(points []point) string {
	if len(points) == 0 {
		return "no step was kept"
	}
	ops := sumInts(l.Reads) + sumInts(l.Writes) + sumInts(l.Changes) + sumInts(l.Deletes)
	text := fmt.Sprintf("%s: %s, %s, %s", plural(len(points), "step"), plural(sumInts(l.Turns), "change")+" of reward",
		plural(ops, "memory operation"), plural(sumInts(l.Errors), "error"))
	if l.Per > 1 {
		text += fmt.Sprintf("; %d steps to a column, every event counted and every extreme kept", l.Per)
	}
	return text
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}

// grouped is a count with its thousands apart: 100,000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func sumInts(all []int) (sum int) {
	for _, v := range all {
		sum += v
	}
	return sum
}

// The kinds of events that a reader may look for.
const (
	eventAny    = ""
	eventRead   = "read"
	eventWrite  = "write"
	eventError  = "error"
	eventReward = "reward"
)

// nextEvent returns the nearest step of interest behind t, or before it, -1 for none.
func nextEvent(points []point, t, by int, kind string) int {
	for t += by; t >= 0 && t < len(points); t += by {
		if isEvent(points, t, kind) {
			return t
		}
	}
	return -1
}

func isEvent(points []point, t int, kind string) bool {
	p := &points[t]
	read, wrote, wrong := p.reads > 0, p.writes > 0 || p.changes > 0 || p.deletes > 0, p.flags&pointError != 0
	switch kind {
	case eventRead:
		return read
	case eventWrite:
		return wrote
	case eventError:
		return wrong
	case eventReward:
		return turns(points, t)
	}
	return read || wrote || wrong || turns(points, t) || p.flags&pointDone != 0
}
