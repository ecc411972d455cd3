package sched

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

func (d *desk) verdict(opt Options) stats.Verdict {
	d.t.Helper()
	v, err := d.Verdicts(d.t.Context(), d.plan(opt))
	if err != nil || len(v) != 1 {
		d.t.Fatal(v, err)
	}
	return v[0]
}

func TestSourceReadsRunningAndFinishedRunsAlike(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	opt := Options{Arms: []string{"good"}, Seeds: []uint64{0}}
	j := d.start(opt)
	for range 3 {
		<-h.at
		h.on <- struct{}{}
	}
	<-h.at // three units are done
	p := d.plan(opt)
	xs, ys, ok := d.Source(t.Context(), p).Values("success", "good", "", 0)
	if !ok || !slices.Equal(xs, []int64{100, 200, 300}) || len(ys) != 3 {
		t.Fatalf("running: %v %v %v", xs, ys, ok)
	}
	for _, c := range []struct {
		metric, arm string
		seed        uint64
	}{{"size", "good", 0}, {"success", "bad", 0}, {"success", "good", 1}} {
		if _, _, ok := d.Source(t.Context(), p).Values(c.metric, c.arm, "", c.seed); ok {
			t.Errorf("values of %+v, which is not there", c)
		}
	}
	d.control(j.ID, "stop")
	d.wait(j.ID, CancelledSt)
	if _, again, _ := d.Source(t.Context(), p).Values("success", "good", "", 0); !slices.Equal(again, ys) {
		t.Errorf("stopped: %v, want %v", again, ys)
	}
	j = d.start(opt)
	<-h.at // a run that goes on shows what it had before
	if _, again, _ := d.Source(t.Context(), d.plan(opt)).Values("success", "good", "", 0); !slices.Equal(again, ys) {
		t.Errorf("continued: %v, want %v", again, ys)
	}
	h.on <- struct{}{}
	d.drain(h)
	d.wait(j.ID, Done)
	if _, all, _ := d.Source(t.Context(), p).Values("success", "good", "", 0); len(all) != 10 || !slices.Equal(all[:3], ys) || all[9] != 0.9 {
		t.Errorf("finished: %v", all)
	}
}

func TestALookIsExtendedWhenSeedsAreAddedAndNotByOtherSeeds(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	seeds := func(n ...uint64) Options { return Options{Seeds: n} }
	if v := d.verdict(seeds(0, 1)); !v.Early || v.Verdict != stats.CannotTell || v.Extended != 0 {
		t.Fatalf("before any run: %+v", v)
	}
	for _, c := range []struct {
		name string
		opt  Options
		want int
	}{
		{"the first look", seeds(0, 1, 2), 0},
		{"the same seeds again", seeds(0, 1, 2), 0},
		{"other seeds", seeds(100, 101), 0},
		{"two more", seeds(0, 1, 2, 3, 4), 1},
		{"those again", seeds(0, 1, 2, 3, 4), 1},
		{"fewer", seeds(0, 1), 1},
		{"one more still", seeds(0, 1, 2, 3, 4, 5), 2},
		{"some of them and another", seeds(1, 5, 9), 3},
		{"other seeds, one more", seeds(100, 101, 102), 1},
	} {
		d.wait(d.start(c.opt).ID, Done)
		v := d.verdict(c.opt)
		if v.Extended != c.want || v.Early || v.Verdict != stats.Held {
			t.Errorf("%s: extended %d, want %d; %s", c.name, v.Extended, c.want, v.Sentence)
		}
		if want := 0.05 / math.Pow(2, float64(c.want+1)); c.want > 0 && float64(v.Alpha) != want {
			t.Errorf("%s: alpha is %v, want %v", c.name, v.Alpha, want)
		}
	}
}

func TestSeedsAddedInFrontExtendALookToo(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	for _, c := range []struct {
		seeds []uint64
		want  int
	}{{[]uint64{5, 6}, 0}, {[]uint64{3, 4, 5, 6}, 1}, {[]uint64{3, 4, 5, 6}, 1}, {[]uint64{3, 4, 5, 6, 7}, 2}} {
		d.wait(d.start(Options{Seeds: c.seeds}).ID, Done)
		if v := d.verdict(Options{Seeds: c.seeds}); v.Extended != c.want {
			t.Errorf("seeds %v: extended %d, want %d", c.seeds, v.Extended, c.want)
		}
	}
}

func TestLookingAtAClaimWhoseArmsWereNotRunIsNoLook(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	opt := Options{Arms: []string{"good"}}
	d.wait(d.start(opt).ID, Done)
	if v := d.verdict(opt); v.Verdict != stats.CannotTell {
		t.Errorf("verdict is %s", v.Verdict)
	}
	all := Options{Seeds: []uint64{0, 1, 2}}
	d.wait(d.start(all).ID, Done)
	if v := d.verdict(all); v.Extended != 0 {
		t.Errorf("extended %d by a look at nothing", v.Extended)
	}
}

