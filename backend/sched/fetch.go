package sched

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target/site"
)

const (
	fetchAtOnce = 8                // records that are fetched at a time: each waits for a round trip
	tornTries   = 3                // how often the end of a record is read before it is believed to be broken: the network may have been
	sightEvery  = 30 * time.Second // how old the word on where a run is may get while that stays the same: pages are told of each new one
)

// hereError is a fault of this computer in bringing a record here: the target is well.
type hereError struct{ error }

func (h hereError) Unwrap() error { return h.error }

// sighted is a run of an errand with what was seen of it, and how fetching it went.
type sighted struct {
	*errandRun
	key  string
	seen site.Seen
	news bool
	err  error
}

// look asks how the order stands and fetches what is new. news tells whether anything was. What is wrong with one run keeps the others from
// nothing.
func (e *errand) look(ctx context.Context) (news bool, err error) {
	sight, err := e.there.Look(ctx, e.Order)
	if err != nil {
		return false, err
	}
	all := e.sighted(sight)
	e.fetchAll(ctx, all)
	for _, r := range all {
		news = news || r.news
		switch {
		case r.err == nil:
			if r.err = e.settle(r, sight.Free); !r.over {
				e.tell(r)
			}
		case lab.CodeOf(r.err) == lab.Invalid:
			r.err = e.distrust(r)
		}
		err = firstOf(err, r.err)
	}
	e.o.overAll(e.ended) // together: the library waits for the disk once
	e.ended = nil
	return news, firstOf(err, e.cross())
}

// sighted lists the runs that are not over, as they were seen.
func (e *errand) sighted(sight site.Sight) []*sighted {
	var all []*sighted
	for _, s := range e.Order.Runs {
		if r := e.runs[s.Key]; r != nil && !r.over {
			all = append(all, &sighted{errandRun: r, key: s.Key, seen: e.believe(r, sight.Runs[s.Key])})
		}
	}
	return all
}

// believe takes a run for gone only once it has been so for a while.
func (e *errand) believe(r *errandRun, seen site.Seen) site.Seen {
	now := e.o.Now()
	switch {
	case seen.State != site.Gone:
		r.gone = time.Time{}
	case r.gone.IsZero():
		r.gone = now
	}
	if seen.State == site.Gone && !e.last && seen.Fault == nil && now.Sub(r.gone) < goneFor {
		seen.State = site.Running
	}
	return seen
}

// fetchAll brings the copies of records up to what was seen, several at a time. Once the target cannot be reached the others are not tried.
func (e *errand) fetchAll(ctx context.Context, all []*sighted) {
	lost, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	slots := make(chan struct{}, fetchAtOnce)
	var group sync.WaitGroup
	for _, r := range all {
		if r.copy == nil && r.seen.Bytes == 0 {
			continue // nothing of it is there: no file is opened for it
		}
		slots <- struct{}{}
		if lost.Err() != nil {
			r.err = context.Cause(lost)
			<-slots
			continue
		}
		group.Go(func() {
			defer func() { <-slots }()
			if r.news, r.err = e.fetch(ctx, r); r.err != nil && lab.CodeOf(r.err) != lab.Invalid {
				lose(r.err)
			}
		})
	}
	group.Wait()
}

// fetch brings the copy of a record up to what was seen. What it did not keep it reads anew the next time: the original may have lost that
// since, and gone on otherwise.
func (e *errand) fetch(ctx context.Context, r *sighted) (news bool, err error) {
	if r.copy == nil {
		if r.copy, err = e.openCopy(r.key); err != nil {
			return false, hereError{err}
		}
	}
	began := r.copy.Offset()
	var pending []byte // part of a frame, from the copy's offset on
	for !r.copy.Ended() {
		from := r.copy.Offset() + int64(len(pending))
		if from >= r.seen.Bytes && r.seen.State != site.Gone || from > r.seen.Bytes {
			break
		}
		var b bytes.Buffer
		if from < r.seen.Bytes {
			if err := e.there.Fetch(ctx, e.Order.ID, r.key, from, &b); err != nil {
				return r.copy.Offset() != began, err
			}
		}
		pending = append(pending, b.Bytes()...)
		kept := r.copy.Offset()
		if err := e.keep(r, pending); err != nil {
			return r.copy.Offset() != began, err
		}
		pending = pending[r.copy.Offset()-kept:]
		if b.Len() == 0 {
			break
		}
	}
	if news = r.copy.Offset() != began; news {
		r.torn = 0
	}
	return news, nil
}

// keep takes bytes of a record into its copy, and shows its events.
func (e *errand) keep(r *sighted, b []byte) error {
	err := r.copy.Take(b, r.seen.State == site.Gone, func(f record.Frame) error {
		if f.Kind != lab.KindMetric && f.Kind != lab.KindProgress && !e.o.Hub.Wanted(hub.RunTopic(r.key)) {
			return nil // reading the steps of a thousand runs that nobody looks at is half of the work
		}
		ev, err := f.Event()
		if err == nil {
			e.o.tee(r.live, f.Seq, ev)
		}
		return err
	})
	if lab.CodeOf(err) == lab.Unavailable {
		return hereError{err}
	}
	return err
}

