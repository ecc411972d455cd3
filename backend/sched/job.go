package sched

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/run"
)

// Finishing is the state of a job that starts no further unit.
const Finishing = "finishing"

// job is one order to run a plan.
type job struct {
	id      string
	file    string
	title   string
	budget  string
	target  string             // Here, or the name of a target
	doc     *notebook.Document // nil for work of no notebook
	started time.Time

	cancel context.CancelFunc
	ending chan struct{} // closed when the job is to start no further unit

	mu     sync.Mutex
	runs   []*live   // a halving sweep gets more with every rung
	sweep  *Sweeping // that the job runs, nil for none
	note   string    // on the sweep, as pursue named it; "" for none
	state  string
	resume chan struct{} // closed when the job is not paused
	err    error         // first cause of a failed run
	away   bool          // its target could not be reached
}

// all are the job's runs so far.
func (j *job) all() []*live {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.runs)
}

// live is a run of this process: waiting, going on, or over.
type live struct {
	ended chan struct{} // closed when the run is over

	mu     sync.Mutex
	info   RunInfo
	err    error // why it failed
	pace   pace
	began  time.Time          // of the work in this process, zero before it
	paused float64            // seconds spent in pauses since
	series map[string]*points // metrics as they came, in this process or read back from the record
}

// points are the values of one metric of one run.
type points struct {
	x []int64
	y []float64
}

func (l *live) snapshot() RunInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.info
}

func (l *live) set(change func(*RunInfo)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.info)
}

// Start runs what the plan lacks, in the plan's order, and returns at once. Runs that another job has under way are shared with it: the
// job waits for them, and they stop when the other job is stopped. A run that wants data which were not imported is an error of code
// not-found, and nothing is started.
func (o *Owner) Start(_ context.Context, plan Plan) (Job, error) {
	if err := o.ready(plan); err != nil {
		return Job{}, err
	}
	if err := o.reachable(plan); err != nil {
		return Job{}, err
	}
	if err := o.room(); err != nil {
		return Job{}, err
	}
	ctx, cancel := context.WithCancel(o.ctx)
	open := make(chan struct{})
	close(open)
	j := &job{file: plan.File, title: plan.Title, budget: plan.Budget, target: cmp.Or(plan.Target, Here), doc: plan.Doc, started: o.Now(), state: Running, resume: open,
		ending: make(chan struct{}), cancel: cancel}
	if plan.Sweep != nil {
		own := *plan.Sweep // what is ahead of the job shrinks
		j.sweep = &own
	}
	var err error
	if j.note, err = o.pursue(plan); err == nil {
		err = o.enlist(ctx, j, plan)
	}
	if err != nil {
		cancel()
		return Job{}, err
	}
	return o.view(j), nil
}

// enlist gives the job its runs and starts serving them, unless the owner is closing.
func (o *Owner) enlist(ctx context.Context, j *job, plan Plan) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx.Err() != nil {
		return lab.Errorf(lab.Cancelled, "Loci is closing, no run can start").WithHint("start Loci again")
	}
	o.next++
	j.id = fmt.Sprintf("job-%d", o.next)
	mine, others := o.claim(j, plan.Runs)
	o.jobs = append(o.jobs, j)
	o.work.Go(func() { o.serve(ctx, j, mine, others) })
	return nil
}

// claim gives the job runs: mine are those that it is to carry out, others go on in other jobs. The caller holds the owner's lock.
func (o *Owner) claim(j *job, runs []RunInfo) (mine, others []*live) {
	var all []*live
	for _, info := range runs {
		l, shared := o.live[info.Key]
		switch {
		case shared:
			others = append(others, l)
		case info.State == Done || info.kept:
			l = &live{info: info, err: info.cause()}
		default:
			l = &live{info: info, ended: make(chan struct{}), series: map[string]*points{}}
			l.info.State = Queued
			o.live[info.Key] = l
			mine = append(mine, l)
		}
		all = append(all, l)
	}
	j.mu.Lock()
	j.runs = append(j.runs, all...)
	j.mu.Unlock()
	return mine, others
}

// serve gives each of the job's own runs a worker, those of a halving sweep rung by rung, and ends the job after the last of all its runs.
func (o *Owner) serve(ctx context.Context, j *job, mine, others []*live) {
	for {
		if j.target == Here {
			o.serveHere(ctx, j, mine)
		} else if len(mine) > 0 {
			o.serveThere(ctx, j, mine)
		}
		for _, l := range others {
			select {
			case <-l.ended:
			case <-j.ending:
			case <-ctx.Done():
			}
		}
		before := len(j.all())
		if mine, others = o.further(ctx, j); len(j.all()) == before {
			break
		}
		o.announce(j)
	}
	o.pursued(j)
	j.finish()
	j.cancel()
	o.announce(j)
	o.tellEnd(j)
}

// serveHere carries runs out in this process, as workers are free.
func (o *Owner) serveHere(ctx context.Context, j *job, mine []*live) {
	var group sync.WaitGroup
	for _, l := range mine {
		if o.take(ctx, j) != nil {
			o.over(l, CancelledSt, nil)
			continue
		}
		group.Go(func() { o.execute(ctx, j, l) })
	}
	group.Wait()
}

