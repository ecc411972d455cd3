package sched

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

func TestAPlanCountsWhatIsMissingAndAJobRunsJustThat(t *testing.T) {
	var units atomic.Int64
	papers := &toyPapers{step: func(context.Context, float64, uint64, int64) error { units.Add(1); return nil }}
	d := newDesk(t, papers)
	p := d.plan(Options{})
	if p.Todo() != 4 || p.Unchanged != 0 || p.Partial != 0 || p.Label() != "Run 4 of 4" || p.Low != 0 || p.Title != "Toys" || p.Budget != "laptop" {
		t.Fatalf("plan is %+v, %q", p, p.Label())
	}
	j := d.wait(d.start(Options{}).ID, Done)
	if j.Share != 1 || units.Load() != 40 {
		t.Errorf("share %v after %d units", j.Share, units.Load())
	}
	for _, r := range j.Runs {
		if r.Done != 10 || r.Total != 10 || r.Seconds <= 0 || r.Final["success"] == 0 || r.Started.IsZero() {
			t.Errorf("run is %+v", r)
		}
	}
	if p := d.plan(Options{}); p.Todo() != 0 || p.Label() != "Nothing to run (4 unchanged)" {
		t.Errorf("plan is %q", p.Label())
	}
	p = d.plan(Options{Seeds: []uint64{0, 1, 2}})
	if p.Todo() != 2 || p.Unchanged != 4 || !strings.HasPrefix(p.Label(), "Run 2 of 6 (4 unchanged), about ") || p.Basis != "earlier runs on this computer" {
		t.Errorf("plan is %q, %q", p.Label(), p.Basis)
	}
	d.wait(d.start(Options{Seeds: []uint64{0, 1, 2}}).ID, Done)
	if units.Load() != 60 {
		t.Errorf("%d units were done, want 60", units.Load())
	}
	papers.code.Store("c2")
	if p := d.plan(Options{}); p.Unchanged != 0 {
		t.Errorf("runs of other code count as unchanged: %q", p.Label())
	}
}

func TestLabelsSayWhatTheButtonDoes(t *testing.T) {
	runs := make([]RunInfo, 10)
	for _, c := range []struct {
		plan Plan
		want string
	}{
		{Plan{Runs: runs, Unchanged: 10}, "Nothing to run (10 unchanged)"},
		{Plan{Runs: runs, Unchanged: 5, Low: 8 * time.Minute, High: 10 * time.Minute}, "Run 5 of 10 (5 unchanged), about 9 min"},
		{Plan{Runs: runs, Low: 8 * time.Second, High: 13 * time.Second}, "Run 10 of 10, about 11 s"},
		{Plan{Runs: runs}, "Run 10 of 10"},
		{Plan{}, "Nothing to run (0 unchanged)"},
	} {
		if got := c.plan.Label(); got != c.want {
			t.Errorf("label is %q, want %q", got, c.want)
		}
	}
}

func TestTwoWorkersRunTwoRunsAtATime(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	j := d.start(Options{})
	first, second := <-h.at, <-h.at
	if first == second {
		t.Errorf("one run is run twice: %s", first)
	}
	view, _ := d.Job(j.ID)
	wantStates(t, view.Runs, "running running queued queued")
	select {
	case third := <-h.at:
		t.Errorf("a third run began: %s", third)
	default:
	}
	d.drain(h)
	d.wait(j.ID, Done)
}

// drain lets every run go on until the test ends.
func (d *desk) drain(h *held) {
	go func() {
		for {
			select {
			case <-h.at:
			case h.on <- struct{}{}:
			case <-d.t.Context().Done():
				return
			}
		}
	}()
}

func TestAPausedJobHoldsBetweenUnitsLendsItsWorkersAndGoesOn(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	a := d.start(Options{Arms: []string{"good"}})
	<-h.at
	<-h.at
	if j := d.control(a.ID, "pause"); j.State != Paused {
		t.Fatalf("job is %s", j.State)
	}
	h.on <- struct{}{}
	h.on <- struct{}{} // both units end, and the runs wait at their gates
	b := d.start(Options{Arms: []string{"bad"}})
	for range 20 { // two runs of ten units
		if at := <-h.at; !strings.HasPrefix(at, "0.2/") {
			t.Fatalf("a paused run went on: %s", at)
		}
		h.on <- struct{}{}
	}
	d.wait(b.ID, Done)
	view, _ := d.Job(a.ID)
	wantStates(t, view.Runs, "paused paused")
	if view.Low >= 0 || view.State != Paused {
		t.Errorf("a paused job is %s with %v left", view.State, view.Low)
	}
	d.control(a.ID, "resume")
	d.drain(h)
	done := d.wait(a.ID, Done)
	for _, r := range done.Runs {
		if r.Seconds <= 0 || r.Seconds > 60 {
			t.Errorf("run took %v s: the pause counts as work", r.Seconds)
		}
	}
}

