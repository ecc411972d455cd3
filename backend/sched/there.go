package sched

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target/site"
)

const (
	lookFirst = 500 * time.Millisecond // between two looks at an order of which something is new
	lookLast  = 10 * time.Second       // of which nothing was new for long, or that cannot be reached
	goneFor   = 5 * time.Second        // a run without an end must have been seen as gone before that is believed: a queue may be shuffling
	partWait  = 2 * time.Minute        // to end what runs elsewhere, when a job is stopped
)

// Here is the target that is this process.
const Here = "here"

// How a run stands that is on its way to a target; later words are the target's own.
const (
	SendingThere = "being sent"
	SentThere    = "sent"
)

// errand is an order that this process follows: what was sent, and the runs of it that a job wants.
type errand struct {
	o     *Owner
	j     *job
	there Elsewhere
	ticket
	runs map[string]*errandRun // by key
	last bool                  // it was cancelled: what is gone now stays gone
}

// errandRun is one run of an errand.
type errandRun struct {
	live *live
	copy *record.Copy
	gone time.Time // since when nobody is seen to work on it, zero while somebody is
	over bool
	lost bool // it ended without an end, and is to go on from its checkpoints there
}

// serveThere has the job's runs carried out at a target, and brings their records here as they grow.
func (o *Owner) serveThere(ctx context.Context, j *job, mine []*live) {
	there, err := o.Places(j.target)
	if err != nil {
		o.refuse(j, mine, err)
		return
	}
	defer func() {
		if err := there.Close(); err != nil {
			o.Log.Warn("a connection could not be closed", "target", j.target, "error", err)
		}
	}()
	var group sync.WaitGroup
	for _, e := range o.errands(j, mine, there) {
		group.Go(func() { e.follow(ctx) })
	}
	group.Wait()
}

// refuse ends runs that never began.
func (o *Owner) refuse(j *job, runs []*live, err error) {
	j.blame(err)
	for _, l := range runs {
		o.over(l, Interrupted, err)
	}
}

// errands sorts runs by the order that has them already; those that no order has become a new one.
func (o *Owner) errands(j *job, mine []*live, there Elsewhere) []*errand {
	var all []*errand
	left := slices.Clone(mine)
	for _, t := range o.tickets() {
		if t.Target != j.target {
			continue
		}
		e := &errand{o: o, j: j, there: there, ticket: t, runs: map[string]*errandRun{}}
		left = slices.DeleteFunc(left, func(l *live) bool {
			key := l.snapshot().Key
			if !t.lacks(key) || l.info.again {
				return false
			}
			e.runs[key] = &errandRun{live: l}
			return true
		})
		if len(e.runs) > 0 {
			all = append(all, e)
		}
	}
	if len(left) == 0 {
		return all
	}
	e := &errand{o: o, j: j, there: there, runs: map[string]*errandRun{},
		ticket: ticket{Target: j.target, File: j.file, Title: j.title, Budget: j.budget, Sent: o.Now(), Order: run.NewOrder(newID(), nil)}}
	for _, l := range left {
		e.runs[l.snapshot().Key] = &errandRun{live: l}
		e.Order.Runs = append(e.Order.Runs, lab.Start{Key: l.snapshot().Key})
	}
	e.Order.Jobs, e.Order.Threads, e.Order.Kernel = max(there.AtOnce, 1), max(there.Threads, 1), there.Kernel
	return append(all, e)
}

// follow sends what was not sent, and looks at the order until all its runs are back or the job is stopped.
func (e *errand) follow(ctx context.Context) {
	defer e.close()
	if err := e.begin(ctx); err != nil {
		e.failAll(err)
		return
	}
	pause := lookFirst
	for !e.allOver() {
		news, err := e.look(ctx)
		if lab.CodeOf(err) == lab.NotFound && ctx.Err() == nil { // it never got there, or was removed there
			err = e.there.Submit(ctx, e.Order)
		}
		switch {
		case err == nil || ctx.Err() != nil:
		case lab.CodeOf(err) == lab.Unavailable:
			e.say(fmt.Sprintf("cannot be reached: %v", err))
		default:
			e.failAll(err)
			return
		}
		if pause = min(pause*2, lookLast); news {
			pause = lookFirst
		}
		if !e.wait(ctx, pause) {
			e.left()
			return
		}
	}
	e.clean()
}

