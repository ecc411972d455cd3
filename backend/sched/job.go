package sched

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
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
	started time.Time
	runs    []*live

	mu     sync.Mutex
	state  string
	resume chan struct{} // closed when the job is not paused
	cancel context.CancelFunc
	err    error // first cause of a failed run
}

// live is a run of this process: waiting, going on, or over.
type live struct {
	mu     sync.Mutex
	info   RunInfo
	pace   pace
	paused float64            // seconds spent in pauses
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

// Start runs what the plan lacks, in the plan's order, and returns at once. Runs that another job has under way are shared with it.
func (o *Owner) Start(_ context.Context, plan Plan) (Job, error) {
	if o.ctx.Err() != nil {
		return Job{}, lab.Errorf(lab.Cancelled, "Loci is closing, no run can start")
	}
	ctx, cancel := context.WithCancel(o.ctx)
	open := make(chan struct{})
	close(open)
	j := &job{file: plan.File, title: plan.Title, budget: plan.Budget, started: o.Now(), state: Running, resume: open, cancel: cancel}
	o.mu.Lock()
	j.id = o.name()
	var mine []*live
	for _, info := range plan.Runs {
		l, shared := o.live[info.Key]
		if !shared {
			l = &live{info: info, series: map[string]*points{}}
			if info.State != Done {
				l.info.State = Queued
				o.live[info.Key] = l
				mine = append(mine, l)
			}
		}
		j.runs = append(j.runs, l)
	}
	o.jobs = append(o.jobs, j)
	o.mu.Unlock()
	o.work.Go(func() { o.serve(ctx, j, mine) })
	return o.view(j), nil
}

// serve gives each of the job's own runs a worker and ends the job after the last.
func (o *Owner) serve(ctx context.Context, j *job, mine []*live) {
	var group sync.WaitGroup
	for _, l := range mine {
		select {
		case o.slots <- struct{}{}:
		case <-ctx.Done():
		}
		if j.wait(ctx) != nil {
			o.over(l, CancelledSt, nil)
			continue
		}
		group.Go(func() {
			defer func() { <-o.slots }()
			o.execute(ctx, j, l)
		})
	}
	group.Wait()
	j.finish(ctx.Err() != nil)
	j.cancel()
	o.announce(j)
}

// execute brings one run to its end and notes how it went.
func (o *Owner) execute(ctx context.Context, j *job, l *live) {
	info := l.snapshot()
	code, err := o.Papers.Code(info.Setup)
	if err == nil {
		err = o.begin(l, j.file, code)
	}
	if err == nil {
		_, err = run.Execute(ctx, run.Config{
			Start: o.start(info, j.file, code),
			New:   func() (lab.Method, error) { return o.Papers.New(info.Setup, info.Seed, o.Bench) },
			Dir:   o.Folder(info.Key),
			Gate:  func(ctx context.Context) error { return j.gate(ctx, l, o.Now) },
			Tee:   func(seq int64, ev lab.Event) { o.tee(l, seq, ev) },
		})
	}
	switch {
	case err == nil:
		o.over(l, Done, nil)
	case ctx.Err() != nil || lab.CodeOf(err) == lab.Cancelled:
		o.over(l, CancelledSt, nil)
	default:
		o.Log.Error("run failed", "key", info.Key, "arm", info.Arm, "seed", info.Seed, "error", err, "cause", errors.Unwrap(err))
		j.blame(err)
		o.over(l, Failed, err)
	}
}

// wait blocks while the job is paused; it returns an error when the job is to start nothing more.
func (j *job) wait(ctx context.Context) error {
	j.mu.Lock()
	resume, state := j.resume, j.state
	j.mu.Unlock()
	if state == Finishing {
		return lab.Errorf(lab.Cancelled, "the job was asked to finish").WithHint("run it again to continue")
	}
	select {
	case <-resume:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gate is asked by a run before each unit. Time spent in a pause is no work.
func (j *job) gate(ctx context.Context, l *live, now func() time.Time) error {
	j.mu.Lock()
	paused := j.state == Paused
	j.mu.Unlock()
	if !paused {
		return j.wait(ctx)
	}
	since := now()
	l.set(func(i *RunInfo) { i.State = Paused; l.pace.pause() })
	err := j.wait(ctx)
	l.set(func(i *RunInfo) { i.State = Running; l.paused += now().Sub(since).Seconds() })
	return err
}

// Control pauses, resumes, finishes (after the present unit) or stops a job, and returns it as it then is.
func (o *Owner) Control(id, verb string) (Job, error) {
	j, err := o.job(id)
	if err != nil {
		return Job{}, err
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
		if j.state == Paused {
			close(j.resume)
		}
		if j.state == Paused || j.state == Running {
			j.state = Finishing
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

// finish sets the job's last state.
func (j *job) finish(stopped bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.err != nil:
		j.state = Failed
	case stopped || j.state == Finishing:
		j.state = CancelledSt
	default:
		j.state = Done
	}
}

// view sums a job up.
func (o *Owner) view(j *job) Job {
	j.mu.Lock()
	v := Job{ID: j.id, File: j.file, Title: j.title, Budget: j.budget, State: j.state, Started: j.started, Err: j.err}
	j.mu.Unlock()
	var low, high []float64
	known, share := true, 0.0
	for _, l := range j.runs {
		info, lo, hi, ok := l.left()
		v.Runs = append(v.Runs, info)
		share += info.Share()
		if info.State == Running || info.State == Queued || info.State == Paused {
			low, high, known = append(low, lo), append(high, hi), known && (ok || info.State == Queued)
		}
	}
	v.Low, v.High = -1, -1
	if len(v.Runs) > 0 {
		v.Share = share / float64(len(v.Runs))
	}
	if known = known && fillQueued(low, high); known {
		v.Low, v.High = spread(low, o.Workers), spread(high, o.Workers)
	}
	return v
}

// fillQueued gives runs that have not begun (0 seconds) the mean of those that have; false when none has.
func fillQueued(low, high []float64) bool {
	sumLow, sumHigh, n := 0.0, 0.0, 0.0
	for i := range low {
		if high[i] > 0 {
			sumLow, sumHigh, n = sumLow+low[i], sumHigh+high[i], n+1
		}
	}
	for i := range low {
		if high[i] == 0 && n > 0 {
			low[i], high[i] = sumLow/n, sumHigh/n
		}
	}
	return n > 0
}

// left returns the run with the seconds it still needs; a queued run has 0.
func (l *live) left() (info RunInfo, low, high float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.info.State != Running {
		return l.info, 0, 0, false
	}
	low, high, ok = l.pace.left(l.info.Total - l.info.Done)
	return l.info, low, high, ok
}

// Share is the part of a run's work that is done, 0 to 1.
func (r RunInfo) Share() float64 {
	switch {
	case r.State == Done:
		return 1
	case r.Total <= 0:
		return 0
	}
	return float64(r.Done) / float64(r.Total)
}