func TestAJobThatFinishesEndsAfterThePresentUnitsAndFreesItsWorkers(t *testing.T) {
	for _, paused := range []bool{false, true} {
		h := newHeld()
		d := newDesk(t, &toyPapers{step: h.step})
		j := d.start(Options{})
		<-h.at
		<-h.at
		if paused {
			d.control(j.ID, "pause")
		}
		if v := d.control(j.ID, "finish"); v.State != Finishing {
			t.Fatalf("job is %s", v.State)
		}
		h.on <- struct{}{}
		h.on <- struct{}{}
		v := d.wait(j.ID, CancelledSt)
		wantStates(t, v.Runs, "cancelled cancelled cancelled cancelled")
		if v.Runs[0].Done != 1 || v.Runs[2].Done != 0 {
			t.Errorf("runs did %d and %d units", v.Runs[0].Done, v.Runs[2].Done)
		}
		p := d.plan(Options{})
		wantStates(t, p.Runs, "cancelled cancelled - -")
		if p.Partial != 2 || p.Todo() != 4 {
			t.Errorf("plan has %d partial of %d", p.Partial, p.Todo())
		}
		d.drain(h)
		d.wait(d.start(Options{}).ID, Done) // needs both workers back
	}
}

func TestAJobIsStoppedWhileItsRunsWaitForWorkers(t *testing.T) {
	for _, verb := range []string{"stop", "finish"} {
		h := newHeld()
		d := newDesk(t, &toyPapers{step: h.step})
		a := d.start(Options{Arms: []string{"good"}})
		<-h.at
		<-h.at
		b := d.start(Options{Arms: []string{"bad"}})
		d.control(b.ID, verb)
		v := d.wait(b.ID, CancelledSt) // at once, although no worker is free
		wantStates(t, v.Runs, "cancelled cancelled")
		if _, n, err := d.Store.FindRuns(t.Context(), store.RunFilter{Arm: "bad"}); err != nil || n != 0 {
			t.Errorf("the library knows %d runs that never began: %v", n, err)
		}
		d.drain(h)
		d.wait(a.ID, Done)
		d.wait(d.start(Options{}).ID, Done)
	}
}

func TestAQueuedRunThatIsStoppedKeepsWhatTheLibraryKnowsOfIt(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	j := d.start(Options{Arms: []string{"bad"}, Seeds: []uint64{5}})
	<-h.at
	h.on <- struct{}{}
	<-h.at
	d.control(j.ID, "stop")
	before := d.wait(j.ID, CancelledSt).Runs[0]
	if before.Done != 1 {
		t.Fatalf("run did %d units", before.Done)
	}
	a := d.start(Options{Arms: []string{"good"}})
	<-h.at
	<-h.at
	b := d.start(Options{Arms: []string{"bad"}, Seeds: []uint64{5}})
	d.control(b.ID, "stop")
	d.wait(b.ID, CancelledSt)
	r, err := d.Store.FindRun(t.Context(), before.Key)
	if err != nil || r.State != store.Cancelled || r.Seconds != before.Seconds || !r.Ended.Equal(before.Heard) || r.Done != 1 {
		t.Errorf("library has %s after %v s, want %v s: %v", r.State, r.Seconds, before.Seconds, err)
	}
	d.control(a.ID, "stop")
	d.wait(a.ID, CancelledSt)
}

