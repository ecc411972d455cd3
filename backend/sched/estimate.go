package sched

import "time"

// estimate gathers what is known of the time that a job's runs still take.
type estimate struct {
	low, high []float64 // seconds left of runs that go on
	waiting   []RunInfo
	whole     []whole
	unknown   bool // a run goes on whose speed is not known yet
}

// whole is how long a run takes from beginning to end.
type whole struct {
	Place
	low, high float64 // seconds
}

// add takes in one run and returns it as it is now.
func (e *estimate) add(l *live) RunInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	info := l.info
	place := Place{info.Arm, info.Case}
	switch info.State {
	case Queued:
		e.waiting = append(e.waiting, info)
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
		e.whole = append(e.whole, whole{place, low, high})
	case Done:
		if info.Seconds > 0 { // 0 where nobody measured it
			e.whole = append(e.whole, whole{place, info.Seconds, info.Seconds})
		}
	}
	return info
}

// left is the time until all runs are over, as a range; negative when it is not known.
func (e *estimate) left(workers int) (low, high time.Duration) {
	lows, highs := e.low, e.high
	for _, r := range e.waiting {
		lo, hi, ok := e.like(Place{r.Arm, r.Case})
		if !ok {
			return -1, -1
		}
		lows, highs = append(lows, lo*(1-r.Share())), append(highs, hi*(1-r.Share()))
	}
	if e.unknown || len(lows) == 0 {
		return -1, -1
	}
	return spread(lows, workers), spread(highs, workers)
}

// like is how long a run of that arm and case takes: the mean of those known, else of all.
func (e *estimate) like(p Place) (low, high float64, ok bool) {
	for _, all := range []bool{false, true} {
		n := 0.0
		for _, w := range e.whole {
			if all || w.Place == p {
				low, high, n = low+w.low, high+w.high, n+1
			}
		}
		if n > 0 {
			return low / n, high / n, true
		}
	}
	return 0, 0, false
}