// wait pauses; false says that the job is to go on with nothing.
func (e *errand) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// begin notes the runs in the library, opens their copies, and sends an order that is new. The ticket is written before anything is sent.
func (e *errand) begin(ctx context.Context) error {
	fresh := len(e.Back) == 0 && e.Order.Runs[0].Setup.Paper == ""
	for i, s := range e.Order.Runs {
		r := e.runs[s.Key]
		if r == nil {
			continue
		}
		start, err := e.open(ctx, r)
		if err != nil {
			return err
		}
		if fresh {
			e.Order.Runs[i] = start
		}
	}
	if !fresh {
		e.say(SentThere)
		return nil
	}
	if err := e.o.keepTicket(e.ticket); err != nil {
		return err
	}
	for pause := lookFirst; ; pause = min(pause*2, lookLast) {
		err := e.there.Submit(ctx, e.Order)
		if err == nil {
			e.say(SentThere)
			return nil
		}
		if lab.CodeOf(err) != lab.Unavailable || ctx.Err() != nil {
			return e.unsent(ctx, err)
		}
		e.say(fmt.Sprintf("cannot be sent yet: %v", err))
		if !e.wait(ctx, pause) {
			return e.unsent(ctx, ctx.Err())
		}
	}
}

// unsent ends an order that was refused, or stopped while it was sent: nothing of it stays there.
func (e *errand) unsent(ctx context.Context, err error) error {
	if e.o.ctx.Err() != nil {
		return nil
	}
	e.end()
	e.Back = nil
	for _, s := range e.Order.Runs {
		e.Back = append(e.Back, s.Key)
	}
	if kept := e.o.keepTicket(e.ticket); kept != nil {
		e.o.Log.Warn("a note on sent runs stays", "order", e.Order.ID, "error", kept)
	}
	e.clean()
	if ctx.Err() != nil {
		return lab.Errorf(lab.Cancelled, "the job was stopped while its runs were sent").WithHint("run it again")
	}
	return err
}

// open gets a run's library row and copy ready and returns how the run begins: as its copy says where it has begun.
func (e *errand) open(ctx context.Context, r *errandRun) (lab.Start, error) {
	info := r.live.snapshot()
	code, err := e.o.Papers.Code(info.Setup)
	if err != nil {
		return lab.Start{}, err
	}
	if !info.again && exists(e.o.path(info.Key)) && !e.o.away(info.Key) {
		r.live.set(func(i *RunInfo) { i.again = true }) // it was begun in this process: its record says another machine
	}
	if err := e.o.begin(ctx, r.live, e.j.file, code); err != nil {
		return lab.Start{}, err
	}
	if r.copy, err = e.openCopy(info.Key); err != nil {
		return lab.Start{}, err
	}
	r.live.set(func(i *RunInfo) { i.Target, i.Where = e.Target, SendingThere })
	start := e.o.start(info, e.j.file, code)
	start.Commit, start.Kernel, start.Machine = "", "", ""
	if begun, ok, err := run.Begun(e.o.path(info.Key)); err != nil {
		return lab.Start{}, err
	} else if ok {
		start = begun
	}
	return start, nil
}