func TestAFailedRunStopsNoOtherAndIsRunAnewWithItsOldRecordPutAside(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	d := newDesk(t, &toyPapers{step: func(_ context.Context, level float64, seed uint64, unit int64) error {
		if broken.Load() && level == 0.9 && seed == 1 && unit == 4 {
			return lab.Errorf(lab.Invalid, "loss is NaN").WithHint("lower the rate")
		}
		return nil
	}})
	j := d.wait(d.start(Options{}).ID, Failed)
	wantStates(t, j.Runs, "done failed done done")
	if j.Err == nil || j.Err.Error() != "loss is NaN" || j.Runs[1].Err != "loss is NaN" || j.Runs[1].Hint != "lower the rate" {
		t.Errorf("job's error is %v, run is %+v", j.Err, j.Runs[1])
	}
	p := d.plan(Options{})
	wantStates(t, p.Runs, "done failed done done")
	if p.Todo() != 1 || p.Runs[1].Err != "loss is NaN" || p.Runs[1].Done != 4 {
		t.Errorf("plan is %q, %+v", p.Label(), p.Runs[1])
	}
	broken.Store(false)
	j = d.wait(d.start(Options{}).ID, Done)
	if r := j.Runs[1]; r.Err != "" || r.Hint != "" || r.Done != 10 {
		t.Errorf("run is %+v", r)
	}
	if r, err := d.Store.FindRun(t.Context(), j.Runs[1].Key); err != nil || r.State != store.Done || r.Error != "" || r.Done != 10 {
		t.Errorf("library has %+v: %v", r, err)
	}
	end, ok, err := run.Ended(filepath.Join(d.Folder(j.Runs[1].Key)+".old-1", run.RecordFile))
	if err != nil || !ok || end.Status != lab.StatusFailed {
		t.Errorf("old record: %+v, %v, %v", end, ok, err)
	}
}

func TestAPanicInOneRunIsAFailureOfThatRun(t *testing.T) {
	d := newDesk(t, &toyPapers{step: func(_ context.Context, _ float64, seed uint64, _ int64) error {
		if seed == 1 {
			panic("shapes differ")
		}
		return nil
	}})
	j := d.wait(d.start(Options{}).ID, Failed)
	wantStates(t, j.Runs, "done failed done failed")
	if lab.CodeOf(j.Err) != lab.Internal || !strings.Contains(j.Err.Error(), "seed 1") {
		t.Errorf("job's error is %v", j.Err)
	}
}

func TestADiskThatFailsLeavesTheRunToBeContinued(t *testing.T) {
	var full atomic.Bool
	full.Store(true)
	var first atomic.Int64
	first.Store(-1)
	d := newDesk(t, &toyPapers{step: func(_ context.Context, _ float64, _ uint64, unit int64) error {
		if full.Load() && unit == 4 {
			return lab.Errorf(lab.Unavailable, "no space left").WithHint("free space")
		}
		if !full.Load() {
			first.CompareAndSwap(-1, unit)
		}
		return nil
	}})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{3}}
	j := d.wait(d.start(opt).ID, Failed)
	wantStates(t, j.Runs, Interrupted)
	if p := d.plan(opt); p.Partial != 1 || p.Runs[0].Err != "no space left" {
		t.Errorf("plan is %+v", p.Runs)
	}
	full.Store(false)
	d.wait(d.start(opt).ID, Done)
	if first.Load() != 4 {
		t.Errorf("went on at unit %d, want 4", first.Load())
	}
}

func TestTwoJobsShareARunAndBothEndWithIt(t *testing.T) {
	var made atomic.Int64
	h := newHeld()
	d := newDesk(t, &toyPapers{step: func(ctx context.Context, level float64, seed uint64, unit int64) error {
		made.Add(1)
		return h.step(ctx, level, seed, unit)
	}})
	opt := Options{Arms: []string{"good"}}
	a := d.start(opt)
	<-h.at
	<-h.at
	b := d.start(opt)
	if p := d.plan(opt); p.Todo() != 2 || p.Runs[0].State != Running {
		t.Errorf("plan is %s", states(p.Runs))
	}
	if v, _ := d.Job(b.ID); v.State != Running {
		t.Errorf("second job is %s while its runs go on", v.State)
	}
	d.drain(h)
	d.wait(b.ID, Done)
	d.wait(a.ID, Done)
	if made.Load() != 20 {
		t.Errorf("%d units were done, want 20", made.Load())
	}
	if jobs := d.Jobs(); len(jobs) != 2 || jobs[0].ID != b.ID {
		t.Errorf("jobs are %+v", jobs)
	}
}