// distrust deals with bytes that no record has at that place. On their way here they may have changed, so they are read anew; what stays so
// of a run that nobody works on is broken there. Its folder is of no use then: whoever runs it again begins anew there, and goes on here.
func (e *errand) distrust(r *sighted) error {
	if r.torn++; r.torn == 1 {
		e.o.Log.Warn("what came of a record is broken; it is read again", "key", r.key, "target", e.Target, "error", r.err)
	}
	if r.torn < tornTries || r.seen.State != site.Gone {
		r.live.set(func(i *RunInfo) { i.Where = fmt.Sprintf("%v; it is read again", r.err) })
		return nil
	}
	cause := lab.Errorf(lab.Unavailable, "the record on %s is broken, its disk may be failing: %v", e.Target, r.err).
		WithHint("run again: it is computed anew there, and the record here goes on with what it lacks")
	return e.finish(r, Interrupted, cause)
}

// tell says where a run is.
func (e *errand) tell(r *sighted) {
	where := map[string]string{site.Waiting: "waiting there", site.Running: "running there", site.Gone: "ended there"}[r.seen.State]
	if r.seen.Why != "" {
		where += ": " + r.seen.Why
	}
	state := Running
	if r.seen.State == site.Waiting {
		state = Queued
	}
	now := e.o.Now()
	r.live.set(func(i *RunInfo) {
		if i.Where == where && i.State == state && now.Sub(i.There) < sightEvery {
			return
		}
		i.Where, i.There, i.State = where, now, state
	})
}

// settle ends a run whose record is whole, or that nobody works on any more.
func (e *errand) settle(r *sighted, free int64) error {
	if r.copy == nil || !r.copy.Ended() {
		switch {
		case r.seen.State != site.Gone:
			return nil
		case e.last:
			return e.finish(r, CancelledSt, nil) // we ended it before it could write that down
		}
		if r.torn++; r.copy != nil && r.copy.Offset() < r.seen.Bytes && r.torn < tornTries {
			return nil // a writer that was killed leaves part of an event; so does a bit that changed on its way
		}
		r.lost = true
		return e.finish(r, Interrupted, e.lost(r.seen, free))
	}
	end, _, err := run.Ended(e.o.path(r.key))
	if err != nil {
		return err
	}
	switch end.Status {
	case lab.StatusDone:
		return e.finish(r, Done, nil)
	case lab.StatusCancelled:
		return e.finish(r, CancelledSt, nil)
	}
	return e.finish(r, Failed, (&lab.Error{Code: end.Code, Msg: end.Error}).WithHint("%s", end.Hint))
}

// lost says why a run ended without an end.
func (e *errand) lost(seen site.Seen, free int64) error {
	switch {
	case seen.Fault != nil:
		return (&lab.Error{Code: seen.Fault.Code, Msg: "on " + e.Target + ": " + seen.Fault.Msg}).WithHint("%s", seen.Fault.Hint)
	case free >= 0 && free < 1<<20:
		return lab.Errorf(lab.Unavailable, "the disk of %s is full", e.Target).WithHint("free space there and run again: it goes on from its last checkpoint")
	case seen.Why != "":
		return lab.Errorf(lab.Unavailable, "the run ended on %s before its end: %s", e.Target, seen.Why).WithHint("run again to go on from its last checkpoint, or give it more time or memory")
	}
	return lab.Errorf(lab.Unavailable, "the run's process on %s was killed, or its computer was started anew", e.Target).WithHint("run again to go on from its last checkpoint")
}

// finish ends a run here. One that is back whole is crossed off the ticket with the others of this look.
func (e *errand) finish(r *sighted, state string, cause error) error {
	r.over = true
	if r.copy != nil {
		cause = firstOf(cause, r.copy.Close())
		r.copy = nil
	}
	if cause != nil {
		e.o.Log.Error("run failed", "key", r.key, "target", e.Target, "error", cause)
		e.j.blame(cause)
	}
	r.live.set(func(i *RunInfo) { i.Where = "" })
	e.ended = append(e.ended, ended{r.live, state, cause})
	e.back = append(e.back, r.key)
	return nil
}

// cross notes which runs came back since it was asked last.
func (e *errand) cross() error {
	if len(e.back) == 0 {
		return nil
	}
	if err := e.o.crossOff(&e.ticket, e.back...); err != nil {
		return hereError{err}
	}
	e.back = nil
	return nil
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// unreached is what is said of all runs of an order while looking fails, and whether the person is to hear it: of a full disk here, once.
func (e *errand) unreached(err error) (where string, aloud bool) {
	if _, here := errors.AsType[hereError](err); !here {
		return fmt.Sprintf(Unreached+": %v", err), false
	}
	aloud, e.choked = !e.choked, true
	return fmt.Sprintf("cannot be kept here: %v; %s: it goes on from where it stands", err, lab.HintOf(err)), aloud
}

// away tells whether a run's record is a copy of one elsewhere.
func (o *Owner) away(key string) bool { return exists(filepath.Join(o.Folder(key), copyNote)) }

// copyNote lies in the folder of a run whose record is a copy, and names the target.
const copyNote = "copied-from"

// tryCopy looks whether a copy that is there already can be gone on with, before anything is sent.
func (e *errand) tryCopy(key string) error {
	if !exists(e.o.path(key)) {
		return nil
	}
	c, err := e.openCopy(key)
	if err != nil {
		return err
	}
	return c.Close()
}

// openCopy opens a run's copy, and makes its folder.
func (e *errand) openCopy(key string) (*record.Copy, error) {
	dir := e.o.Folder(key)
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = file.Replace(filepath.Join(dir, copyNote), []byte(e.Target+"\n"), 0o644)
	}
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the run's folder %q cannot be written: %w", dir, err).WithHint("free space or make the folder writable")
	}
	return record.OpenCopy(e.o.path(key))
}
