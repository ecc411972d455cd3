package app

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/experiments"
)

// What every run of the simulation is: a run that ships, whose record is of a middling size.
const (
	scaleNotebook = "loop.md"
	scaleArm      = "rloo"
	scaleRecord   = "loop.results/fast/rloo.0.loci.gz"
	scaleTarget   = "cluster"
	scaleLeast    = 100 // runs of the first size; each next has ten times as many
	scaleTries    = 4   // how often what was lost is sent again
	scaleCopies   = 500 // records of the plain copy
	scaleMost     = 100_000
)

// scaleEach is how long a run takes on the simulated cluster: so short that the cluster is never what is waited for.
const scaleEach = 2 * time.Second

// scaleSize is how large a simulation is.
type scaleSize struct{ runs, nodes int }

func (s scaleSize) String() string {
	return fmt.Sprintf("%s runs on %s nodes", number(float64(s.runs)), number(float64(s.nodes)))
}

// sizes rise tenfold up to what was asked for, so that one sees where it bends.
func (s scaleSize) sizes() (all []scaleSize) {
	for n := min(scaleLeast, s.runs); n < s.runs; n *= 10 {
		all = append(all, scaleSize{n, max(1, n*s.nodes/s.runs)})
	}
	return append(all, s)
}

func (s scaleSize) check() error {
	if s.runs < 1 || s.runs > scaleMost {
		return lab.Errorf(lab.Invalid, "runs is %d, want 1 to %d", s.runs, scaleMost).WithHint("set --runs to 10000")
	}
	if s.nodes < 1 || s.nodes > s.runs {
		return lab.Errorf(lab.Invalid, "nodes is %d, want 1 to the number of runs, %d", s.nodes, s.runs).WithHint("set --nodes to a tenth of --runs")
	}
	return nil
}

// scaled is what one size came to.
type scaled struct {
	scaleSize
	planned, sent  float64 // seconds until the plan was made, and from then until the cluster had the order
	took           float64 // seconds from then until all was here
	lag            float64 // seconds of that behind the end of the last run there
	events, bytes  float64 // that came in
	processor      float64 // seconds of it, the simulated cluster's share included
	copied         float64 // bytes a second of the plain copy
	waiting        float64 // runs in the queue at most
	again          float64 // runs that were lost for good there and sent again
	library        float64 // bytes
	passes         []float64
	peak           peaks
	page           visits
	differ, undone float64
}

// benchScale has one Loci follow more and more runs on a cluster that is simulated; scheduler, orders, copies, library, hub and pages are the
// real ones. The numbers are those of the largest throughput: runs there take seconds in place of minutes.
func benchScale(ctx context.Context, l *benchLab) (all []measure, err error) {
	if err := l.scale.check(); err != nil {
		return nil, err
	}
	parent := filepath.Join(l.home, "temporary")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", parent, err).WithHint("free space")
	}
	dir, err := os.MkdirTemp(parent, "scale-")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made, err := scaleTemplate(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, made.first.Close()) }()
	for _, size := range l.scale.sizes() {
		l.say("  %s", size)
		s, err := scaleOnce(ctx, size, made, filepath.Join(dir, fmt.Sprint(size.runs)))
		if err != nil {
			return all, err
		}
		all = append(all, s.measures(l.threads)...)
		debug.FreeOSMemory() // the next size begins without the memory of this one
	}
	return all, nil
}

// scaleTemplate unpacks the run that ships.
func scaleTemplate(dir string) (*template, error) {
	packed, err := experiments.Files.Open(scaleRecord)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%q does not ship: %w", scaleRecord, err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%q is not compressed: %w", scaleRecord, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%q cannot be unpacked: %w", scaleRecord, err)
	}
	path := filepath.Join(dir, "made.loci")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%q cannot be written: %w", path, err).WithHint("free space")
	}
	return openTemplate(path, dir)
}

// scaleOnce follows the runs of one size from the plan to the last record, in a data folder of its own that it removes.
func scaleOnce(ctx context.Context, size scaleSize, made *template, home string) (s scaled, err error) {
	s.scaleSize = size
	st, _, err := store.Open(ctx, home, store.Options{Records: filepath.Join(home, "runs")})
	if err != nil {
		return s, err
	}
	h, there := hub.New(), newCluster(made, size.nodes, scaleEach)
	owner := sched.New(sched.Config{Home: home, Store: st, Hub: h, Papers: papers{}, Kernel: "go", Workers: 1, Commit: Commit, Machine: run.Machine(),
		Places: func(string) (sched.Elsewhere, error) {
			return sched.Elsewhere{Site: there, Kind: "slurm", AtOnce: size.nodes, Threads: 1, Kernel: "go"}, nil
		}})
	defer func() {
		owner.Close()
		h.Close()
		err = errors.Join(err, st.Close(), os.RemoveAll(home))
	}()
	visitor, err := newVisitor(ctx, owner, st, h, home)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, visitor.close()) }()
	watch := watchSelf(ctx)
	before := processorTime()
	err = s.follow(ctx, owner, visitor)
	s.processor = (processorTime() - before).Seconds()
	s.peak = watch()
	if err != nil {
		return s, err
	}
	s.page = visitor.seen()
	s.lag = max(0, time.Since(there.over()).Seconds())
	s.passes = there.passes()
	return s, s.audit(ctx, owner, st, there, home)
}