func TestATableHasARowAnArmWithItsSeeds(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	opt := Options{Seeds: []uint64{0, 1, 2}}
	d.wait(d.start(opt).ID, Done)
	rows, err := d.Table(t.Context(), d.plan(opt))
	if err != nil || len(rows.Rows) != 2 || !slices.Equal(rows.Columns, []string{"arm", "case", "seeds", "success", "size"}) {
		t.Fatalf("%+v, %v", rows, err)
	}
	// good ends at 0.90, 0.91, 0.92: mean 0.91, half width 4.303 * 0.01 / sqrt(3) = 0.0248
	if want := []string{"good", "", "3", "0.910 [0.885, 0.935]", "-"}; !slices.Equal(rows.Rows[0], want) {
		t.Errorf("row is %q, want %q", rows.Rows[0], want)
	}
}

func TestTimeLeftCountsQueuedRunsInFull(t *testing.T) {
	at := time.Unix(0, 0)
	going := func(arm string, perUnit time.Duration, done, total int64) *live {
		l := &live{info: RunInfo{State: Running, Done: done, Total: total}}
		l.info.Arm = arm
		for i := range int64(8) {
			l.pace.mark(at.Add(time.Duration(i)*perUnit), done-7+i)
		}
		return l
	}
	other := func(arm, state string, done, total int64, seconds float64) *live {
		l := &live{info: RunInfo{State: state, Done: done, Total: total, Seconds: seconds}}
		l.info.Arm = arm
		return l
	}
	for _, c := range []struct {
		name    string
		runs    []*live
		workers int
		want    time.Duration
	}{
		{"one run, 10 of 100 units left", []*live{going("a", time.Second, 90, 100)}, 1, 10 * time.Second},
		{"and one queued, which takes 100", []*live{going("a", time.Second, 90, 100), other("a", Queued, 0, 0, 0)}, 1, 110 * time.Second},
		{"and a half done one queued", []*live{going("a", time.Second, 90, 100), other("a", Queued, 50, 100, 0)}, 1, 60 * time.Second},
		{"two workers", []*live{going("a", time.Second, 90, 100), other("a", Queued, 0, 0, 0)}, 2, 100 * time.Second},
		{"queued like those that are done", []*live{other("a", Done, 9, 9, 30), other("a", Queued, 0, 0, 0)}, 1, 30 * time.Second},
		{"like its own arm before others", []*live{other("a", Done, 9, 9, 30), other("b", Done, 9, 9, 500), other("a", Queued, 0, 0, 0)}, 1, 30 * time.Second},
		{"like others where its arm is new", []*live{other("b", Done, 9, 9, 50), other("c", Done, 9, 9, 150), other("a", Queued, 0, 0, 0)}, 1, 100 * time.Second},
		{"nothing is known", []*live{other("a", Queued, 0, 0, 0)}, 1, -1},
		{"a paused one", []*live{other("a", Paused, 5, 9, 0), other("b", Done, 9, 9, 50)}, 1, -1},
		{"all is done", []*live{other("a", Done, 9, 9, 50)}, 1, -1},
		{"done without a measured time", []*live{other("a", Done, 9, 9, 0), other("a", Queued, 0, 0, 0)}, 1, -1},
	} {
		var e estimate
		for _, l := range c.runs {
			e.add(l)
		}
		low, high := e.left(c.workers)
		if near := func(d time.Duration) bool { return (d - c.want).Abs() < time.Millisecond }; !near(low) || !near(high) {
			t.Errorf("%s: %v to %v, want %v", c.name, low, high, c.want)
		}
	}
}

func TestAJobTellsItsTimeLeftOnceItsRunsHaveASpeed(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	j := d.start(Options{Arms: []string{"good"}, Seeds: []uint64{0}})
	for range 7 {
		<-h.at
		h.on <- struct{}{}
	}
	<-h.at
	v, err := d.Job(j.ID)
	if err != nil || v.Low <= 0 || v.High < v.Low || v.High > time.Minute || v.Share != 0.7 {
		t.Errorf("share %v, %v to %v left: %v", v.Share, v.Low, v.High, err)
	}
	d.control(j.ID, "stop")
	d.wait(j.ID, CancelledSt)
}

func TestEveryEventOfARunReachesTheHubInOrder(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	p := d.plan(Options{Arms: []string{"good"}, Seeds: []uint64{0}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := d.watch(ctx, p.Runs[0].Key)
	j, err := d.Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for next := int64(0); ; next++ {
		m := <-seen
		if m.Seq != next || m.Gap != nil {
			t.Fatalf("message is %+v, want event %d", m, next)
		}
		if _, ok := m.Body.(lab.End); ok {
			break
		}
	}
	d.wait(j.ID, Done)
}
