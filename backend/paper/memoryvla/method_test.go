package memoryvla

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/desk"
)

var update = flag.Bool("update", false, "write the golden curve anew")

// tolerance of the golden curve: a number may differ by this much, plus this share of itself.
const tolerance = 0.002

func setup(t testing.TB, world, agent, rl papertest.Given) lab.Setup {
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, rl)
}

// brief is a run of a second: the shell game with a short delay.
func brief(t testing.TB, agent papertest.Given) lab.Setup {
	return setup(t, papertest.Given{"task": "shell", "delay": 6}, agent.With("width", 8).With("pooled", 8).With("length", 2).With("layers", 1),
		papertest.Given{"demos": 24, "epochs": 3, "every": 2, "exam": 10, "learning_rate": 0.01})
}

func begin(t testing.TB, s lab.Setup, bench lab.Bench) *method {
	return papertest.Begin[*method](t, s, 1, bench, New)
}

func TestTheGoldenCurveStandsAndTellsTheMechanism(t *testing.T) {
	papertest.Whole(t)
	curve := func(agent papertest.Given) papertest.Curve {
		return papertest.Finish(t, begin(t, brief(t, agent), lab.Bench{Kernel: "go"})).Curves()
	}
	base := curve(papertest.Given{})
	papertest.Golden(t, "golden.json", base, tolerance, *update)
	curves := map[string]papertest.Curve{"bank": base.Of(MetricLoss)}
	for name, agent := range map[string]papertest.Given{
		"memory none": {"memory": MemoryNone}, "memory stack": {"memory": MemoryStack}, "memory gru": {"memory": MemoryGRU},
		"fifo": {"evict": EvictFIFO}, "random": {"evict": EvictRandom}, "add": {"blend": BlendAdd}, "perceptual": {"streams": StreamsPerceptual},
		"cognitive": {"streams": StreamsCognitive}, "no time code": {"time_code": false},
	} {
		curves[name] = curve(agent).Of(MetricLoss)
	}
	papertest.Apart(t, curves, tolerance/100)
}

func TestAKeptRunGoesOnAsIfNothingHadHappened(t *testing.T) {
	for name, agent := range map[string]papertest.Given{"bank": {}, "random": {"evict": EvictRandom}, "gru": {"memory": MemoryGRU}, "reference": nil} {
		t.Run(name, func(t *testing.T) {
			s := brief(t, agent)
			if name == "reference" {
				s = setup(t, papertest.Given{}, papertest.Given{"kind": Reference}, papertest.Given{"exam": 10})
			}
			whole := papertest.Finish(t, begin(t, s, lab.Bench{})).Text(t)
			m, r := begin(t, s, lab.Bench{}), &papertest.Record{}
			for r.Advance(t, m) {
				var kept bytes.Buffer
				if err := m.Snapshot(&kept); err != nil {
					t.Fatal(err)
				}
				m = begin(t, s, lab.Bench{Threads: 3})
				if err := m.Restore(&kept); err != nil {
					t.Fatal(err)
				}
			}
			if r.Text(t) != whole {
				t.Error("a run that was kept and restored after every unit, with other threads, differs from the undisturbed one")
			}
		})
	}
}

func TestTheBanksOfTheRecordAreRebuiltFromItsEvents(t *testing.T) {
	m := begin(t, brief(t, papertest.Given{}), lab.Bench{})
	r := papertest.Finish(t, m)
	sizes, kinds := map[string]int{}, map[lab.MemoryOp]int{}
	for _, ev := range r.Events {
		e, ok := ev.(lab.Memory)
		if !ok {
			continue
		}
		kinds[e.Op]++
		switch e.Op {
		case lab.OpWrite:
			sizes[e.Bank]++
		case lab.OpDelete:
			sizes[e.Bank]--
		case lab.OpRead:
			sum := 0.0
			for _, h := range e.Hits {
				sum += float64(h.Score)
			}
			if math.Abs(sum-1) > 0.01 || len(e.Hits) != sizes[e.Bank] {
				t.Fatalf("a read of %d entries spreads %v of attention over %d", sizes[e.Bank], sum, len(e.Hits))
			}
		}
		if sizes[e.Bank] != e.Size || sizes[e.Bank] > 3 {
			t.Fatalf("bank %s holds %d entries after %s, the event says %d", e.Bank, sizes[e.Bank], e.Op, e.Size)
		}
	}
	if kinds[lab.OpWrite] < 50 || kinds[lab.OpMerge] < 20 || kinds[lab.OpRead] < 50 {
		t.Errorf("operations %v: too few to say anything", kinds)
	}
	for _, b := range m.banks {
		if b.Len() != 0 {
			t.Errorf("bank %s holds %d entries behind the last episode", b.Name, b.Len())
		}
	}
}

func TestYardsticksNeedNoTraining(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {0, 0.5}, "random": {0, 0.5}} {
		s := setup(t, papertest.Given{}, papertest.Given{"kind": Reference, "policy": policy}, papertest.Given{"exam": 40})
		r := papertest.Finish(t, begin(t, s, lab.Bench{}))
		if got := r.Last(t, MetricSuccess); got < want[0] || got > want[1] {
			t.Errorf("%s succeeds in %v of episodes, want %v", policy, got, want)
		}
	}
}

func TestAStoppedPassLeavesTheParametersWhole(t *testing.T) {
	m := begin(t, brief(t, papertest.Given{}), lab.Bench{})
	r := &papertest.Record{}
	r.Advance(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Advance(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled context", err)
	}
}

func TestTheTeacherSolvesWhatIsImitated(t *testing.T) {
	k := desk.Knobs{Task: "all", Colours: 3, Shown: 2, Delay: 20, Spare: 12, Drift: 0.15, Speed: 0.4}
	d, err := demonstrate(k, 300, 4, 0.2, rng.New(5, "demos"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.check(); err != nil {
		t.Error(err)
	}
	late, err := demonstrate(k, 100, 4, 2, rng.New(5, "demos"))
	if err != nil {
		t.Fatal(err)
	}
	if lab.CodeOf(late.check()) != lab.Invalid {
		t.Error("demonstrations of a teacher that is thrown about were taken")
	}
	var m batch
	d.gather(&m, []int{0, 1})
	for i, f := range m.frames {
		if m.obs[(int(f)+1)*desk.Obs-1] != 1 || m.mask[4*i] != 1 {
			t.Fatalf("frame %d is imitated though the arm may not act, or the episode is over", f)
		}
	}
}

func TestBadKnobsAreNamed(t *testing.T) {
	if _, err := schema.Resolve(Sections()[1], VLA, map[string]any{"width": 7}, "fast"); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a width of 7 was taken: %v", err)
	}
	if _, err := schema.Resolve(Sections()[1], VLA, map[string]any{"evict": "oldest"}, "fast"); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown rule was taken: %v", err)
	}
}
