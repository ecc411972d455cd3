package popgym

import (
	"bytes"
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/popgym"
)

var update = flag.Bool("update", false, "write the golden curve anew")

// tolerance of the golden curve: a number may differ by this much, plus this share of itself.
const tolerance = 0.002

// brief is a run of a blink on a task, twelve updates.
func brief(t testing.TB, world, kind papertest.Given) lab.Setup {
	return papertest.Setup(t, Slug, "fast", Sections(), world.With("previous_action", true), kind,
		papertest.Given{"envs": 16, "rollout": 16, "steps": 12 * 256, "minibatches": 2, "epochs": 2, "evaluations": 2, "eval_episodes": 32, "learning_rate": 0.003})
}

func begin(t testing.TB, s lab.Setup, bench lab.Bench) *method {
	return papertest.Begin[*method](t, s, 1, bench, New)
}

func TestTheGoldenCurveStandsAndTellsMemoriesApart(t *testing.T) {
	papertest.Whole(t)
	curves := map[string]papertest.Curve{}
	for _, kind := range []string{"gru", "mlp", "mingru", "elman"} {
		s := brief(t, papertest.Given{"task": popgym.RepeatFirst}, papertest.Given{"kind": kind})
		curves[kind] = papertest.Finish(t, begin(t, s, lab.Bench{Kernel: "go"})).Curves().Of(MetricMMER, MetricReturn, MetricTrainReturn, MetricEntropy, MetricValueLoss)
	}
	papertest.Golden(t, "golden.json", curves["gru"], tolerance, *update)
	papertest.Apart(t, curves, tolerance/100)
}

func TestEveryTaskAndEveryModelRuns(t *testing.T) {
	kinds := agent.Kinds()
	for i, task := range popgym.Tasks() {
		kind := kinds[i%len(kinds)].Name
		t.Run(task+", "+kind, func(t *testing.T) {
			s := brief(t, papertest.Given{"task": task}, papertest.Given{"kind": kind})
			m, r := begin(t, s, lab.Bench{}), &papertest.Record{}
			for range 3 {
				r.Advance(t, m)
			}
			if len(r.Series(MetricReturn)) == 0 || len(r.Series(MetricEntropy)) != 2 || r.Last(t, MetricParameters) < 1000 {
				t.Errorf("after two updates the record has %d examinations and %d entropies", len(r.Series(MetricReturn)), len(r.Series(MetricEntropy)))
			}
		})
	}
}

func TestAKeptRunGoesOnAsIfNothingHadHappened(t *testing.T) {
	for name, kind := range map[string]papertest.Given{"gru": {"kind": "gru"}, "gtrxl": {"kind": "gtrxl"}, "reference": {"kind": Reference, "policy": "random"}} {
		t.Run(name, func(t *testing.T) {
			s := brief(t, papertest.Given{"task": popgym.HigherLower}, kind)
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

func TestTheScoreIsTheHighestMeanReturn(t *testing.T) {
	s := brief(t, papertest.Given{"task": popgym.RepeatFirst}, papertest.Given{"kind": "gru"})
	r := papertest.Finish(t, begin(t, s, lab.Bench{}))
	best := lab.Float(-9)
	for _, v := range r.Series(MetricTrainReturn) {
		best = max(best, v)
	}
	scores := r.Series(MetricMMER)
	if got := scores[len(scores)-1]; got != best {
		t.Errorf("score %v, highest mean return %v", got, best)
	}
	for i := range len(scores) - 1 {
		if scores[i+1] < scores[i] {
			t.Errorf("the score falls from %v to %v", scores[i], scores[i+1])
		}
	}
}

func TestYardsticksAreExaminedOnce(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "random": {-1, 0}} {
		s := brief(t, papertest.Given{"task": popgym.RepeatFirst}, papertest.Given{"kind": Reference, "policy": policy})
		r := papertest.Finish(t, begin(t, s, lab.Bench{}))
		if got := r.Last(t, MetricMMER); len(r.Series(MetricReturn)) != 1 || got < want[0]-1e-3 || got > want[1]+1e-3 {
			t.Errorf("%s has score %v in %d examinations, want %v", policy, got, len(r.Series(MetricReturn)), want)
		}
	}
}

func TestThePageAgreesWithTheCode(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Notebook(t, Card())
	papertest.Defaults(t, Sections(), func(section, kind string) bool { return section == "agent" && kind != Reference })
}
