package rarl

import (
	"bytes"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself.
const tolerance = 0.002

func curve(t *testing.T, agent given) papertest.Curve {
	t.Helper()
	return papertest.Finish(t, begin(t, agent, 1, lab.Bench{Kernel: "go"})).Curves()
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Golden(t, "golden.json", curve(t, ra()), tolerance, *update)
}

// Store, state of the retrieval process, price, rounds and contents are knobs: turning any of them off changes the curve.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	curves := map[string]papertest.Curve{}
	for name, agent := range arms() {
		curves[name] = curve(t, agent).Of(MetricLoss, MetricValue, MetricSkill)
	}
	papertest.Apart(t, curves, tolerance/20)
}

func TestARunContinuedEqualsTheUndisturbed(t *testing.T) {
	for name, agent := range map[string]given{"ra-dqn": ra(), "dqn": arms()["dqn"], "solver": arms()["solver"]} {
		t.Run(name, func(t *testing.T) {
			want := papertest.Finish(t, begin(t, agent, 2, lab.Bench{})).Text(t)
			r, m := &papertest.Record{}, begin(t, agent, 2, lab.Bench{})
			for left := true; left; {
				left = r.Advance(t, m)
				var kept bytes.Buffer
				if err := m.Snapshot(&kept); err != nil {
					t.Fatal(err)
				}
				m = begin(t, agent, 2, lab.Bench{})
				if err := m.Restore(&kept); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.Text(t); got != want {
				t.Error("a run that was stopped after every unit gives another record")
			}
		})
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	one := papertest.Finish(t, begin(t, ra(), 3, lab.Bench{Threads: 1})).Text(t)
	if two := papertest.Finish(t, begin(t, ra(), 3, lab.Bench{Threads: 2})).Text(t); one != two {
		t.Error("two threads give another record than one")
	}
}

// The batch is written before it is read and taken away after; what is read at a step sums to one for each slot.
func TestTheRecordTellsWhatWasLookedUp(t *testing.T) {
	r := papertest.Finish(t, begin(t, ra(), 5, lab.Bench{}))
	size, reads, episodes := 0, 0, 0
	for _, ev := range r.Events {
		switch e := ev.(type) {
		case lab.Episode:
			episodes++
		case lab.Memory:
			switch e.Op {
			case lab.OpWrite:
				size++
			case lab.OpDelete:
				size--
			case lab.OpRead:
				reads++
				sum := 0.0
				for _, h := range e.Hits {
					sum += float64(h.Parts["read"])
				}
				near(t, "what a slot read in all", sum, 1, 1e-3)
			}
			if e.Size != size {
				t.Fatalf("after %s the batch has %d entries, want %d", e.Op, e.Size, size)
			}
		}
	}
	if size != 0 || reads != 3*10*2 || episodes != 3 {
		t.Errorf("%d entries are left after %d reads in %d episodes, want 0, 60 and 3", size, reads, episodes)
	}
	near(t, "the memory", r.Last(t, MetricMemory), 3*10*2*8, 0)
	near(t, "the context", r.Last(t, MetricContext), 31, 0)
	near(t, "the share from the own task", r.Last(t, MetricOwn), 1, 1e-6)
}

func TestTheSolverIsTheMeasure(t *testing.T) {
	r := papertest.Finish(t, begin(t, arms()["solver"], 1, lab.Bench{}))
	near(t, "the solver's skill", r.Last(t, MetricSkill), 1, 1e-6)
}

func TestThePageAndTheCardAgree(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
