package modelbasedgeneralization

import (
	"bytes"
	"flag"
	"fmt"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// brief is a training of some updates on a flute of three pipes.
func brief() given {
	return given{"steps": 150, "start": 40, "evaluations": 3, "eval_episodes": 2, "batch": 40, "model_batch": 8, "updates": 1, "target": 20, "learning_rate": 0.003}
}

func setup(t testing.TB, world, agent, dqn given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, dqn)
}

func flute3() given { return given{"kind": "pan-flute", "pipes": 3, "horizon": 20} }

// play runs a set-up to its end.
func play(t testing.TB, s lab.Setup, bench lab.Bench) *papertest.Record {
	t.Helper()
	return papertest.Finish(t, papertest.Begin[*method](t, s, 1, bench, New))
}

func TestAKilledRunContinuesAsIfUndisturbed(t *testing.T) {
	worlds := map[string]given{"flute": flute3(), "buttons": {"kind": "button-grid", "grid": 3, "buttons": 1, "horizon": 60}, "maze": {"kind": "proc-maze", "grid": 2, "horizon": 30}}
	for name, agent := range map[string]given{
		"replay": {"kind": Learner, "source": Replay, "width": 8}, "model": {"kind": Learner, "source": Model, "width": 8, "rollout": 5},
		"memoriser": {"kind": Learner, "source": Memoriser, "width": 8}, "perfect": {"kind": Learner, "source": Perfect, "width": 8, "real_share": 0.5},
		"random": {"kind": Reference, "policy": "random"},
	} {
		for world, w := range worlds {
			t.Run(fmt.Sprintf("%s in %s", name, world), func(t *testing.T) {
				s := setup(t, w, agent, brief().With("capacity", 100)) // less than the steps: old transitions give way
				want := play(t, s, lab.Bench{}).Text(t)
				first := papertest.Begin[*method](t, s, 1, lab.Bench{}, New)
				r := &papertest.Record{}
				r.Advance(t, first)
				r.Advance(t, first)
				var kept bytes.Buffer
				if err := first.Snapshot(&kept); err != nil {
					t.Fatal(err)
				}
				second := papertest.Begin[*method](t, s, 1, lab.Bench{}, New)
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
}

func TestThreadsChangeNoNumber(t *testing.T) {
	s := setup(t, flute3(), given{"kind": Learner, "width": 8}, brief())
	if play(t, s, lab.Bench{Threads: 1}).Text(t) != play(t, s, lab.Bench{Threads: 3}).Text(t) {
		t.Error("three threads give another record than one")
	}
}

func curves() []string {
	return []string{MetricReward, MetricGreedy, MetricQLoss, MetricUnseen, MetricSeen, MetricBits, MetricRight, MetricPairs}
}

func TestTheGoldenCurveStands(t *testing.T) {
	agent := given{"kind": Learner, "width": 16, "temperature": 0.03}
	dqn := brief().With("steps", 600).With("updates", 2)
	base := play(t, setup(t, flute3(), agent, dqn), lab.Bench{Kernel: "go"}).Curves()
	papertest.Golden(t, "golden.json", base.Of(curves()...), 0.001, *update)
	all := map[string]papertest.Curve{"model": base.Of(MetricReward, MetricGreedy, MetricQLoss)}
	for _, source := range []string{Replay, Memoriser, Perfect} {
		all[source] = play(t, setup(t, flute3(), agent.With("source", source), dqn), lab.Bench{Kernel: "go"}).Curves().Of(MetricReward, MetricGreedy, MetricQLoss)
	}
	all["half replayed"] = play(t, setup(t, flute3(), agent.With("real_share", 0.5), dqn), lab.Bench{Kernel: "go"}).Curves().Of(MetricReward, MetricGreedy, MetricQLoss)
	all["short rollouts"] = play(t, setup(t, flute3(), agent.With("rollout", 5), dqn), lab.Bench{Kernel: "go"}).Curves().Of(MetricReward, MetricGreedy, MetricQLoss)
	papertest.Apart(t, all, 0.001)
}

// The model that learned must know pairs that it never saw, the table none.
func TestTheModelGeneralisesAndTheTableDoesNot(t *testing.T) {
	dqn := brief().With("steps", 900).With("updates", 2).With("model_rate", 0.003)
	w := given{"kind": "pan-flute", "pipes": 4, "horizon": 20}
	model := play(t, setup(t, w, given{"kind": Learner, "width": 32}, dqn), lab.Bench{})
	if x := model.Last(t, MetricUnseen); x < 0.7 {
		t.Errorf("the model knows %v of the pairs that it never saw, want 0.7 or more", x)
	}
	table := play(t, setup(t, w, given{"kind": Learner, "width": 8, "source": Memoriser}, dqn), lab.Bench{})
	if x, y := table.Last(t, MetricUnseen), table.Last(t, MetricSeen); x != 0 || y < 0.9 {
		t.Errorf("the table knows %v of unseen pairs and %v of seen ones, want 0 and 0.9 or more", x, y)
	}
}

func TestTheAnalysisIsKeptAndContinued(t *testing.T) {
	s := setup(t, given{"kind": "pan-flute"}, given{"kind": Analysis, "draws": 3, "pipes": 2}, given{"kind": "dqn"})
	make := func() lab.Method {
		m, err := New(s, 1, lab.Bench{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	want := papertest.Finish(t, make()).Text(t)
	first, second, r := make(), make(), &papertest.Record{}
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
		t.Error("the continued count differs")
	}
	c := r.Curves()
	if last := len(c[MetricFactored]) - 1; c[MetricFactored][last] != 1 || c[MetricFactored][2] <= c[MetricTable][2] {
		t.Errorf("settled by models %v, by the table %v", c[MetricFactored], c[MetricTable])
	}
}

func TestWrongSetUpsAreRefused(t *testing.T) {
	for name, s := range map[string]lab.Setup{
		"rollouts that do not fill a batch": setup(t, flute3(), given{"kind": Learner, "rollout": 7}, brief()),
	} {
		if _, err := New(s, 1, lab.Bench{Threads: 1}); lab.CodeOf(err) != lab.Invalid || err == nil {
			t.Errorf("%s: error %v, want an invalid one", name, err)
		}
	}
}

func TestThePageAgreesWithTheCode(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
