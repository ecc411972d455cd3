package sched

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/run"
)

// Levels 0.1, 0.3, 0.5 and 0.7, in the order in which they are drawn; success of a run ends at its level and a hundredth of its seed, whatever its
// units, so that the halves that go on are 0.5 and 0.7, and then 0.7.
const halvingCell = "```yaml sweep\nname: halve\nkind: halving\narms: [good]\nmetric: success\nresource: agent.units\nsamples: 4\neta: 2\nfirst: 2\nlast: 8\n" +
	"over: {agent.level: [0.1, 0.3, 0.5, 0.7]}\n```\n"

// sweeper is a desk whose notebook has that sweep.
func sweeper(t *testing.T, papers *toyPapers) *desk {
	t.Helper()
	d := newDesk(t, papers)
	d.doc = sweepDoc(t, papers)
	return d
}

func sweepDoc(t *testing.T, papers *toyPapers) *notebook.Document {
	t.Helper()
	doc, problems := notebook.Parse("toys.md", []byte(toyNotebook+"\n"+halvingCell), papers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return doc
}

var halve = Options{Sweep: "halve"}

// stand writes the standings as text: level, rung, state, rank.
func (d *desk) stand(opt Options) string {
	d.t.Helper()
	p := d.plan(opt)
	s, ok := Stand(p, d.Source(context.WithoutCancel(d.t.Context()), p))
	if !ok {
		d.t.Fatal("the plan runs no sweep")
	}
	var parts []string
	for _, t := range s.Tried {
		best := ""
		if t.Best {
			best = "*"
		}
		parts = append(parts, fmt.Sprintf("%v r%d %s #%d%s", t.Values[0], t.Rung, t.State, t.Rank, best))
	}
	return strings.Join(parts, ", ")
}

func TestAHalvingSweepGivesItsBestPointsMoreRungByRung(t *testing.T) {
	var units atomic.Int64
	d := sweeper(t, &toyPapers{step: func(context.Context, float64, uint64, int64) error { units.Add(1); return nil }})
	p := d.plan(halve)
	// 4 points x 2 seeds now, then 2 x 2 and 1 x 2.
	if len(p.Runs) != 8 || p.Ahead() != 6 || p.Label() != "Run 14 of 14" || p.Todo() != 8 {
		t.Fatalf("the plan is %q with %d runs and %d ahead", p.Label(), len(p.Runs), p.Ahead())
	}
	j := d.wait(d.start(halve).ID, Done)
	if len(j.Runs) != 14 || j.Ahead != 0 || j.Share != 1 || j.Sweep != "halve" {
		t.Errorf("the job ended with %d runs, %d ahead, share %v, sweep %q", len(j.Runs), j.Ahead, j.Share, j.Sweep)
	}
	if want := int64(8*2 + 4*4 + 2*8); units.Load() != want {
		t.Errorf("%d units were done, want %d", units.Load(), want)
	}
	if got, want := d.stand(halve), "0.7 r2 complete #1*, 0.5 r1 dropped #2, 0.3 r0 dropped #3, 0.1 r0 dropped #4"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
	if p := d.plan(halve); p.Todo() != 0 || p.Ahead() != 0 || len(p.Runs) != 14 || p.Label() != "Nothing to run (14 unchanged)" {
		t.Errorf("afterwards the plan is %q", p.Label())
	}
	again := halve
	again.Again = true
	d.wait(d.start(again).ID, Done)
	if want := int64(2 * (8*2 + 4*4 + 2*8)); units.Load() != want {
		t.Errorf("%d units were done with --again, want %d", units.Load(), want)
	}
}

func recordOf(t *testing.T, d *desk, key string) string {
	t.Helper()
	path, err := d.Record(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := run.Ended(path); err != nil || !ok {
		t.Fatalf("record %s has no end: %v", path, err)
	}
	return path
}

func TestAPointWhoseRunFailsGoesNoFurtherAndTheOthersDo(t *testing.T) {
	d := sweeper(t, &toyPapers{step: func(_ context.Context, level float64, seed uint64, _ int64) error {
		if level == 0.7 && seed == 1 {
			return errors.New("loss is not a number")
		}
		return nil
	}})
	d.wait(d.start(halve).ID, Failed)
	if got, want := d.stand(halve), "0.5 r2 complete #1*, 0.3 r1 dropped #2, 0.1 r0 dropped #3, 0.7 r0 failed #0"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
}

func TestASweepOfWhichEveryRunFailsEnds(t *testing.T) {
	d := sweeper(t, &toyPapers{step: func(context.Context, float64, uint64, int64) error { return errors.New("no") }})
	j := d.wait(d.start(halve).ID, Failed)
	if len(j.Runs) != 8 || d.plan(halve).Ahead() != 0 {
		t.Errorf("%d runs, %d ahead", len(j.Runs), d.plan(halve).Ahead())
	}
}

func TestAHalvingSweepThatIsToFinishBeginsNoFurtherRung(t *testing.T) {
	h := newHeld()
	d := sweeper(t, &toyPapers{step: h.step})
	j := d.start(halve)
	<-h.at
	<-h.at
	d.control(j.ID, "finish")
	d.drain(h)
	done := d.wait(j.ID, CancelledSt)
	if len(done.Runs) != 8 || d.plan(halve).Label() == "Nothing to run (14 unchanged)" {
		t.Errorf("%d runs were begun", len(done.Runs))
	}
}

func TestBetweenRungsPointsWait(t *testing.T) {
	h := newHeld()
	d := sweeper(t, &toyPapers{step: h.step})
	j := d.start(halve)
	for range 8 * 2 {
		<-h.at
		h.on <- struct{}{}
	}
	<-h.at // of the second rung
	if got, want := d.stand(halve), "0.7 r0 waiting #1*, 0.5 r0 waiting #2, 0.3 r0 dropped #3, 0.1 r0 dropped #4"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
	v, err := d.Job(j.ID)
	// Done are 8 runs of weight 2; to come are 4 of weight 4 and 2 of weight 8.
	if err != nil || math.Abs(v.Share-16.0/48) > 1e-9 || v.Ahead != 2 || len(v.Runs) != 12 {
		t.Errorf("share %v, %d runs and %d ahead, want a third, 12 and 2", v.Share, len(v.Runs), v.Ahead)
	}
	d.control(j.ID, "stop")
	d.wait(j.ID, CancelledSt)
}

// trial is a run of a point in a rung, with the last value that it has.
func trial(arm string, point int, seed uint64, state string) RunInfo {
	r := RunInfo{State: state, Key: fmt.Sprint(arm, point, "/", seed)}
	r.Arm, r.Seed, r.Trial = fmt.Sprintf("%s@%d", arm, point), seed, &notebook.Trial{Arm: arm, Point: point}
	return r
}

func TestTheBestByTheMeanOverSeedsGoOn(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		keep   int
		better string
		values map[int][]float64 // by point, over seeds; infinity for a failed run
		want   string
	}{
		// Means 0.5, 0.6, 0.2.
		{"the mean decides, not the best seed", 1, "higher", map[int][]float64{0: {0.9, 0.1}, 1: {0.6, 0.6}, 2: {0.2, 0.2}}, "map[a:[1]]"},
		{"lower is better", 2, "lower", map[int][]float64{0: {0.9, 0.1}, 1: {0.6, 0.6}, 2: {0.2, 0.2}}, "map[a:[0 2]]"},
		{"of equal points the first one drawn", 2, "higher", map[int][]float64{0: {0.5, 0.5}, 1: {0.25, 0.75}, 2: {0.75, 0.25}}, "map[a:[0 1]]"},
		{"a failed run keeps its point back", 2, "higher", map[int][]float64{0: {0.9, math.Inf(1)}, 1: {0.2, 0.2}, 2: {0.1, 0.1}}, "map[a:[1 2]]"},
		{"no number keeps its point back", 2, "higher", map[int][]float64{0: {0.9, nan}, 1: {0.2, 0.2}, 2: {0.1, 0.1}}, "map[a:[1 2]]"},
		{"fewer than may go on", 2, "higher", map[int][]float64{0: {nan, nan}, 1: {0.2, 0.2}}, "map[a:[1]]"},
		{"nobody", 2, "higher", map[int][]float64{0: {nan, nan}}, "map[]"},
	} {
		var rung []RunInfo
		values := map[string]float64{}
		for point := range len(c.values) {
			for seed, v := range c.values[point] {
				r := trial("a", point, uint64(seed), Done)
				if math.IsInf(v, 1) {
					r.State = Failed
				}
				values[r.Key] = v
				rung = append(rung, r)
			}
		}
		got := promoted(rung, c.keep, lab.MetricSpec{Better: c.better}, func(r RunInfo) float64 { return values[r.Key] })
		if fmt.Sprint(map[string][]int(got)) != c.want {
			t.Errorf("%s: %v go on, want %s", c.name, got, c.want)
		}
	}
}

func TestEveryArmIsHalvedForItself(t *testing.T) {
	var rung []RunInfo
	values := map[string]float64{}
	for arm, vs := range map[string][]float64{"a": {0.9, 0.8}, "b": {0.1, 0.2}} {
		for point, v := range vs {
			r := trial(arm, point, 0, Done)
			values[r.Key] = v
			rung = append(rung, r)
		}
	}
	got := promoted(rung, 1, lab.MetricSpec{Better: "higher"}, func(r RunInfo) float64 { return values[r.Key] })
	if !slices.Equal(got["a"], []int{0}) || !slices.Equal(got["b"], []int{1}) {
		t.Errorf("%v go on", got)
	}
}

// By hand, on one worker: two runs of weight 2 took 10 s, 5 s a unit of weight. One of weight 2 is queued (10 s); to come are two of weight 4
// (40 s) and one of weight 8 (40 s).
func TestTheTimeLeftCoversAllRungs(t *testing.T) {
	at := func(state string, seconds float64) *live {
		r := trial("a", 0, 0, state)
		r.Trial.Resource, r.Seconds = 2, seconds
		return &live{info: r}
	}
	for _, c := range []struct {
		workers int
		ahead   []Ahead
		want    time.Duration
	}{
		{1, nil, 10 * time.Second},
		{1, []Ahead{{2, 4}, {1, 8}}, 90 * time.Second},
		{2, []Ahead{{2, 4}, {1, 8}}, 70 * time.Second}, // rungs run one after the other: the last has one run
	} {
		e := estimate{ahead: c.ahead}
		for _, l := range []*live{at(Done, 10), at(Done, 10), at(Queued, 0)} {
			e.add(l)
		}
		if low, high := e.left(c.workers); low != c.want || high != c.want {
			t.Errorf("%d workers, %v ahead: %v to %v left, want %v", c.workers, c.ahead, low, high, c.want)
		}
	}
}

func TestAGridAndARandomSweepAreRankedByTheirMetric(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	cell := "```yaml sweep\nname: grid\nover: {agent.level: [0.1, 0.7, 0.4]}\n```\n\n```yaml sweep\nname: drawn\nkind: random\nsamples: 3\narms: [bad]\nover: {agent.level: [0.1, 0.7, 0.4]}\n```\n"
	doc, problems := notebook.Parse("toys.md", []byte(toyNotebook+"\n"+cell), d.papers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d.doc = doc
	opt := Options{Sweep: "grid", Arms: []string{"good"}}
	if got, want := d.stand(opt), "0.1 r0 incomplete #0, 0.7 r0 incomplete #0, 0.4 r0 incomplete #0"; got != want {
		t.Errorf("before it runs the standings are %s, want %s", got, want)
	}
	d.wait(d.start(opt).ID, Done)
	if got, want := d.stand(opt), "0.7 r0 complete #1*, 0.4 r0 complete #2, 0.1 r0 complete #3"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
	d.wait(d.start(Options{Sweep: "drawn"}).ID, Done)
	if got, want := d.stand(Options{Sweep: "drawn"}), "0.7 r0 complete #1*, 0.4 r0 complete #2, 0.1 r0 complete #3"; got != want {
		t.Errorf("standings are %s, want %s", got, want)
	}
}
