// Package sched is the owner of all runs: it plans what a notebook needs, keeps the cache of finished runs, schedules the missing
// ones over cores and targets, follows their progress and judges the claims from their records.
package sched

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/target/meter"
)

// States of a run as the owner sees it.
const (
	Queued      = "queued"
	Running     = "running"
	Paused      = "paused"
	Done        = "done"
	Failed      = "failed"
	CancelledSt = "cancelled"
	Interrupted = "interrupted" // its process ended before it did; it continues from its last checkpoint
)

// Options choose which runs of a notebook are meant. Zero values mean "as the notebook says".
type Options struct {
	Budget string
	Seeds  []uint64
	Arms   []string
	Cases  []string
	Target string
	Model  string // the rung in place of the notebook's, "" for that
	Again  bool   // run finished runs again; their old records are put aside
	Sweep  string // run this sweep of the notebook in place of its arms

	since time.Time // of a sweep that was begun before: what ended later is its answer. Zero for one that begins now
}

// anew tells whether a run that is over is to be run again.
func (o Options) anew(r RunInfo) bool {
	return o.Again && settled(r) && (o.since.IsZero() || r.Heard.Before(o.since))
}

// keeps tells whether a run that failed is not to be tried again.
func (o Options) keeps(r RunInfo) bool {
	return r.State == Failed && !o.since.IsZero() && !r.Heard.Before(o.since)
}

// RunInfo is one run in the owner's eyes.
type RunInfo struct {
	notebook.Planned
	Key     string
	State   string
	Done    int64
	Total   int64
	Unit    string
	Started time.Time
	Heard   time.Time // of its last event
	Seconds float64   // of work so far
	Err     string
	Hint    string
	Final   map[string]lab.Float
	Target  string        // where it is carried out, "" for this process
	Where   string        // how it stands there, in words
	There   time.Time     // when that was seen
	Used    *meter.Used   // at its training service by a run of this process; nil of others
	Pace    time.Duration // median time between its last words of progress; 0 before five of them, and of runs that do not go on

	again bool // to be run from its beginning: its old record is put aside
	kept  bool // it failed, and stays so
}

// Plan says what running a notebook would do.
type Plan struct {
	Doc       *notebook.Document
	File      string
	Title     string
	Budget    string
	Target    string // where its runs are carried out: Here, or the name of a target
	Runs      []RunInfo
	Unchanged int           // finished before with the same key, or failed before and stay so
	Partial   int           // interrupted, will be continued
	Low, High time.Duration // expected time for the rest, zero when nothing is known
	Basis     string        // what the time rests on
	Sweep     *Sweeping     // that the plan runs, nil for none
}

// Todo counts the runs that are missing.
func (p Plan) Todo() int { return len(p.Runs) - p.Unchanged }

// Ahead counts the runs of rungs whose points are not known yet.
func (p Plan) Ahead() (n int) {
	if p.Sweep == nil {
		return 0
	}
	for _, a := range p.Sweep.Ahead {
		n += a.Runs
	}
	return n
}

// timeAhead is what those rungs take, one after the other, as far as runs of the plan that are done tell; false where they do not.
func (p Plan) timeAhead(workers int) (time.Duration, bool) {
	if p.Ahead() == 0 {
		return 0, true
	}
	sum, weight := 0.0, 0.0
	for _, r := range p.Runs {
		if r.State == Done && r.Seconds > 0 {
			sum, weight = sum+r.Seconds, weight+r.Weight()
		}
	}
	return spreadAhead(p.Sweep.Ahead, sum/max(weight, math.SmallestNonzeroFloat64), workers), weight > 0
}

// spreadAhead is how long rungs take one after the other, each as long as its runs spread over the workers.
func spreadAhead(rungs []Ahead, seconds float64, workers int) (t time.Duration) {
	for _, a := range rungs {
		t += spread(slices.Repeat([]float64{seconds * a.Weight}, a.Runs), workers)
	}
	return t
}

// Label says what running the plan will do, as the run button does: "Run 5 of 10 (5 unchanged), about 9 min".
func (p Plan) Label() string {
	if p.Todo() == 0 {
		return fmt.Sprintf("Nothing to run (%d unchanged)", p.Unchanged)
	}
	ahead := p.Ahead()
	text := fmt.Sprintf("Run %d of %d", p.Todo()+ahead, len(p.Runs)+ahead)
	if p.Unchanged > 0 {
		text += fmt.Sprintf(" (%d unchanged)", p.Unchanged)
	}
	if mid := (p.Low + p.High) / 2; mid > 90*time.Second {
		text += fmt.Sprintf(", about %.0f min", mid.Minutes())
	} else if mid > 0 {
		text += fmt.Sprintf(", about %.0f s", math.Ceil(mid.Seconds()))
	}
	return text
}

// Job is one order to run a plan.
type Job struct {
	ID        string
	File      string
	Title     string
	Budget    string
	State     string // Running, Paused, "finishing", Done, Failed, CancelledSt
	Sweep     string // that it runs, "" for none
	Runs      []RunInfo
	Ahead     int // runs of rungs that are to come, beside Runs
	Started   time.Time
	Share     float64       // of all work, 0 to 1
	Low, High time.Duration // left; negative when not known yet
	Err       error
}
