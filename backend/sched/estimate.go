package sched

import "time"

// estimate gathers what is known of the time that a job's runs still take.
type estimate struct {
	low, high []float64 // seconds left of runs that go on
	waiting   []rest
	whole     map[Place]whole // of the runs whose length is known
	all       whole
	ahead     []Ahead // rungs of a sweep that are to come
	unknown   bool    // a run goes on whose speed is not known yet
}

// rest is what of a run is to be done.
type rest struct {
	Place
	share float64 // of its work, times its weight
}

// whole sums up how long runs take from beginning to end.
type whole struct {
	low, high float64 // seconds for each unit of weight
	n         float64
}

func (w whole) and(low, high float64) whole { return whole{w.low + low, w.high + high, w.n + 1} }

// learn takes in how long a run takes from beginning to end, for each unit of its weight.
func (e *estimate) learn(p Place, low, high float64) {
	if e.whole == nil {
		e.whole = map[Place]whole{}
	}
	e.whole[p], e.all = e.whole[p].and(low, high), e.all.and(low, high)
}

// add takes in one run and returns it as it is now.
func (e *estimate) add(l *live) RunInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	info := l.info
	place, weight := Place{info.Arm, info.Case}, info.Weight()
	switch info.State {
	case Queued:
		e.waiting = append(e.waiting, rest{place, (1 - info.Share()) * weight})
	case Paused:
		e.unknown = true
	case Running:
		info.Pace = l.pace.median()
		low, high, ok := l.pace.left(info.Total - info.Done)
		if !ok {
			e.unknown = true
			break
		}
		e.low, e.high = append(e.low, low), append(e.high, high)
		low, high, _ = l.pace.left(info.Total)
		e.learn(place, low/weight, high/weight)
	case Done:
		if info.Seconds > 0 { // 0 where nobody measured it
			e.learn(place, info.Seconds/weight, info.Seconds/weight)
		}
	}
	return info
}

// left is the time until all runs are over, as a range; negative when it is not known.
func (e *estimate) left(workers int) (low, high time.Duration) {
	lows, highs := e.low, e.high
	for _, r := range e.waiting {
		lo, hi, ok := e.like(r.Place)
		if !ok {
			return -1, -1
		}
		lows, highs = append(lows, lo*r.share), append(highs, hi*r.share)
	}
	if e.unknown || len(lows) == 0 {
		return -1, -1
	}
	low, high = spread(lows, workers), spread(highs, workers)
	if len(e.ahead) > 0 {
		lo, hi, ok := e.like(Place{})
		if !ok {
			return -1, -1
		}
		low, high = low+spreadAhead(e.ahead, lo, workers), high+spreadAhead(e.ahead, hi, workers)
	}
	return low, high
}

// like is how long a run of that arm and case takes for each unit of its weight: the mean of those known, else of all.
func (e *estimate) like(p Place) (low, high float64, ok bool) {
	w := e.whole[p]
	if w.n == 0 {
		w = e.all
	}
	return w.low / max(w.n, 1), w.high / max(w.n, 1), w.n > 0
}
