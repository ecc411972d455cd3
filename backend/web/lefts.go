package web

import (
	"fmt"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/sched"
)

// Silence of a run is news after so many of its median steps, and never before leastQuiet.
const (
	quietSteps = 5
	leastQuiet = 30 * time.Second
)

// keepWhy is how long the reason stands beside a time left that grew.
const keepWhy = 2 * time.Minute

// lefts remembers what jobs said of the time that is left, so that its growth by half is explained. The zero value is ready.
type lefts struct {
	mu sync.Mutex
	of map[string]said // by job
}

// said is the word of a job against which its next ones are held.
type said struct {
	at   time.Time
	left time.Duration
	runs int
	pace time.Duration // mean over the runs that went on
	held bool          // it was paused since
	why  string
	told time.Time
}

// why returns the reason why the time left of a job is half as long again as what was to be expected from its earlier word, "" while
// it is not.
func (l *lefts) why(j sched.Job, now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]said{}
	}
	if over(j.State) {
		delete(l.of, j.ID)
		return ""
	}
	had, known := l.of[j.ID]
	if j.State == sched.Paused {
		had.held = true
		l.of[j.ID] = had
		return had.why
	}
	if j.Low < 0 {
		return had.why
	}
	is := said{at: now, left: (j.Low + j.High) / 2, runs: len(j.Runs), pace: meanPace(j), why: had.why, told: had.told}
	expected := max(0, had.left-now.Sub(had.at))
	switch grown := is.left - expected; {
	case !known || had.at.IsZero():
	case is.left > expected*3/2 && grown > 5*time.Second:
		is.why, is.told = reason(had, is), now
	case grown > 0: // not by half yet: the earlier word still counts
		had.why, is = is.why, had
	}
	if is.why != "" && now.Sub(is.told) > keepWhy {
		is.why = ""
	}
	l.of[j.ID] = is
	return is.why
}

func reason(had, is said) string {
	switch {
	case is.runs > had.runs:
		return fmt.Sprintf("%d runs were added", is.runs-had.runs)
	case had.held:
		return "it was paused"
	case had.pace > 0 && is.pace > had.pace*5/4:
		return fmt.Sprintf("a step takes %s now, %s before", step(is.pace), step(had.pace))
	}
	return "the last steps took longer than those before"
}

// step writes the length of a step.
func step(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func meanPace(j sched.Job) time.Duration {
	sum, n := time.Duration(0), time.Duration(0)
	for _, r := range j.Runs {
		if r.Pace > 0 {
			sum, n = sum+r.Pace, n+1
		}
	}
	return sum / max(n, 1)
}