func TestAJobWhoseSharedRunFailsFailsAndOneThatIsStoppedLeavesTheRunAlone(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: func(ctx context.Context, level float64, seed uint64, unit int64) error {
		if err := h.step(ctx, level, seed, unit); err != nil {
			return err
		}
		return lab.Errorf(lab.Invalid, "bad luck")
	}})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{0}}
	a := d.start(opt)
	<-h.at
	b, c := d.start(opt), d.start(opt)
	d.control(b.ID, "stop")
	d.wait(b.ID, CancelledSt)
	if v, _ := d.Job(a.ID); v.State != Running {
		t.Errorf("first job is %s", v.State)
	}
	h.on <- struct{}{}
	d.wait(a.ID, Failed)
	if v := d.wait(c.ID, Failed); v.Err == nil || v.Err.Error() != "bad luck" {
		t.Errorf("error is %v", v.Err)
	}
}

func TestANewOwnerShowsInterruptedRunsAndContinuesThemToTheSameRecord(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{0}}
	j := d.start(opt)
	for range 6 {
		<-h.at
		h.on <- struct{}{}
	}
	<-h.at
	key := j.Runs[0].Key
	d.close() // ends the run as cancelled
	d.papers.step = nil
	d.open()
	// What a process that died leaves: a row that says running, and a record without an end.
	running := store.Running
	if _, err := d.Store.UpdateRun(t.Context(), key, store.RunUpdate{State: &running}); err != nil {
		t.Fatal(err)
	}
	dropEnd(t, d.path(key))
	p := d.plan(opt)
	if p.Partial != 1 || p.Runs[0].State != Interrupted || p.Runs[0].Done != 6 || p.Runs[0].Share() != 0.6 {
		t.Fatalf("plan is %+v", p.Runs[0])
	}
	if _, ys, ok := d.Source(t.Context(), p).Values("success", "good", "", 0); !ok || len(ys) != 6 {
		t.Errorf("interrupted run has values %v", ys)
	}
	done := d.wait(d.start(opt).ID, Done)
	if len(done.Runs) != 1 || done.Runs[0].Done != 10 {
		t.Errorf("run is %+v", done.Runs)
	}
	other := newDesk(t, &toyPapers{})
	other.wait(other.start(opt).ID, Done)
	if diff, err := record.Equal(d.path(key), other.path(key)); diff != nil || err != nil {
		t.Errorf("records differ: %v, %v", diff, err)
	}
}

// dropEnd cuts the last event off a record.
func dropEnd(t *testing.T, path string) {
	t.Helper()
	at := int64(0)
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == lab.KindEnd {
			at = f.At.Offset
		}
	}
	if at == 0 {
		t.Fatal("the record has no end")
	}
	if err := os.Truncate(path, at); err != nil {
		t.Fatal(err)
	}
}

func TestAClosedOwnerLeavesRecordsThatGoOnAndStartsNothing(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	j := d.start(Options{})
	<-h.at
	<-h.at
	p := d.plan(Options{})
	d.Owner.Close()
	v, err := d.Job(j.ID)
	if err != nil || v.State != CancelledSt {
		t.Errorf("job is %s: %v", v.State, err)
	}
	if _, err := d.Start(t.Context(), p); lab.CodeOf(err) != lab.Cancelled {
		t.Errorf("a closed owner starts a job: %v", err)
	}
	d.close()
	d.papers.step = nil
	d.open()
	wantStates(t, d.plan(Options{}).Runs, "cancelled cancelled - -")
	d.wait(d.start(Options{}).ID, Done)
}

func TestARecordThatTheLibraryDoesNotKnowCountsAndOneThatWasRemovedDoesNot(t *testing.T) {
	var units atomic.Int64
	d := newDesk(t, &toyPapers{step: func(context.Context, float64, uint64, int64) error { units.Add(1); return nil }})
	opt := Options{Arms: []string{"good"}}
	runs := d.wait(d.start(opt).ID, Done).Runs
	if err := d.Store.DeleteRun(t.Context(), runs[0].Key); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(d.Folder(runs[1].Key)); err != nil {
		t.Fatal(err)
	}
	p := d.plan(opt)
	wantStates(t, p.Runs, "done -")
	if p.Runs[0].Done != 10 || p.Runs[0].Final["success"] == 0 || p.Runs[1].Done != 0 {
		t.Errorf("runs are %+v", p.Runs)
	}
	units.Store(0)
	d.wait(d.start(opt).ID, Done)
	if units.Load() != 10 {
		t.Errorf("%d units were done, want 10", units.Load())
	}
	wantStates(t, d.plan(opt).Runs, "done done")
}

