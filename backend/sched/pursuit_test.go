package sched

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/target/site"
)

// notes are the names of the notes on sweeps.
func (d *desk) notes() (names []string) {
	paths, _ := filepath.Glob(filepath.Join(d.home, "sweeps", "*"))
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return names
}

func (d *desk) wantNotes(want int, when string) {
	d.t.Helper()
	if names := d.notes(); len(names) != want {
		d.t.Errorf("%s there are %d notes on sweeps, want %d: %v", when, len(names), want, names)
	}
}

// adopt does what opening the pages does, and returns the jobs that came of it, the newest first.
func (d *desk) adopt() []Job {
	d.t.Helper()
	if err := d.Adopt(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return d.Jobs()
}

// stoppedAt is a desk whose sweep was begun by a process that ended in that unit of work. Later processes are not held up.
func stoppedAt(t *testing.T, at int64, opt Options) *desk {
	t.Helper()
	var units atomic.Int64
	stop := make(chan struct{})
	papers := &toyPapers{}
	papers.step = func(ctx context.Context, _ float64, _ uint64, _ int64) error {
		if n := units.Add(1); n == at {
			close(stop)
		} else if n < at || n > 1000 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	d := sweeper(t, papers)
	d.start(opt)
	<-stop
	d.close()
	units.Store(1000)
	d.open()
	return d
}

// A sweep whose process ends in a rung goes on there, by the same command or when Loci is opened again; its records are those of one that
// nobody disturbed.
func TestAHalvingSweepThatIsKilledGoesOnWhereItStood(t *testing.T) {
	calm := sweeper(t, &toyPapers{})
	calm.wait(calm.start(halve).ID, Done)
	calm.wantNotes(0, "after the sweep")
	for how, on := range map[string]func(*desk) string{
		"by the same command": func(d *desk) string { return d.start(halve).ID },
		"by itself":           func(d *desk) string { return d.adopt()[0].ID },
	} {
		for _, at := range []int64{1, 9, 17, 25, 33, 47} { // units of 48: within each rung, and at its ends
			d := stoppedAt(t, at, halve)
			d.wantNotes(1, "after its process ended")
			j := d.wait(on(d), Done)
			if j.Sweep != "halve" || len(j.Runs) != 14 || j.Ahead != 0 {
				t.Errorf("%s, stopped at unit %d: the job ran sweep %q, %d runs, %d ahead", how, at, j.Sweep, len(j.Runs), j.Ahead)
			}
			if got, want := d.stand(halve), calm.stand(halve); got != want {
				t.Errorf("%s, stopped at unit %d: standings are %s, want %s", how, at, got, want)
			}
			a, b := calm.plan(halve).Runs, d.plan(halve).Runs
			if len(a) != len(b) {
				t.Fatalf("%s, stopped at unit %d: %d runs, want %d", how, at, len(b), len(a))
			}
			for i := range a {
				if diff, err := record.Equal(recordOf(t, calm, a[i].Key), recordOf(t, d, b[i].Key)); err != nil || diff != nil {
					t.Errorf("%s, stopped at unit %d: run %s differs: %v, %v", how, at, a[i].Arm, diff, err)
				}
			}
			d.wantNotes(0, "after the sweep")
			if jobs := d.adopt(); len(jobs) != 1 {
				t.Errorf("a sweep that is over went on: %d jobs", len(jobs))
			}
			d.close()
		}
	}
}

func TestASweepThatAPersonEndsDoesNotGoOnByItself(t *testing.T) {
	for _, verb := range []string{"stop", "finish"} {
		h := newHeld()
		d := sweeper(t, &toyPapers{step: h.step})
		j := d.start(halve)
		<-h.at
		<-h.at
		d.wantNotes(1, "while it runs")
		d.control(j.ID, verb)
		d.drain(h)
		d.wait(j.ID, CancelledSt)
		d.wantNotes(0, "after "+verb)
		d.close()
		d.open()
		if jobs := d.adopt(); len(jobs) != 0 {
			t.Errorf("after %s %d jobs began by themselves", verb, len(jobs))
		}
	}
}

func TestOnlySweepsWithRungsGoOnByThemselves(t *testing.T) {
	h := newHeld()
	d := sweeper(t, &toyPapers{step: h.step})
	d.start(Options{})
	<-h.at
	d.close()
	d.open()
	d.wantNotes(0, "after runs of no sweep")
	if jobs := d.adopt(); len(jobs) != 0 {
		t.Errorf("%d jobs began by themselves", len(jobs))
	}
}

// What failed in a sweep is its answer: the point is bad. A process that stays does not try it again, and neither does one that comes back.
func TestAPointThatFailedIsNotTriedAgainWhenTheSweepGoesOn(t *testing.T) {
	var failed, slow atomic.Int64
	stop := make(chan struct{})
	papers := &toyPapers{}
	papers.step = func(ctx context.Context, level float64, _ uint64, unit int64) error {
		if level == 0.7 {
			failed.Add(1)
			return errors.New("loss is not a number")
		}
		if level == 0.5 && unit == 3 && slow.Add(1) == 1 { // of the second rung
			close(stop)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	d := sweeper(t, papers)
	d.start(halve)
	<-stop
	d.close()
	d.open()
	tries := failed.Load()
	j := d.wait(d.adopt()[0].ID, Failed)
	if failed.Load() != tries || tries != 2 {
		t.Errorf("the failed runs were tried %d times, then %d times", tries, failed.Load())
	}
	if j.Err == nil || !strings.Contains(j.Err.Error(), "loss is not a number") {
		t.Errorf("the job says %v", j.Err)
	}
	if got, want := d.stand(halve), "0.5 r2 complete #1*, 0.3 r1 dropped #2, 0.1 r0 dropped #3, 0.7 r0 failed #0"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
}

// Of a sweep that is to be run again, what was done again by then is not done a third time.
func TestASweepThatIsRunAgainGoesOnWhereItStood(t *testing.T) {
	for _, at := range []int64{5, 21, 40} {
		var units atomic.Int64
		var held atomic.Bool
		stop := make(chan struct{})
		papers := &toyPapers{}
		papers.step = func(ctx context.Context, _ float64, _ uint64, _ int64) error {
			n := units.Add(1)
			if !held.Load() || n < at {
				return nil
			}
			if n == at {
				close(stop)
			}
			units.Add(-1) // this unit is not done
			<-ctx.Done()
			return ctx.Err()
		}
		d := sweeper(t, papers)
		d.wait(d.start(halve).ID, Done)
		units.Store(0)
		held.Store(true)
		again := halve
		again.Again = true
		d.start(again)
		<-stop
		d.close()
		held.Store(false)
		d.open()
		d.wait(d.adopt()[0].ID, Done)
		// Two workers: a unit of each may be done twice, where its checkpoint is older.
		if n := units.Load(); n < 48 || n > 48+2*8 {
			t.Errorf("stopped at unit %d: %d units were done again, want 48 and what lay behind the last checkpoints", at, n)
		}
		old, _ := filepath.Glob(filepath.Join(d.home, "runs", "*", "*.old-*"))
		if len(old) != 14 {
			t.Errorf("stopped at unit %d: %d old records were put aside, want 14", at, len(old))
		}
	}
}

func TestASweepOfAnotherBuildDoesNotGoOnByItself(t *testing.T) {
	d := stoppedAt(t, 9, halve)
	d.papers.code.Store("c2")
	heard := d.Hub.Subscribe(t.Context(), hub.Filter{Topics: []string{hub.Notices}})
	if jobs := d.adopt(); len(jobs) != 0 {
		t.Errorf("%d jobs began by themselves", len(jobs))
	}
	if note, ok := (<-heard).Body.(lab.Log); !ok || !strings.Contains(note.Text, "begun by another version of Loci") {
		t.Errorf("it is said %+v", note)
	}
	d.wantNotes(0, "afterwards")
}

func TestASweepOfAnEarlierTextDoesNotComeBackAfterThatOfTheNewOne(t *testing.T) {
	d := stoppedAt(t, 9, halve)
	old := d.doc
	text := strings.Replace(string(notebook.Print(old)), "last: 8", "last: 4", 1)
	doc, problems := notebook.Parse("toys.md", []byte(text), d.papers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d.doc = doc
	d.wait(d.start(halve).ID, Done)
	d.wantNotes(0, "after the sweep of the new text")
	if jobs := d.adopt(); len(jobs) != 1 {
		t.Errorf("%d jobs, want the new sweep alone", len(jobs))
	}
}

func TestANoteThatCannotBeReadIsLeftAndTheOthersGoOn(t *testing.T) {
	d := stoppedAt(t, 9, halve)
	torn := filepath.Join(d.home, "sweeps", "sweep-torn.json")
	if err := os.WriteFile(torn, []byte(`{"file":"toys.md","te`), 0o600); err != nil {
		t.Fatal(err)
	}
	d.wait(d.adopt()[0].ID, Done)
	if names := d.notes(); len(names) != 1 || names[0] != "sweep-torn.json" {
		t.Errorf("notes are %v", names)
	}
}

// Loci is closed once a target has a rung, again and again: each time it is opened the rung comes back and the next one is sent.
func TestASweepElsewhereThatIsLeftInEveryRungGoesOnByItself(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		d.doc = sweepDoc(t, there.papers)
		opt := halve
		opt.Target = "there"
		waiting := func(_ string, _ int, s site.Seen) site.Seen { return site.Seen{State: site.Waiting} }
		there.seen = waiting
		d.start(opt)
		for rung := 1; rung <= 3; rung++ {
			time.Sleep(time.Minute) // of the bubble's own clock
			d.close()
			there.orders = nil
			there.seen, there.looks = nil, 10 // what was sent has ended meanwhile
			d.open()
			var sent atomic.Int64
			there.seen = func(key string, looks int, s site.Seen) site.Seen {
				there.mu.Lock()
				defer there.mu.Unlock()
				for _, what := range there.orders {
					if what == "submit" {
						sent.Add(1)
						return waiting(key, looks, s) // of the next rung
					}
				}
				return s
			}
			j := d.adopt()
			if len(j) != 1 || j[0].Sweep != "halve" {
				t.Fatalf("rung %d: %d jobs began by themselves", rung, len(j))
			}
			if rung == 3 {
				d.wait(j[0].ID, Done)
				break
			}
			time.Sleep(time.Minute)
			if v := d.jobView(j[0].ID); v.State != Running || sent.Load() == 0 || len(v.Runs) != []int{12, 14}[rung-1] {
				t.Errorf("rung %d: the job is %s with %d runs", rung, v.State, len(v.Runs))
			}
		}
		if got, want := d.stand(opt), "0.7 r2 complete #1*, 0.5 r1 dropped #2, 0.3 r0 dropped #3, 0.1 r0 dropped #4"; got != want {
			t.Errorf("standings are %s, want %s", got, want)
		}
		d.wantNotes(0, "after the sweep")
		if left, _ := os.ReadDir(filepath.Join(d.home, "orders")); len(left) != 0 {
			t.Errorf("%d notes on orders are left", len(left))
		}
	})
}

// Between the end of a rung and the note on what came back there is a moment in which a process may be killed: the rung is over by its records,
// and what is left of it there is removed all the same.
func TestARungThatCameBackUnnotedIsClearedAwayWhenTheSweepGoesOn(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		d.doc = sweepDoc(t, there.papers)
		opt := halve
		opt.Target = "there"
		there.seen = func(_ string, _ int, s site.Seen) site.Seen { return site.Seen{State: site.Waiting} }
		d.start(opt)
		time.Sleep(time.Minute) // of the bubble's own clock
		note := d.tickets()[0]
		first := map[string]bool{}
		for _, r := range note.Order.Runs {
			first[r.Key] = true
		}
		d.close()
		there.looks = 10 // the rung has ended; the next one waits
		there.seen = func(key string, _ int, s site.Seen) site.Seen {
			if first[key] {
				return s
			}
			return site.Seen{State: site.Waiting}
		}
		d.open()
		d.adopt()
		time.Sleep(time.Minute)
		d.close()
		d.open()
		if err := d.keepTicket(note); err != nil {
			t.Fatal(err)
		}
		there.seen = nil
		jobs := d.adopt()
		if len(jobs) != 1 {
			t.Errorf("%d jobs, want that of the sweep alone", len(jobs))
		}
		d.wait(jobs[0].ID, Done)
		synctest.Wait()
		if left := d.tickets(); len(left) != 0 {
			t.Errorf("%d notes on orders are left", len(left))
		}
	})
}

// A target that cannot be reached when Loci is opened is no answer: the sweep goes on the next time.
func TestASweepWhoseTargetCannotBeReachedGoesOnTheNextTime(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		d.doc = sweepDoc(t, there.papers)
		opt := halve
		opt.Target = "there"
		there.seen = func(_ string, _ int, _ site.Seen) site.Seen { return site.Seen{State: site.Waiting} }
		d.start(opt)
		time.Sleep(time.Minute)
		well := d.places
		d.close()
		asked := 0
		d.places = func(name string) (Elsewhere, error) {
			if asked++; asked > 1 { // it answers once, when the job begins
				return Elsewhere{}, lab.Errorf(lab.Unavailable, "it does not answer")
			}
			return well(name)
		}
		d.open()
		there.seen = nil
		d.wait(d.adopt()[0].ID, Failed)
		d.wantNotes(1, "while the target cannot be reached")
		d.close()
		d.places = well
		d.open()
		d.wait(d.adopt()[0].ID, Done)
		d.wantNotes(0, "after the sweep")
	})
}
