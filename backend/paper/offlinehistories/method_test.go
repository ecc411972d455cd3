package offlinehistories

import (
	"bytes"
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// brief is a training of a few updates.
func brief() given {
	return given{"updates": 30, "evaluations": 3, "eval_episodes": 64, "held_out": 10, "batch": 8, "target": 7}
}

func setup(t testing.TB, agent, rl given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), given{"kind": "stitch-maze", "trajectories": 30}, agent, rl)
}

func play(t testing.TB, s lab.Setup, bench lab.Bench) *papertest.Record {
	t.Helper()
	return papertest.Finish(t, papertest.Begin[*method](t, s, 1, bench, New))
}

func small(knobs ...string) given {
	g := given{"kind": Learner, "width": 8, "heads": 8, "latent": 4}
	for i := 0; i < len(knobs); i += 2 {
		g[knobs[i]] = knobs[i+1]
	}
	return g
}

func TestAKilledRunContinuesAsIfUndisturbed(t *testing.T) {
	for name, agent := range map[string]given{"bisimulation": small(), "cloning": small("method", FilteredBC).With("bisim", 0),
		"true state": small("sees", State), "random": {"kind": Reference, "policy": "random"}} {
		t.Run(name, func(t *testing.T) {
			s := setup(t, agent, brief())
			want := play(t, s, lab.Bench{}).Text(t)
			first, second := papertest.Begin[*method](t, s, 1, lab.Bench{}, New), papertest.Begin[*method](t, s, 1, lab.Bench{}, New)
			r := &papertest.Record{}
			r.Advance(t, first)
			r.Advance(t, first)
			var kept bytes.Buffer
			if err := first.Snapshot(&kept); err != nil {
				t.Fatal(err)
			}
			if err := second.Restore(&kept); err != nil {
				t.Fatal(err)
			}
			for r.Advance(t, second) {
			}
			if r.Text(t) != want {
				t.Error("the continued run differs")
			}
		})
	}
}

func TestThreadsChangeNoNumber(t *testing.T) {
	s := setup(t, small(), brief())
	if play(t, s, lab.Bench{Threads: 1}).Text(t) != play(t, s, lab.Bench{Threads: 3}).Text(t) {
		t.Error("three threads give another record than one")
	}
}

func TestTheGoldenCurveStands(t *testing.T) {
	of := func(agent given) papertest.Curve {
		return play(t, setup(t, agent, brief().With("learning_rate", 0.01)), lab.Bench{Kernel: "go"}).Curves()
	}
	base := of(small())
	papertest.Golden(t, "golden.json", base.Of(MetricSuccess, MetricReturn, MetricJ, MetricScaled, MetricRatio, MetricTD, MetricCQL, MetricNext, MetricTrainJ), 0.002, *update)
	all := map[string]papertest.Curve{}
	for name, agent := range map[string]given{"bisimulation": small(), "no bisimulation": small().With("bisim", 0), "model alone": small().With("bisim", 0).With("model", 0),
		"all pairs": small("pairs", "all"), "at once": small().With("warm", 0), "true state": small("sees", State), "cloning": small("method", BC)} {
		all[name] = of(agent).Of(MetricJ, MetricScaled, MetricRatio)
	}
	papertest.Apart(t, all, 0.002)
}

// An episode of the latent space and walks with the ways of the data are in the record.
func TestTheRecordHoldsThePictures(t *testing.T) {
	r := play(t, setup(t, small(), brief()), lab.Bench{})
	splits, ghosts := map[string]int{}, 0
	for _, ev := range r.Events {
		switch e := ev.(type) {
		case lab.Episode:
			splits[e.Split]++
		case lab.Step:
			for _, m := range e.Scene.Marks {
				if m.Shape == "ghost" {
					ghosts++
				}
				if m.X < 0 || m.X >= e.Scene.W || m.Y < 0 || m.Y >= e.Scene.H {
					t.Fatalf("mark %+v is off the grid of %q", m, e.Saw)
				}
			}
		}
	}
	if splits["latent"] != 1 || splits["eval"] != 6 || ghosts == 0 {
		t.Errorf("episodes %v, %d ghosts", splits, ghosts)
	}
}

func TestThePageAgreesWithTheCode(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