func TestAFinishedRecordBehindTheLibrarysBackIsNotRunAgain(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{0}}
	p := d.plan(opt) // made before the run that finishes it
	j := d.wait(d.start(opt).ID, Done)
	d.papers.step = func(context.Context, float64, uint64, int64) error { return errors.New("run again") }
	again, err := d.Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	v := d.wait(again.ID, Done)
	if r, err := d.Store.FindRun(t.Context(), j.Runs[0].Key); err != nil || r.Done != 10 || r.Total != 10 || v.Runs[0].Done != 10 || r.Final["success"] == 0 {
		t.Errorf("library has %+v: %v", r, err)
	}
}

func TestARunWhoseRecordWasCutBackGoesOn(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{0}}
	path := d.path(d.wait(d.start(opt).ID, Done).Runs[0].Key)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Store.Rebuild(t.Context(), filepath.Join(d.home, "runs")); err != nil {
		t.Fatal(err)
	}
	if p := d.plan(opt); p.Partial != 1 || p.Runs[0].Share() >= 1 || p.Runs[0].Share() == 0 {
		t.Errorf("run is %+v", p.Runs[0])
	}
	d.wait(d.start(opt).ID, Done)
	if _, ok, err := run.Ended(path); !ok || err != nil {
		t.Errorf("ended %v: %v", ok, err)
	}
}

func TestAgainPutsTheOldRecordsAsideAndRunsAllFromTheBeginning(t *testing.T) {
	var units atomic.Int64
	d := newDesk(t, &toyPapers{step: func(context.Context, float64, uint64, int64) error { units.Add(1); return nil }})
	opt := Options{Arms: []string{"good"}, Again: true}
	d.wait(d.start(opt).ID, Done)
	p := d.plan(opt)
	if p.Todo() != 2 || p.Unchanged != 0 || p.High == 0 {
		t.Errorf("plan is %q, %v", p.Label(), p.High)
	}
	for n := 1; n <= 2; n++ {
		j := d.wait(d.start(opt).ID, Done)
		old := d.Folder(j.Runs[0].Key) + ".old-" + string(rune('0'+n))
		if diff, err := record.Equal(filepath.Join(old, run.RecordFile), d.path(j.Runs[0].Key)); diff != nil || err != nil {
			t.Errorf("old record %d: %v, %v", n, diff, err)
		}
		if s := j.Runs[0].Seconds; s <= 0 || s > 60 {
			t.Errorf("run took %v s", s)
		}
	}
	if units.Load() != 60 {
		t.Errorf("%d units were done, want 60", units.Load())
	}
	if _, ys, _ := d.Source(t.Context(), p).Values("success", "good", "", 0); len(ys) != 10 {
		t.Errorf("%d values, want those of one record", len(ys))
	}
}

func TestControlOfAnUnknownJobOrVerbIsAnErrorThatSaysWhatIsLegal(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	if _, err := d.Control("job-9", "stop"); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("error is %v", err)
	}
	j := d.wait(d.start(Options{Arms: []string{"good"}}).ID, Done)
	if _, err := d.Control(j.ID, "explode"); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "pause, resume, finish, stop") {
		t.Errorf("error is %v", err)
	}
	for _, verb := range []string{"pause", "resume", "finish", "stop"} {
		if v := d.control(j.ID, verb); v.State != Done {
			t.Errorf("%s makes a job that is done %s", verb, v.State)
		}
	}
	if _, err := d.Record("../../etc"); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("error is %v", err)
	}
}

func TestAPlanKnowsTheTimeOfAnArmAsTheLibraryTellsItForEachRun(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	d.wait(d.start(Options{}).ID, Done)
	p := d.plan(Options{Seeds: []uint64{0, 1, 2, 3}})
	past, found := d.pasts(t.Context()), 0
	for _, r := range p.Runs {
		want, known := d.past(t.Context(), r)
		got, ok := past(r)
		if got != want || ok != known {
			t.Errorf("%s, seed %d: %v, %v; want %v, %v", r.Arm, r.Seed, got, ok, want, known)
		}
		if ok {
			found++
		}
	}
	if found == 0 {
		t.Error("nothing is known of runs that were made")
	}
}
