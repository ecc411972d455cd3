package sched

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/target"
)

// Papers makes what a set-up describes. The catalog fulfils it.
type Papers interface {
	New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error)
	// Code returns the code identity of the set-up's paper, which is part of the run key.
	Code(setup lab.Setup) (string, error)
	// Metrics are those that runs of the paper emit.
	Metrics(paper string) []lab.MetricSpec
}

// Expect tells how long a run took where the shipped results were recorded: the first estimate before anything ran here.
type Expect func(setup lab.Setup, arm, kase string) (seconds float64, basis string, ok bool)

// Config is what an Owner works with.
type Config struct {
	Home    string // runs lie below Home/runs
	Store   *store.Store
	Hub     *hub.Hub
	Papers  Papers
	Expect  Expect // may be nil
	Bench   lab.Bench
	Kernel  string // family that Bench picks, for the records
	Workers int    // runs at a time, at least 1
	Commit  string
	Machine string
	Disk    Disk // watched where it can tell
	// Places finds a target that carries runs out, by its name; nil where none can be set up. Who asks closes it.
	Places func(name string) (Elsewhere, error)
	// Prices tells what a model of a training service costs; nil where no price is known.
	Prices func(service, model string) (target.Price, bool)
	// Named is the address that people know a training service by, of one that Bench finds; nil is the same.
	Named func(address string) string
	// Vocabulary reads the notebooks of sweeps that were left; nil where none is to go on by itself.
	Vocabulary notebook.Vocabulary
	Now        func() time.Time // nil is the wall clock
	Log        *slog.Logger     // nil discards
}

// Owner owns all runs of one data folder. It is safe for use by several goroutines. Close stops and waits for all of them.
type Owner struct {
	Config
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	slots  chan struct{} // one token a worker

	mu   sync.Mutex
	jobs []*job
	live map[string]*live // runs that were started and are not over, by key
	next int

	forks map[string]*forking // that were asked for since, by key
}

// New makes an owner. Close it before the store and the hub.
func New(cfg Config) *Owner {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Workers = max(cfg.Workers, 1)
	ctx, cancel := context.WithCancel(context.Background())
	o := &Owner{Config: cfg, ctx: ctx, cancel: cancel, slots: make(chan struct{}, cfg.Workers), live: map[string]*live{}}
	if cfg.Disk.Free != nil {
		o.work.Go(func() { o.watch(ctx) })
	}
	return o
}

// Close stops all runs at their next step, leaves them to be continued, and waits.
func (o *Owner) Close() {
	o.mu.Lock() // no job begins behind this
	o.cancel()
	o.mu.Unlock()
	o.work.Wait()
}

// Key is the identity of a run: equal keys mean equal numbers on the same kernel family, so a finished run is never run again unasked.
func Key(setup lab.Setup, code, data string, seed uint64) (string, error) {
	text, err := json.Marshal(struct {
		Setup lab.Setup
		Code  string
		Data  string
		Seed  uint64
	}{setup, code, data, seed})
	if err != nil {
		return "", lab.Errorf(lab.Internal, "set-up of %s cannot be hashed: %w", setup.Paper, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12]), nil
}

// Folder is where a run's record and checkpoints lie.
func (o *Owner) Folder(key string) string { return filepath.Join(o.Home, "runs", key[:2], key) }

// Record returns the path of a run's record file. It may not exist yet.
func (o *Owner) Record(key string) (string, error) {
	if len(key) < 3 || filepath.Base(key) != key {
		return "", lab.Errorf(lab.Invalid, "run key %q is none", key).WithHint("`loci runs` lists the keys")
	}
	return filepath.Join(o.Folder(key), run.RecordFile), nil
}

