// Package sched is the owner of all runs: it plans what a notebook needs, keeps the cache of finished runs, schedules the missing
// ones over cores and targets, follows their progress and judges the claims from their records.
package sched

import (
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
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
	Again  bool // run finished runs again
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
}

// Plan says what running a notebook would do.
type Plan struct {
	File      string
	Title     string
	Budget    string
	Runs      []RunInfo
	Unchanged int           // finished before with the same key
	Partial   int           // interrupted, will be continued
	Low, High time.Duration // expected time for the rest, zero when nothing is known
	Basis     string        // what the time rests on
}

// Todo counts the runs that are missing.
func (p Plan) Todo() int { return len(p.Runs) - p.Unchanged }

// Job is one order to run a plan.
type Job struct {
	ID        string
	File      string
	Title     string
	Budget    string
	State     string // Running, Paused, "finishing", Done, Failed, CancelledSt
	Runs      []RunInfo
	Started   time.Time
	Share     float64       // of all work, 0 to 1
	Low, High time.Duration // left; negative when not known yet
	Err       error
}