// take waits for a worker. With an error no worker was taken: the job is to start nothing more.
func (o *Owner) take(ctx context.Context, j *job) error {
	for {
		if err := j.wait(ctx); err != nil {
			return err
		}
		select {
		case o.slots <- struct{}{}:
		case <-j.ending:
			continue
		case <-ctx.Done():
			continue
		}
		if err := j.wait(ctx); err == nil && !j.paused() {
			return nil
		}
		<-o.slots // it was paused or stopped while it waited for the worker
	}
}

// execute brings one run to its end and notes how it went. It gives the worker back.
func (o *Owner) execute(ctx context.Context, j *job, l *live) {
	held := true
	defer func() {
		if held {
			<-o.slots
		}
	}()
	info := l.snapshot()
	code, err := o.Papers.Code(info.Setup)
	if err == nil {
		err = o.begin(ctx, l, j.file, code)
	}
	if err == nil {
		bench, explain, rest, end := o.metered(l, info)
		err = o.persist(ctx, j, l, func() error {
			defer rest()
			_, err := run.Execute(ctx, run.Config{
				Start:   o.start(info, j.file, code),
				New:     func() (lab.Method, error) { return o.Papers.New(info.Setup, info.Seed, bench) },
				Dir:     o.Folder(info.Key),
				Gate:    func(ctx context.Context) (err error) { held, err = o.gate(ctx, j, l); return err },
				Tee:     func(seq int64, ev lab.Event) { o.tee(l, seq, ev) },
				Explain: explain,
			})
			return err
		})
		end()
	}
	state := outcome(ctx, err)
	if state == Done || state == CancelledSt {
		o.over(l, state, nil)
		return
	}
	o.Log.Error("run failed", "key", info.Key, "arm", info.Arm, "seed", info.Seed, "error", err, "cause", errors.Unwrap(err))
	j.blame(err)
	o.over(l, state, err)
}

// outcome is the state that a run is left in. A disk that failed says nothing about the run, which can go on where it stands.
func outcome(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return Done
	case ctx.Err() != nil || lab.CodeOf(err) == lab.Cancelled:
		return CancelledSt
	case lab.CodeOf(err) == lab.Unavailable:
		return Interrupted
	}
	return Failed
}

// wait blocks while the job is paused; it returns an error when the job is to start nothing more.
func (j *job) wait(ctx context.Context) error {
	j.mu.Lock()
	resume := j.resume
	j.mu.Unlock()
	select {
	case <-resume:
	case <-j.ending:
	case <-ctx.Done():
	}
	select {
	case <-j.ending:
		return lab.Errorf(lab.Cancelled, "the job was asked to finish").WithHint("run it again to continue")
	default:
		return ctx.Err()
	}
}

func (j *job) paused() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state == Paused
}

// gate is asked by a run before each unit. Time spent in a pause is no work, and its worker is free for other jobs meanwhile; held
// tells whether the run has a worker afterwards.
func (o *Owner) gate(ctx context.Context, j *job, l *live) (held bool, err error) {
	if !j.paused() {
		return true, j.wait(ctx)
	}
	since := o.Now()
	l.set(func(i *RunInfo) { i.State = Paused; l.pace.pause() })
	<-o.slots
	err = o.take(ctx, j)
	l.set(func(i *RunInfo) { i.State = Running; l.paused += o.Now().Sub(since).Seconds() })
	return err == nil, err
}

// Control pauses, resumes, finishes (after the present unit) or stops a job, and returns it as it then is.
func (o *Owner) Control(id, verb string) (Job, error) {
	j, err := o.job(id)
	if err != nil {
		return Job{}, err
	}
	if j.target != Here && verb != "stop" {
		return Job{}, lab.Errorf(lab.Invalid, "runs on %s can be stopped, but not %s", j.target, map[string]string{"pause": "paused", "resume": "resumed", "finish": "finished early"}[verb]).
			WithHint("stop them: their records are kept, and running again goes on with them")
	}
	if err := j.control(verb); err != nil {
		return Job{}, err
	}
	o.announce(j)
	return o.view(j), nil
}

func (j *job) control(verb string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch verb {
	case "pause":
		if j.state == Running {
			j.state, j.resume = Paused, make(chan struct{})
		}
	case "resume":
		if j.state == Paused {
			j.state = Running
			close(j.resume)
		}
	case "finish":
		if j.state == Paused || j.state == Running {
			j.state = Finishing
			close(j.ending)
		}
	case "stop":
		j.cancel()
	default:
		return lab.Errorf(lab.Invalid, "%q is nothing a job can do, want one of pause, resume, finish, stop", verb)
	}
	return nil
}

func (j *job) blame(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = err
	}
}

// finish sets the job's last state, which follows from its runs.
func (j *job) finish() {
	state := Done
	for _, l := range j.all() {
		l.mu.Lock()
		of, err := l.info.State, l.err
		l.mu.Unlock()
		if err != nil {
			j.blame(err)
		}
		if of != Done {
			state = CancelledSt
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state = state; j.err != nil {
		j.state = Failed
	}
}