// look asks how the order stands and fetches what is new. news tells whether anything was.
func (e *errand) look(ctx context.Context) (news bool, err error) {
	sight, err := e.there.Look(ctx, e.Order)
	if err != nil {
		return false, err
	}
	for _, s := range e.Order.Runs {
		r, seen := e.runs[s.Key], sight.Runs[s.Key]
		if r == nil || r.over {
			continue
		}
		seen = e.believe(r, seen)
		before := r.copy.Offset()
		if err := e.fetch(ctx, r, s.Key, seen); err != nil {
			return news, err
		}
		news = news || r.copy.Offset() != before
		e.tell(r, seen)
		if err := e.settle(r, s.Key, seen, sight.Free); err != nil {
			return news, err
		}
	}
	return news, nil
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

// fetch brings the copy of a record up to what was seen. What it did not keep it reads anew the next time: the original may have lost that
// since, and gone on otherwise.
func (e *errand) fetch(ctx context.Context, r *errandRun, key string, seen site.Seen) error {
	var pending []byte // part of a frame, from the copy's offset on
	for !r.copy.Ended() {
		from := r.copy.Offset() + int64(len(pending))
		if from >= seen.Bytes && seen.State != site.Gone || from > seen.Bytes {
			return nil
		}
		var b bytes.Buffer
		if from < seen.Bytes {
			if err := e.there.Fetch(ctx, e.Order.ID, key, from, &b); err != nil {
				return err
			}
		}
		pending = append(pending, b.Bytes()...)
		kept := r.copy.Offset()
		err := r.copy.Take(pending, seen.State == site.Gone, func(f record.Frame) error {
			ev, err := f.Event()
			if err == nil {
				e.o.tee(r.live, f.Seq, ev)
			}
			return err
		})
		if err != nil {
			return e.torn(err, seen)
		}
		pending = pending[r.copy.Offset()-kept:]
		if b.Len() == 0 {
			return nil
		}
	}
	return nil
}

// torn makes of a broken original something to look at again: its writer may be about to mend it.
func (e *errand) torn(err error, seen site.Seen) error {
	if lab.CodeOf(err) == lab.Invalid && seen.State != site.Gone {
		return lab.Errorf(lab.Unavailable, "%v", err).WithHint("it is read again")
	}
	return err
}

// tell says where a run is.
func (e *errand) tell(r *errandRun, seen site.Seen) {
	where := map[string]string{site.Waiting: "waiting there", site.Running: "running there", site.Gone: "ended there"}[seen.State]
	if seen.Why != "" {
		where += ": " + seen.Why
	}
	now := e.o.Now()
	r.live.set(func(i *RunInfo) {
		i.Where, i.There = where, now
		i.State = Running
		if seen.State == site.Waiting {
			i.State = Queued
		}
	})
}

// settle ends a run whose record is whole, or that nobody works on any more.
func (e *errand) settle(r *errandRun, key string, seen site.Seen, free int64) error {
	if !r.copy.Ended() {
		if seen.State != site.Gone {
			return nil
		}
		if e.last {
			return e.finish(r, key, CancelledSt, nil) // we ended it before it could write that down
		}
		return e.finish(r, key, Interrupted, e.lost(seen, free))
	}
	end, _, err := run.Ended(e.o.path(key))
	if err != nil {
		return err
	}
	switch end.Status {
	case lab.StatusDone:
		return e.finish(r, key, Done, nil)
	case lab.StatusCancelled:
		return e.finish(r, key, CancelledSt, nil)
	}
	return e.finish(r, key, Failed, (&lab.Error{Code: end.Code, Msg: end.Error}).WithHint("%s", end.Hint))
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

// finish ends a run here. One that is back whole is crossed off the ticket.
func (e *errand) finish(r *errandRun, key, state string, cause error) error {
	r.over, r.lost = true, state == Interrupted
	if err := r.copy.Close(); err != nil {
		cause = firstOf(cause, err)
	}
	r.copy = nil
	if cause != nil {
		e.o.Log.Error("run failed", "key", key, "target", e.Target, "error", cause)
		e.j.blame(cause)
	}
	r.live.set(func(i *RunInfo) { i.Where = "" })
	e.o.over(r.live, state, cause)
	e.Back = append(e.Back, key)
	return e.o.keepTicket(e.ticket)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// say tells of all runs that are not over where they are.
func (e *errand) say(where string) {
	for _, r := range e.runs {
		if !r.over {
			r.live.set(func(i *RunInfo) { i.Where = where })
		}
	}
}

func (e *errand) allOver() bool {
	for _, r := range e.runs {
		if !r.over {
			return false
		}
	}
	return true
}

// failAll ends all runs that are not over: something is wrong that waiting does not mend. Their ticket stays.
func (e *errand) failAll(err error) {
	state := Interrupted
	if lab.CodeOf(err) == lab.Cancelled {
		state, err = CancelledSt, nil
	} else {
		e.j.blame(err)
	}
	for _, r := range e.runs {
		if !r.over {
			r.over = true
			e.o.over(r.live, state, err)
		}
	}
}

// left is what happens when the job is to go on with nothing: when Loci closes the runs go on there, else they are ended.
func (e *errand) left() {
	if e.o.ctx.Err() == nil {
		e.end()
		e.last = true
		e.lastLook()
		e.clean()
	}
	state := CancelledSt
	if e.o.ctx.Err() != nil {
		state = Interrupted // it goes on there
	}
	for _, r := range e.runs {
		if !r.over {
			r.over = true
			e.o.over(r.live, state, nil)
		}
	}
}

// lastLook fetches what was written until the end, and crosses everything off: a cancelled order is not followed again.
func (e *errand) lastLook() {
	ctx, cancel := context.WithTimeout(context.Background(), partWait)
	defer cancel()
	for !e.allOver() {
		if _, err := e.look(ctx); err != nil && lab.CodeOf(err) != lab.Unavailable || !e.wait(ctx, lookFirst) {
			e.o.Log.Warn("what was cancelled could not be fetched whole", "target", e.Target, "order", e.Order.ID, "error", err)
			break
		}
	}
	for key := range e.runs {
		if e.lacks(key) {
			e.Back = append(e.Back, key)
		}
	}
	slices.Sort(e.Back)
	if err := e.o.keepTicket(e.ticket); err != nil {
		e.o.Log.Warn("a note on sent runs stays", "order", e.Order.ID, "error", err)
	}
}

// end ends what runs there.
func (e *errand) end() {
	ctx, cancel := context.WithTimeout(context.Background(), partWait)
	defer cancel()
	e.say("is being ended there")
	if err := e.there.Cancel(ctx, e.Order); err != nil {
		e.o.notice("warn", fmt.Sprintf("%s could not be told to end its runs: %v; %s", e.Target, err, lab.HintOf(err)))
		e.o.Log.Warn("an order could not be cancelled", "target", e.Target, "order", e.Order.ID, "error", err)
	}
}

// clean removes what is left there, once all of it is here. The checkpoints of a run that was lost stay: whoever runs it again goes on from
// them, and removes them then.
func (e *errand) clean() {
	done := e.Order
	done.Runs = nil
	for _, s := range e.Order.Runs {
		if e.lacks(s.Key) {
			return // another job follows that one
		}
		if r := e.runs[s.Key]; r == nil || !r.lost {
			done.Runs = append(done.Runs, s)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), partWait)
	defer cancel()
	if err := e.there.Clean(ctx, done); err != nil {
		e.o.Log.Warn("what an order left behind could not be removed", "target", e.Target, "order", e.Order.ID, "error", err)
	}
}

func (e *errand) close() {
	for _, r := range e.runs {
		if r.copy == nil {
			continue
		}
		if err := r.copy.Close(); err != nil {
			e.o.Log.Warn("a record could not be closed", "key", r.live.snapshot().Key, "error", err)
		}
	}
}

// Adopt follows what earlier processes sent away and did not bring back, as a job for each order. Who opens the pages wants that; a command
// that runs a notebook follows that notebook's runs alone.
func (o *Owner) Adopt(ctx context.Context) error {
	for _, t := range o.tickets() {
		plan := Plan{File: t.File, Title: t.Title, Budget: t.Budget, Target: t.Target}
		for _, s := range t.Order.Runs {
			if !t.lacks(s.Key) {
				continue
			}
			info, err := o.inspect(ctx, s.Key)
			if err != nil {
				return err
			}
			info.Key, info.Planned = s.Key, notebook.Planned{Arm: s.Arm, Case: s.Case, Seed: s.Seed, Setup: s.Setup}
			plan.Runs = append(plan.Runs, info)
		}
		if _, err := o.Start(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

// reachable refuses a plan whose target is none, or whose runs only this process can do.
func (o *Owner) reachable(plan Plan) error {
	if plan.Target == "" || plan.Target == Here {
		return nil
	}
	if o.Places == nil {
		return lab.Errorf(lab.Invalid, "target is %q, but no target can be used here", plan.Target).WithHint("write target: here")
	}
	for _, r := range plan.Runs {
		if kind, name, ok := strings.Cut(r.Setup.Model, " "); ok {
			return lab.Errorf(lab.Invalid, "a run with model: %s %s stays on this computer, which asks that %s: it cannot be sent to %s", kind, name, kind, plan.Target).
				WithHint("write target: here, or model: tiny")
		}
		if data, err := o.data(r.Setup); err != nil || data != "" {
			return lab.Errorf(lab.Invalid, "a run that reads imported data stays on this computer: it cannot be sent to %s", plan.Target).WithHint("write target: here")
		}
	}
	there, err := o.Places(plan.Target)
	if err != nil {
		return err
	}
	return there.Close()
}

// away tells whether a run's record is a copy of one elsewhere.
func (o *Owner) away(key string) bool { return exists(filepath.Join(o.Folder(key), copyNote)) }

// copyNote lies in the folder of a run whose record is a copy, and names the target.
const copyNote = "copied-from"

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
