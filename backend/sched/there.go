package sched

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
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
	SentBefore   = "sent before"       // by an earlier process, and not looked at yet
	Unreached    = "cannot be reached" // and why
)

// errand is an order that this process follows: what was sent, and the runs of it that a job wants.
type errand struct {
	o     *Owner
	j     *job
	there Elsewhere
	ticket
	runs   map[string]*errandRun // by key
	ended  []ended               // runs that this look found over
	back   []string              // keys of runs that came back and are not crossed off yet
	last   bool                  // it was cancelled: what is gone now stays gone
	choked bool                  // the person was told that this computer cannot keep what comes
}

// errandRun is one run of an errand.
type errandRun struct {
	live *live
	copy *record.Copy // nil until something of it is there
	gone time.Time    // since when nobody is seen to work on it, zero while somebody is
	torn int          // how often in a row what came was no record
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
	for _, t := range o.overTickets(ctx, j.target) {
		group.Go(func() { o.clearOld(ctx, there, t) })
	}
	for _, e := range o.errands(j, mine, there) {
		group.Go(func() { e.follow(ctx) })
	}
	group.Wait()
}

// refuse ends runs that never began.
func (o *Owner) refuse(j *job, runs []*live, err error) {
	j.blame(err)
	j.mu.Lock()
	j.away = lab.CodeOf(err) == lab.Unavailable
	j.mu.Unlock()
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
		e, missing := &errand{o: o, j: j, there: there, ticket: t, runs: map[string]*errandRun{}}, t.missing()
		left = slices.DeleteFunc(left, func(l *live) bool {
			info := l.snapshot()
			if !missing[info.Key] || info.again {
				return false
			}
			e.runs[info.Key] = &errandRun{live: l}
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
		key := l.snapshot().Key
		e.runs[key] = &errandRun{live: l}
		e.Order.Runs = append(e.Order.Runs, lab.Start{Key: key})
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
	for !e.allOver() || len(e.back) > 0 {
		news, err := e.look(ctx)
		if lab.CodeOf(err) == lab.NotFound && ctx.Err() == nil { // it never got there, or was removed there
			err = e.there.Submit(ctx, e.Order)
		}
		switch {
		case err == nil:
			e.choked = false
		case ctx.Err() != nil:
		case lab.CodeOf(err) == lab.Unavailable:
			where, aloud := e.unreached(err)
			e.say(where)
			if aloud {
				e.o.notice("warn", fmt.Sprintf("The runs on %s: what comes %s", e.Target, where))
				e.o.Log.Warn("what comes back cannot be kept", "target", e.Target, "error", err)
			}
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
	code := e.o.codes()
	added, err := e.enterAll(ctx, code)
	if err != nil {
		return err
	}
	for i, s := range e.Order.Runs {
		r := e.runs[s.Key]
		if r == nil {
			continue
		}
		start, err := e.open(ctx, r, code, added[s.Key])
		if err != nil {
			return err
		}
		if fresh {
			e.Order.Runs[i] = start
		}
	}
	if !fresh {
		e.say(SentBefore)
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
	for key := range e.missing() {
		e.back = append(e.back, key)
	}
	if kept := e.cross(); kept != nil {
		e.o.Log.Warn("a note on sent runs stays", "order", e.Order.ID, "error", kept)
	}
	e.last = true
	e.clean()
	if ctx.Err() != nil {
		return lab.Errorf(lab.Cancelled, "the job was stopped while its runs were sent").WithHint("run it again")
	}
	return err
}

// open gets a run's library row and copy ready and returns how the run begins: as its copy says where it has begun. The row of a new run is
// there already.
func (e *errand) open(ctx context.Context, r *errandRun, codeOf func(lab.Setup) (string, error), added bool) (lab.Start, error) {
	info := r.live.snapshot()
	code, err := codeOf(info.Setup)
	if err != nil {
		return lab.Start{}, err
	}
	if !info.again && exists(e.o.path(info.Key)) && !e.o.away(info.Key) {
		r.live.set(func(i *RunInfo) { i.again = true }) // it was begun in this process: its record says another machine
	}
	if added && !exists(e.o.path(info.Key)) {
		r.live.begin(e.o.Now(), 0)
	} else if err := e.o.begin(ctx, r.live, e.j.file, code); err != nil {
		return lab.Start{}, err
	}
	if err := e.tryCopy(info.Key); err != nil {
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
	e.endAll(state, err)
}

// endAll ends all runs that are not over, here.
func (e *errand) endAll(state string, cause error) {
	var all []ended
	for _, r := range e.runs {
		if !r.over {
			r.over = true
			all = append(all, ended{r.live, state, cause})
		}
	}
	e.o.overAll(all)
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
	e.endAll(state, nil)
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
	e.back = nil
	for key := range e.missing() {
		if e.runs[key] != nil {
			e.back = append(e.back, key)
		}
	}
	slices.Sort(e.back)
	if err := e.cross(); err != nil {
		e.o.Log.Warn("a note on sent runs stays", "order", e.Order.ID, "error", err)
	}
}

// end ends what runs there.
func (e *errand) end() {
	e.say("is being ended there")
	if err := briefly(func(ctx context.Context) error { return e.there.Cancel(ctx, e.Order) }); err != nil {
		e.o.notice("warn", fmt.Sprintf("%s could not be told to end its runs: %v; %s", e.Target, err, lab.HintOf(err)))
		e.o.Log.Warn("an order could not be cancelled", "target", e.Target, "order", e.Order.ID, "error", err)
	}
}

// clean removes what is left there, once all of it is here. The checkpoints of a run that was lost stay: whoever runs it again goes on from
// them, and removes them then.
func (e *errand) clean() {
	t := e.ticket
	if err := e.o.readBack(&t); err != nil || len(t.missing()) > 0 {
		return // another job follows those, and removes what is left after the last
	}
	done := e.Order
	done.Runs = nil
	for _, s := range e.Order.Runs {
		if r := e.runs[s.Key]; r == nil || !r.lost {
			done.Runs = append(done.Runs, s)
		}
	}
	e.o.clear(e.there, t, done, e.last)
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