// Plan says what running the notebook would do: each run with its key and state.
func (o *Owner) Plan(ctx context.Context, doc *notebook.Document, opt Options) (Plan, error) {
	found, sweep, err := o.lookAll(ctx, doc, opt)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Doc: doc, File: doc.File, Title: doc.Title(), Budget: budgetOf(doc, opt), Target: targetOf(doc, opt), Sweep: sweep}
	var left []float64
	past := o.pasts(ctx)
	for _, info := range found {
		if info.State == Done && opt.anew(info) {
			info.State, info.Done, info.Seconds, info.again = "", 0, 0, true
		}
		info.kept = opt.keeps(info)
		info.again = info.again || info.State == Failed && !info.kept || info.State == Deleted // it would fail again where it stands; what was deleted is made anew
		switch {
		case info.State == Done || info.kept:
			p.Unchanged++
		case info.State == Interrupted || info.State == CancelledSt:
			p.Partial++
			fallthrough // it is run like the others, from where it stands
		default:
			left = append(left, o.expect(past, &p, info))
		}
		p.Runs = append(p.Runs, info)
	}
	if later, known := p.timeAhead(o.Workers); known && len(left) > 0 && !slices.Contains(left, 0) {
		t := spread(left, o.Workers) + later
		p.Low, p.High = t*8/10, t*13/10
	}
	return p, nil
}

func budgetOf(doc *notebook.Document, opt Options) string {
	if opt.Budget != "" {
		return opt.Budget
	}
	return doc.Run().Budget
}

func targetOf(doc *notebook.Document, opt Options) string {
	return cmp.Or(opt.Target, doc.Run().Target, Here)
}

// codes is Papers.Code that asks once for each paper: of ten thousand runs all are of one.
func (o *Owner) codes() func(lab.Setup) (string, error) {
	known := map[string]string{}
	return func(setup lab.Setup) (string, error) {
		if code, ok := known[setup.Paper]; ok {
			return code, nil
		}
		code, err := o.Papers.Code(setup)
		if err == nil {
			known[setup.Paper] = code
		}
		return code, err
	}
}

// look finds the state of one planned run: live, or as the library knows it.
func (o *Owner) look(ctx context.Context, r notebook.Planned, codeOf func(lab.Setup) (string, error)) (RunInfo, error) {
	code, err := codeOf(r.Setup)
	if err != nil {
		return RunInfo{}, err
	}
	data, err := o.data(r.Setup)
	if err != nil && lab.CodeOf(err) != lab.NotFound { // data that are not here keep nobody from reading a notebook: Start refuses
		return RunInfo{}, err
	}
	key, err := Key(r.Setup, code, data, r.Seed)
	if err != nil {
		return RunInfo{}, err
	}
	o.mu.Lock()
	l := o.live[key]
	o.mu.Unlock()
	if l != nil {
		info := l.snapshot()
		info.Planned = r
		return info, nil
	}
	info, err := o.inspect(ctx, key)
	info.Planned, info.Key = r, key
	return info, err
}

// expect returns the seconds that a run will still take, 0 when nothing is known, and notes in the plan what that rests on.
func (o *Owner) expect(past func(RunInfo) (float64, bool), p *Plan, info RunInfo) float64 {
	share := 1.0
	if info.Total > 0 && !info.again {
		share = 1 - float64(info.Done)/float64(info.Total)
	}
	if s, ok := past(info); ok {
		p.Basis = "earlier runs on this computer"
		return s * share
	}
	if o.Expect != nil {
		if s, basis, ok := o.Expect(info.Setup, info.Arm, info.Case); ok {
			if p.Basis == "" {
				p.Basis = basis
			}
			return s * share
		}
	}
	return 0
}

func (o *Owner) start(r RunInfo, file, code string) lab.Start {
	return lab.Start{Key: r.Key, Setup: r.Setup, Arm: r.Arm, Case: r.Case, Seed: r.Seed, Code: code, Commit: o.Commit,
		Kernel: o.Kernel, Machine: o.Machine, Notebook: file}
}

// Job returns a job of this owner.
func (o *Owner) Job(id string) (Job, error) {
	j, err := o.job(id)
	if err != nil {
		return Job{}, err
	}
	return o.view(j), nil
}

// Jobs lists all jobs since the owner was made, newest first.
func (o *Owner) Jobs() []Job {
	o.mu.Lock()
	jobs := slices.Clone(o.jobs)
	o.mu.Unlock()
	views := make([]Job, 0, len(jobs))
	for _, j := range slices.Backward(jobs) {
		views = append(views, o.view(j))
	}
	return views
}

func (o *Owner) job(id string) (*job, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.IndexFunc(o.jobs, func(j *job) bool { return j.id == id }); i >= 0 {
		return o.jobs[i], nil
	}
	return nil, lab.Errorf(lab.NotFound, "job %q is unknown", id).WithHint("reload the page to see the jobs of this server")
}