// follow plans the runs, sends them and waits for them; what was lost for good it sends again, as a person would.
func (s *scaled) follow(ctx context.Context, owner *sched.Owner, visitor *visitor) error {
	text, err := fs.ReadFile(experiments.Files, scaleNotebook)
	if err != nil {
		return lab.Errorf(lab.Internal, "notebook %q does not ship: %w", scaleNotebook, err)
	}
	doc, wrong := notebook.Parse("experiments/"+scaleNotebook, text, vocabulary{})
	if err := problems(wrong); err != nil {
		return err
	}
	opt := sched.Options{Budget: "fast", Arms: []string{scaleArm}, Seeds: make([]uint64, s.runs), Target: scaleTarget}
	for i := range opt.Seeds {
		opt.Seeds[i] = uint64(i)
	}
	var begun time.Time
	for try := range scaleTries {
		at := time.Now()
		plan, err := owner.Plan(ctx, doc, opt)
		if err != nil || plan.Todo() == 0 {
			s.took = time.Since(begun).Seconds()
			return err
		}
		if try == 0 {
			s.planned, begun = time.Since(at).Seconds(), time.Now()
		} else {
			s.again += float64(plan.Todo())
		}
		if err := s.job(ctx, owner, plan, visitor); err != nil {
			return err
		}
	}
	return lab.Errorf(lab.Internal, "some of %d runs did not come back", s.runs)
}

// job carries out a plan, and looks at it as the command line does.
func (s *scaled) job(ctx context.Context, owner *sched.Owner, plan sched.Plan, visitor *visitor) error {
	began := time.Now()
	job, err := owner.Start(ctx, plan)
	if err != nil {
		return err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		if job, err = owner.Job(job.ID); err != nil {
			return err
		}
		if job.State == sched.Done || job.State == sched.Failed {
			return nil // a run that was lost makes the job fail
		}
		waiting := 0
		sending := false
		for _, r := range job.Runs {
			if r.State == sched.Queued {
				waiting++
			}
			sending = sending || r.Where == "" && r.State != sched.Done || r.Where == sched.SendingThere
		}
		s.waiting = max(s.waiting, float64(waiting))
		if s.sent == 0 && !sending {
			s.sent = time.Since(began).Seconds()
		}
		if err := visitor.visit(ctx); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return lab.Errorf(lab.Cancelled, "stopped while %s were followed: %w", s.scaleSize, ctx.Err())
		}
	}
}

// audit looks whether everything came back as it was, and how large it is.
func (s *scaled) audit(ctx context.Context, owner *sched.Owner, st *store.Store, there *cluster, home string) error {
	differ, err := there.differ(ctx, owner.Record)
	if err != nil {
		return err
	}
	runs, _, err := st.FindRuns(ctx, store.RunFilter{})
	if err != nil {
		return err
	}
	done := 0
	for _, r := range runs {
		if r.State == store.Done {
			done++
		}
	}
	s.differ, s.undone = float64(differ), float64(s.runs-done)
	for _, r := range there.runs {
		s.events += float64(there.made.events)
		s.bytes += float64(len(r.head) + len(there.made.tail))
	}
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(home, name)); err == nil {
			s.library += float64(info.Size())
		}
	}
	if err := os.RemoveAll(filepath.Join(home, "runs")); err != nil { // the copy needs its room
		return lab.Errorf(lab.Unavailable, "records in %q cannot be removed: %w", home, err)
	}
	s.copied, err = there.plainCopy(filepath.Join(home, "copy"), scaleCopies)
	return err
}

// measures are what is printed of a size.
func (s scaled) measures(threads int) []measure {
	rate := s.bytes / s.took
	found := func(name, unit string, value float64) measure {
		return measure{Name: s.String() + ": " + name, Unit: unit, Rounds: []float64{value}, Threads: threads}
	}
	differ, undone := found("records that differ from their originals", "runs", s.differ), found("not done in the library", "runs", s.undone)
	differ.Limit, undone.Limit = atMost(0), atMost(0)
	share := found("bytes taken in, of a plain copy's", "%", 100*rate/s.copied)
	share.Note = "a plain copy writes the same records into folders of their own and syncs each"
	pass := slices.Sorted(slices.Values(s.passes))
	if len(pass) == 0 {
		pass = []float64{0}
	}
	return []measure{
		found("planned", "s", s.planned), found("sent", "s", s.sent), found("followed until all was here", "s", s.took), found("of that behind the end of the last run", "s", s.lag),
		found("events taken in", "events/s", s.events/s.took), found("bytes taken in", "MB/s", rate/1e6), share,
		found("processor for an event", "us", 1e6*s.processor/s.events),
		found("time of a look, median", "s", quantile(pass, 0.5)), found("time of a look, slowest", "s", quantile(pass, 1)),
		found("runs in the queue at most", "runs", s.waiting), found("lost for good and sent again", "runs", s.again),
		found("library", "MB", s.library/1e6), found("memory at most", "MB", s.peak.memory/1e6), found("goroutines at most", "", s.peak.goroutines),
		found("open files at most", "", s.peak.files),
		found("page of the runs list, 95 of 100 within", "ms", s.page.list.share(0.95)), found("runs of the notebook, 95 of 100 within", "ms", s.page.book.share(0.95)),
		found("status with all jobs, 95 of 100 within", "ms", s.page.status.share(0.95)), found("status with all jobs", "MB", s.page.statusBytes/1e6),
		found("sent to an open page", "MB/s", s.page.told/1e6/s.took), found("largest message to a page", "MB", s.page.largest/1e6),
		differ, undone,
	}
}

// silent is the log of a simulation: lost connections and nodes are part of it.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
