// Package site carries out runs elsewhere: by workers on this computer, over SSH, on a Slurm or a Ray cluster. All of them keep the contract
// Site: what runs there outlives the connection, and its records are fetched by offset.
package site

import (
	"context"
	"io"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
)

// States of a run at a place.
const (
	Waiting = "waiting" // for a machine, or for its turn
	Running = "running"
	Gone    = "gone" // nobody works on it any more; its record may be whole or not
)

// FetchLimit is the most that one Fetch returns, in bytes.
const FetchLimit = 4 << 20

// Sight is what is seen of an order.
type Sight struct {
	Job  string          // the place's own name of it, "" when it has none yet
	Runs map[string]Seen // by run key
	Free int64           // bytes left on the disk there, negative when that is not known
}

// Seen is what is seen of a run.
type Seen struct {
	State string
	Why   string     // reason for its state in the place's words; "" when it gives none
	Bytes int64      // of its record
	Fault *run.Fault // why it has no end, where its worker could say so
}

// Site carries out orders. All methods may be called again after an error: what they did already they do not do twice. An order is known by its
// ID. Errors: unavailable when the place does not answer or lacks room, invalid when it will not take what it was given, not-found for
// an order that is not there, cancelled for one that was cancelled.
type Site interface {
	// Check tries what a run needs, step by step, and tells each step that went well. It leaves nothing behind but the worker.
	Check(ctx context.Context, told func(target.Answer)) error
	// Submit brings the worker and the order there and begins it.
	Submit(ctx context.Context, o run.Order) error
	// Look tells how the runs of an order stand.
	Look(ctx context.Context, o run.Order) (Sight, error)
	// Fetch writes the bytes of a run's record from an offset on, at most FetchLimit of them.
	Fetch(ctx context.Context, id, key string, from int64, w io.Writer) error
	// Cancel ends an order and all its processes, also one whose Submit is still on its way.
	Cancel(ctx context.Context, o run.Order) error
	// Clean removes what an order left behind, records included.
	Clean(ctx context.Context, o run.Order) error
	Close() error
}

// Workers finds the program that a machine runs, for an operating system and an architecture as Go names them.
type Workers func(os, arch string) (path string, err error)

// step runs one step of a test and tells it with the seconds it took.
func step(told func(target.Answer), name string, try func() (said string, err error)) error {
	began := time.Now()
	said, err := try()
	if err != nil {
		return err
	}
	told(target.Answer{Step: name, Said: said, Seconds: time.Since(began).Seconds()})
	return nil
}

// keys are the run keys of an order.
func keys(o run.Order) []string {
	all := make([]string, len(o.Runs))
	for i, r := range o.Runs {
		all[i] = r.Key
	}
	return all
}

// missing is the error for an order that is not there any more.
func missing(title, id string) error {
	return lab.Errorf(lab.NotFound, "%s knows nothing of the order %s", title, id).WithHint("run again to send it once more")
}

// fresh is what is seen of an order before anybody works on it.
func fresh(o run.Order, state, why string) Sight {
	s := Sight{Runs: map[string]Seen{}, Free: -1}
	for _, k := range keys(o) {
		s.Runs[k] = Seen{State: state, Why: why}
	}
	return s
}
