package srl

import (
	"bytes"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself.
const tolerance = 0.002

func curve(t *testing.T, agent given, kernel string) papertest.Curve {
	t.Helper()
	return papertest.Finish(t, begin(t, swing(), agent, 1, lab.Bench{Kernel: kernel})).Curves()
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", curve(t, plans(), "go"), tolerance, *update)
}

// Recall, its source, the kind of critic and the held action are knobs: turning any of them changes the curve of returns.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	curves := map[string]papertest.Curve{}
	for name, agent := range arms() {
		curves[name] = curve(t, agent, "go").Of(MetricAt, MetricFAS, MetricEvalReturn, MetricEvalSlow)
	}
	papertest.Apart(t, curves, tolerance)
}

func TestARunContinuedEqualsTheUndisturbed(t *testing.T) {
	papertest.Whole(t)
	for name, agent := range arms() {
		for kind, world := range map[string]given{"pendulum": swing(), "cartpole": {"kind": "cartpole-c", "horizon": 30}} {
			if kind == "cartpole" && name != "srl" && name != "sac-4" && name != "sequence critic" {
				continue
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				want := papertest.Finish(t, begin(t, world, agent, 2, lab.Bench{})).Text(t)
				r, m := &papertest.Record{}, begin(t, world, agent, 2, lab.Bench{})
				for left := true; left; {
					left = r.Advance(t, m)
					var kept bytes.Buffer
					if err := m.Snapshot(&kept); err != nil {
						t.Fatal(err)
					}
					m = begin(t, world, agent, 2, lab.Bench{})
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
}

func TestThreadsChangeNothing(t *testing.T) {
	one := papertest.Finish(t, begin(t, swing(), plans(), 3, lab.Bench{Threads: 1})).Text(t)
	if two := papertest.Finish(t, begin(t, swing(), plans(), 3, lab.Bench{Threads: 2})).Text(t); one != two {
		t.Error("two threads give another record than one")
	}
}

func TestThePageAndTheCardAgree(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
